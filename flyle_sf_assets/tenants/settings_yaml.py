"""Settings as the text of a settings file.

What does not belong here: reading one (``settings/yaml_reading.py``).
"""

import io
import re
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Json

WIDTH_MAX = 10_000
_FLOW_MEMBERS = frozenset({"from", "field", "object", "env", "file", "date"})
"""A mapping that begins with one of these is written on one line, as in the documentation."""

_PLAIN = re.compile(r"\w(?:[\w ./@%+-]|:(?=[/\w]))*")
"""Texts that may stand without quotes. The library quotes what would be read as another type, but
not every text that is no text inside braces (``?0``)."""


def yaml_text(settings: TenantSettings, *, comment: str = "") -> str:
    """The settings as a file; reading it gives the same settings. ``comment`` is the first line.

    Whatever has its default is left out. Comments of an earlier file are not known any more.
    """
    out = io.StringIO()
    writer = YAML()
    writer.width = WIDTH_MAX
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.dump(_block(_said(settings)), out)
    head = f"# {' '.join(comment.split())}\n" if comment else ""
    return head + out.getvalue()


def _said(settings: TenantSettings) -> dict[str, Json]:
    """The stored document without defaults."""
    return cast(
        "dict[str, Json]",
        settings.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True),
    )


def _block(value: Json) -> Any:
    if isinstance(value, list):
        return CommentedSeq([_item(one) for one in value])
    if isinstance(value, dict):
        return CommentedMap({key: _member(key, one) for key, one in value.items()})
    return _leaf(value)


def _leaf(value: Json) -> Any:
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return DoubleQuotedScalarString(value)
    return value


def _member(key: str, value: Json) -> Any:
    is_line = isinstance(value, dict) and key not in ("connection", "source")
    return _line(value) if is_line or key == "value" else _block(value)


def _item(value: Json) -> Any:
    is_line = isinstance(value, dict) and next(iter(value), "") in _FLOW_MEMBERS
    return _line(value) if is_line else _block(value)


def _line(value: Json) -> Any:
    """The value on one line."""
    made: Any
    if isinstance(value, list):
        made = CommentedSeq([_line(one) for one in value])
    elif isinstance(value, dict):
        made = CommentedMap({key: _line(one) for key, one in value.items()})
    else:
        return _leaf(value)
    made.fa.set_flow_style()
    return made
