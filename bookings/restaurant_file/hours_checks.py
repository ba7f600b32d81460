"""The checks between service periods, turn times, rules and closures of a restaurant file."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from bookings.restaurant_file.entries import (
    ClosureEntry,
    PeriodEntry,
    RestaurantFile,
    RuleEntry,
    SpanEntry,
    TurnTimeEntry,
)
from bookings.restaurant_file.findings import Finding, find_repeated
from bookings.restaurant_file.references import find_period
from capacity.calendar import PeriodHours, find_overlaps
from capacity.limits import SERVICE_LIMITS

# Each is held against every other, date by date.
MOST_PERIODS = 200


def find_in_periods(file: RestaurantFile) -> Iterator[Finding]:
    """Yield periods named twice, without days, with a last seating outside, or that overlap another."""
    yield from find_repeated(file.service_periods, "name", "on_date")
    for period in file.service_periods:
        yield from _find_in_days(period)
        yield from _find_in_seating(period)
    if len(file.service_periods) > MOST_PERIODS:
        yield Finding(file.service_periods[MOST_PERIODS], "", f"at most {MOST_PERIODS} service periods")
        return
    yield from _find_overlaps(file.service_periods)


def _find_in_days(period: PeriodEntry) -> Iterator[Finding]:
    if not period.is_sound("on_date", "weekdays", "valid_from", "valid_to"):
        return
    if period.on_date is None and period.weekdays is None:
        yield Finding(period, "", "needs days, or a date for special hours")
    for name in ("weekdays", "valid_from", "valid_to"):
        if period.on_date is not None and getattr(period, name) is not None:
            yield Finding(period, name, "says nothing beside date, which makes these the special hours of one date")
    if period.valid_from and period.valid_to and period.valid_to < period.valid_from:
        yield Finding(period, "valid_to", f"must not be before valid_from, {period.valid_from}")


def _find_in_seating(period: PeriodEntry) -> Iterator[Finding]:
    if period.is_sound("start_time", "last_seating", "end_time") and not hours_of(period, 0).seats_before_end:
        message = f"must be from {period.start_time:%H:%M} to before {period.end_time:%H:%M}"
        yield Finding(period, "last_seating", message)


def _find_overlaps(periods: Sequence[PeriodEntry]) -> Iterator[Finding]:
    sound = [period for period in periods if not period.place.broken]
    hours = [hours_of(period, index) for index, period in enumerate(sound)]
    for first, second in find_overlaps(hours):
        earlier, later = sound[first.period_id], sound[second.period_id]
        yield Finding(later, "start_time", f"overlaps with {earlier.name} of line {earlier.place.line}")


def hours_of(period: PeriodEntry, period_id: int) -> PeriodHours:
    """Return the hours of a period as the calendar needs them."""
    return PeriodHours(
        period_id=period_id,
        name=period.name,
        weekdays=frozenset(period.weekdays or ()),
        start_time=period.start_time,
        last_seating=period.last_seating,
        end_time=period.end_time,
        valid_from=period.valid_from,
        valid_to=period.valid_to,
        on_date=period.on_date,
    )


def find_in_turn_times(file: RestaurantFile) -> Iterator[Finding]:
    """Yield bands that do not go from small to large parties, among those of one period."""
    bands: defaultdict[str, list[TurnTimeEntry]] = defaultdict(list)
    for turn_time in file.turn_times:
        if turn_time.is_sound("up_to", "service_period"):
            bands[str(turn_time.service_period)].append(turn_time)
    for of_period in bands.values():
        for smaller, larger in pairwise(of_period):
            if larger.up_to <= smaller.up_to:
                yield Finding(larger, "up_to", f"must be above {smaller.up_to}, the band before it")


def find_in_rules(file: RestaurantFile) -> Iterator[Finding]:
    """Yield rules with contradicting dates or times, or with limits per service at a time of day."""
    for rule in file.capacity_rules:
        yield from _find_in_span(rule)
        yield from _find_in_limits(rule)


def _find_in_limits(rule: RuleEntry) -> Iterator[Finding]:
    if rule.from_time is None and rule.to_time is None:
        return
    for limit in SERVICE_LIMITS:
        if getattr(rule, limit.column) is not None:
            yield Finding(rule, limit.column, "limits a whole service, so it cannot stand beside a time of day")


def find_in_closures(file: RestaurantFile) -> Iterator[Finding]:
    """Yield closures without dates, or with contradicting dates or times."""
    for closure in file.closures:
        yield from _find_in_span(closure)
        if closure.is_sound("on_date", "from_date") and closure.on_date is None and closure.from_date is None:
            yield Finding(closure, "", "needs a date, or from and to")


def _find_in_span(span: RuleEntry | ClosureEntry) -> Iterator[Finding]:
    if span.is_sound("on_date", "from_date", "to_date"):
        yield from _find_in_dates(span)
    if span.is_sound("from_time", "to_time") and (span.from_time is None) != (span.to_time is None):
        given = "to_time" if span.from_time is None else "from_time"
        yield Finding(span, given, "time_from and time_to come together")


def _find_in_dates(span: SpanEntry) -> Iterator[Finding]:
    if span.on_date and (span.from_date or span.to_date):
        yield Finding(span, "on_date", "date is one day: it cannot stand beside from and to")
    elif span.to_date and not span.from_date:
        yield Finding(span, "to_date", "needs from beside it")
    elif span.from_date and span.to_date and span.to_date < span.from_date:
        yield Finding(span, "to_date", f"must not be before from, {span.from_date}")


def find_in_period_references(file: RestaurantFile) -> Iterator[Finding]:
    """Yield turn times, rules and closures that name no service period of the file."""
    names = ("name", "on_date")
    if not file.is_sound("service_periods") or not all(period.is_sound(*names) for period in file.service_periods):
        return
    entries: Iterable[TurnTimeEntry | RuleEntry | ClosureEntry]
    entries = (*file.turn_times, *file.capacity_rules, *file.closures)
    for entry in entries:
        wanted = entry.service_period
        if wanted is None or not wanted.is_sound(*names) or find_period(file.service_periods, wanted):
            continue
        yield Finding(entry, "service_period", f'no service period, or more than one, is named "{wanted}"')
