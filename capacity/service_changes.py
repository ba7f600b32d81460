"""The limits and starts of services that a change of settings moves, row by row and as people read them. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from capacity.calendar.wall_clock import MINUTES_PER_DAY
from capacity.limits import Limit

STARTS = "start times"
OFFERED, NOT_OFFERED = "offered", "not offered"
NO_LIMIT = "no limit"


class ServiceChange(NamedTuple):
    """A value that changes on one service day: a limit of it, or of one of its starts, or whether a start is offered.

    `minute` counts from the midnight of the business date and may pass 1440; None is the service as a whole.
    """

    period: str
    business_date: date
    minute: int | None
    what: str
    before: str
    after: str


class ChangedSpan(NamedTuple):
    """Changes of one kind at neighbouring starts, on all dates on which they are the same."""

    period: str
    what: str
    before: str
    after: str
    first_minute: int | None
    last_minute: int | None
    dates: tuple[date, ...]

    @property
    def weekdays(self) -> tuple[int, ...]:
        """Return the weekdays of the dates, Monday = 1."""
        return tuple(sorted({on.isoweekday() for on in self.dates}))

    @property
    def times(self) -> tuple[str, ...]:
        """Return the first and the last start on the wall clock: none for the whole service, one where it is alone."""
        ends = dict.fromkeys(minute for minute in (self.first_minute, self.last_minute) if minute is not None)
        return tuple("{:02}:{:02}".format(*divmod(minute % MINUTES_PER_DAY, 60)) for minute in ends)


def limit_changes(
    period: str,
    business_date: date,
    minute: int | None,
    limits: Sequence[Limit],
    before: Iterable[int | None],
    after: Iterable[int | None],
) -> Iterator[ServiceChange]:
    """Yield the limits of a service day, or of a start, that are others than before."""
    for limit, old, new in zip(limits, before, after, strict=True):
        if old != new:
            yield ServiceChange(period, business_date, minute, limit.name, _number(old), _number(new))


def start_change(period: str, business_date: date, minute: int, *, is_offered: bool) -> ServiceChange:
    """Return the change of a start that is offered now and was not, or the other way round."""
    before, after = (NOT_OFFERED, OFFERED) if is_offered else (OFFERED, NOT_OFFERED)
    return ServiceChange(period, business_date, minute, STARTS, before, after)


def in_spans(changes: Iterable[ServiceChange], *, slot_minutes: int) -> tuple[ChangedSpan, ...]:
    """Join changes of neighbouring starts, and of all dates; by period, the whole service first, then by start."""
    starts: defaultdict[tuple[str, date, str, str, str], list[int | None]] = defaultdict(list)
    for change in changes:
        starts[change.period, change.business_date, change.what, change.before, change.after].append(change.minute)
    dates: defaultdict[tuple[str, str, str, str, int | None, int | None], list[date]] = defaultdict(list)
    for (period, on, what, before, after), minutes in starts.items():
        for first, last in _runs(minutes, slot_minutes):
            dates[period, what, before, after, first, last].append(on)
    spans = (ChangedSpan(*key, tuple(sorted(found))) for key, found in dates.items())
    return tuple(sorted(spans, key=_order))


def _runs(minutes: Collection[int | None], slot_minutes: int) -> Iterator[tuple[int | None, int | None]]:
    if None in minutes:
        yield None, None
    first = last = None
    for minute in sorted(minute for minute in minutes if minute is not None):
        if last is not None and minute - last > slot_minutes:
            yield first, last
            first = None
        first, last = minute if first is None else first, minute
    if first is not None:
        yield first, last


def _order(span: ChangedSpan) -> tuple[str, bool, str, int, date]:
    return span.period, span.what == STARTS, span.what, span.first_minute or 0, span.dates[0]


def _number(limit: int | None) -> str:
    return NO_LIMIT if limit is None else str(limit)
