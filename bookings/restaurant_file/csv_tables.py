"""The tables of a restaurant as a CSV file, by the keys and rules of its restaurant file."""

from dataclasses import dataclass, replace

from bookings.restaurant_file.canonical import to_canonical
from bookings.restaurant_file.checking import check_file
from bookings.restaurant_file.composing import MOST_ENTRIES
from bookings.restaurant_file.csv_lines import (
    RESTAURANT,
    columns_of,
    merged,
    read_entry,
    read_lines,
    require_restaurant,
    required_of,
)
from bookings.restaurant_file.entries import RestaurantFile, TableEntry
from bookings.restaurant_file.findings import find_repeated
from bookings.restaurant_file.problems import Problems

TABLE_COLUMNS = (RESTAURANT, *columns_of(TableEntry))


@dataclass(frozen=True)
class TableLines:
    """The tables that a CSV file names, and the columns that it says of them."""

    tables: tuple[TableEntry, ...]
    columns: tuple[str, ...]

    def on(self, stored: RestaurantFile) -> RestaurantFile:
        """Return the file of a restaurant after these lines: tables that they do not name stay as they are.

        Raises: `RestaurantFileInvalid` where lines contradict each other or the restaurant.
        """
        known = {table.number: table for table in stored.tables}
        named = tuple(self._on(known.get(table.number), table) for table in self.tables)
        problems = Problems()
        alone = RestaurantFile(restaurant=stored.restaurant, sections=stored.sections, tables=named)
        check_file(alone, problems)
        problems.raise_if_any()
        numbers = {table.number for table in named}
        others = tuple(table for table in stored.tables if table.number not in numbers)
        return replace(stored, tables=(*others, *to_canonical(alone).tables))

    def _on(self, stored: TableEntry | None, table: TableEntry) -> TableEntry:
        if stored is None:
            return table
        return TableEntry(**merged(stored, table, self.columns), place=table.place)


def read_table_lines(content: bytes, *, slug: str) -> TableLines:
    """Return the tables of a CSV file of a restaurant.

    Raises: `RestaurantFileInvalid` with every problem, its line and its column.
    """
    lines = read_lines(content, columns=TABLE_COLUMNS, required=required_of(TableEntry), most=MOST_ENTRIES)
    problems = Problems()
    require_restaurant(lines, slug, problems)
    tables = tuple(read_entry(TableEntry, line, problems) for line in lines)
    for finding in find_repeated(tables, "number"):
        finding.report(problems)
    problems.raise_if_any()
    return TableLines(tables, tuple(lines[0].cells))
