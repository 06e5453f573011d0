"""Settings become settings versions; an invalid file stops only its own tenant."""

import json
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.errors import NotConnected, Problem, Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.loading import SUFFIX, Loaded, is_tenant_name, load_each
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Change, diff, digest, document, from_document
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.settings_in_effect import (
    Refusal,
    current_settings,
    refusal_of_newest,
)
from flyle_sf_assets.store.tenants.links import (
    Attention,
    add_attention,
    clear_attention,
    get_link,
    put_link,
)
from flyle_sf_assets.store.tenants.settings_changes import (
    ChangeKind,
    SettingsChange,
    reopen_change,
)
from flyle_sf_assets.store.tenants.settings_files import (
    FILE_AUTHOR,
    SettingsFile,
    get_file,
    put_file,
)
from flyle_sf_assets.store.tenants.settings_versions import (
    Registered,
    SettingsVersion,
    latest_settings,
    latest_settings_besides,
    register_settings,
)
from flyle_sf_assets.tenants.applied_settings import (
    Choice,
    Numbered,
    choice_of,
    is_fit_as_before,
    take_effect,
)
from flyle_sf_assets.tenants.due_times import next_due
from flyle_sf_assets.tenants.removal import take_up_again
from flyle_sf_assets.tenants.settings_changes import noted_change

FILE_INVALID = "settings_file_invalid"


@dataclass(frozen=True, slots=True)
class Registration:
    """The result of registering one tenant's file. ``version`` is None when it cannot be used.

    ``before`` are the settings that were current until now, None for a new tenant. ``change`` is
    what the version means, None when it is not new. ``refusal`` says why this version, which is
    not new, is not in effect.
    """

    tenant: str
    version: int | None
    is_new: bool
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    before: TenantSettings | None = None
    change: SettingsChange | None = None
    refusal: Refusal | None = None

    @property
    def is_usable(self) -> bool:
        """Whether the file could be read, and is a version."""
        return self.version is not None


def register_files(
    installation: Installation, *, clock: Clock = utc_now
) -> tuple[Registration, ...]:
    """Registers every file of ``config/tenants``; an invalid one stops only its own tenant.

    Small files are registered first, so that a very large file delays no other tenant.
    """
    environment = installation.environment
    made = [
        register(installation, loaded, clock=clock)
        for loaded in load_each(environment.config_dir, environment.sf_extra_hosts)
    ]
    return tuple(sorted(made, key=lambda one: one.tenant))


def register(installation: Installation, loaded: Loaded, *, clock: Clock = utc_now) -> Registration:
    """One loaded file. Earlier versions stay; an unchanged file makes no new version.

    ``loaded`` is what `settings.loading.load_tenant` read. ``version`` of the result is None when
    the file cannot be used, and counts from 1; ``changes`` are the differences to the version
    before. Raises StoreError; ``problems`` says what is wrong with the settings.

    >>> loaded = load_tenant(file, environment.sf_extra_hosts)
    >>> again = register(installation, loaded)
    >>> again.tenant, again.version, again.is_new, again.changes
    ('acme', 1, False, ())
    """
    settings, now = loaded.settings, clock()
    if settings is None or any(p.severity == "error" for p in loaded.problems):
        _note_unusable(installation, loaded, now)
        return Registration(loaded.tenant, None, is_new=False, changes=(), problems=loaded.problems)
    with installation.database.tenant(settings.tenant) as tx:
        latest, before = latest_settings(tx), settings_in(tx)
        text = json.dumps(document(settings), ensure_ascii=False)
        made = register_settings(tx, text, digest(settings), author(loaded), now)
        note_on_link(tx, made, settings, installation.environment, now)
        change = _taken_in(tx, made, now)
        if loaded.digest:
            put_file(tx, loaded.digest, made.version, now)
        clear_attention(tx, FILE_INVALID)
        refusal = refusal_of_newest(tx)
    return Registration(
        settings.tenant,
        made.version,
        made.is_new,
        diff(before, settings) if made.is_new else (),
        (*loaded.problems, *_replaced(loaded, latest, made)),
        before,
        change if made.is_new else None,
        refusal,
    )


def note_on_link(
    tx: TenantTransaction,
    made: Registered,
    settings: TenantSettings,
    environment: Environment,
    now: datetime,
) -> None:
    """Applies a version to the link if the org need not be asked: a changed interval, for example.

    The interval counts from the last sync. Any other version waits for the next refresh, which
    compares it with the org.
    """
    link = get_link(tx)
    if made.is_new and is_fit_as_before(tx, settings):
        take_effect(tx, Numbered(settings, made.version), now)
        if link.last_synced_at is not None and link.state != "disconnected":
            put_link(tx, next_due_at=next_due(link.last_synced_at, settings, environment))
    if link.settings_version is None:
        put_link(tx, settings_version=made.version, source_object=settings.source.object)


def back_to_console(installation: Installation, tenant: str, *, clock: Clock = utc_now) -> None:
    """Without a settings file, what was last saved in the console becomes current.

    It becomes a new version when a file's settings were current until now.
    """
    now = clock()
    with installation.database.tenant(tenant) as tx:
        saved = latest_settings_besides(tx, FILE_AUTHOR)
        if saved is None:
            raise ValueError(f"the console never saved settings of {tenant}")
        made = register_settings(tx, saved.document, saved.digest, saved.author, now)
        settings = from_document(json.loads(saved.document))
        note_on_link(tx, made, settings, installation.environment, now)
        _taken_in(tx, made, now)
        clear_attention(tx, FILE_INVALID)


def author(loaded: Loaded) -> str:
    """Who set it: for a file, the file's name."""
    return f"{FILE_AUTHOR}{loaded.path.name}"


def registered_settings(installation: Installation, tenant: str) -> TenantSettings | None:
    """A tenant's current settings, None when there are none.

    The newest ones, unless the org does not fit them: then those in effect.
    """
    with installation.database.tenant(tenant) as tx:
        return settings_in(tx)


def newest_settings(installation: Installation, tenant: str) -> TenantSettings | None:
    """A tenant's newest settings, also if the org does not fit them: those that are to connect."""
    with installation.database.tenant(tenant) as tx:
        latest = latest_settings(tx)
    return None if latest is None else from_document(json.loads(latest.document))


def settings_in(tx: TenantTransaction) -> TenantSettings | None:
    """The same within a transaction that reads more than that."""
    current = current_settings(tx)
    return None if current is None else from_document(json.loads(current.document))


def time_zone_in(tx: TenantTransaction) -> str | None:
    """The tenant's time zone, None before there are settings."""
    settings = settings_in(tx)
    return settings.time_zone if settings else None


def _taken_in(tx: TenantTransaction, made: Registered, now: datetime) -> SettingsChange:
    """Stores what the version changes, and links a tenant again whose file was gone.

    Its org was not polled in the meantime, so everything is compared once.
    """
    file: SettingsFile | None = get_file(tx)
    is_back = file is not None and file.removed_at is not None
    has_synced = is_back and file is not None and take_up_again(tx, file, now)
    kind: ChangeKind = "census" if has_synced else "refresh"
    change = noted_change(tx, made.version, now, kind=kind)
    if has_synced and not made.is_new:
        reopen_change(tx, made.version, kind)
    return change


def _note_unusable(installation: Installation, loaded: Loaded, now: datetime) -> None:
    """The current settings stay current, and the link says that the file is not in use."""
    if loaded.path.suffix != SUFFIX or not is_tenant_name(loaded.tenant):
        return
    with installation.database.tenant(loaded.tenant) as tx:
        if loaded.digest:
            file = get_file(tx)
            if file is not None and file.removed_at is not None:
                return  # an invalid file does not link a removed tenant again
            put_file(tx, loaded.digest, None, now, _errors(loaded))
        if latest_settings(tx) is not None:
            add_attention(tx, [_invalid(loaded)], now)


def _errors(loaded: Loaded) -> tuple[Problem, ...]:
    return tuple(one for one in loaded.problems if one.severity == "error")


def _invalid(loaded: Loaded) -> Attention:
    name = loaded.path.name
    first = _errors(loaded)[0]
    return Attention(
        FILE_INVALID,
        None,
        None,
        Text(
            f"設定ファイル {name} に誤りがあるため、前の設定のまま動いています: {first.message.ja}",
            f"The settings file {name} cannot be used, so the settings before it go on: "
            f"{first.message.en}",
        ),
        Text(
            f"flyle-sf check {loaded.tenant} ですべての誤りを確認してください。",
            f"See every problem with flyle-sf check {loaded.tenant}.",
        ),
    )


def _replaced(
    loaded: Loaded, latest: SettingsVersion | None, made: Registered
) -> tuple[Problem, ...]:
    """Where file and console settings exist, the file wins, and a warning says so."""
    if latest is None or not made.is_new or latest.author.startswith(FILE_AUTHOR):
        return ()
    name = loaded.path.name
    warning = Problem(
        "file_replaces_console",
        "",
        Text(
            f"「{name}」が、コンソールで保存された設定(バージョン{latest.version}、{latest.author})に"
            "優先します。",
            f"{name} takes precedence over what the console saved (version {latest.version}, by"
            f" {latest.author}).",
        ),
        Text(
            f"コンソールの設定を使う場合は、{name} を削除してください。",
            f"Remove {name} to use the console's settings.",
        ),
        severity="warning",
        file=name,
    )
    return (warning,)


def require_choice(tx: TenantTransaction) -> Choice:
    """What a refresh works with; NotConnected ``no_settings`` when there is nothing."""
    choice, tenant = choice_of(tx), tx.tenant_id
    if choice is None:
        raise NotConnected(
            "no_settings",
            tried=Text(
                f"テナント {tenant} の設定を見つけようとしました",
                f"Tried to find the settings of {tenant}",
            ),
            came_back=Text("設定が登録されていません", "No settings version is registered"),
            remedy=Text(
                f"config/tenants/{tenant}.yaml を用意し flyle-sf apply を実行してください",
                f"Write config/tenants/{tenant}.yaml and run flyle-sf apply",
            ),
        )
    return choice


def not_registered(tenant: str) -> NotConnected:
    """The refusal where a tenant's registered settings are needed."""
    return NotConnected(
        "unknown_tenant",
        tried=Text(f"テナント {tenant} を調べようとしました", f"Tried to look at tenant {tenant}"),
        came_back=Text(
            "このテナントの設定は登録されていません", "No settings of this tenant are registered"
        ),
        remedy=Text("flyle-sf apply を実行してください", "Run flyle-sf apply"),
    )
