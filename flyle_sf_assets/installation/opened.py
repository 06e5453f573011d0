"""The storage of this installation, opened by the ``FLYLE_*`` environment."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flyle_sf_assets import private_files
from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.lake.places import storage_at
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.postgres.embedded import EmbeddedPostgres
from flyle_sf_assets.store.postgres.urls import as_text, dagster_url, product_url

if TYPE_CHECKING:
    from flyle_sf_assets.lake.files import Lake
    from flyle_sf_assets.store.tenants.envelopes import SecretBox


@dataclass(frozen=True)
class Installation:
    """An installation whose databases are running: every step and command uses it."""

    environment: Environment
    database: Database
    database_url: str = field(repr=False)
    dagster_database_url: str = field(repr=False)

    @cached_property
    def lake(self) -> "Lake":
        """The record files."""
        from flyle_sf_assets.lake.files import Lake  # noqa: PLC0415 - polars: 0.2 s

        return Lake(self.environment.lake_url, self.environment.scratch)

    @cached_property
    def lake_for_polls(self) -> "Lake":
        """The same, for the polls of a tick."""
        return self.lake.for_polls()

    @property
    def secrets(self) -> "SecretBox":
        """Seals and opens secrets, with the current keys: they may be rotated."""
        from flyle_sf_assets.store.tenants.envelopes import secret_box  # noqa: PLC0415 - 0.05 s

        return secret_box(self.environment.home)

    def child_environment(self) -> dict[str, str]:
        """The variables by which a child process opens the same installation."""
        values = {
            "FLYLE_HOME": str(self.environment.home),
            "FLYLE_CONFIG_DIR": str(self.environment.config_dir),
            "FLYLE_LAKE_URL": self.environment.lake_url,
            "FLYLE_DATABASE_URL": self.database_url,
            "FLYLE_DAGSTER_DATABASE_URL": self.dagster_database_url,
            "DAGSTER_HOME": str(self.environment.dagster_home),
            "FLYLE_SUPPORT_CONTACT": self.environment.support_contact,
            "FLYLE_HISTORY_DAYS": str(self.environment.history_days),
            "FLYLE_OVERLAP": f"{self.environment.overlap_s}s",
        }
        if self.environment.sf_ca_file:
            values["FLYLE_SF_CA_FILE"] = str(self.environment.sf_ca_file)
        if self.environment.sf_extra_hosts:
            values["FLYLE_SF_EXTRA_HOSTS"] = ",".join(self.environment.sf_extra_hosts)
        if self.environment.shows_samples:
            values["FLYLE_UI_SAMPLES"] = "1"
        if self.environment.refresh_every_s:
            values["FLYLE_REFRESH_EVERY"] = f"{self.environment.refresh_every_s}s"
        return values


@contextmanager
def open_installation(
    environment: Environment, *, is_durable: bool = True
) -> Iterator[Installation]:
    """The installation with running databases and the current schema.

    ``is_durable`` False: a power cut would lose the embedded server's data; for a demo's.

    Starts or joins the embedded server unless both URLs are given; releases it at the end.
    First removes other accounts' rights to its files. Raises UsageError when a URL cannot be
    parsed, StoreUnavailable when a database cannot be reached.

    >>> with open_installation(environment) as opened:  # Environment.from_environment()
    ...     opened.environment.config_dir == environment.config_dir
    True
    """
    _close_to_others(environment)
    with ExitStack() as stack:
        given = environment.database_url, environment.dagster_database_url
        product = None if given[0] is None else as_text(product_url(given[0]))
        dagster = None if given[1] is None else dagster_url(given[1])
        if product is None or dagster is None:
            embedded = stack.enter_context(EmbeddedPostgres(environment.home, durable=is_durable))
            product, dagster = product or embedded.product, dagster or embedded.dagster
        database = Database(product)
        stack.callback(database.dispose)
        database.upgrade()
        yield Installation(environment, database, product, dagster)


def _close_to_others(environment: Environment) -> None:
    """Only the owner may access an installation's state; earlier versions relied on the umask."""
    private_files.make_folder(environment.home)
    if private_files.is_open_to_others(environment.home):
        private_files.close_to_others(environment.home)
    storage_at(environment.lake_url, environment.scratch).close_to_others()
