"""Words for the tests of settings files."""

from collections.abc import Callable

from flyle_sf_assets.settings.loading import Loaded

Load = Callable[[str], Loaded]
LoadEdited = Callable[..., Loaded]


def errors(loaded: Loaded) -> list[tuple[str, str, int | None]]:
    """Code, path and line of every error, warnings left out."""
    return [(p.code, p.path, p.line) for p in loaded.problems if p.severity == "error"]


def conditions_with(value: str, op: str = "eq") -> tuple[str, str]:
    """Replaces the example's first condition."""
    return (
        "{field: StageName, op: in, value: [Proposal, Closed Won]}",
        f"{{field: StageName, op: {op}{f', value: {value}' if value else ''}}}",
    )
