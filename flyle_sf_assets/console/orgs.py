"""The visitor's org, opened on first use, and what is known of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import open_connected_org, open_tenant_org
from flyle_sf_assets.preview.org_browser import OrgAnswers
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.settings.models import Flow
from flyle_sf_assets.store.syncs.object_schemas import read_schemas
from flyle_sf_assets.tenants.object_schemas import labelled_schemas
from flyle_sf_assets.tenants.registration import registered_settings


class OrgOnDemand(Org):
    """An org that logs in when it is first asked: known answers need no login."""

    def __init__(self, open_it: Callable[[], Org]) -> None:
        self._open_it = open_it

    def __getattr__(self, name: str) -> Any:
        if name not in ("session", "reader"):
            raise AttributeError(name)
        opened = self._open_it()
        self.session, self.reader = opened.session, opened.reader
        return self.__dict__[name]

    def close(self) -> None:
        """Closes the connections, if any."""
        if "session" in self.__dict__:
            super().close()


@contextmanager
def org_of(page_request: PageRequest) -> Iterator[Org]:
    """The visitor's org; raises NotConnected and similar errors when it is first asked."""
    installation, tenant = page_request.installation, page_request.tenant
    with OrgOnDemand(lambda: open_org_of(installation, tenant)) as org:
        yield org


@contextmanager
def answers_of(page_request: PageRequest, org_url: str) -> Iterator[OrgAnswers]:
    """The visitor's org for choosing settings."""
    with org_of(page_request) as org:
        yield OrgAnswers(org, page_request.console.orgs.of(page_request.tenant, org_url))


def known_labels(page_request: PageRequest) -> dict[str, ObjectSchema]:
    """The schemas that labels come from, without asking the org: last synced, or chosen from."""
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        found = labelled_schemas(read_schemas(tx))
    for name, schema in page_request.console.orgs.schemas(page_request.tenant).items():
        if schema is not None:
            found[name] = schema
    return found


def open_org_of(installation: Installation, tenant: str) -> Org:
    """Opens it by the settings if they allow a headless login, else by the stored consent."""
    settings = registered_settings(installation, tenant)
    if settings is not None and settings.connection.flow is not Flow.WEB_SERVER:
        return open_tenant_org(installation, settings)
    return open_connected_org(installation, tenant)
