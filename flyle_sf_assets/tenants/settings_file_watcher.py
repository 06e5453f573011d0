"""Follows settings files and console settings, tenant by tenant, within a time budget.

Everything is stored in the database before it is acted on: the next tick continues with what a tick
does not reach.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from flyle_sf_assets.errors import FlyleError, Text, UsageError
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.loading import ListedFile, is_bare_folder, list_files, load_tenant
from flyle_sf_assets.store.tenants.settings_files import (
    KnownTenant,
    forget_problems,
    known_tenants,
)
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.telemetry.logs import bind, logger
from flyle_sf_assets.tenants.registration import back_to_console, register
from flyle_sf_assets.tenants.settings_file_diff import FileChanges, file_changes

READING_SHARE = 0.5
"""A file of a megabyte takes seconds to read: the largest are read last, after the tick's work for
other tenants."""

_log = logger("refresh")


@dataclass
class Budget:
    """Seconds within which a tick has to end, and the errors of single tenants in it."""

    seconds: float
    monotonic: Callable[[], float] = time.monotonic
    failed: dict[str, str] = field(default_factory=dict)
    left: int = 0
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        """Starts the clock."""
        self._started = self.monotonic()

    def attempt(self, tenant: str, work: Callable[[], object], *, share: float = 1.0) -> bool:
        """Does one tenant's work if there is time; its failure is stored and stops no other one.

        ``share`` is the part of the seconds that work of this kind may begin in.
        """
        if self.monotonic() - self._started >= self.seconds * share:
            self.left += 1
            return False
        with bind(tenant=tenant):
            try:
                work()
            except Exception as error:  # noqa: BLE001 - one tenant's failure stops no other one
                tried = Text(
                    f"{tenant} の設定を反映しようとしました",
                    f"Tried to follow the settings of {tenant}",
                )
                told = as_flyle_error(error, tried)
                self.failed[tenant] = str(told)
                _log.error("settings not followed", code=told.code, incident=told.incident)
                return False
        return True


@dataclass(frozen=True, slots=True)
class Followed:
    """All tenants after the files were read; ``gone`` tenants have no settings any more.

    ``unusable`` tenants have a file that cannot be used. ``folder`` says why the folder could not
    be read; then no tenant counts as gone.
    """

    known: tuple[KnownTenant, ...]
    gone: frozenset[str]
    unusable: tuple[str, ...]
    folder: FlyleError | None

    @property
    def registered(self) -> tuple[KnownTenant, ...]:
        """The tenants that have settings now."""
        return tuple(
            one
            for one in self.known
            if one.version is not None and one.removed_at is None and one.tenant not in self.gone
        )


def follow_files(installation: Installation, budget: Budget, *, clock: Clock = utc_now) -> Followed:
    """Registers every changed file; reports tenants that are gone. Parses no unchanged file."""
    folder: FlyleError | None = None
    listed: dict[str, ListedFile] | None = None
    is_bare = False
    try:
        listed = list_files(installation.environment.config_dir)
        is_bare = not listed and is_bare_folder(installation.environment.config_dir)
    except UsageError as error:
        folder = error
    known = _known(installation)
    changes = file_changes(listed, known, is_bare=is_bare)
    if _registered(installation, changes, budget, clock):
        known = _known(installation)
    if changes.is_doubtful:
        folder = _empty_folder(installation)
    names = {} if listed is None else listed
    usable = {one.tenant for one in known if one.file_version is not None}
    return Followed(
        known=known,
        gone=frozenset(changes.gone),
        unusable=tuple(sorted(names.keys() - usable)),
        folder=folder,
    )


def _registered(
    installation: Installation, changes: FileChanges, budget: Budget, clock: Clock
) -> bool:
    for file in sorted(changes.read, key=lambda file: file.size_bytes):
        work = partial(_register, installation, file, clock)
        budget.attempt(file.tenant, work, share=READING_SHARE)
    for tenant in changes.to_console:
        budget.attempt(tenant, partial(back_to_console, installation, tenant, clock=clock))
    for tenant in changes.repaired:
        budget.attempt(tenant, partial(_forget_problems, installation, tenant))
    return bool(changes.read or changes.to_console)


def _forget_problems(installation: Installation, tenant: str) -> None:
    with installation.database.tenant(tenant) as tx:
        forget_problems(tx)


def _register(installation: Installation, file: ListedFile, clock: Clock) -> None:
    loaded = load_tenant(file.path, installation.environment.sf_extra_hosts)
    made = register(installation, loaded, clock=clock)
    for problem in made.problems:
        _log.warning("settings file", place=problem.place, problem=problem.message.en)
    if made.is_new:
        _log.info("settings version", version=made.version, changes=len(made.changes))


def _known(installation: Installation) -> tuple[KnownTenant, ...]:
    with installation.database.fleet() as tx:
        return known_tenants(tx)


def _empty_folder(installation: Installation) -> UsageError:
    folder = installation.environment.config_dir / "tenants"
    return UsageError(
        "config_dir_empty",
        tried=Text(
            f"設定フォルダー {folder} を開こうとしました",
            f"Tried to list the settings folder {folder}",
        ),
        came_back=Text(
            "フォルダーは空ですが、以前は複数のテナントのファイルがありました",
            "Nothing is in it, and it held the files of several tenants before",
        ),
        remedy=Text(
            "フォルダーが正しくマウントされているかご確認ください。すべてのテナントをやめる場合は、"
            "README.md などほかのファイルを残してください。",
            "Check that the folder is mounted. To let every tenant go, leave another file there,"
            " a README.md say.",
        ),
    )
