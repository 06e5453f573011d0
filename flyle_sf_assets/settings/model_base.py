"""The common base of the settings models."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class FrozenModel(BaseModel):
    """Settings are never changed in place, and an unknown key is refused."""

    # Inputs are hidden because pydantic would print a secret that was written by mistake.
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True
    )


def described(japanese: str, english: str) -> Any:
    """A key's description: what editors show beside the cursor, through the JSON Schema."""
    return Field(description=f"{japanese} / {english}")
