"""The kinds of values in a restaurant file: each reads the text of a scalar, and writes it again."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, ClassVar, Protocol

from django.core.exceptions import ValidationError

from bookings.restaurant_file.document import Value
from bookings.restaurant_file.problems import Problems
from config.values import (
    CONTROL_CHARACTERS,
    FIRST_DATE,
    INVISIBLE,
    LAST_DATE,
    TextInvalid,
    ValueInvalid,
    read_date,
    read_name,
    read_wall_time,
    read_whole_number,
)
from tables.validators import validate_timezone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MUST_BE_TEXT = {
    CONTROL_CHARACTERS: "must be one line without control characters",
    INVISIBLE: "must have a character that can be seen",
}
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


class Unreadable(Exception):
    """The value has problems, which are noted; `partial` holds the readable part of a list."""

    def __init__(self, partial: Any = None) -> None:
        super().__init__()
        self.partial = partial


class Kind(Protocol):
    """A kind of value, read from the file and written to it."""

    def read(self, value: Value, problems: Problems) -> Any:
        """Return the value, or note its problems and raise `Unreadable`."""
        ...

    def write(self, value: Any) -> Any:
        """Return the value as text, number, flag, date, list or dict."""
        ...


class Scalar:
    """A value that is one piece of text; `parse` raises `ValueError` with the form that it must have.

    `must_be` is that form as the code of a `ValueInvalid`.
    """

    must_be: ClassVar[Mapping[str, str]] = {}

    def parse(self, text: str) -> Any:
        """Return the value of a text."""
        raise NotImplementedError

    def read(self, value: Value, problems: Problems) -> Any:
        """Return the value, or note the problem and raise `Unreadable`."""
        try:
            if value.text is None:
                raise ValueError("must be a single value, not a list or a mapping")
            return self.parse(value.text)
        except ValueError as error:
            message = self.must_be[error.code].format(value.text) if isinstance(error, ValueInvalid) else str(error)
            problems.add(value.line, value.path, message)
            raise Unreadable from error

    def write(self, value: Any) -> Any:
        """Return the value as it is."""
        return value


@dataclass(frozen=True)
class Text(Scalar):
    """A line of text of at most `longest` characters, checked further by `check`."""

    longest: int
    may_be_empty: bool = False
    check: Callable[[str], None] | None = None

    def parse(self, text: str) -> str:
        """Return the text without the spaces around it."""
        try:
            text = read_name(text) if text.strip() else ""
        except TextInvalid as error:
            raise ValueError(_MUST_BE_TEXT[error.code]) from error
        if not text and not self.may_be_empty:
            raise ValueError("must not be empty")
        if len(text) > self.longest:
            raise ValueError(f"must have at most {self.longest} characters, not {len(text)}")
        if text and self.check:
            self.check(text)
        return text


@dataclass(frozen=True)
class WholeNumber(Scalar):
    """A whole number in decimal notation, both ends included; a leading zero means nothing."""

    smallest: int
    largest: int
    must_be: ClassVar[Mapping[str, str]] = {"invalid": 'must be a whole number, not "{}"'}

    def parse(self, text: str) -> int:
        """Return the number."""
        number = read_whole_number(text, most_digits=9)
        if not self.smallest <= number <= self.largest:
            raise ValueError(f"must be from {self.smallest} to {self.largest}, not {text}")
        return number


class Flag(Scalar):
    """A flag, true or false; yes and no mean the same."""

    def parse(self, text: str) -> bool:
        """Return the flag."""
        if text.lower() not in _FLAGS:
            raise ValueError(f'must be true or false, not "{text}"')
        return _FLAGS[text.lower()]


class WallTime(Scalar):
    """A time on the restaurant's wall, quoted or not."""

    must_be: ClassVar[Mapping[str, str]] = {"invalid": 'must be a time from 00:00 to 23:59, not "{}"'}

    def parse(self, text: str) -> time:
        """Return the time of HH:MM, or of H:MM as people write it."""
        if text == "24:00":
            raise ValueError(f"{self.must_be['invalid'].format(text)}: midnight is 00:00")
        return read_wall_time(f"0{text}" if text[1:2] == ":" else text)

    def write(self, value: time) -> str:
        """Return the time as HH:MM."""
        return f"{value:%H:%M}"


class CalendarDate(Scalar):
    """A date."""

    must_be: ClassVar[Mapping[str, str]] = {
        "invalid": 'must be a date such as 2026-12-24, not "{}"',
        "out_of_range": f"must be in the years {FIRST_DATE.year} to {LAST_DATE.year}, not {{}}",
    }

    def parse(self, text: str) -> date:
        """Return the date of YYYY-MM-DD."""
        return read_date(text)


@dataclass(frozen=True)
class Choice(Scalar):
    """A word of a closed set."""

    words: Sequence[str]

    def parse(self, text: str) -> str:
        """Return the word."""
        if text not in self.words:
            raise ValueError(f'must be one of {", ".join(self.words)}, not "{text}"')
        return text


@dataclass(frozen=True)
class DayOfWeek(Choice):
    """A day of the week: a word in the file, its ISO number (Monday = 1) in the entry."""

    words: Sequence[str] = DAYS

    def parse(self, text: str) -> Any:
        """Return the ISO number."""
        return self.words.index(super().parse(text.lower())) + 1

    def write(self, value: int) -> str:
        """Return the word."""
        return self.words[value - 1]


class TimeZone(Scalar):
    """An IANA zone."""

    def parse(self, text: str) -> str:
        """Return the name of the zone."""
        try:
            validate_timezone(text)
        except ValidationError as error:
            raise ValueError(f'must be an IANA time zone such as Europe/London, not "{text}"') from error
        return text


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind, a tuple in the entry; with `order` a set, sorted by that key."""

    kind: Kind
    order: Callable[[Any], Any] | None = None

    def read(self, value: Value, problems: Problems) -> tuple[Any, ...]:
        """Return the values; where one is unreadable, raise `Unreadable` with the others."""
        if not value.is_list:
            problems.add(value.line, value.path, "must be a list")
            raise Unreadable(())
        items = self._items(value, problems)
        if self.order:
            self._note_repeated(value, items, problems)
            items = sorted(set(items), key=self.order)
        if len(items) < len(value.node.value):
            raise Unreadable(tuple(items))
        return tuple(items)

    def _items(self, value: Value, problems: Problems) -> list[Any]:
        items = []
        for entry in value.entries():
            try:
                items.append(self.kind.read(entry, problems))
            except Unreadable:
                continue
        return items

    def _note_repeated(self, value: Value, items: list[Any], problems: Problems) -> None:
        for item in sorted((item for item, times in Counter(items).items() if times > 1), key=self.order):
            problems.add(value.line, value.path, f"names {self.kind.write(item)} twice")

    def write(self, value: Sequence[Any]) -> list[Any]:
        """Return the values as a list."""
        return [self.kind.write(item) for item in value]
