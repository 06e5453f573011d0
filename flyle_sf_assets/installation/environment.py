"""The ``FLYLE_*`` environment variables, resolved: paths, URLs, hosts, intervals."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flyle_sf_assets.errors import Text, UsageError

SUPPORT_CONTACT = "customer@flyle.io"


OVERLAP_S_DEFAULT = 15 * 60
"""Long transactions make rows visible long after their stamp: windows start this much earlier."""

HISTORY_DAYS_DEFAULT, HISTORY_DAYS_MIN, HISTORY_DAYS_MAX = 400, 31, 36_500


@dataclass(frozen=True)
class Environment:
    """The resolved variables: paths are absolute, a missing URL means the embedded server."""

    home: Path
    config_dir: Path
    lake_url: str
    database_url: str | None = None
    dagster_database_url: str | None = None
    sf_ca_file: Path | None = None
    sf_extra_hosts: tuple[str, ...] = ()
    support_contact: str = SUPPORT_CONTACT
    overlap_s: int = OVERLAP_S_DEFAULT
    """How far before the watermark a refresh reads again, for rows that become visible late."""
    history_days: int = HISTORY_DAYS_DEFAULT
    """How long the history of companies is kept; a month goes when all of it is older."""
    shows_samples: bool = False
    """Whether Dagster's pages show a few rows of records, which its event log then stores."""
    refresh_every_s: int | None = None
    """For demos and trials: every tenant's interval, instead of the one in its settings."""

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None) -> "Environment":
        """Reads ``FLYLE_*`` (see the public contract); an empty variable counts as unset.

        Intervals are written ``30s``, ``2m`` or ``1h``, switches ``0`` or ``1``, hosts separated by
        commas. Without ``environment`` the process's own is read; relative paths start at the
        working directory. Raises UsageError (``interval_invalid``, ``switch_invalid``).

        >>> given = Environment.from_environment({"FLYLE_HOME": "/data", "FLYLE_OVERLAP": "30m"})
        >>> given.lake_url, given.overlap_s, given.database_url
        ('/data/lake', 1800, None)
        """
        env = {k: v for k, v in (environment or os.environ).items() if v != ""}
        home = Path(env.get("FLYLE_HOME", "./.flyle")).absolute()
        ca_file = env.get("FLYLE_SF_CA_FILE")
        return Environment(
            home=home,
            config_dir=Path(env.get("FLYLE_CONFIG_DIR", "./config")).absolute(),
            lake_url=env.get("FLYLE_LAKE_URL", str(home / "lake")),
            database_url=env.get("FLYLE_DATABASE_URL"),
            dagster_database_url=env.get("FLYLE_DAGSTER_DATABASE_URL"),
            sf_ca_file=Path(ca_file).absolute() if ca_file else None,
            sf_extra_hosts=tuple(
                host.strip()
                for host in env.get("FLYLE_SF_EXTRA_HOSTS", "").split(",")
                if host.strip()
            ),
            support_contact=env.get("FLYLE_SUPPORT_CONTACT", SUPPORT_CONTACT),
            shows_samples=_is_on("FLYLE_UI_SAMPLES", env),
            overlap_s=_seconds("FLYLE_OVERLAP", env) or OVERLAP_S_DEFAULT,
            history_days=_days("FLYLE_HISTORY_DAYS", env) or HISTORY_DAYS_DEFAULT,
            refresh_every_s=_seconds("FLYLE_REFRESH_EVERY", env),
        )

    @property
    def dagster_home(self) -> Path:
        """The folder of Dagster's own files."""
        return self.home / "dagster"

    @property
    def scratch(self) -> Path:
        """The folder for what record files in a bucket need on this machine; may be deleted."""
        return self.home / "scratch"


def _is_on(name: str, environment: Mapping[str, str]) -> bool:
    """Whether a switch is on: 1 or 0, and off without it. Raises UsageError."""
    written = environment.get(name, "0")
    if written not in ("0", "1"):
        raise UsageError(
            "switch_invalid",
            tried=Text(f"{name} を読み取ろうとしました", f"Tried to read {name}"),
            came_back=Text(f"値は {written!r} です", f"It says {written!r}"),
            remedy=Text("1 または 0 を指定してください", "Set it to 1 or 0"),
        )
    return written == "1"


def _days(name: str, environment: Mapping[str, str]) -> int | None:
    """A number of days, from 31 to 36,500. Raises UsageError."""
    written = environment.get(name)
    if written is None:
        return None
    days = int(written) if re.fullmatch(r"[0-9]{2,5}", written) else 0
    if not HISTORY_DAYS_MIN <= days <= HISTORY_DAYS_MAX:
        raise UsageError(
            "days_invalid",
            tried=Text(f"{name} を読み取ろうとしました", f"Tried to read {name}"),
            came_back=Text(f"値は {written!r} です", f"It says {written!r}"),
            remedy=Text(
                f"{HISTORY_DAYS_MIN}から{HISTORY_DAYS_MAX}までの日数を指定してください",
                f"Set it to a number of days from {HISTORY_DAYS_MIN} to {HISTORY_DAYS_MAX}",
            ),
        )
    return days


def _seconds(name: str, environment: Mapping[str, str]) -> int | None:
    """An interval as written (``30s``, ``2m``, ``1h``) in seconds. Raises UsageError."""
    written = environment.get(name)
    if written is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", written)
    if found is None:
        raise UsageError(
            "interval_invalid",
            tried=Text(f"{name} を読み取ろうとしました", f"Tried to read {name}"),
            came_back=Text(f"値は {written!r} です", f"It says {written!r}"),
            remedy=Text("30s、2m、1h のように指定してください", "Write it like 30s, 2m or 1h"),
        )
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]
