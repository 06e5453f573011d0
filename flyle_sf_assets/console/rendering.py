"""Templates into HTML: the functions for all templates; none of them asks a database or an org.

``t(ja, en)`` is the text in the page's language; both texts are side by side in the templates, so
that neither is forgotten.
"""

import functools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from flyle_sf_assets.console import labels as words
from flyle_sf_assets.console.i18n import shown_moment
from flyle_sf_assets.errors import Text, sentences

FOLDER = Path(__file__).parent
HTMX_CONFIG = (
    '{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,'
    '"historyCacheSize":0,"refreshOnHistoryMiss":true,"defaultSettleDelay":0,'
    '"responseHandling":[{"code":"204","swap":false},{"code":".*","swap":true}]}'
)
"""No inline style, no eval. "Back" loads the whole page, not only the part that was replaced.
Error answers replace their part of the page, and a part reacts as soon as it is visible (else a
click in its first 20 ms is lost)."""


@functools.cache
def _compiled(static_version: str) -> jinja2.Environment:
    """All templates, compiled once a process: compiling them takes half a second.

    At the start: an invalid template is not reported to the first visitor only.
    """
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(
        static_version=static_version, htmx_config=HTMX_CONFIG, words=words, sentences=sentences
    )
    templates.filters.update(number=_number)
    for name in templates.list_templates():
        templates.get_template(name)
    return templates


class Renderer:
    """The templates, loaded once."""

    def __init__(self, static_version: str) -> None:
        self._templates = _compiled(static_version)

    def render(self, template: str, language: str, values: Mapping[str, object]) -> str:
        """The template's HTML in a language, with these values."""
        time_zone = values.get("time_zone")

        def moment(at: datetime | None) -> str:
            zone = time_zone if isinstance(time_zone, str) else None
            shown = shown_moment(at, zone)
            if at is None:
                return shown
            return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), shown)

        def say(text: Text) -> str:
            return text.in_language(language)

        def seconds(value: float) -> str:
            return _duration(value, language)

        return self._templates.get_template(template).render(
            language=language, say=say, moment=moment, seconds=seconds, **values
        )


def _duration(seconds: float, language: str) -> str:
    """``42秒``, ``3分20秒``; ``42 s``, ``3 min 20 s``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    units = ("分", "秒") if language == "ja" else (" min ", " s")
    return f"{minutes}{units[0]}{rest}{units[1]}" if minutes else f"{rest}{units[1]}"


def _number(value: Any) -> Markup:
    """A whole number with thousands separators."""
    return escape(f"{value:,}")
