"""The entries of a restaurant file: dataclasses that describe, field by field, their form in the file.

A field of the file is `Annotated[type, kind]`, with `Word("from")` where its key in the file is not its name. `LISTED`
marks a field that an export names even with its default. Fields without a default are required.
"""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from bookings.restaurant_file.document import Value
from bookings.restaurant_file.kinds import Kind, Unreadable
from bookings.restaurant_file.problems import Problems

LISTED = object()


@dataclass(frozen=True)
class Word:
    """The key of a field in the file."""

    text: str


@dataclass(frozen=True)
class Place:
    """The place of an entry: its line, its path, the line of each given field, the fields with problems."""

    line: int = 0
    path: str = ""
    lines: Mapping[str, int] = dataclasses.field(default_factory=dict)
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A part of a restaurant file. Two entries are equal if their fields are, in any place."""

    place: Place = dataclasses.field(default=Place(), compare=False, repr=False)

    def is_sound(self, *names: str) -> bool:
        """Say whether these fields could be read: no further check is of use on the others."""
        return self.place.broken.isdisjoint(names)

    def report(self, problems: Problems, name: str, message: str) -> None:
        """Report a problem of one field, "" for the whole entry."""
        line = self.place.lines.get(name, self.place.line)
        word = word_of(type(self), name) if name else ""
        problems.add(line, ".".join(part for part in (self.place.path, word) if part), message)


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True)
class Key:
    """A field of an entry as it stands in the file."""

    name: str
    word: str
    kind: Kind
    default: Any
    is_listed: bool

    @property
    def is_required(self) -> bool:
        return self.default is dataclasses.MISSING

    def written(self, value: Any) -> Any:
        """Return a value as the file has it; None is a key left out."""
        return None if value is None else self.kind.write(value)


def keys_of(entry_class: type[Entry]) -> dict[str, Key]:
    """Return the keys that an entry may have in the file, by word."""
    hints = get_type_hints(entry_class, include_extras=True)
    fields = [field for field in dataclasses.fields(entry_class) if get_origin(hints[field.name]) is Annotated]
    keys = (_key_of(field, get_args(hints[field.name])[1:]) for field in fields)
    return {key.word: key for key in keys}


def _key_of(field: "dataclasses.Field[Any]", marks: tuple[Any, ...]) -> Key:
    word = next((mark.text for mark in marks if isinstance(mark, Word)), field.name)
    return Key(field.name, word, marks[0], field.default, LISTED in marks)


def word_of(entry_class: type[Entry], name: str) -> str:
    """Return the key under which a field stands in the file."""
    return next(key.word for key in keys_of(entry_class).values() if key.name == name)


@dataclass(frozen=True)
class EntryOf(Generic[E]):
    """A mapping with the keys of an entry class."""

    entry_class: type[E]

    def read(self, value: Value, problems: Problems) -> E:
        """Return the entry, with its unreadable fields named in its place; unknown keys are problems."""
        if not value.is_mapping:
            problems.add(value.line, value.path, "must be a mapping of keys to values")
            raise Unreadable
        given = {word: member for word, member in value.members(problems).items() if not member.is_empty}
        known = keys_of(self.entry_class)
        for word in given.keys() - known.keys():
            problems.add(given[word].line, given[word].path, unknown_word("key", word, known))
        return self._entry(value, [(key, given.get(word)) for word, key in known.items()], problems)

    def _entry(self, value: Value, members: list[tuple[Key, Value | None]], problems: Problems) -> E:
        broken: set[str] = set()
        values: dict[str, Any] = {}
        for key, member in members:
            try:
                values[key.name] = _read_member(key, member, value, problems)
            except Unreadable as unreadable:
                broken.add(key.name)
                values[key.name] = unreadable.partial
        lines = {key.name: member.line for key, member in members if member}
        return self.entry_class(place=Place(value.line, value.path, lines, frozenset(broken)), **values)

    def write(self, value: E) -> dict[str, Any]:
        """Return the values that a file needs for the entry."""
        return {
            key.word: key.kind.write(said)
            for key in keys_of(self.entry_class).values()
            if (said := getattr(value, key.name)) is not None and (key.is_listed or said != key.default)
        }


def _read_member(key: Key, member: Value | None, owner: Value, problems: Problems) -> Any:
    if member is not None:
        return key.kind.read(member, problems)
    if key.is_required:
        problems.add(owner.line, f"{owner.path}.{key.word}".lstrip("."), "is missing")
        raise Unreadable
    return key.default


def unknown_word(noun: str, word: str, known: Collection[str]) -> str:
    """Say that a word is none of those known, and which one may be meant."""
    alike = get_close_matches(word, known, n=1)
    return f"unknown {noun}; did you mean {alike[0]}?" if alike else f"unknown {noun}; known are {', '.join(known)}"
