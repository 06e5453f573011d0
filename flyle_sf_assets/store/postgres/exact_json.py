"""JSON with exact numbers: all digits as written."""

import json
from decimal import Decimal
from typing import Any


def loads(text: str | bytes) -> Any:
    """The document; numbers with a point or an exponent come as Decimal, others as int."""
    return json.loads(text, parse_float=Decimal)
