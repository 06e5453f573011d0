"""Words for the tests of what fits an org."""

from collections.abc import Callable

from flyle_sf_assets.errors import Problem

Judge = Callable[..., list[Problem]]

CONTRACT_INFO = {
    "object": "Contract_Info__c",
    "lookup": "Account__c",
    "of": "Account",
    "as": "ContractInfo",
}


def told(problems: list[Problem]) -> list[tuple[str, str]]:
    """Code and path of each."""
    return [(p.code, p.path) for p in problems]


def condition(field: str, op: str, value: object = None, /) -> dict[str, object]:
    """One condition."""
    return {"field": field, "op": op} | ({} if value is None else {"value": value})
