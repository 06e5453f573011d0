"""What the reader of a page can do: a customer's administrator has no terminal and no variables.

Remedies that name a command, an environment variable or a settings file are for the operators of
Flyle: the page says whom to ask, and has the operators' text behind "details".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flyle_sf_assets.errors import Text
from flyle_sf_assets.tenants.applied_settings import NOT_APPLIED
from flyle_sf_assets.tenants.held_changes import HELD, HELD_REMEDY

_FOR_OPERATORS = re.compile(
    r"flyle-sf |FLYLE_[A-Z]|[A-Z]+_SF_[A-Z]+|環境変数|environment variable"
    r"|config/tenants|\.yaml|\{(?:env|file):|connection\.[a-z_]+",
)

_ON_THE_PAGES: Mapping[str, Text] = MappingProxyType(
    {
        "no_stored_token": Text(
            "「Salesforceと接続する」から接続してください",
            "Connect on the page Connect to Salesforce",
        ),
        "disconnected": Text(
            "「Salesforceと接続する」から接続し直してください。企業はそのまま残っており、"
            "続きから更新されます",
            "Connect again on the page Connect to Salesforce. The companies are still there and"
            " are taken up again",
        ),
        "org_changed": Text(
            "元の組織に接続し直してください。別の組織に切り替える場合は、「Salesforceと接続する」"
            "からその組織に接続すると、切り替えの確認が表示されます",
            "Connect the earlier org again. To change to the other one, connect it on the page"
            " Connect to Salesforce, which asks you to confirm the change",
        ),
        HELD: HELD_REMEDY,
        "app_keys_missing": Text(
            "「Salesforceと接続する」で組織のURL、Consumer Key、Consumer Secretを入力してください",
            "Enter the org URL, the Consumer Key and the Consumer Secret on the page Connect to"
            " Salesforce",
        ),
    }
)
"""By the code of an error: what an administrator does in the console instead of a terminal."""


@dataclass(frozen=True, slots=True)
class Advice:
    """``text`` is for the reader; ``details`` for the operators whom the reader asks, if any."""

    text: Text
    details: Text | None = None


def advice_on(
    code: str, told: Text, remedy: Text, contact: str, *, is_from_file: bool = False
) -> Advice:
    """What the reader can do about a problem: the remedy itself, or whom to ask.

    ``told`` is what happened. With ``is_from_file`` the settings are a file of the operators, who
    therefore also mend what is wrong in the settings or in the connection.
    """
    in_console = _ON_THE_PAGES.get(code)
    if in_console is not None and (code == HELD or not is_from_file):
        return Advice(in_console)
    of_settings = is_from_file and (code == NOT_APPLIED or in_console is not None)
    if not (of_settings or is_for_operators(told) or is_for_operators(remedy)):
        return Advice(remedy)
    details = Text(f"{told.ja}\n{remedy.ja}", f"{told.en}\n{remedy.en}")
    return Advice(ask_operators(code, contact), details)


def advice_in(told: Text, contact: str) -> Advice:
    """The same for a text that is a whole in itself: a notice, the reason of a failed sync."""
    if not is_for_operators(told):
        return Advice(told)
    return Advice(ask_operators("", contact), told)


def ask_operators(code: str, contact: str) -> Text:
    """Whom the reader asks, and which code to name there, if there is one."""
    named = Text(f"コード {code} を添えて ", f" and name the code {code}")
    named = named if code else Text("", "")
    return Text(
        f"この対処はFlyleの運用担当者が行います。{named.ja}{contact} までご連絡ください。",
        f"The operators of Flyle have to do this. Write to {contact}{named.en}.",
    )


def is_for_operators(text: Text) -> bool:
    """Whether a text names what only operators have: a terminal, variables, files."""
    return _FOR_OPERATORS.search(text.en) is not None or _FOR_OPERATORS.search(text.ja) is not None
