"""Words for scopes, on every screen of this app."""

from capacity.choices import Weekday

DATES_IN_ORDER = "The last date is before the first."
TIMES_IN_PAIRS = "Give both times, or neither."
SHORT_WEEKDAYS = {day.value: day.label[:3] for day in Weekday}


def describe_limits(covers: int | None, parties: int | None) -> str:
    """Say in words what a rule limits; a dash where it says nothing."""
    said = ((covers, "covers"), (parties, "parties"))
    return ", ".join(f"{limit} {noun}" for limit, noun in said if limit is not None) or "-"
