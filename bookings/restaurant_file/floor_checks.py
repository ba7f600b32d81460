"""The checks between tables, sections and combinations of a restaurant file."""

from collections.abc import Iterator

from bookings.restaurant_file.entries import CombinationEntry, RestaurantFile, TableEntry
from bookings.restaurant_file.findings import Finding, find_repeated


def find_in_party_sizes(file: RestaurantFile) -> Iterator[Finding]:
    """Yield smallest sizes above the largest, of the restaurant, its tables and its combinations."""
    if file.is_sound("restaurant") and file.restaurant.is_sound("party_size"):
        size = file.restaurant.party_size
        if size.is_sound("min", "max") and size.min > size.max:
            yield Finding(size, "max", f"must not be below min, {size.min}")
    for table in file.tables:
        yield from _find_in_table(table)
    for combination in file.combinations:
        yield from _find_in_order(combination, combination.min_party_size, combination.max_party_size)


def _find_in_table(table: TableEntry) -> Iterator[Finding]:
    if table.max_party_size is not None:
        yield from _find_in_order(table, table.min_party_size, table.max_party_size)
    elif table.is_sound("capacity", "min_party_size", "max_party_size") and table.min_party_size > table.capacity:
        message = f"must not be above the capacity, {table.capacity}, where max_party_size is not given"
        yield Finding(table, "min_party_size", message)


def _find_in_order(entry: TableEntry | CombinationEntry, smallest: int, largest: int) -> Iterator[Finding]:
    if entry.is_sound("min_party_size", "max_party_size") and smallest > largest:
        yield Finding(entry, "max_party_size", f"must not be below min_party_size, {smallest}")


def find_in_names(file: RestaurantFile) -> Iterator[Finding]:
    """Yield sections and tables that are named twice."""
    yield from find_repeated(file.sections, "name")
    yield from find_repeated(file.tables, "number")


def find_in_references(file: RestaurantFile) -> Iterator[Finding]:
    """Yield tables in unknown sections, combinations of unknown tables."""
    if file.is_sound("sections") and all(section.is_sound("name") for section in file.sections):
        sections = {section.name for section in file.sections}
        for table in file.tables:
            if table.section is not None and table.section not in sections:
                yield Finding(table, "section", f'unknown section "{table.section}"')
    if file.is_sound("tables") and all(table.is_sound("number") for table in file.tables):
        numbers = {table.number for table in file.tables}
        for combination in file.combinations:
            for number in combination.tables:
                if number not in numbers:
                    yield Finding(combination, "tables", f'unknown table "{number}"')


def find_in_combinations(file: RestaurantFile) -> Iterator[Finding]:
    """Yield combinations that combine nothing."""
    for combination in file.combinations:
        if combination.is_sound("tables") and len(combination.tables) < 2:
            yield Finding(combination, "tables", "must name at least two tables")
