"""Values as SOQL literals: quoted, escaped, exact; a value cannot end its own quotes.

Source: SOQL and SOSL Reference, "Quoted String Escape Sequences", "Date Formats and Date Literals".
"""

import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.ids import to_18
from flyle_sf_assets.settings.date_literals import DATE_LITERAL_PATTERN

NUMBER_TYPES = frozenset({"int", "long", "double", "currency", "percent"})
TEXT_TYPES = frozenset(
    {"string", "textarea", "email", "phone", "url", "combobox", "picklist", "encryptedstring"}
)
ID_TYPES = frozenset({"id", "reference"})

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)
_LIKE_ESCAPES = str.maketrans({"%": "\\%", "_": "\\_"})

DIGITS_MAX = 40
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Unwritable(ValueError):
    """A value that cannot be written in SOQL; ``text`` says why, in both languages."""

    def __init__(self, ja: str, en: str) -> None:
        self.text = Text(ja, en)
        super().__init__(en)


def reason(error: ValueError) -> Text:
    """Why a value cannot be written; an error of Python itself is quoted."""
    return error.text if isinstance(error, Unwritable) else Text.quoted(error)


def quoted(text: str) -> str:
    """A string literal."""
    return f"'{text.translate(_ESCAPES)}'"


def like_contains(text: str) -> str:
    """A LIKE pattern for values that contain the text; its own ``%`` and ``_`` are escaped."""
    return f"'%{text.translate(_ESCAPES).translate(_LIKE_ESCAPES)}%'"


def like_starts_with(text: str) -> str:
    """A LIKE pattern for values that start with the text."""
    return f"'{text.translate(_ESCAPES).translate(_LIKE_ESCAPES)}%'"


def number(text: str) -> str:
    """A number with exactly these digits, without exponent. ValueError when it is no number."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise Unwritable(f"「{text}」は数値ではありません", f"{text!r} is not a number") from None
    if not value.is_finite() or abs(value.adjusted()) > DIGITS_MAX:
        raise Unwritable(
            f"「{text}」は Salesforce で扱える数値ではありません",
            f"{text!r} is not a number that Salesforce can hold",
        )
    return f"{value:f}"


def boolean(value: object) -> str:
    """TRUE or FALSE. ValueError for anything but true and false."""
    word = str(value).strip().lower()
    if word not in ("true", "false"):
        raise Unwritable(
            f"「{value}」は true でも false でもありません", f"{value!r} is neither true nor false"
        )
    return word.upper()


def record_id(text: str) -> str:
    """An id literal of 18 characters. ValueError when the text is no id."""
    return quoted(to_18(text.strip()))


def day(value: date) -> str:
    """A date literal."""
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"


def moment(value: datetime) -> str:
    """A datetime literal in UTC, cut to the second as Salesforce stores its stamps."""
    if value.tzinfo is None:
        raise Unwritable(
            "タイムゾーンのない日時は検索に使えません",
            "a datetime without zone has no place in a query",
        )
    utc = value.astimezone(UTC)
    return f"{utc.year:04d}-{utc:%m-%dT%H:%M:%S}Z"


def time_of_day(text: str) -> str:
    """A time literal. ValueError when the text is no ``HH:MM[:SS[.sss]]``."""
    value = time.fromisoformat(text.strip().removesuffix("Z"))
    if value.tzinfo is not None:
        raise Unwritable(
            f"「{text}」: 時刻の項目にタイムゾーンは使えません",
            f"{text!r}: a time field has no zone",
        )
    return f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def moving_date(text: str) -> str:
    """A date literal such as ``TODAY`` or ``LAST_N_DAYS:30``. ValueError for any other word."""
    word = text.strip().upper()
    if not re.fullmatch(DATE_LITERAL_PATTERN, word):
        raise ValueError(
            f"{text!r} is no date literal of SOQL (TODAY, THIS_FISCAL_YEAR, LAST_N_DAYS:30, …)"
        )
    return word


def parsed_day(text: str) -> date:
    """The date that ``YYYY-MM-DD`` writes. ValueError otherwise."""
    if not _DATE.fullmatch(text.strip()):
        raise Unwritable(
            f"「{text}」は日付 (YYYY-MM-DD) ではありません", f"{text!r} is not a date (YYYY-MM-DD)"
        )
    return date.fromisoformat(text.strip())


def parsed_moment(text: str, zone: tzinfo) -> datetime | date:
    """The datetime of an ISO 8601 text, or the date when it has no time.

    ``zone`` applies when the text names none. ValueError when it is neither.
    """
    if _DATE.fullmatch(text.strip()):
        return parsed_day(text)
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Unwritable(
            f"「{text}」は日付でも日時 (ISO 8601) でもありません",
            f"{text!r} is neither a date nor a date and time (ISO 8601)",
        ) from None
    return value if value.tzinfo else value.replace(tzinfo=zone)
