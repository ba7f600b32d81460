"""Words for scopes, on every screen of this app."""

from capacity.choices import Weekday
from capacity.models import CapacityRule

DATES_IN_ORDER = "The last date is before the first."
TIMES_IN_PAIRS = "Give both times, or neither."
SHORT_WEEKDAYS = {day.value: day.label[:3] for day in Weekday}


def describe_scope(rule: CapacityRule) -> str:
    """Say in words where a rule applies."""
    parts = [str(rule.service_period or "Every service")]
    if rule.weekday:
        parts.append(Weekday(rule.weekday).label)
    if rule.from_date and rule.to_date:
        one_day = rule.from_date == rule.to_date
        parts.append(
            f"{rule.from_date:%-d %b %Y}" if one_day else f"{rule.from_date:%-d %b %Y} to {rule.to_date:%-d %b %Y}"
        )
    if rule.from_time and rule.to_time:
        parts.append(f"{rule.from_time:%H:%M} to {rule.to_time:%H:%M}")
    return ", ".join(parts)


def describe_limits(covers: int | None, parties: int | None) -> str:
    """Say in words what a rule limits; a dash where it says nothing."""
    said = ((covers, "covers"), (parties, "parties"))
    return ", ".join(f"{limit} {noun}" for limit, noun in said if limit is not None) or "-"
