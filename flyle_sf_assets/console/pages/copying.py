"""Setup, beside the first page: settings that the user saved in another workspace, as a draft."""

from starlette.responses import Response

from flyle_sf_assets.choosing.settings_words import settings_words
from flyle_sf_assets.console.draft import draft_for, keep
from flyle_sf_assets.console.orgs import known_labels
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import NotFound, Text
from flyle_sf_assets.tenants.settings_copies import copied_draft, copyable_settings


def copies(page_request: PageRequest) -> Response:
    """The workspaces whose settings this user saved last, each with what would be copied."""
    found = copyable_settings(
        page_request.installation, page_request.tenant, page_request.user.author
    )
    labels = known_labels(page_request)
    return page_request.page(
        "setup/copies.html",
        step=1,
        copies=[(one, settings_words(one.settings, labels)) for one in found],
    )


def copy(page_request: PageRequest) -> Response:
    """Makes those settings the draft; the connection stays this workspace's own."""
    found = copyable_settings(
        page_request.installation, page_request.tenant, page_request.user.author
    )
    wanted = page_request.form.one("from")
    chosen = next((one for one in found if one.tenant == wanted), None)
    if chosen is None:
        raise NotFound(
            "unknown_copy",
            tried=Text("コピーする設定を探そうとしました", "Tried to find the settings to copy"),
            came_back=Text(
                "その名前のワークスペースに、あなたが保存した設定はありません",
                "You saved no settings in a workspace of that name",
            ),
            remedy=Text("一覧から選んでください", "Choose from the list"),
        )
    keep(page_request, copied_draft(draft_for(page_request), chosen.settings))
    return page_request.go("/setup/object")
