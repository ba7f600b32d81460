"""Values and texts that somebody else typed: each reader takes one spelling, and raises an error for any other. Pure.

Every door has its own words for what is wrong: the codes of `ValueInvalid` and `TextInvalid` name the words, and
`PROBLEMS` has those of guests and hosts. In a text nothing may forge what a screen or terminal shows.
Plurals are Django's."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
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


# Texts

LINE_BREAKS = frozenset("\n\r\t")
CONTROL_CHARACTERS = "control_characters"
INVISIBLE = "invisible"
PROBLEMS = {
    CONTROL_CHARACTERS: "Control characters are not allowed, nor those that turn the direction of text around.",
    INVISIBLE: "Must have a character that can be seen.",
}
# Controls, halves of characters, and the separators of lines and paragraphs.
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# The direction of what follows is turned by these, beyond the end of their own text; the deprecated ones beside them
# and the annotations hide text. Joiners, marks of direction and the tags of flags stay: names and emoji need them.
_FORGING = re.compile("[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]")
# Of these categories is what can be seen: letters, numbers, punctuation, symbols, and what Unicode had not named yet.
_VISIBLE_CATEGORIES = ("L", "N", "P", "S", "Cn")
# Blank all the same: fillers of Hangul, Braille without a dot, and what Unicode keeps for signs that show nothing.
_BLANK = re.compile("[\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]")
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"


class TextInvalid(ValueError):
    """The text has characters that show nothing or forge what is shown; `code` is a key of `PROBLEMS`."""

    def __init__(self, code: str) -> None:
        super().__init__(PROBLEMS[code])
        self.code = code


def read_text(text: str, *, but: Collection[str] = ()) -> str:
    """Return a text as it is stored: composed, without the spaces around it, and free of control characters but some.

    Raises: `TextInvalid`.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    if has_control_characters(text, but=but):
        raise TextInvalid(CONTROL_CHARACTERS)
    return unicodedata.normalize("NFC", text).strip()


def read_name(text: str) -> str:
    """Return a line of text that a person can point at.

    Raises: `TextInvalid`.
    """
    name = read_text(text)
    if not any(is_visible(char) for char in name):
        raise TextInvalid(INVISIBLE)
    return name


def has_control_characters(text: str, *, but: Collection[str] = ()) -> bool:
    """Say whether a text has a control character, a line break, half a character or a turn of direction, but some."""
    if text.isascii() and text.isprintable():
        return False
    return bool(_FORGING.search(text)) or any(_is_control(char) and char not in but for char in text)


def without_format_characters(text: str) -> str:
    """Return a text without the characters that only direct how others are shown."""
    return text if text.isascii() else "".join(char for char in text if unicodedata.category(char) != "Cf")


def is_visible(char: str) -> bool:
    """Say whether a character has a picture of its own: no mark on another, no space, no filler."""
    return unicodedata.category(char).startswith(_VISIBLE_CATEGORIES) and not _BLANK.match(char)


def isolated(text: str) -> str:
    """Return a text for a place without markup: its direction ends where it ends."""
    return text if text.isascii() else f"{_ISOLATE}{text}{_END_OF_ISOLATE}"


def _is_control(char: str) -> bool:
    # The last two code points of every plane are no characters, in Unicode as in the first plane.
    return unicodedata.category(char) in _CONTROL_CATEGORIES or ord(char) & 0xFFFE == 0xFFFE


# Rates of requests, as the environment writes them

OFF = "off"
_SECONDS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"([1-9][0-9]*)/(sec|min|hour|day)", re.ASCII)


class RateMalformed(ValueError):
    """A rate reads like 60/min (sec, min, hour or day), or off."""


@dataclass(frozen=True)
class Rate:
    """At most `limit` requests within `seconds`."""

    limit: int
    seconds: int


def parse_rate(text: str) -> Rate | None:
    """Read a rate like `60/min`; None for `off`.

    Raises: `RateMalformed`.
    """
    if text == OFF:
        return None
    match = _RATE.fullmatch(text)
    if match is None:
        raise RateMalformed(f"{text!r}: {RateMalformed.__doc__}")
    return Rate(limit=int(match[1]), seconds=_SECONDS[match[2]])
