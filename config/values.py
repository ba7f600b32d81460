"""Values that somebody else typed: each reader takes one spelling, and raises `ValueInvalid` for any other. Pure.

Every door has its own words for a wrong value; the code of `ValueInvalid` names the words. Plurals are Django's.
"""

import re
from datetime import UTC, date, datetime, time

from django.utils.translation import ngettext

# What lies outside these is taken for a slip of the pen: no business date does, and no party.
FIRST_DATE = date(2000, 1, 1)
LAST_DATE = date(2100, 12, 31)
OUT_OF_YEARS = f"Must be a date of the years {FIRST_DATE.year} to {LAST_DATE.year}."
LARGEST_PARTY = 1000
# Of covers, parties or minutes: more is a slip of the pen too.
LARGEST_NUMBER = 999_999_999
# On a floor plan, in centimetres.
FARTHEST_COORDINATE = 1_000_000
SHORTEST_SIDE, LONGEST_SIDE = 20, 2_000

WALL_TIME_PATTERN = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_WHOLE_NUMBER = re.compile(r"-?[0-9]+")
_WALL_TIME = re.compile(WALL_TIME_PATTERN)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_PLURALS = {"party": "parties"}


class ValueInvalid(ValueError):
    """The value has another spelling (`invalid`), or is outside the years (`out_of_range`)."""

    def __init__(self, code: str = "invalid") -> None:
        super().__init__(code)
        self.code = code


def read_whole_number(value: object, *, most_digits: int) -> int:
    """Return a number of ASCII digits, perhaps behind a minus."""
    text = _spelled(_WHOLE_NUMBER, value)
    if len(text.removeprefix("-")) > most_digits:
        raise ValueInvalid
    return int(text)


def read_wall_time(value: object) -> time:
    """Return a time on the restaurant's wall, `HH:MM`."""
    return time.fromisoformat(_spelled(_WALL_TIME, value))


def is_within_years(day: date) -> bool:
    """Say whether a date is of the years 2000 to 2100."""
    return FIRST_DATE <= day <= LAST_DATE


def read_date(value: object) -> date:
    """Return a date, `YYYY-MM-DD`, of the years 2000 to 2100."""
    try:
        day = date.fromisoformat(_spelled(_DATE, value))
    except ValueError as error:
        raise ValueInvalid from error
    _require_within_years(day)
    return day


def read_instant(value: object) -> datetime:
    """Return an ISO 8601 instant with its zone, `Z` or an offset, of the years 2000 to 2100, in UTC."""
    try:
        instant = datetime.fromisoformat(_spelled(_INSTANT, value))
    except ValueError as error:
        raise ValueInvalid from error
    _require_within_years(instant.date())
    return instant.astimezone(UTC)


def _spelled(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueInvalid
    return value


def _require_within_years(day: date) -> None:
    if not is_within_years(day):
        raise ValueInvalid("out_of_range")


def counted(number: int, noun: str) -> str:
    """Return "1 cover", "2 covers", "3 parties": every count before a noun that a person reads."""
    return f"{number} {plural_of(noun, number)}"


def plural_of(noun: str, number: int) -> str:
    """Return a noun as it stands behind a number."""
    return ngettext(noun, _PLURALS.get(noun, f"{noun}s"), number)
