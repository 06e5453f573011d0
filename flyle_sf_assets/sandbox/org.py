"""`Org`: an in-process, thread-safe model of a Salesforce org with its own clock.

All of its behaviour is in its base classes, one file each: records
(``records/writes.py``, ``records/lifecycle.py``), schema and visibility (``schema_edits.py``),
login and limits (``access.py``, ``authorization.py``), all on ``records/state.py``. What does not
belong here: HTTP.
"""

from flyle_sf_assets.sandbox.authorization import Authorization
from flyle_sf_assets.sandbox.clock import Clock
from flyle_sf_assets.sandbox.faults import FaultPlan
from flyle_sf_assets.sandbox.metadata import Catalog
from flyle_sf_assets.sandbox.records.table import Column, Table
from flyle_sf_assets.sandbox.standard.catalog import standard_catalog


class Org(Authorization):
    """One org: objects, records, users, Recycle Bin, limits.

    Deterministic: the same calls at the same clock give the same ids, stamps and tokens.
    """

    rest_page_rows = 2000
    """Rows per REST page, at most 2,000; an org may send fewer."""

    locator_prefix = "0r8"
    """The prefix of query locators now; ``01g`` before."""

    lists_inactive_options = True
    """Whether describe lists inactive options; in all recorded orgs they were absent."""

    limit_info_lag_s = 0.0
    """How long ``Sforce-Limit-Info`` repeats a number; 12 s and more were recorded."""

    bulk_page_rows = 100_000
    """Rows per Bulk result page without ``maxRecords``."""

    bulk_delay_s = 0.0
    """Wall-clock seconds from a Bulk job's creation to JobComplete (InProgress at half of it)."""

    def __init__(
        self,
        name: str,
        *,
        consumer_key: str,
        consumer_secret: str,
        org_number: int = 1,
        catalog: Catalog | None = None,
        clock: Clock | None = None,
        time_zone: str = "Asia/Tokyo",
    ) -> None:
        super().__init__(
            name,
            consumer_key=consumer_key,
            consumer_secret=consumer_secret,
            org_number=org_number,
            catalog=catalog or standard_catalog(),
            clock=clock,
            time_zone=time_zone,
        )
        self.faults = FaultPlan()
        self._add_administrator(time_zone)

    def load(self, object_name: str, columns: dict[str, Column]) -> None:
        """Fill an empty object with whole columns of wire texts, ``Id`` among them.

        For orgs with very many records; columns left out are blank.
        """
        with self.lock:
            sobject = self._object(object_name)
            size = len(columns["Id"])
            blank: Column = [None] * size
            table = Table.filled(
                {f.name: columns.get(f.name, blank) for f in sobject.fields if f.stored}
            )
            # Several columns may be one list (all the blank ones are): copy before any change.
            table.share()
            self._tables[sobject.name.lower()] = table
            self._serials[sobject.key_prefix] = size

    def clone(
        self,
        name: str,
        *,
        org_number: int,
        consumer_key: str,
        consumer_secret: str,
        clock: Clock | None = None,
    ) -> "Org":
        """Another org with the same records and schema, sharing what neither of them changes.

        It has the same clock unless another one is given.
        """
        with self.lock:
            self._commit_all()
            twin = Org(
                name,
                consumer_key=consumer_key,
                consumer_secret=consumer_secret,
                org_number=org_number,
                catalog=self.catalog,
                clock=clock or self._clock,
                time_zone=self.time_zone.key,
            )
            own = twin._tables["organization"]
            twin._tables = {key: table.clone() for key, table in self._tables.items()}
            twin._tables["organization"] = own
            twin.connected_user_id = twin.acting_user_id = self.connected_user_id
            twin._serials = dict(self._serials)
            twin.visibility = self.visibility
            twin.schema_changed_at = dict(self.schema_changed_at)
            return twin

    def _add_administrator(self, time_zone: str) -> None:
        profile = self.insert(
            "Profile",
            {
                "Name": "System Administrator",
                "PermissionsModifyAllData": True,
                "PermissionsApiEnabled": True,
            },
        )
        self.connected_user_id = self.insert(
            "User",
            {
                "Username": f"flyle-link@{self.name}.example",
                "LastName": "連携",
                "FirstName": "太郎",
                "Email": f"flyle-link@{self.name}.example",
                "Alias": "flyle",
                "IsActive": True,
                "TimeZoneSidKey": time_zone,
                "LocaleSidKey": "ja_JP",
                "LanguageLocaleKey": "ja",
                "ProfileId": profile,
                "UserType": "Standard",
            },
        )
        self.acting_user_id = self.connected_user_id
        self.insert(
            "Organization",
            {
                "Id": self.org_id,
                "Name": self.name,
                "IsSandbox": False,
                "InstanceName": "AP0",
                "OrganizationType": "Enterprise Edition",
                "TimeZoneSidKey": time_zone,
            },
        )
