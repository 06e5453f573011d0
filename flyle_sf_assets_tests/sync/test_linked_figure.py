"""The number of linked companies, which is kept with the link: each refresh adds what it wrote."""

from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.postgres import admin

FIGURE = "SELECT companies FROM flyle.links WHERE tenant_id = %s"
COUNTED = "SELECT count(*) FROM flyle.companies WHERE tenant_id = %s AND status = 'linked'"
SET = "UPDATE flyle.links SET companies = %s WHERE tenant_id = %s"


def figure_after_sync(tenant: Tenant) -> int:
    """As it is kept; it must be what is counted."""
    tenant.later()
    tenant.sync()
    figure = tenant.query(FIGURE)
    assert figure == tenant.query(COUNTED)
    return int(figure[0][0])


def set_figure(tenant: Tenant, figure: int) -> None:
    """Something that no code of the product would write."""
    with admin(tenant.installation.database_url) as connection:
        connection.execute(SET, [figure, tenant.name])


def test_it_follows_new_gone_and_returned_companies(acme: Tenant) -> None:
    """The guard's limits are shares of it."""
    before = figure_after_sync(acme)
    org = acme.there
    gone = org.ids("Account")[:3]
    org.delete("Account", *gone)
    assert figure_after_sync(acme) == before - 3
    org.undelete("Account", *gone[:2])
    org.insert("Account", {"Name": "新しい会社"})
    assert figure_after_sync(acme) == before
    org.update("Account", org.ids("Account")[-1], {"Name": "改名"})
    assert figure_after_sync(acme) == before


def test_a_census_counts_it(acme: Tenant) -> None:
    """Whatever made it wrong, it is right again after a night."""
    figure_after_sync(acme)
    set_figure(acme, 3)
    acme.later()
    acme.sync(kind="census")
    assert acme.query(FIGURE) == acme.query(COUNTED)


def test_one_that_cannot_be_right_is_counted(acme: Tenant) -> None:
    """Fewer than none would stop every refresh."""
    figure_after_sync(acme)
    set_figure(acme, 1)
    acme.there.delete("Account", *acme.there.ids("Account")[:3])
    assert figure_after_sync(acme) == acme.query(COUNTED)[0][0]
