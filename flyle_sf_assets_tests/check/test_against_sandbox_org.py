"""What `check` lets through, an org answers; and the demo tenants fit their orgs.

The judge is the sandbox org, which parses SOQL by its own grammar and knows its own fields.
"""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flyle_sf_assets.check import fit
from flyle_sf_assets.companies.types import allowed_types
from flyle_sf_assets.raw.plan import Schemas, objects_missing, plan
from flyle_sf_assets.salesforce.conditions import where
from flyle_sf_assets.salesforce.connect import Org, SalesforceAccess, open_org
from flyle_sf_assets.salesforce.describe import Described, describe_all
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.salesforce.soql import count
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.sandbox import org as sandbox
from flyle_sf_assets.sandbox.samples import account_org, opportunity_org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.settings.condition_rules import condition_problems
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.models import (
    Connection,
    FlyleType,
    Operator,
    SecretRef,
    TenantSettings,
)
from flyle_sf_assets_tests.check.small_org import mapped, settings_of

DEMO = Path(__file__).parents[2] / "config" / "demo" / "tenants"
ZONE = ZoneInfo("Asia/Tokyo")

VALUES: dict[str, list[object]] = {
    "boolean": [True],
    "int": ["3"],
    "double": ["3.5"],
    "currency": ["-3.50"],
    "percent": ["12.5"],
    "date": ["2024-01-31", {"date": "LAST_N_DAYS:30"}],
    "datetime": ["2024-01-31T09:00:00+09:00", "2024-01-31", {"date": "THIS_FISCAL_QUARTER"}],
    "time": ["09:30:00"],
    "id": ["001000000000001"],
    "reference": ["005000000000001AAA"],
}
"""Right values by Salesforce type; any text for the others."""


def _opened(there: sandbox.Org, server: SandboxServer) -> Org:
    connection = Connection.model_validate(
        {
            "org_url": server.url,
            "flow": "client_credentials",
            "consumer_key": {"env": "KEY"},
            "consumer_secret": {"env": "SECRET"},
        }
    )
    secrets = {"KEY": there.consumer_key, "SECRET": there.consumer_secret}

    def reveal(ref: SecretRef) -> str:
        return secrets[ref.env or ""]

    hosts = (f"127.0.0.1:{server.port}",)
    access = SalesforceAccess(Network(ca_file=Path(server.ca_file), extra_hosts=hosts))
    return open_org(connection, reveal, access)


@pytest.fixture(scope="module")
def orgs() -> Iterator[dict[str, Org]]:
    """Our side of both sample orgs, over real TLS."""
    there = {"acme": account_org(accounts=5, opportunities=5), "globex": opportunity_org()}
    with SandboxServer(list(there.values())) as server:
        opened = {name: _opened(org, server) for name, org in there.items()}
        yield opened
        for org in opened.values():
            org.close()


def described(settings: TenantSettings, org: Org) -> Schemas:
    """As the command `check` describes: until no object is missing."""
    schemas: dict[str, ObjectSchema | None] = {}
    while missing := objects_missing(settings, schemas):
        for name, found in describe_all(org.session, missing).items():
            schemas[name] = found.schema if isinstance(found, Described) else None
    return schemas


def errors(settings: TenantSettings, schemas: Schemas) -> list[str]:
    """The codes of the errors, warnings left out."""
    found = fit.problems(settings, plan(settings, schemas), schemas)
    return [problem.code for problem in found if problem.severity == "error"]


@pytest.mark.parametrize("tenant", ["acme", "globex"])
def test_the_demo_tenants_fit_their_orgs(orgs: dict[str, Org], tenant: str) -> None:
    """`make demo` starts with them; a warning is all that may be said."""
    loaded = load_tenant(DEMO / f"{tenant}.yaml", ("sandbox.invalid",))
    settings = loaded.require()
    schemas = described(settings, orgs[tenant])
    found = fit.problems(settings, plan(settings, schemas), schemas, loaded.lines)
    assert [p.code for p in found] == (["opportunity_names"] if tenant == "globex" else [])


@pytest.mark.parametrize("object_name", ["Account", "Opportunity"])
def test_every_field_can_be_mapped_to_what_is_allowed_and_to_nothing_else(
    orgs: dict[str, Org], object_name: str
) -> None:
    """Field by field and type by type, against the type table's own word."""
    schema = described(settings_of(object=object_name), orgs["acme"])[object_name]
    assert schema is not None
    for field in schema.fields:
        for kind in FlyleType:
            settings = settings_of(object=object_name, mapping=[mapped(field.name, kind)])
            is_told = bool(errors(settings, {object_name: schema}))
            is_system = field.name in ("SystemModstamp", "IsDeleted")
            assert is_told == (kind not in allowed_types(field) or is_system), (field.name, kind)


def _value(field: FieldSchema, operator: Operator, value: object) -> object:
    many = (Operator.IN, Operator.NOT_IN, Operator.INCLUDES, Operator.EXCLUDES)
    return [value, value] if operator in many else value


def _conditions(field: FieldSchema) -> Iterator[dict[str, object]]:
    """Every operator with right values, as far as the two go together at all."""
    for operator in Operator:
        for value in VALUES.get(field.type, ["A"]):
            condition: dict[str, object] = {"field": field.name, "op": operator}
            if operator not in (Operator.IS_NULL, Operator.NOT_NULL):
                condition["value"] = _value(field, operator, value)
            if not list(condition_problems({"conditions": [condition]})):
                yield condition


def test_a_condition_without_errors_is_one_that_the_org_answers(orgs: dict[str, Org]) -> None:
    """A field of each kind with every operator: what passes must not be MALFORMED_QUERY later."""
    org = orgs["acme"]
    schema = described(settings_of(), org)["Account"]
    assert schema is not None
    kinds = {(field.type, field.filterable, field.calculated): field for field in schema.fields}
    assert len(kinds) > 15
    asked = [settings_of(conditions=[c]) for field in kinds.values() for c in _conditions(field)]
    passed = [settings for settings in asked if not errors(settings, {"Account": schema})]
    assert len(passed) > 100
    assert len(asked) - len(passed) > 50
    statements = [count(schema, where(s.source, {"Account": schema}, ZONE)) for s in passed]
    org.reader.counts(statements)  # raises, with the condition's text, when one is refused
