"""The language of everything that a command says to people.

What does not belong here: the texts, and ``--json``, which has both languages.
"""

import os

LANGUAGES = ("ja", "en")
_chosen: list[str] = []


def choose_language(chosen: str | None) -> None:
    """Sets the language of all output of this process; None: that of the terminal's locale."""
    _chosen[:] = [chosen] if chosen else []


def language() -> str:
    """``ja`` or ``en``: as chosen, else by the terminal's locale."""
    if _chosen:
        return _chosen[0]
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def say(ja: str, en: str) -> str:
    """The text in the terminal's language."""
    return ja if language() == "ja" else en
