"""The record that a person means: an id, the address of its page in Salesforce, or a name."""

import re
from urllib.parse import unquote

from flyle_sf_assets.salesforce.ids import is_record_id, to_18

REFERENCE_LENGTH_MAX = 2_000
"""Longer than any page address of Salesforce."""

_WORDS = re.compile(r"[A-Za-z0-9]+")
_ID_LENGTHS = (15, 18)


def record_id_in(reference: str) -> str | None:
    """The 18-character id in an id or in an address of Salesforce, None when there is none.

    Lightning addresses contain the object before the id (``/lightning/r/Account/001…/view``),
    classic ones begin with it (``/001…``), links of mails have it in a parameter.

    >>> record_id_in("https://acme.lightning.force.com/lightning/r/Account/0015i00000Ab3dEAAR/view")
    '0015i00000Ab3dEAAR'
    >>> record_id_in("株式会社アクメ")
    """
    text = reference.strip()[:REFERENCE_LENGTH_MAX]
    if is_record_id(text):
        return to_18(text)
    if "/" not in text:
        return None
    # Ids begin with a prefix of three characters that has a digit; a word of letters has none.
    found = (
        word
        for word in _WORDS.findall(unquote(text.partition("://")[2] or text).partition("/")[2])
        if len(word) in _ID_LENGTHS and any(c.isdigit() for c in word[:3]) and is_record_id(word)
    )
    return next((to_18(word) for word in found), None)
