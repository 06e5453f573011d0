"""「この企業はなぜ取り込まれない？」: one record, its conditions and its values, by Salesforce."""

from starlette.responses import Response

from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.explain.explain import explain
from flyle_sf_assets.explain.references import REFERENCE_LENGTH_MAX


def explanation(page_request: PageRequest) -> Response:
    """The search box, and the explanation of the record that was asked for."""
    reference = page_request.query.one("record").strip()[:REFERENCE_LENGTH_MAX]
    made, problem = None, None
    if reference:
        try:
            made = explain(page_request.installation, page_request.tenant, reference)
        except UsageError as error:
            if error.code != "record_unclear":
                raise
            problem = error
    return page_request.page(
        "explain.html",
        200 if problem is None else 422,
        reference=reference,
        made=made,
        problem=problem,
        reference_max=REFERENCE_LENGTH_MAX,
    )
