"""One test's org, and our side opened on it over real TLS."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flyle_sf_assets.salesforce.bulk_progress import BulkPace
from flyle_sf_assets.salesforce.connect import Org, SalesforceAccess, open_org
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.sandbox import org as sandbox
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.settings.models import Connection, SecretRef

HOSTILE_NAMES = (
    'comma, "quotes" and\nnewline',
    "株式会社アクメ 🏢",
    "O'Neil \\ Sons",
    "  spaces  ",
    "null",
    "=1+1;'--",
)


@dataclass
class Room:
    """One test's org (``there``), and how our side reaches it."""

    there: sandbox.Org
    server: SandboxServer
    waits_s: list[float] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """Settings that log in to the org."""
        return Connection.model_validate(
            {
                "org_url": self.server.url,
                "flow": "client_credentials",
                "consumer_key": {"env": "KEY"},
                "consumer_secret": {"env": "SECRET"},
            }
        )

    def reveal(self, ref: SecretRef) -> str:
        """The org's key and secret."""
        return {"KEY": self.there.consumer_key, "SECRET": self.there.consumer_secret}[ref.env or ""]

    def access(self, **pace: Any) -> SalesforceAccess:
        """This machine's way there; waiting for Bulk jobs is noted, not done."""
        network = Network(
            ca_file=Path(self.server.ca_file), extra_hosts=(f"127.0.0.1:{self.server.port}",)
        )
        return SalesforceAccess(
            network, pace=replace(BulkPace(), **pace), sleep=self.waits_s.append
        )

    def open(self, **pace: Any) -> Org:
        """Our side, logged in."""
        return open_org(self.connection, self.reveal, self.access(**pace))

    def breaks(self, kind: FaultKind, path_prefix: str, **how: Any) -> Fault:
        """The org commits this fault."""
        return self.there.faults.add(Fault(kind, path_prefix, **how))

    @property
    def counted(self) -> int:
        """API calls as the org counted them."""
        return self.there.usage.total
