"""The choice of the base object: the recommended one, and what Opportunity means."""

from dataclasses import dataclass

from flyle_sf_assets.check.fit import OPPORTUNITY_ADVICE, OPPORTUNITY_NAMES
from flyle_sf_assets.choosing.walk import Schemas
from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import BaseObject


@dataclass(frozen=True, slots=True)
class BaseObjectChoice:
    """Account or Opportunity. ``external_id`` says which id becomes the company's external id.

    ``warning`` is shown with the choice; ``why_not`` is set when the org does not show the object.
    """

    name: BaseObject
    label: Text
    is_recommended: bool
    advice: Text
    external_id: Text
    warning: Text | None
    why_not: Text | None


def base_object_choices(schemas: Schemas) -> tuple[BaseObjectChoice, ...]:
    """Account first. ``schemas`` should hold both objects (None for one that is not shown)."""
    return (
        BaseObjectChoice(
            name="Account",
            label=Text("取引先", "Account"),
            is_recommended=True,
            advice=_ACCOUNT_ADVICE,
            external_id=Text("取引先ID", "the Account's id"),
            warning=None,
            why_not=_why_not(schemas, "Account", "取引先"),
        ),
        BaseObjectChoice(
            name="Opportunity",
            label=Text("商談", "Opportunity"),
            is_recommended=False,
            advice=_OPPORTUNITY_USE,
            external_id=Text("商談ID", "the Opportunity's id"),
            warning=Text(
                f"{OPPORTUNITY_NAMES.ja}{OPPORTUNITY_ADVICE.ja}",
                f"{OPPORTUNITY_NAMES.en} {OPPORTUNITY_ADVICE.en}",
            ),
            why_not=_why_not(schemas, "Opportunity", "商談"),
        ),
    )


def _why_not(schemas: Schemas, name: str, label: str) -> Text | None:
    schema = schemas.get(name)
    if name not in schemas or (schema is not None and schema.queryable):
        return None
    return Text(
        f"連携ユーザーから{label}({name})が見えません。Salesforceで参照権限を付与してください",
        f"The connected user cannot see {name}: give it Read access in Salesforce",
    )


_ACCOUNT_ADVICE = Text(
    "取引先1件がFlyleの企業1件になります。取引先を起点に連携することを推奨しています。",
    "One Account becomes one company in Flyle. This is recommended.",
)
_OPPORTUNITY_USE = Text(
    "商談1件がFlyleの企業1件になります。商談の項目に加えて、その取引先の項目も連携できます。",
    "One Opportunity becomes one company in Flyle. Fields of its Account can be linked as well.",
)
