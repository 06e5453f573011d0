"""The gates before a commit of companies: what breaks a rule is not committed.

The conversion rejects invalid values long before; a gate that closes shows an error of this
product, and the companies are not visible until it is fixed.
"""

from flyle_sf_assets.errors import GateBroken, Text
from flyle_sf_assets.store.companies.invariants import (
    EXTERNAL_IDS_UNIQUE,
    OPTIONS_IN_CATALOG,
    Gate,
    external_ids_of_companies_unique,
    external_ids_unique,
    options_in_catalog,
    options_of_companies_in_catalog,
)
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.sync.load.company_writer import Written

IDS_MAX = 50_000
"""Above this number companies are not checked by id: all of the tenant's are read."""


class CompaniesRefused(GateBroken):
    """A refused commit; ``gates`` contains those that closed."""

    def __init__(self, tenant: str, gates: tuple[Gate, ...]) -> None:
        self.gates = gates
        broken = [gate for gate in gates if not gate.passed]
        names = ", ".join(gate.name for gate in broken)
        examples = "; ".join(example for gate in broken for example in gate.examples)
        super().__init__(
            "gate_broken",
            tried=Text(
                f"テナント {tenant} の企業を確定しようとしました",
                f"Tried to commit the companies of {tenant}",
            ),
            came_back=Text.quoted(f"{names}: {examples}"),
            remedy=Text(
                "企業データは変更されていません。この内容をサポートにお知らせください",
                "No company was changed. Report this text to support",
            ),
        )


def passed_gates(tx: TenantTransaction, written: Written, *, is_whole: bool) -> tuple[Gate, ...]:
    """Both gates over what this transaction wrote. Raises CompaniesRefused when one closes.

    A run that wrote nothing needs no gate; one that made no company made no id.
    ``is_whole`` runs both in any case, over every company.
    """
    touched = written.counts.created + written.counts.changed
    is_some = not is_whole and written.ids.len() <= IDS_MAX
    ids, options = Gate(EXTERNAL_IDS_UNIQUE, 0), Gate(OPTIONS_IN_CATALOG, 0)
    if written.counts.created or is_whole:
        ids = (
            external_ids_of_companies_unique(tx, written.ids)
            if is_some
            else external_ids_unique(tx)
        )
    if touched or is_whole:
        options = (
            options_of_companies_in_catalog(tx, written.ids) if is_some else options_in_catalog(tx)
        )
    if not (ids.passed and options.passed):
        raise CompaniesRefused(tx.tenant_id, (ids, options))
    return ids, options
