"""Settings files: ``config/tenants/<tenant>.yaml``, each with every problem it has, with lines.

What does not belong here: YAML itself (``yaml_reading.py``), what a document must obey
(``validation.py``, ``rules.py``) and whether the org agrees (``check``).
"""

import hashlib
from collections.abc import Iterable
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
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.validation import validate
from flyle_sf_assets.settings.wording import named_value
from flyle_sf_assets.settings.yaml_reading import LineMap, read_yaml

__all__ = [
    "LineMap",
    "ListedFile",
    "Loaded",
    "content_digest",
    "is_bare_folder",
    "list_files",
    "load_all",
    "load_tenant",
]

TENANTS_FOLDER = "tenants"
SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One settings file after reading. ``settings`` is None when ``problems`` holds an error.

    ``tenant`` is the name that the file's name gives, also when nothing of it can be read.
    ``digest`` is that of the bytes read (`content_digest`), empty when there were none.
    """

    tenant: str
    path: Path
    settings: TenantSettings | None
    problems: tuple[Problem, ...]
    lines: LineMap
    digest: str = ""

    def require(self) -> TenantSettings:
        """The settings; raises what stands in their way.

        PlanNotEligible when the plan is all that is wrong, else SettingsInvalid with every
        problem.
        """
        if self.settings is not None:
            return self.settings
        raise cannot_be_used(self.tenant, self.problems)


def cannot_be_used(tenant: str, problems: tuple[Problem, ...]) -> FlyleError:
    """The error of settings that have these problems.

    PlanNotEligible when the plan is all that is wrong, else SettingsInvalid with every problem.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors or any(problem.code != "plan_not_eligible" for problem in errors):
        return SettingsInvalid(tenant, problems)
    return PlanNotEligible(
        "plan_not_eligible",
        tried=Text(f"テナント {tenant} のプランを確認しました", f"Looked at the plan of {tenant}"),
        came_back=errors[0].message.en,
        remedy=errors[0].remedy,
    )


def load_tenant(path: Path) -> Loaded:
    """Reads one settings file. Never raises: what is wrong with it is in ``problems``."""
    name, tenant = path.name, path.stem
    if path.suffix != SUFFIX:
        return Loaded(tenant, path, None, (_wrong_suffix(path),), LineMap(name))
    try:
        content = path.read_bytes()
    except OSError as error:
        return Loaded(tenant, path, None, (_unreadable(name, error),), LineMap(name))
    reading = read_yaml(content, name)
    problems = list(reading.problems)
    settings = None
    if isinstance(reading.document, dict):
        validated = validate(reading.document, unreadable=reading.unreadable)
        problems += [*validated.problems, *_other_name(tenant, reading.document.get("tenant"))]
        settings = validated.settings
    placed = _placed(problems, reading.lines)
    if any(problem.severity == "error" for problem in placed):
        settings = None
    return Loaded(tenant, path, settings, placed, reading.lines, content_digest(content))


def load_all(config_dir: Path) -> tuple[Loaded, ...]:
    """Every settings file below ``config_dir/tenants``, by name; a broken one hides no other.

    Raises UsageError when the folder is missing or cannot be listed: that is not the same as
    "no tenants". Hidden files and files that are not YAML are passed over.
    """
    return tuple(load_tenant(path) for path in _paths(config_dir))


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A settings file that is there; ``digest`` of its bytes, empty when they cannot be read."""

    tenant: str
    path: Path
    digest: str


def list_files(config_dir: Path) -> dict[str, ListedFile]:
    """The settings files by tenant, without looking into them: a thousand take a tenth of a second.

    Raises UsageError as `load_all` does. A file with the wrong suffix is listed where there is no
    other of that tenant.
    """
    listed: dict[str, ListedFile] = {}
    for path in sorted(_paths(config_dir), key=lambda path: path.suffix == SUFFIX):
        try:
            digest = content_digest(path.read_bytes()) if path.suffix == SUFFIX else ""
        except OSError:
            digest = ""  # loading it says why
        listed[path.stem] = ListedFile(path.stem, path, digest)
    return listed


def is_bare_folder(config_dir: Path) -> bool:
    """Whether nothing at all is in the folder, as at a mount point without its volume."""
    return not _entries(config_dir)


def content_digest(content: bytes) -> str:
    """What stays the same as long as reading the file again, with this version, tells the same."""
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
        raise UsageError(
            "config_dir_missing",
            tried=Text(
                f"設定フォルダー {folder} を開きました", f"Listed the settings folder {folder}"
            ),
            came_back=error.strerror or type(error).__name__,
            remedy=Text(
                "FLYLE_CONFIG_DIR が、tenants フォルダーを含む設定フォルダーを指しているか"
                "ご確認ください。",
                "Let FLYLE_CONFIG_DIR point at the folder that holds tenants/.",
            ),
        ) from error


def _placed(problems: Iterable[Problem], lines: LineMap) -> tuple[Problem, ...]:
    """The problems with file and line, in the file's order, each place and fault once."""
    unique: dict[tuple[str, str, int | None], Problem] = {}
    for problem in problems:
        line = problem.line or lines.nearest_line(problem.path)
        placed = replace(problem, file=lines.file, line=line)
        unique.setdefault((problem.code, problem.path, line), placed)
    return tuple(sorted(unique.values(), key=lambda problem: problem.line or 0))


def _other_name(tenant: str, written: object) -> Iterable[Problem]:
    if isinstance(written, str) and written != tenant:
        shown = named_value("tenant", written)
        yield Problem(
            "tenant_is_not_file_name",
            "tenant",
            None,
            Text(
                f"tenant の値{shown.ja}がファイル名「{tenant}{SUFFIX}」と一致しません。",
                f'tenant is {shown.en}, but the file is called "{tenant}{SUFFIX}".',
            ),
            Text(
                f"「tenant: {tenant}」と書くか、ファイル名を変えてください。",
                f"Write tenant: {tenant}, or rename the file.",
            ),
        )


def _wrong_suffix(path: Path) -> Problem:
    return Problem(
        "file_suffix",
        "",
        None,
        Text(
            f"「{path.name}」は読み込まれません。拡張子は「{SUFFIX}」だけです。",
            f'"{path.name}" is not read: settings files end in {SUFFIX}.',
        ),
        Text(
            f"「{path.stem}{SUFFIX}」に名前を変えてください。",
            f"Rename it to {path.stem}{SUFFIX}.",
        ),
        file=path.name,
    )


def _unreadable(name: str, error: OSError) -> Problem:
    reason = error.strerror or type(error).__name__
    return Problem(
        "file_unreadable",
        "",
        None,
        Text(f"「{name}」を開けませんでした({reason})。", f'"{name}" cannot be opened ({reason}).'),
        Text(
            "ファイルがあるか、読み取りが許可されているかをご確認ください。",
            "Check that the file exists and may be read.",
        ),
        file=name,
    )
