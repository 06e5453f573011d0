"""How two company rows differ, in the names of the history.

What does not belong here: what should stand there (``expectation.py``).
"""

from flyle_sf_assets_tests.faults.expectation import UNKNOWN
from flyle_sf_assets_tests.flows.oracle import Company


def differing(one: Company, other: Company) -> list[str]:
    """The names of what differs between two rows, as the history calls them."""
    names = [
        name
        for name in ("name", "status", "status_reason", "merged_into")
        if getattr(one, name) != getattr(other, name)
    ]
    keys = one.custom_fields.keys() | other.custom_fields.keys()
    nothing = object()
    return names + [
        key
        for key in keys
        if UNKNOWN not in (one.custom_fields.get(key), other.custom_fields.get(key))
        and one.custom_fields.get(key, nothing) != other.custom_fields.get(key, nothing)
    ]


def assert_same(found: dict[str, Company], expected: dict[str, Company]) -> None:
    """Equal, or a message with what differs and nothing else."""
    lines = [f"too many: {key} {found[key]}" for key in found.keys() - expected.keys()]
    lines += [f"missing: {key} {expected[key]}" for key in expected.keys() - found.keys()]
    for key in found.keys() & expected.keys():
        for name in differing(found[key], expected[key]):
            lines.append(
                f"{key}.{name}: found {_shown(found[key], name)}"
                f" expected {_shown(expected[key], name)}"
            )
    assert not lines, "\n".join(sorted(lines))


def _shown(row: Company, name: str) -> str:
    if name in ("name", "status", "status_reason", "merged_into"):
        return repr(getattr(row, name))
    return repr(row.custom_fields.get(name, "(not there)"))
