"""Settings files: ``config/tenants/<tenant>.yaml``, each with all its problems and their lines."""

import errno
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from flyle_sf_assets import __version__
from flyle_sf_assets.errors import (
    FlyleError,
    PlanNotEligible,
    Problem,
    SettingsInvalid,
    Text,
    UsageError,
)
from flyle_sf_assets.settings import file_faults as faults
from flyle_sf_assets.settings.file_reading import (
    FILE_BYTES_MAX,
    FileTooLarge,
    read_bounded,
    shown_name,
)
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.patterns import TENANT_PATTERN
from flyle_sf_assets.settings.validation import validate
from flyle_sf_assets.settings.wording import LineMap
from flyle_sf_assets.settings.yaml_faults import file_too_large

__all__ = [
    "LineMap",
    "ListedFile",
    "Loaded",
    "content_digest",
    "is_bare_folder",
    "list_files",
    "load_each",
    "load_tenant",
    "settings_file",
    "tenants_of_files",
]

TENANTS_FOLDER = "tenants"
SUFFIX = ".yaml"
PROBLEMS_MAX = 100
"""Reported for one file, with the number of further problems."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One settings file after reading. ``settings`` is None when ``problems`` holds an error.

    ``tenant`` is taken from the file's name, also when nothing of the file can be read.
    ``digest`` is that of the bytes read (`content_digest`), empty when there were none.
    """

    tenant: str
    path: Path
    settings: TenantSettings | None
    problems: tuple[Problem, ...]
    lines: LineMap
    digest: str = ""

    def require(self) -> TenantSettings:
        """The settings; raises when they have problems.

        PlanNotEligible when the plan is the only problem, else SettingsInvalid with all of them.
        """
        if self.settings is not None:
            return self.settings
        raise cannot_be_used(self.tenant, self.problems)


def cannot_be_used(tenant: str, problems: tuple[Problem, ...]) -> FlyleError:
    """The error of settings that have these problems.

    PlanNotEligible when the plan is the only problem, else SettingsInvalid with all of them.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors or any(problem.code != "plan_not_eligible" for problem in errors):
        return SettingsInvalid(tenant, problems)
    return PlanNotEligible(
        "plan_not_eligible",
        tried=Text(
            f"テナント {tenant} のプランを確認しようとしました",
            f"Tried to check the plan of {tenant}",
        ),
        came_back=errors[0].message,
        remedy=errors[0].remedy,
    )


def load_tenant(path: Path, extra_hosts: Iterable[str] = ()) -> Loaded:
    """Reads one settings file; its problems are in ``problems``.

    ``extra_hosts`` are entries of ``FLYLE_SF_EXTRA_HOSTS``: org hosts allowed besides Salesforce's.
    Raises only UsageError, when one of them is not a host. A pipe, a device or a file of any size
    takes no more time than one megabyte.

    >>> demo = Path("config/demo/tenants/acme.yaml")
    >>> loaded = load_tenant(demo, ["sandbox.invalid"])
    >>> loaded.tenant, loaded.require().source.object, loaded.problems
    ('acme', 'Account', ())
    >>> [problem.code for problem in load_tenant(Path("acme.txt")).problems]
    ['file_suffix']
    """
    # The YAML parser is for processes that read files; most only name and list them.
    from flyle_sf_assets.settings.yaml_reading import read_yaml  # noqa: PLC0415

    name, tenant = shown_name(path.name), shown_name(path.stem)
    if path.suffix != SUFFIX:
        return Loaded(tenant, path, None, (faults.wrong_suffix(name, tenant),), LineMap(name))
    try:
        content = read_bounded(path, FILE_BYTES_MAX)
    except FileTooLarge as error:
        problem = replace(file_too_large(error.size_bytes, FILE_BYTES_MAX), file=name)
        return Loaded(tenant, path, None, (problem,), LineMap(name))
    except (OSError, ValueError) as error:
        return Loaded(tenant, path, None, (faults.unreadable(name, error),), LineMap(name))
    reading = read_yaml(content, name)
    problems = list(reading.problems)
    settings = None
    if not is_tenant_name(path.stem):
        problems.insert(0, faults.no_tenant_name(name))
    if isinstance(reading.document, dict):
        validated = validate(
            reading.document, unreadable=reading.unreadable, extra_hosts=extra_hosts
        )
        problems += validated.problems
        if is_tenant_name(path.stem):
            problems += faults.other_name(tenant, reading.document.get("tenant"))
        settings = validated.settings
    placed = _placed(problems, reading.lines)
    if any(problem.severity == "error" for problem in placed):
        settings = None
    return Loaded(tenant, path, settings, placed, reading.lines, content_digest(content))


def load_each(config_dir: Path, extra_hosts: Iterable[str] = ()) -> Iterator[Loaded]:
    """Every settings file below ``config_dir/tenants``; a broken one hides no other.

    The smallest first: a huge file delays no other tenant. Raises UsageError when the folder is
    missing or cannot be listed: that is not the same as "no tenants". Hidden files and files that
    are not YAML are skipped.
    """
    for path in sorted(_paths(config_dir), key=_size_bytes):
        yield load_tenant(path, extra_hosts)


def is_tenant_name(name: str) -> bool:
    """Whether a tenant can have this name."""
    return re.fullmatch(TENANT_PATTERN, name) is not None


def settings_file(config_dir: Path, tenant: str) -> Path | None:
    """The tenant's settings file, None when there is none; its content is not checked.

    Raises UsageError when the folder cannot be accessed: that is not the same as "no file".
    """
    if not is_tenant_name(tenant):
        return None
    path = config_dir / TENANTS_FOLDER / f"{tenant}{SUFFIX}"
    try:
        path.lstat()
    except PermissionError as error:
        raise _unlistable(path.parent, error) from error
    except (FileNotFoundError, NotADirectoryError):
        return None
    return path


def tenants_of_files(config_dir: Path) -> list[str]:
    """The tenants that a message may list: those that have a file; none without the folder."""
    names = (path.stem for path in (config_dir / TENANTS_FOLDER).glob(f"*{SUFFIX}"))
    return sorted(name for name in names if is_tenant_name(name))


@dataclass(frozen=True, slots=True)
class ListedFile:
    """An existing settings file; ``digest`` of its bytes, empty when they cannot be read.

    ``size_bytes`` is 0 when it is not known.
    """

    tenant: str
    path: Path
    digest: str
    size_bytes: int = 0


def list_files(config_dir: Path) -> dict[str, ListedFile]:
    """The settings files by tenant, not parsed: a thousand take a tenth of a second.

    Raises UsageError as `load_each` does. A file with the wrong suffix is listed when that tenant
    has no other.
    """
    listed: dict[str, ListedFile] = {}
    for path in sorted(_paths(config_dir), key=lambda path: path.suffix == SUFFIX):
        try:
            content = read_bounded(path, FILE_BYTES_MAX) if path.suffix == SUFFIX else b""
        except (OSError, ValueError):
            content = b""  # loading reports why
        digest = content_digest(content) if content else ""
        tenant = shown_name(path.stem)
        listed[tenant] = ListedFile(tenant, path, digest, len(content))
    return listed


def is_bare_folder(config_dir: Path) -> bool:
    """Whether the folder is empty, as a mount point without its volume is."""
    return not _entries(config_dir)


def content_digest(content: bytes) -> str:
    """A value that changes whenever reading the file with this version can give another result."""
    return hashlib.sha256(f"{__version__}:".encode() + content).hexdigest()


def _paths(config_dir: Path) -> list[Path]:
    return [
        path
        for path in _entries(config_dir)
        if path.suffix in (SUFFIX, ".yml") and not path.name.startswith(".")
    ]


def _entries(config_dir: Path) -> list[Path]:
    folder = config_dir / TENANTS_FOLDER
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise _unlistable(folder, error) from error


def _unlistable(folder: Path, error: OSError) -> UsageError:
    tried = Text(
        f"設定フォルダー {folder} を開こうとしました", f"Tried to list the settings folder {folder}"
    )
    if isinstance(error, PermissionError):
        name = errno.errorcode.get(error.errno or 0, "")
        return UsageError(
            "config_dir_not_permitted",
            tried=tried,
            came_back=Text.quoted(f"{error.strerror} ({name})"),
            remedy=Text(
                "FLYLE_CONFIG_DIR とその tenants フォルダーを、実行するアカウントが読めるように"
                "してください(所有者と権限を確認)",
                "Let the account that runs this read FLYLE_CONFIG_DIR and its folder tenants/:"
                " check owner and mode of both",
            ),
        )
    return UsageError(
        "config_dir_missing",
        tried=tried,
        came_back=Text.quoted(error.strerror or type(error).__name__),
        remedy=Text(
            "FLYLE_CONFIG_DIR が、tenants フォルダーを含む設定フォルダーを指しているか"
            "ご確認ください。",
            "Let FLYLE_CONFIG_DIR point at the folder that holds tenants/.",
        ),
    )


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0  # loading reports why


def _placed(problems: Iterable[Problem], lines: LineMap) -> tuple[Problem, ...]:
    """The problems with file and line, in the file's order, each path and fault once.

    At most `PROBLEMS_MAX`, errors before warnings, and then the number of further ones.
    """
    unique: dict[tuple[str, str, int | None], Problem] = {}
    for problem in problems:
        line = problem.line or lines.nearest_line(problem.path)
        placed = replace(problem, file=lines.file, line=line)
        unique.setdefault((problem.code, problem.path, line), placed)
    found = sorted(unique.values(), key=lambda problem: problem.line or 0)
    if len(found) <= PROBLEMS_MAX:
        return tuple(found)
    found.sort(key=lambda problem: problem.severity != "error")
    told = sorted(found[:PROBLEMS_MAX], key=lambda problem: problem.line or 0)
    more = faults.more_problems(len(found) - PROBLEMS_MAX, told[-1].line)
    return (*told, replace(more, file=lines.file))
