"""``flyle-sf explain``: why a record is or is not a company, and why its values differ."""

from functools import partial
from typing import Annotated

import typer

from flyle_sf_assets.cli.terminal.options import AsJson, Tenant
from flyle_sf_assets.cli.terminal.output import error_only, errors_as_exit_codes


def explain(
    tenant: Tenant,
    record: Annotated[
        str, typer.Argument(help="The record's id, the address of its page, or a company's name.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Say why a record is or is not a company, and why its values differ; changes nothing."""
    from flyle_sf_assets.cli.opening import installation

    no_explanation = partial(error_only, reasons=[], conditions=[], fields=[])
    with (
        errors_as_exit_codes("explain", as_json=as_json, document=no_explanation) as answer,
        installation() as opened,
    ):
        from flyle_sf_assets.cli.explanation_page import document, print_explanation
        from flyle_sf_assets.explain.explain import explain as explained

        found = explained(opened, tenant, record)
        if as_json:
            answer.json(document(found))
        else:
            print_explanation(found)
