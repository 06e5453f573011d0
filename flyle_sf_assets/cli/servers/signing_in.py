"""Links by which the person at this machine signs in to its console: once, on loopback only.

What does not belong here: checking a token (``console/tokens.py``), and Flyle's own links.
"""

import getpass
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from flyle_sf_assets.cli.servers.console import PORT
from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stdout
from flyle_sf_assets.console.settings import ConsoleSettings
from flyle_sf_assets.console.tokens import issue_token
from flyle_sf_assets.console.users import User
from flyle_sf_assets.errors import NotPermitted, Text, UsageError
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.loading import is_tenant_name
from flyle_sf_assets.tenants.registration import registered_settings

LINK_S = 300
LINKS_SHOWN = 3
PLAN = "enterprise"
"""Of a workspace that has no settings yet: the person at this machine decides what it may."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def sign_in_link(
    opened: Installation, settings: ConsoleSettings, tenant: str, *, clock: Clock = utc_now
) -> str:
    """A link that signs in as an administrator of ``tenant``, once, within `LINK_S`.

    The caller can read the secret that signs it. Raises NotPermitted when the console
    is reached from other machines, or trusts the keys of a URL instead of that secret.
    """
    if not is_tenant_name(tenant):
        raise UsageError(
            "tenant_invalid",
            tried=Text(
                f"ワークスペース {tenant} を読み取ろうとしました",
                f"Tried to read the workspace {tenant}",
            ),
            came_back=Text("テナント名として使えない名前です", "No tenant can have this name"),
            remedy=Text(
                "英小文字、数字、_、- で指定してください", "Use lower-case letters, digits, _ and -"
            ),
        )
    if not is_local(settings):
        keys = Text("(鍵は FLYLE_CONSOLE_JWKS_URL)", ", with keys from FLYLE_CONSOLE_JWKS_URL")
        keys = keys if settings.jwks_url else Text("", "")
        raise NotPermitted(
            "sign_in_not_local",
            tried=Text(
                "サインイン用のリンクを作成しようとしました", "Tried to make a link to sign in"
            ),
            came_back=Text(
                f"コンソールは {settings.public_url} にあります{keys.ja}",
                f"the console is at {settings.public_url}{keys.en}",
            ),
            remedy=Text(
                "Flyleの「外部サービス連携」画面から開いてください。リンクは、この端末だけで使う"
                "コンソールに限られます",
                "Open it from Flyle's page of external services; links are for a console that only"
                " this machine uses",
            ),
        )
    known = registered_settings(opened, tenant)
    name = getpass.getuser()
    user = User(tenant, f"local:{name}", name, "admin", known.plan if known else PLAN)
    token = issue_token(user, settings, clock(), lifetime_s=LINK_S)
    return f"{settings.public_url}/enter?token={token}"


def print_sign_in_links(
    opened: Installation, settings: ConsoleSettings, tenants: Sequence[str]
) -> None:
    """One link per tenant, on a terminal only: what is redirected into a file is a log."""
    if not is_local(settings):
        return
    console = to_stdout()
    if sys.stdout.isatty() and tenants:
        once = say(
            f"サインイン ({LINK_S // 60}分以内に1回だけ):",
            f"Sign in (once, within {LINK_S // 60} min):",
        )
        console.print(once)
        for tenant in tenants[:LINKS_SHOWN]:
            link = sign_in_link(opened, settings, tenant)
            console.print(f"  {tenant}  {link}", soft_wrap=True)
    port = urlsplit(settings.public_url).port
    option = "" if port == PORT else f" --port {port}"
    again = say("サインイン用の新しいリンク", "A new link to sign in")
    console.print(f"{again}: flyle-sf sign-in {say('ワークスペース', 'WORKSPACE')}{option}")


def is_local(settings: ConsoleSettings) -> bool:
    """Whether the console is for this machine alone, and trusts its own secret."""
    return settings.jwks_url is None and settings.host in LOOPBACK
