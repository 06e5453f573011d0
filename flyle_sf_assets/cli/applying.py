"""``flyle-sf apply``: every settings file becomes a version, its tenant a partition."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.text import Text as RichText

from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.output import (
    print_problems,
    problem_document,
    shown_phrase,
    to_stdout,
)
from flyle_sf_assets.defs.instance import add_tenants, instance_of, observe_settings
from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.tenants.settings_changes import SettingsChange
from flyle_sf_assets.tenants.registration import (
    Registration,
    register_files,
    registered_settings,
)
from flyle_sf_assets.tenants.settings_history import change_in_words, settings_of_version


@dataclass(frozen=True)
class Applied:
    """One tenant's registration, its change in ``words``, and what that means."""

    registration: Registration
    words: tuple[Phrase, ...] = ()

    @property
    def stale_assets(self) -> tuple[str, ...]:
        """The assets that the change makes stale, in order."""
        change = self.registration.change
        return change.affected_assets if change else ()

    @property
    def is_usable(self) -> bool:
        """Whether the file could be read, and the org fits it as far as it was compared."""
        return self.registration.is_usable and self.registration.refusal is None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the file, and what the org does not fit if it was compared."""
        one = self.registration
        return (*one.problems, *(one.refusal.problems if one.refusal else ()))

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
            "affected_companies": one.change.affected_companies if one.change else 0,
            "read_again": [asdict(read) for read in one.change.read_again] if one.change else [],
            "problems": [problem_document(problem) for problem in self.problems],
            "applied": one.is_usable and one.refusal is None,
        }


def apply_files() -> tuple[Applied, ...]:
    """Registers all files, adds partitions, and reports the settings' digests to Dagster."""
    with installation() as opened:
        return apply_opened(opened)


def apply_opened(opened: Installation) -> tuple[Applied, ...]:
    """The same over an installation that is open already."""
    registrations = register_files(opened)
    report_to_dagster(opened, [one.tenant for one in registrations if one.is_usable])
    return tuple(Applied(one, registered_words(opened, one)) for one in registrations)


def registered_words(opened: Installation, one: Registration) -> tuple[Phrase, ...]:
    """What a new version changes, in the org's labels."""
    if one.version is None or not one.is_new:
        return ()
    after = settings_of_version(opened, one.tenant, one.version)
    return change_in_words(opened, one.before, after)


def report_to_dagster(opened: Installation, tenants: Sequence[str]) -> None:
    """Adds the tenants' partitions, and reports their settings' digests."""
    with instance_of(opened) as instance:
        add_tenants(instance, tenants)
        for tenant in tenants:
            settings = registered_settings(opened, tenant)
            if settings is not None:
                observe_settings(instance, settings)


def print_registrations(applied: tuple[Applied, ...]) -> None:
    """The diff of each tenant, and what is wrong, for users."""
    console = to_stdout()
    if not applied:
        console.print(say("設定ファイルがありません。", "No settings files were found."))
    for item in applied:
        one = item.registration
        if not item.is_usable:
            not_applied = say("適用できません", "not applied")
            console.print(f"{one.tenant}: {not_applied}", style="red")
        elif one.is_new:
            new = "" if one.before else say(" (新規)", ", new")
            console.print(f"{one.tenant}: {_version(one)}{new}", style="green")
        else:
            console.print(f"{one.tenant}: {_version(one)}{say(' (変更なし)', ', unchanged')}")
        if one.before is None:
            continue
        for told in item.words:
            console.print(RichText("  ") + shown_phrase(told))
        if one.change is not None:
            for text in _consequences(one.change):
                console.print(f"  → {text.in_language(language())}")
    for item in applied:
        print_problems(item.problems)


def _version(one: Registration) -> str:
    return say(f"バージョン {one.version}", f"version {one.version}")


def _consequences(change: SettingsChange) -> Iterator[Text]:
    """What follows from a change: the assets, the companies, and the reads from Salesforce."""
    if not change.affected_assets:
        yield Text("データへの影響はありません", "no data is affected")
        return
    assets, companies = ", ".join(change.affected_assets), change.affected_companies
    yield Text(f"古くなるアセット: {assets}", f"stale: {assets}")
    yield Text(f"変わりうる企業: {companies:,}件", f"companies that may change: {companies:,}")
    for read in change.read_again:
        if read.whole:
            yield Text(
                f"読み直し: {read.object} の対象レコードすべて",
                f"read again: every {read.object} in scope",
            )
        else:
            columns = ", ".join(read.columns)
            yield Text(
                f"読み足し: {read.object} の {columns}",
                f"read in addition: {columns} of {read.object}",
            )
