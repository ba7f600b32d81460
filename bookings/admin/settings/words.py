"""Words that several screens of the floor share."""

from collections.abc import Iterable

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from tables.models import TableCombination

PARTY_LABELS = {"min_party_size": "Smallest party", "max_party_size": "Largest party"}
SMALLEST_AND_LARGEST = "The largest party cannot be smaller than the smallest."


def joined_numbers(combination: TableCombination) -> str:
    """Name a combination by its tables: "T1 + T2"."""
    return " + ".join(table.number for table in combination.tables.all()) or "none"


def one_a_line(lines: Iterable[SafeString]) -> SafeString | str:
    """Show each of some lines on its own, nothing as a dash."""
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or "-"
