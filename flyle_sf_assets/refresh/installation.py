"""Where this installation keeps things, told by the ``FLYLE_*`` environment.

What does not belong here: what is kept there (``store``, ``lake``) and starting other
processes (``cli``).
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.store.database import Database
from flyle_sf_assets.store.embedded import EmbeddedPostgres
from flyle_sf_assets.store.secrets import SecretBox, secret_box
from flyle_sf_assets.store.urls import as_text, dagster_url, product_url

SUPPORT_CONTACT = "customer@flyle.io"


OVERLAP_S_DEFAULT = 15 * 60
"""Rows may become visible long after their stamp, under long transactions: read that far back."""


@dataclass(frozen=True)
class Places:
    """The environment as given: paths are absolute, a missing URL means the embedded server."""

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
    shows_samples: bool = False
    """Whether Dagster's pages show a few rows of records, which its event log then keeps."""
    refresh_every_s: int | None = None
    """For demos and trials: every tenant's interval, in the place of the one in its settings."""

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None) -> "Places":
        """Reads ``FLYLE_*`` (see the public contract); an empty variable counts as unset."""
        env = {k: v for k, v in (environment or os.environ).items() if v != ""}
        home = Path(env.get("FLYLE_HOME", "./.flyle")).absolute()
        ca_file = env.get("FLYLE_SF_CA_FILE")
        return Places(
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
            refresh_every_s=_seconds("FLYLE_REFRESH_EVERY", env),
        )

    @property
    def dagster_home(self) -> Path:
        """Where Dagster's own files go."""
        return self.home / "dagster"


@dataclass(frozen=True)
class Installation:
    """An installation whose databases are up: what every step and command works with."""

    places: Places
    database: Database
    database_url: str = field(repr=False)
    dagster_database_url: str = field(repr=False)

    @cached_property
    def lake(self) -> Lake:
        """The record files."""
        return Lake(self.places.lake_url)

    @property
    def secrets(self) -> SecretBox:
        """What seals and opens secrets, with the keys as they are now: they may be rotated."""
        return secret_box(self.places.home)

    def environment(self) -> dict[str, str]:
        """What a child process needs to find the same installation."""
        values = {
            "FLYLE_HOME": str(self.places.home),
            "FLYLE_CONFIG_DIR": str(self.places.config_dir),
            "FLYLE_LAKE_URL": self.places.lake_url,
            "FLYLE_DATABASE_URL": self.database_url,
            "FLYLE_DAGSTER_DATABASE_URL": self.dagster_database_url,
            "DAGSTER_HOME": str(self.places.dagster_home),
            "FLYLE_SUPPORT_CONTACT": self.places.support_contact,
            "FLYLE_OVERLAP": f"{self.places.overlap_s}s",
        }
        if self.places.sf_ca_file:
            values["FLYLE_SF_CA_FILE"] = str(self.places.sf_ca_file)
        if self.places.sf_extra_hosts:
            values["FLYLE_SF_EXTRA_HOSTS"] = ",".join(self.places.sf_extra_hosts)
        if self.places.shows_samples:
            values["FLYLE_UI_SAMPLES"] = "1"
        if self.places.refresh_every_s:
            values["FLYLE_REFRESH_EVERY"] = f"{self.places.refresh_every_s}s"
        return values


@contextmanager
def open_installation(places: Places) -> Iterator[Installation]:
    """The installation with its databases up and its schema current.

    Starts or joins the embedded server unless both URLs are given; leaves it at the end.
    Its files are closed to everybody else first. Raises UsageError when a URL cannot be read,
    StoreUnavailable when a database cannot be reached.
    """
    _close_to_others(places)
    with ExitStack() as stack:
        given = places.database_url, places.dagster_database_url
        product = None if given[0] is None else as_text(product_url(given[0]))
        dagster = None if given[1] is None else dagster_url(given[1])
        if product is None or dagster is None:
            embedded = stack.enter_context(EmbeddedPostgres(places.home))
            product, dagster = product or embedded.product, dagster or embedded.dagster
        database = Database(product)
        stack.callback(database.dispose)
        database.upgrade()
        yield Installation(places, database, product, dagster)


def _close_to_others(places: Places) -> None:
    """The state of an installation is its owner's alone; earlier versions left it to the umask."""
    private_files.make_folder(places.home)
    if private_files.is_open_to_others(places.home):
        private_files.close_to_others(places.home)
    Lake(places.lake_url).close_to_others()


def _is_on(name: str, environment: Mapping[str, str]) -> bool:
    """Whether a switch is on: 1 or 0, and off without it. Raises UsageError."""
    written = environment.get(name, "0")
    if written not in ("0", "1"):
        raise UsageError(
            "switch_invalid",
            tried=Text(f"{name} を読みました", f"Read {name}"),
            came_back=f"It says {written!r}.",
            remedy=Text("1 または 0 を指定してください", "Set it to 1 or 0"),
        )
    return written == "1"


def _seconds(name: str, environment: Mapping[str, str]) -> int | None:
    """An interval as written (``30s``, ``2m``, ``1h``) in seconds. Raises UsageError."""
    written = environment.get(name)
    if written is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", written)
    if found is None:
        raise UsageError(
            "interval_invalid",
            tried=Text(f"{name} を読みました", f"Read {name}"),
            came_back=f"It says {written!r}.",
            remedy=Text("30s、2m、1h のように指定してください", "Write it like 30s, 2m or 1h"),
        )
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]
