"""Secrets removed from everything that is about to be logged or stored.

By name (``access_token``, ``consumer_secret``) and by shape (a Salesforce session id, a JWT, a
bearer header, a password inside a URL), because a secret may also be inside a longer text.
"""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[hidden]"

_SECRET_NAMES = re.compile(
    r"(token|secret|password|passphrase|assertion|authorization|private_key|cookie|code_verifier)",
    re.IGNORECASE,
)
_SECRET_SHAPES = (
    re.compile(r"00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]+"),
    re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}"),
    re.compile(r"(?<=Bearer )[^\s,;\"']+", re.IGNORECASE),
    re.compile(r"(?<=Authorization: )[^\r\n\"']+", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"(?:(?<=access_token=)|(?<=refresh_token=)|(?<=client_secret=))[^&\s\"']+"),
)


def redacted_text(text: str) -> str:
    """The text with everything replaced that has the shape of a secret."""
    for shape in _SECRET_SHAPES:
        text = shape.sub(HIDDEN, text)
    return text


def redacted(value: Any) -> Any:
    """The value with secrets replaced, by name inside mappings and by shape inside texts."""
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if _SECRET_NAMES.search(str(key)) and item else redacted(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(redacted(item) for item in value)
    return value
