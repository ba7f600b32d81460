"""The lines of a CSV file (RFC 4180, UTF-8) as the values that entries are read from, with line and column."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from bookings.restaurant_file.document import Value
from bookings.restaurant_file.kinds import ListOf
from bookings.restaurant_file.problems import Problem, Problems, RestaurantFileInvalid
from bookings.restaurant_file.schema import E, Entry, EntryOf, Key, keys_of, unknown_word
from config.values import LINE_BREAKS, has_control_characters

MOST_BYTES = 512 * 1024
# Of every restaurant's own rows, so that a file of one is not taken for that of another.
RESTAURANT = "restaurant"
# An empty list, where an empty cell is a value left out.
NOBODY = "nobody"
# What begins so is a formula to some spreadsheet, in East Asia also in full width; the apostrophe makes it text.
_FORMULA = "'*[-=+@\t\r\n|%\uff1d\uff0b\uff0d\uff20]"
_IS_FORMULA = re.compile(_FORMULA)
_IS_INERT = re.compile(f"'{_FORMULA}")
_WORKBOOK = b"PK\x03\x04"
_SAVE_AS = 'In a spreadsheet, save it as "CSV UTF-8 (comma delimited)"'


def inert(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; a number stays a number."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    return f"'{cell}" if _IS_FORMULA.match(cell) else cell


def as_meant(cell: str) -> str:
    """Return the text of a cell that may have been made inert."""
    return cell[1:] if _IS_INERT.match(cell) else cell


@dataclass(frozen=True)
class Line:
    """A line under the head of a file: the cells by column, without the spaces around them."""

    number: int
    cells: Mapping[str, str]


def read_lines(content: bytes, *, columns: Sequence[str], required: Sequence[str], most: int) -> list[Line]:
    """Return the lines of a file under a head that names some of the columns, in any order.

    Raises: `RestaurantFileInvalid`, with every line that has another number of cells than the head.
    """
    records = _records(content)
    head_line, head = next(records, (1, []))
    names = _names(head_line, head, columns, required)
    problems = Problems()
    lines: list[Line] = []
    for number, record in records:
        if len(lines) == most:
            raise _invalid(number, f"A file has at most {most:,} lines under its head")
        if _width(record) > len(names) or len(record) < len(names):
            problems.add(number, "", f"has {len(record)} cells, and the head has {len(names)}")
        lines.append(Line(number, dict(zip(names, map(as_meant, map(str.strip, record)), strict=False))))
    problems.raise_if_any()
    if not lines:
        raise _invalid(head_line, "There is no line under the head")
    return lines


def _records(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that say something, each with its first line."""
    reader = csv.reader(io.StringIO(_text_of(content), newline=""), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _invalid(number, f"No valid CSV: {error}") from error
        if _width(record):
            yield number, record


def _width(record: Sequence[str]) -> int:
    """Count the cells of a record, but for empty ones at its end: a spreadsheet fills lines up with them."""
    return max((place for place, cell in enumerate(record, start=1) if cell.strip()), default=0)


def _text_of(content: bytes) -> str:
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise _invalid(1, "The file is empty")
    if len(content) > MOST_BYTES:
        raise _invalid(1, f"A file has at most {MOST_BYTES // 1024} KiB")
    if content.startswith(_WORKBOOK):
        raise _invalid(1, f"This is a workbook, not CSV. {_SAVE_AS}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(line, f"No valid UTF-8: the file has another encoding. {_SAVE_AS}") from error
    for number, line_text in enumerate(text.splitlines(), start=1):
        if "\0" in line_text:
            raise _invalid(number, f"This is no text. {_SAVE_AS}")
    return text


def _names(number: int, head: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> list[str]:
    """Return the columns that a head names; a spreadsheet may end it with empty cells."""
    names = [cell.strip().lower() for cell in head[: _width(head)]]
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            raise _invalid(number, f"The cells are separated by {name}, and have to be by commas. {_SAVE_AS}")
    problems = Problems()
    for name, times in Counter(names).items():
        if has_control_characters(name, but=LINE_BREAKS) or name not in columns:
            problems.add(number, name[:40], unknown_word("column", name, columns))
        elif times > 1:
            problems.add(number, name, "is named twice in the head")
    for name in required:
        if name not in names:
            problems.add(number, name, "is missing in the head")
    problems.raise_if_any()
    return names


def _invalid(number: int, message: str) -> RestaurantFileInvalid:
    return RestaurantFileInvalid([Problem(number, "", message)])


def columns_of(entry_class: type[Entry], prefix: str = "") -> list[str]:
    """Return the columns of an entry: its keys, those of an entry inside it behind a dot."""
    columns: list[str] = []
    for word, key in keys_of(entry_class).items():
        inner = columns_of(key.kind.entry_class, f"{prefix}{word}.") if isinstance(key.kind, EntryOf) else None
        columns += inner or [prefix + word]
    return columns


def required_of(entry_class: type[Entry]) -> list[str]:
    """Return the columns without which no entry can be read."""
    return [word for word, key in keys_of(entry_class).items() if key.is_required]


def cells_of(entry: Entry) -> list[Any]:
    """Return the cells of an entry, in the order of its columns."""
    cells: list[Any] = []
    for key in keys_of(type(entry)).values():
        value = getattr(entry, key.name)
        cells += cells_of(value) if isinstance(key.kind, EntryOf) else [_cell(key, value)]
    return cells


def _cell(key: Key, value: Any) -> Any:
    written = key.written(value)
    if isinstance(written, bool):
        return "yes" if written else "no"
    if isinstance(key.kind, ListOf):
        return ", ".join(written) or NOBODY
    return written if isinstance(written, int | None) else str(written)


def read_entry(entry_class: type[E], line: Line, problems: Problems) -> E:
    """Return the entry of a line, by the rules that the same entry has in a restaurant file."""
    return EntryOf(entry_class).read(Value(_node(entry_class, line, ""), "", line.number), problems)


def _node(entry_class: type[Entry], line: Line, prefix: str) -> yaml.MappingNode:
    mark = yaml.Mark("", 0, line.number - 1, 0, None, 0)
    members = []
    for word, key in keys_of(entry_class).items():
        if isinstance(key.kind, EntryOf):
            member: yaml.Node = _node(key.kind.entry_class, line, f"{prefix}{word}.")
        else:
            member = _value_node(key, line.cells.get(prefix + word, ""), mark)
        members.append((yaml.ScalarNode("", word, mark, mark), member))
    return yaml.MappingNode("", members, mark, mark)


def _value_node(key: Key, cell: str, mark: yaml.Mark) -> yaml.Node:
    if not isinstance(key.kind, ListOf) or not cell:
        return _scalar(cell, mark)
    words = [] if cell == NOBODY else [part.strip() for part in cell.split(",")]
    return yaml.SequenceNode("", [_scalar(word, mark) for word in words], mark, mark)


def _scalar(text: str, mark: yaml.Mark) -> yaml.ScalarNode:
    # Quoted, so that no text is taken for a value left out; without quotes an empty cell is one.
    return yaml.ScalarNode("", text, mark, mark, style='"' if text else None)


def merged(stored: E, read: E, columns: Sequence[str], prefix: str = "") -> dict[str, Any]:
    """Return the fields of an entry: those of the given columns as they were read, the others as they are stored."""
    values: dict[str, Any] = {}
    for word, key in keys_of(type(read)).items():
        before, after = getattr(stored, key.name), getattr(read, key.name)
        if isinstance(key.kind, EntryOf):
            inner = merged(before, after, columns, f"{prefix}{word}.")
            values[key.name] = key.kind.entry_class(**inner)
        else:
            values[key.name] = after if prefix + word in columns else before
    return values


def require_restaurant(lines: Sequence[Line], slug: str, problems: Problems) -> None:
    """Note the lines that are of another restaurant."""
    for line in lines:
        if line.cells.get(RESTAURANT, "") not in ("", slug):
            message = f'is of "{line.cells[RESTAURANT][:63]}", and this is {slug}'
            problems.add(line.number, RESTAURANT, message)
