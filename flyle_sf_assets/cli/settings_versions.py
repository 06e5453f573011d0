"""``flyle-sf settings``: the versions of a tenant's settings, one of them, an earlier one restored.

Where a tenant has a settings file the file is what people and the sensor read: a restore writes the
earlier settings into it. Otherwise it registers them as the console would.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text as RichText

from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.choosing.settings_words import change_phrases
from flyle_sf_assets.cli.applying import report_to_dagster
from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import local
from flyle_sf_assets.cli.terminal.output import (
    print_problems,
    printable,
    problem_document,
    shown_phrase,
    to_stdout,
)
from flyle_sf_assets.connection.connect import stored_connection
from flyle_sf_assets.console.labels import VERSION_STATES
from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.drafts import Draft
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.tenants.registration import not_registered, register
from flyle_sf_assets.tenants.settings_drafts import required, settings_file
from flyle_sf_assets.tenants.settings_history import (
    TERMINAL_AUTHOR,
    HistoricVersion,
    SettingsHistory,
    author_phrase,
    restore_version,
    restored_draft,
    settings_history,
    settings_of_version,
)
from flyle_sf_assets.tenants.settings_yaml import yaml_text

BACKUP_SUFFIX = ".bak"


@dataclass(frozen=True)
class VersionList:
    """A tenant's versions, the newest first."""

    tenant: str
    history: SettingsHistory

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {"tenant": self.tenant, "versions": [*map(self._document, self.history.versions)]}

    def print(self) -> None:
        """Who, when, whether it is in effect, and what it changed in words."""
        console = to_stdout()
        for one in self.history.versions:
            head = RichText(
                say(f"バージョン {one.version}", f"version {one.version}"), style="bold"
            )
            state = VERSION_STATES[one.state].in_language(language())
            who = author_phrase(one.author).text.in_language(language())
            head.append(f"  {state}  ", style="green" if one.state == "in_effect" else "default")
            console.print(head + RichText(f"{local(one.created_at)}  ") + printable(who))
            for line in self._lines(one):
                console.print(RichText("  ") + line)
        for one in self.history.versions[:1]:
            print_problems(one.problems)

    def _lines(self, one: HistoricVersion) -> list[RichText]:
        lines = [shown_phrase(told) for told in self._changes(one)]
        if one.same_as is not None:
            same = say(f"バージョン {one.same_as} と同じ内容", f"the same as version {one.same_as}")
            lines.insert(0, RichText(same))
        if one.before is None:
            lines.append(RichText(say("最初の設定", "the first settings")))
        return lines

    def _changes(self, one: HistoricVersion) -> tuple[Phrase, ...]:
        if one.before is None:
            return ()
        return change_phrases(one.before, one.settings, self.history.schemas)

    def _document(self, one: HistoricVersion) -> dict[str, Any]:
        return {
            "version": one.version,
            "state": one.state,
            "author": one.author,
            "created_at": one.created_at.isoformat(),
            "same_as": one.same_as,
            "diff": [{"path": c.path, "before": c.before, "after": c.after} for c in one.changes],
            "changes": [
                {"text": told.text.en, "text_ja": told.text.ja, "api": told.api}
                for told in self._changes(one)
            ],
            "problems": [problem_document(problem) for problem in one.problems],
        }


@dataclass(frozen=True)
class Restored:
    """What a restore did. ``version`` is the newest one now; ``file`` was written, if there is one.

    ``is_new`` is False when the settings were those already.
    """

    tenant: str
    restored: int
    version: int
    is_new: bool
    changes: tuple[Phrase, ...]
    file: Path | None

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "tenant": self.tenant,
            "restored": self.restored,
            "version": self.version,
            "changed": self.is_new,
            "file": None if self.file is None else self.file.name,
            "changes": [
                {"text": told.text.en, "text_ja": told.text.ja, "api": told.api}
                for told in self.changes
            ],
        }

    def print(self) -> None:
        """What was restored, what that changes, and when it takes effect."""
        console, number = to_stdout(), self.restored
        if not self.is_new:
            same = say(f"今の設定はバージョン {number} と同じです", f"already as version {number}")
            console.print(f"{self.tenant}: {same}")
            return
        said = say(
            f"バージョン {number} の設定を、バージョン {self.version} として登録しました",
            f"the settings of version {number} are registered as version {self.version}",
        )
        console.print(f"{self.tenant}: {said}", style="green")
        for told in self.changes:
            console.print(RichText("  ") + shown_phrase(told))
        if self.file is not None:
            name = self.file.name
            console.print(
                say(
                    f"{name} に書き込みました。前の内容は {name}{BACKUP_SUFFIX} にあります。",
                    f"{name} was written; what it contained is in {name}{BACKUP_SUFFIX}.",
                )
            )
        console.print(
            say(
                f"次の同期で適用されます。今すぐなら: flyle-sf sync {self.tenant}",
                f"The next sync applies it. To do so now: flyle-sf sync {self.tenant}",
            )
        )


def version_list(opened: Installation, tenant: str) -> VersionList:
    """The versions of a tenant. NotConnected for a tenant without settings."""
    history = settings_history(opened, tenant)
    if not history.versions:
        raise not_registered(tenant)
    return VersionList(tenant, history)


def version_yaml(opened: Installation, tenant: str, version: int) -> str:
    """One version as a settings file. Raises NotFound."""
    settings = settings_of_version(opened, tenant, version)
    return yaml_text(settings, comment=f"version {version} of {tenant}")


def restore(opened: Installation, tenant: str, version: int) -> Restored:
    """Makes an earlier version the newest one; its file is written where the tenant has one.

    Raises NotFound, SettingsInvalid (not valid any more), UsageError (the file cannot be written).
    """
    history = version_list(opened, tenant).history
    file = settings_file(opened.environment, tenant)
    connection = stored_connection(opened, tenant)
    newest = history.versions[0]
    if file is not None:
        draft = restored_draft(
            opened, tenant, version, base_version=newest.version, connection=connection
        )
        number, is_new = _restored_file(opened, file, draft, version)
    else:
        saved = restore_version(
            opened,
            tenant,
            version,
            base_version=newest.version,
            connection=connection,
            author=TERMINAL_AUTHOR,
        )
        number, is_new = saved.version, saved.is_new
    report_to_dagster(opened, [tenant])
    after = settings_of_version(opened, tenant, number)
    changes = change_phrases(newest.settings, after, history.schemas) if is_new else ()
    return Restored(tenant, version, number, is_new, changes, file if is_new else None)


def _restored_file(
    opened: Installation, file: Path, draft: Draft, version: int
) -> tuple[int, bool]:
    """The version of the file with these settings, and whether the file was written."""
    settings, hosts = required(draft), opened.environment.sf_extra_hosts
    is_new = load_tenant(file, hosts).settings != settings
    if is_new:
        _write(file, settings, version)
    made = register(opened, load_tenant(file, hosts))
    if made.version is None:
        raise ValueError(f"{file.name} was written and cannot be used: {made.problems}")
    return made.version, is_new


def _write(file: Path, settings: TenantSettings, version: int) -> None:
    """Replaces the file in one step, so that no reader meets half of it; keeps the one before."""
    target = file.resolve()
    text = yaml_text(settings, comment=f"restored from version {version} by flyle-sf settings")
    made: str | None = None
    try:
        handle, made = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        shutil.copymode(target, made)
        shutil.copy2(target, target.with_name(target.name + BACKUP_SUFFIX))
        Path(made).replace(target)
    except OSError as error:
        if made is not None:
            Path(made).unlink(missing_ok=True)
        raise UsageError(
            "settings_file_not_written",
            tried=Text(
                f"設定ファイル {file} に書き込もうとしました",
                f"Tried to write the settings file {file}",
            ),
            came_back=Text.quoted(f"{type(error).__name__}: {error.strerror or error}"),
            remedy=Text(
                f"flyle-sf settings {settings.tenant} --show {version} の出力を、"
                "ファイルを管理している場所で保存してください",
                f"Save what flyle-sf settings {settings.tenant} --show {version} prints where the"
                " file is managed",
            ),
        ) from error
