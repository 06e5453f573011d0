"""Japanese first, English on request: the language of a page, and how times are written."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import Request

COOKIE = "flyle_sf_language"
LANGUAGES = ("ja", "en")
TIME_ZONE = "Asia/Tokyo"


def language_of(request: Request) -> str:
    """The chosen language, else the one that the browser prefers; Japanese without either."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return _preferred(request.headers.get("accept-language", ""))


def _preferred(header: str) -> str:
    """RFC 9110, 12.5.4: ``en;q=0.8, ja``; the first of the highest quality."""
    best, best_quality = "ja", 0.0
    for part in header.split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        quality = _quality(parameters)
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def zone(name: str | None) -> ZoneInfo:
    """The tenant's time zone; Japan's while it has none."""
    try:
        return ZoneInfo(name or TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(TIME_ZONE)


def shown_moment(at: datetime | None, time_zone: str | None) -> str:
    """To the minute, in the tenant's time zone; a dash for never."""
    return "—" if at is None else f"{at.astimezone(zone(time_zone)):%Y/%m/%d %H:%M}"
