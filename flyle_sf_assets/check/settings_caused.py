"""What a change of the settings may take away: the guard holds none of it.

The preview showed it before.

What does not belong here: what the change affects besides (``parts.py``, ``impact.py``).
"""

from dataclasses import dataclass

from flyle_sf_assets.settings.models import FieldMapping, TenantSettings


@dataclass(frozen=True, slots=True)
class SettingsCaused:
    """``scope``: companies may leave the conditions. ``fields``: values that may become blank."""

    scope: bool
    fields: frozenset[str]


def settings_caused(before: TenantSettings, after: TenantSettings) -> SettingsCaused:
    """What follows from ``after`` taking the place of ``before``.

    A label, an interval or another connection takes nothing away. ``fields`` are keys of custom
    fields: newly mapped ones, those with another source, type or rule for blanks, and those behind
    a one-to-one object that is declared in another way.
    """
    old, new = before.source, after.source
    redeclared = {one.as_.lower() for one in {*old.one_to_one} ^ {*new.one_to_one}}
    known = {one.to: _content(one) for one in before.mapping}
    fields = {
        one.to
        for one in after.mapping
        if known.get(one.to) != _content(one) or not redeclared.isdisjoint(_names(one))
    }
    is_scope = (old.object, old.conditions) != (new.object, new.conditions) or bool(redeclared)
    return SettingsCaused(is_scope, frozenset(fields))


def _content(mapping: FieldMapping) -> tuple[object, ...]:
    return (mapping.from_, mapping.type, mapping.when_blank)


def _names(mapping: FieldMapping) -> list[str]:
    return mapping.from_.lower().split(".")[:-1]
