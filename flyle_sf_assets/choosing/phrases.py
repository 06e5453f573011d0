"""Sentences for people that contain names of an org: words, names and API names kept apart.

A page marks names as names and API names as code; a terminal shows the plain text.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from string import Formatter
from typing import Literal

from flyle_sf_assets.errors import Text

PartKind = Literal["words", "name", "api"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence: our ``words``, a ``name`` that people gave, or an ``api`` name."""

    text: str
    kind: PartKind = "words"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence in both languages. ``api`` says the same in API names, "" where it does not."""

    ja: tuple[Part, ...]
    en: tuple[Part, ...]
    api: str = ""

    def parts(self, language: str) -> tuple[Part, ...]:
        """Its pieces in a language."""
        return self.ja if language.lower().startswith("ja") else self.en

    @property
    def text(self) -> Text:
        """The plain text, without ``api``."""
        return Text("".join(p.text for p in self.ja), "".join(p.text for p in self.en))

    def beside(self, api: str) -> "Phrase":
        """The same with ``api`` beside it."""
        return replace(self, api=api)


def words(text: Text) -> Phrase:
    """Our own words."""
    return Phrase((Part(text.ja),), (Part(text.en),))


def name(text: str) -> Phrase:
    """A name that people gave: a label, an option, a value."""
    return Phrase((Part(text, "name"),), (Part(text, "name"),))


def api_name(text: str) -> Phrase:
    """A name or a notation of an API, where no label is known."""
    return Phrase((Part(text, "api"),), (Part(text, "api"),))


def phrase(template: Text, **names: Phrase) -> Phrase:
    """The template with a phrase in place of each ``{name}``.

    >>> phrase(Text("「{a}」を追加", "Added “{a}”"), a=name("売上")).text.ja
    '「売上」を追加'
    """
    return Phrase(_filled(template.ja, "ja", names), _filled(template.en, "en", names))


def joined(phrases: Iterable[Phrase], separator: Text) -> Phrase:
    """Several phrases in one, in their order."""
    ja: list[Part] = []
    en: list[Part] = []
    for one in phrases:
        ja += [Part(separator.ja)] * bool(ja) + list(one.ja)
        en += [Part(separator.en)] * bool(en) + list(one.en)
    return Phrase(tuple(ja), tuple(en))


def _filled(template: str, language: str, names: dict[str, Phrase]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for literal, key, _, _ in Formatter().parse(template):
        if literal:
            parts.append(Part(literal))
        if key is not None:
            parts += names[key].parts(language)
    return tuple(parts)
