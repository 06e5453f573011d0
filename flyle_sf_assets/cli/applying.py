"""``flyle-sf apply``: every settings file becomes a version, its tenant a partition.

What does not belong here: what a registration does (``refresh/registration.py``).
"""

from dataclasses import dataclass
from typing import Any

from flyle_sf_assets.check.parts import affected_assets
from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.output import language, print_problems, problem_document, to_stdout
from flyle_sf_assets.defs.instance import add_tenants, instance_of, observe_settings
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.refresh.registration import Registration, register_files, registered_settings


@dataclass(frozen=True)
class Applied:
    """One tenant's registration, and the assets that its change makes stale."""

    registration: Registration
    stale_assets: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        """Whether the file's settings stand now."""
        return self.registration.is_usable

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        one = self.registration
        return {
            "tenant": one.tenant,
            "version": one.version,
            "changed": one.is_new,
            "diff": [
                {"path": c.path, "before": c.before, "after": c.after, "text": c.text.en}
                for c in one.changes
            ],
            "stale_assets": list(self.stale_assets),
            "problems": [problem_document(problem) for problem in one.problems],
        }


def apply_files() -> tuple[Applied, ...]:
    """Registers all files, adds partitions, and tells Dagster the settings' digests."""
    with installation() as opened:
        return apply_opened(opened)


def apply_opened(opened: Installation) -> tuple[Applied, ...]:
    """The same over an installation that is open already."""
    registrations = register_files(opened)
    applied = []
    with instance_of(opened) as instance:
        add_tenants(instance, [one.tenant for one in registrations if one.is_usable])
        for one in registrations:
            settings = registered_settings(opened, one.tenant) if one.is_usable else None
            if settings is not None:
                observe_settings(instance, settings)
            stale = affected_assets(one.before, settings) if settings and one.is_new else ()
            applied.append(Applied(one, stale))
    return tuple(applied)


def print_registrations(applied: tuple[Applied, ...]) -> None:
    """The diff of each tenant, and what is wrong, for people."""
    console = to_stdout()
    if not applied:
        console.print("No settings files were found. / 設定ファイルがありません。")
    for item in applied:
        one = item.registration
        if not one.is_usable:
            console.print(f"[red]{one.tenant}[/]: not applied / 適用できません")
        elif one.is_new:
            new = "" if one.before else ", new / 新規"
            console.print(f"[green]{one.tenant}[/]: version {one.version}{new}")
        else:
            console.print(f"{one.tenant}: version {one.version}, unchanged / 変更なし")
        if one.before is None:
            continue
        for change in one.changes:
            console.print(f"  {change.text.in_language(language())}", markup=False)
        if item.stale_assets:
            console.print(f"  → {', '.join(item.stale_assets)}", markup=False)
    for item in applied:
        print_problems(item.registration.problems)
