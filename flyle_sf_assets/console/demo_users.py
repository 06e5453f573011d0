"""A page that signs any visitor in as a sample user, as Flyle would by a token; for the demo only.

These routes open the console to everyone who can reach it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from flyle_sf_assets.console.app import PageRoute
from flyle_sf_assets.console.request import Access, PageRequest
from flyle_sf_assets.console.tokens import issue_token
from flyle_sf_assets.console.users import ROLE_NAMES, User
from flyle_sf_assets.errors import Text

PATH = "/demo"


@dataclass(frozen=True, slots=True)
class SampleUser:
    """A sample user; ``about`` says what this one shows."""

    user: User
    about: Text


def sample_users(tenants: Sequence[str]) -> tuple[SampleUser, ...]:
    """An administrator of each tenant, users with fewer rights, and a plan without the link."""
    first = tenants[0]
    admins = [
        SampleUser(
            User(tenant, f"admin@{tenant}.example", "佐藤 花子", "admin", "enterprise"),
            Text("すべての操作ができます", "May do everything"),
        )
        for tenant in tenants
    ]
    return (
        *admins,
        SampleUser(
            User(first, f"editor@{first}.example", "鈴木 一郎", "editor", "professional"),
            Text("閲覧だけができます", "May look only"),
        ),
        SampleUser(
            User(first, f"writer@{first}.example", "高橋 次郎", "contributor", "professional"),
            Text("閲覧だけができます", "May look only"),
        ),
        SampleUser(
            User(first, f"starter@{first}.example", "田中 三郎", "admin", "starter"),
            Text("プランの案内が表示されます", "Sees what the plans include"),
        ),
    )


def sample_user_routes(
    users: Sequence[SampleUser], to_try: Sequence[tuple[Text, str]] = ()
) -> list[BaseRoute]:
    """The page that lists the users, and the one that redirects with a token.

    ``to_try`` are names and values to try the setup with: of a sandbox org only.
    """

    def choose(page_request: PageRequest) -> Response:
        return page_request.page(
            "sample_users.html", users=users, role_names=ROLE_NAMES, to_try=to_try
        )

    def play(page_request: PageRequest) -> Response:
        number = page_request.form.number("user")
        if number is None or number >= len(users):
            return page_request.go(PATH)
        token = issue_token(users[number].user, page_request.console.settings, page_request.now)
        return page_request.go(f"/enter?token={token}")

    return [
        PageRoute(PATH, choose, Access.OPEN),
        PageRoute(f"{PATH}/play", play, Access.OPEN, "POST"),
    ]
