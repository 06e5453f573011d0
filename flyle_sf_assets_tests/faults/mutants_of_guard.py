"""Bugs in the mass-change guard.

What does not belong here: how they are planted (``planting.py``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flyle_sf_assets.check.settings_caused import SettingsCaused
from flyle_sf_assets.tenants.held_changes import MassChangeHeld
from flyle_sf_assets_tests.faults.planting import mutant, product_module


@mutant("values that become blank are not guarded")
def blanks_not_guarded() -> None:
    guard = product_module("sync.load.mass_change_guard")
    right = guard.count_losses
    guard.count_losses = lambda *args: replace(right(*args), blanked={})


@mutant("deleted companies are not guarded, only those that leave the conditions")
def deletions_not_guarded() -> None:
    guard = product_module("sync.load.mass_change_guard")
    right = guard.count_losses
    guard.count_losses = lambda tx, changes: right(
        tx, replace(changes, excused=(*changes.excused, "deleted", "merged", "missing"))
    )


@mutant("what a change of the settings takes away is held as well")
def settings_are_guarded() -> None:
    guard = product_module("sync.load.mass_change_guard")
    guard.settings_caused = lambda _before, _after: SettingsCaused(scope=False, fields=frozenset())


@mutant("any change of the settings excuses every loss")
def settings_excuse_everything() -> None:
    guard = product_module("sync.load.mass_change_guard")

    def wrong(before: Any, after: Any) -> SettingsCaused:
        is_changed = before.model_copy(update={"guard": after.guard}) != after
        keys = frozenset(one.to for one in after.mapping)
        return SettingsCaused(is_changed, keys if is_changed else frozenset())

    guard.settings_caused = wrong


@mutant("what is held is committed all the same, and held afterwards")
def held_and_committed() -> None:
    refresh = product_module("sync.context").Refresh
    right = refresh.committing

    @contextmanager
    def wrong(self: Any) -> Iterator[Any]:
        held = None
        with right(self) as tx:
            try:
                yield tx
            except MassChangeHeld as error:
                held = error
        if held is not None:
            raise held

    refresh.committing = wrong
