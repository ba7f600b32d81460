"""The result of a what-if in words: the rows of its tables, for the terminal and for the screen."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from zoneinfo import ZoneInfo

from bookings.insight.what_if.results import PartyDifference, Peak, ServicePeaks, Side, Tally, WhatIf
from capacity.calendar.wall_clock import shown_time
from config.values import counted, plural_of

Row = tuple[str, ...]
NOTHING = "-"
NUMBER = re.compile(r"(-|[+-]?\d+( %)?)?")

TOTALS_HEAD: Row = ("", "Really", "Today's rules", "Proposed", "Difference")
REASONS_HEAD: Row = ("Reason", "Today's rules", "Proposed", "Difference", "In all, today's", "In all, proposed")
PEAKS_HEAD: Row = ("Date", "Service", "", "Covers", "Most starting", "Most present")
PARTIES_HEAD: Row = ("Date", "Time", "Party", "Came by", "Booking", "Refused otherwise for")

LOST_AT_MOST = (
    "Lost is the most it could be: a party that only the proposal refuses is gone here, while many a guest takes one "
    "of the starts that are offered instead"
)


def headline(result: WhatIf) -> str:
    """Return the period and its numbers of requests and parties."""
    dates = f"{result.from_date} to {result.to_date}"
    return f"{result.name}, {dates}: {counted(result.requests, 'request')} of {counted(result.parties, 'party')}"


def verdict(result: WhatIf) -> str:
    """Return the effect of the proposal in one sentence."""
    if not result.is_different:
        return "The proposal takes and refuses the same parties as today's rules"
    gained, lost = (_sum(parties) for parties in (result.gained, result.lost))
    difference = result.difference.covers
    covers = f"{_signed(difference)} {plural_of('cover', abs(difference))}"
    return (
        f"The proposal takes {covers}: {gained.covers} gained "
        f"({counted(gained.parties, 'party')}), {lost.covers} lost ({counted(lost.parties, 'party')})"
    )


def totals(result: WhatIf) -> Iterator[Row]:
    """Yield parties and covers that were taken and refused, really and in both simulations."""
    actual, today, proposed = result.actual, result.today.told, result.proposed.told
    for title, tallies in (
        ("accepted", (actual.accepted, today.accepted, proposed.accepted)),
        ("refused", (actual.refused, today.refused, proposed.refused)),
        ("not decided in time", (actual.undecided, today.undecided, proposed.undecided)),
    ):
        if title == "not decided in time" and not any(tally.parties for tally in tallies):
            continue
        yield _numbers(f"Parties {title}", *(tally.parties for tally in tallies))
        yield _numbers(f"Covers {title}", *(tally.covers for tally in tallies))
    if result.today.changes_refused or result.proposed.changes_refused:
        changes = (result.today.changes_refused, result.proposed.changes_refused)
        yield _numbers("Changes of bookings refused", 0, *changes)
    yield ("Seats used", NOTHING, _percent(result.today), _percent(result.proposed), "")


def reasons(result: WhatIf) -> Iterator[Row]:
    """Yield the number of requests that each reason refused: as the first of its reasons, and in all."""
    today, proposed = result.today, result.proposed
    for reason in dict.fromkeys((*today.every_reason, *proposed.every_reason)):
        first = [side.first_reasons.get(reason, Tally()).parties for side in (today, proposed)]
        every = [side.every_reason.get(reason, Tally()).parties for side in (today, proposed)]
        yield (reason, str(first[0]), str(first[1]), _signed(first[1] - first[0]), str(every[0]), str(every[1]))


def peaks(result: WhatIf) -> Iterator[Row]:
    """Yield the fullest of each service by its start, today's rules and the proposal below each other."""
    zone = ZoneInfo(result.timezone)
    today, proposed = (_by_service(side) for side in (result.today, result.proposed))
    starts = {key: service.starts_at for key, service in (proposed | today).items()}
    for key in sorted(starts, key=lambda key: (key[0], starts[key], key[1])):
        for title, found in (("today's rules", today.get(key)), ("proposed", proposed.get(key))):
            if found is not None:
                places = (_peak(peak, zone) for peak in (found.covers, found.pacing, found.occupancy))
                yield (found.business_date.isoformat(), found.period_name, title, *places)


def parties(found: tuple[PartyDifference, ...], timezone: str) -> Iterator[Row]:
    """Yield parties that only one side takes."""
    zone = ZoneInfo(timezone)
    for party in found:
        yield (
            party.business_date.isoformat(),
            shown_time(party.starts_at, zone),
            str(party.party_size),
            party.source,
            party.reference or NOTHING,
            ", ".join(party.reasons) or NOTHING,
        )


def there_anyway(result: WhatIf, at_most: int) -> Iterator[str]:
    """Yield the bookings that are there without a request of the period, and the cause; nothing if none."""
    for why, found in (("Not in the ledger", result.unrecorded), ("Booked for another date first", result.moved_in)):
        if found:
            named = ", ".join(booking.reference for booking in found[:at_most])
            more = f" and {len(found) - at_most} more" if len(found) > at_most else ""
            covers = counted(sum(booking.party_size for booking in found), "cover")
            yield f"{why}, so there from the beginning on both sides: {covers}: {named}{more}"


def lost_at_most(result: WhatIf) -> str:
    """Return the cause that makes the lost parties an upper bound; empty if none are lost."""
    return LOST_AT_MOST if result.lost else ""


def chart_lines(result: WhatIf, width: int) -> Iterator[str]:
    """Yield two bars a date, of the covers that both sides take."""
    today, proposed = result.today.covers_by_date, result.proposed.covers_by_date
    most = max((*today.values(), *proposed.values(), 1))
    for day in today:
        yield f"{day}  today's rules  {_bar(today[day], most, width)}"
        yield f"{'':10}  proposed       {_bar(proposed[day], most, width)}"


def lines(head: Row, rows: list[Row]) -> Iterator[str]:
    """Yield a table as lines of text; columns of numbers stand to the right."""
    widths = [max(map(len, column)) for column in zip_longest(head, *rows, fillvalue="")]
    for row in (head, *rows):
        cells = (
            cell.rjust(width) if _is_number(rows, place) else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _is_number(rows: list[Row], place: int) -> bool:
    return all(NUMBER.fullmatch(row[place]) for row in rows)


def _sum(found: tuple[PartyDifference, ...]) -> Tally:
    return Tally(len(found), sum(party.party_size for party in found))


def _numbers(title: str, actual: int, today: int, proposed: int) -> Row:
    return (title, str(actual), str(today), str(proposed), _signed(proposed - today))


def _signed(number: int) -> str:
    return f"{number:+d}" if number else "0"


def _percent(side: Side) -> str:
    return NOTHING if side.seats_used_percent is None else f"{side.seats_used_percent} %"


def _by_service(side: Side) -> dict[tuple[str, str], ServicePeaks]:
    return {(service.business_date.isoformat(), service.period_name): service for service in side.services}


def _peak(peak: Peak, zone: ZoneInfo) -> str:
    limit = "no limit" if peak.limit is None else f"of {peak.limit}"
    place = f" at {shown_time(peak.slot_at, zone)}" if peak.slot_at else ""
    return f"{peak.used} {limit}{place}"


def _bar(number: int, most: int, width: int) -> str:
    return f"{'#' * round(width * number / most)} {number}".lstrip()
