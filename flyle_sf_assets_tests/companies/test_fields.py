"""Which custom fields the settings make of what the org shows."""

from typing import Any

from flyle_sf_assets.companies.fields import UNKNOWN_TYPE, company_fields, readable_fields
from flyle_sf_assets.raw.plan import Leaf, Node
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.settings.models import TenantSettings

ROOT = Node((), "Opportunity", "opportunities", "opportunities")


def settings(*mapping: dict[str, Any]) -> TenantSettings:
    """Settings of an Opportunity-based tenant with this mapping."""
    return TenantSettings.model_validate(
        {
            "tenant": "acme",
            "display_name": "Acme",
            "plan": "enterprise",
            "connection": {
                "org_url": "https://acme.my.salesforce.com",
                "flow": "client_credentials",
                "consumer_key": {"env": "KEY"},
            },
            "source": {"object": "Opportunity"},
            "mapping": mapping,
        }
    )


def leaf(path: str, source_type: str) -> Leaf:
    """What the read plan says of a path that can be read."""
    name = path.rpartition(".")[2]
    return Leaf(path, ROOT, FieldSchema(name, f"{name} label", source_type))


def test_a_mapping_becomes_a_field_in_the_order_of_the_settings() -> None:
    """Key, label, path and blank rule come from the settings, the source from describe."""
    asked = settings(
        {"from": "StageName", "to": "phase", "label": "フェーズ", "type": "text"},
        {"from": "Account.Employees", "to": "size", "label": "規模", "when_blank": "keep"},
    )
    phase, size = company_fields(
        asked,
        {
            "StageName": leaf("StageName", "picklist"),
            "Account.Employees": leaf("Account.Employees", "int"),
        },
    )
    assert (phase.key, phase.label, phase.type, phase.source_path) == (
        "phase",
        "フェーズ",
        "text",
        "StageName",
    )
    assert (phase.when_blank, phase.readable) == ("blank", True)
    assert (size.type, size.when_blank, size.readable) == ("number", "keep", True)
    assert size.source.label == "Employees label"


def test_a_hidden_field_is_not_readable_but_still_a_field() -> None:
    """X9: a field that describe leaves out is neither written nor blanked; the others go on."""
    asked = settings(
        {"from": "Secret__c", "to": "secret", "label": "S", "type": "number"},
        {"from": "Name", "to": "title", "label": "T"},
    )
    secret, title = company_fields(asked, {"Name": leaf("Name", "string")})
    assert (secret.readable, secret.type, secret.source.type) == (False, "number", UNKNOWN_TYPE)
    assert readable_fields((secret, title)) == (title,)


def test_a_field_whose_type_no_longer_fits_is_not_readable() -> None:
    """An admin changed number to text in Salesforce: writing on would break the Flyle type."""
    asked = settings({"from": "Size__c", "to": "size", "label": "S", "type": "number"})
    (size,) = company_fields(asked, {"Size__c": leaf("Size__c", "string")})
    assert (size.readable, size.type) == (False, "number")


def test_a_compound_field_is_not_readable() -> None:
    """An address has no type in Flyle at all."""
    asked = settings({"from": "BillingAddress", "to": "address", "label": "A"})
    (address,) = company_fields(asked, {"BillingAddress": leaf("BillingAddress", "address")})
    assert not address.readable
