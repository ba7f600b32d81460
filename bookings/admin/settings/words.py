"""The words that several screens of settings share."""

from collections.abc import Iterable

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from capacity.choices import Weekday
from config.values import counted
from tables.models import TableCombination

PARTY_LABELS = {"min_party_size": "Smallest party", "max_party_size": "Largest party"}
SMALLEST_AND_LARGEST = "The largest party cannot be smaller than the smallest."
DATES_IN_ORDER = "The last date is before the first."
TIMES_IN_PAIRS = "Give both times, or neither."
SHORT_WEEKDAYS = {day.value: day.label[:3] for day in Weekday}


def joined_numbers(combination: TableCombination) -> str:
    """Name a combination by its tables: "T1 + T2"."""
    return " + ".join(table.number for table in combination.tables.all()) or "none"


def one_a_line(lines: Iterable[SafeString]) -> SafeString | str:
    """Show each of some lines on its own, nothing as a dash."""
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or "-"


def describe_limits(covers: int | None, parties: int | None) -> str:
    """Return the limits of a rule in words; a dash without any."""
    said = ((covers, "cover"), (parties, "party"))
    return ", ".join(counted(limit, noun) for limit, noun in said if limit is not None) or "-"
