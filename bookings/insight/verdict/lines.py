"""A report as text for a terminal."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from bookings.choices import BookingSource, DecisionMode, DecisionVerdict, OverrideSource
from bookings.insight.verdict.facts import Above, Refusals, ReportPeriod, RolloutReport, Seen, WouldBe
from capacity.limits import LIMIT_OF, LimitUnit
from config.values import counted


def report_lines(report: RolloutReport) -> Iterator[str]:
    """Yield a report line by line, the recommendation first."""
    for title, lines in (
        (_title(report), _recommendation(report)),
        ("Period", _period(report)),
        ("Decisions", _decisions(report)),
        ("Would-be refusals, and what the evening said", _would_be(report.would_be)),
        ("Refusals that were enforced", _turned(report)),
        ("Above the limits", _above(report)),
        ("Speed and errors", _timing(report)),
        ("Alternatives", _alternatives(report)),
        ("Support", _tickets(report)),
        ("Settings to look at", _misconfigurations(report)),
    ):
        listed = list(lines)
        if listed:
            yield title
            yield from (f"  {line}" for line in listed)


def _title(report: RolloutReport) -> str:
    return f"{report.name} ({report.slug}) {report.standing}: {report.recommendation.advised}"


def _recommendation(report: RolloutReport) -> Iterator[str]:
    yield from (f"because {reason}" for reason in report.recommendation.because)
    yield from (f"seen: {fact}" for fact in report.recommendation.evidence)


def _period(report: RolloutReport) -> Iterator[str]:
    period = report.period
    yield (
        f"{period.first} to {period.last} ({report.timezone}): {counted(period.service_days, 'date')} with service; "
        f"decisions were made on {counted(period.observed_days, 'day')}, about these and later dates"
    )
    yield from span_notes(period)
    for span in report.modes:
        yield f"{DecisionMode(span.mode).label}: {span.first} to {span.last}, {counted(span.decisions, 'decision')}"
    zone = ZoneInfo(report.timezone)
    for change in report.changes:
        whose = "all restaurants" if change.is_for_all else "this restaurant"
        at = change.at.astimezone(zone)
        yield f"{at:%Y-%m-%d %H:%M} {whose}: {change.from_value} -> {change.to_value} by {change.by}: {change.reason}"


def _decisions(report: RolloutReport) -> Iterator[str]:
    if not report.seen:
        yield "none yet: the ledger fills with the next request"
    for seen in report.seen:
        mode, verdict = seen.key
        yield f"{DecisionMode(mode).label}, {DecisionVerdict(verdict).label.lower()}: {amount(seen)}"
    if report.sources:
        yield f"by source: {_listed(_source(seen) for seen in report.sources)}"
    if report.refused_otherwise:
        reasons = (f"{seen.key[1]} {seen.decisions}" for seen in report.refused_otherwise)
        yield f"refused whatever the limits: {_listed(reasons)}"


def _source(seen: Seen) -> str:
    return f"{BookingSource(seen.key[0]).label.lower()} {seen.decisions}"


def _would_be(rows: Iterable[WouldBe]) -> Iterator[str]:
    for row in rows:
        yield (
            f"{row.code:<18}{row.decisions:>4} ({counted(row.covers, 'cover')}): {row.right} proved right, "
            f"{row.not_needed} not needed ({counted(row.covers_not_needed, 'cover')}), "
            f"{row.did_not_come} did not come, {row.open} open"
        )


def _turned(report: RolloutReport) -> Iterator[str]:
    turned = report.turned
    if not turned.is_any:
        return
    yield f"{counted(turned.decisions, 'refusal')} by a limit or for want of a table, {counted(turned.covers, 'cover')}"
    yield from _outcome(turned)
    if turned.stayed_empty:
        yield (
            f"each was right when it was made; of those evenings {counted(turned.no_show_covers, 'cover')} "
            f"did not come and {turned.cancelled_covers} were cancelled"
        )
    yield f"not among them: {turned.repeated} asked again, {answered_amount(report)} took another start"
    if turned.changes.decisions:
        asked = f"{counted(turned.changes.covers, 'cover')} more than booked"
        yield f"beside them: {counted(turned.changes.decisions, 'change')} of bookings refused, {asked}"
        yield from _outcome(turned.changes)


def _outcome(refusals: Refusals) -> Iterator[str]:
    empty = f"{counted(refusals.covers_empty, 'cover')} of {counted(refusals.stayed_empty, 'refusal')}"
    yield f"seats stayed empty: {empty}"
    yield f"full to the end: {refusals.filled}; tables not known: {refusals.tables_unknown}; open: {refusals.open}"


def answered_amount(report: RolloutReport) -> str:
    """Return the number of refusals that another start answered, and their covers."""
    return f"{report.turned.answered} ({counted(report.turned.answered_covers, 'cover')})"


def span_notes(period: ReportPeriod) -> Iterator[str]:
    """Yield the dates that the span leaves out, and those that the recommendation looks at beyond it."""
    if period.judged_from < period.first:
        yield f"the recommendation looks at {period.judged_days} dates, from {period.judged_from} on"
    if min(period.first, period.judged_from) < period.ledger_from:
        yield f"no decisions are kept from before {period.ledger_from}: what is older is not in these numbers"


def _above(report: RolloutReport) -> Iterator[str]:
    yield from (f"OVERBOOKED {message}" for message in report.overbookings)
    if not report.overbookings:
        yield "no overbooking found by the auditor"
    for above in report.above:
        yield f"{_source_of(above)}: {above.limit} {counted(above.times, 'time')}, {above_amount(above)} above"


def _source_of(above: Above) -> str:
    return OverrideSource(above.source).label


def _timing(report: RolloutReport) -> Iterator[str]:
    timing = report.timing
    if not timing.decisions:
        return
    yield (
        f"a decision takes {timing.p50_ms} ms (p50), {timing.p95_ms} ms (p95); "
        f"p95 of lock waits {timing.lock_wait_p95_ms} ms"
    )
    yield (
        f"{timing.repeated} ran more than once, {timing.undecided} not decided in time ({timing.error_share:.1%}), "
        f"{timing.unexamined} failed in shadow"
    )


def _alternatives(report: RolloutReport) -> Iterator[str]:
    if report.offered.refusals:
        offered = report.offered
        yield f"{counted(offered.refusals, 'refusal')} offered other starts; taken: {offered.accepted}"


def _tickets(report: RolloutReport) -> Iterator[str]:
    if not report.tickets:
        return
    zone = ZoneInfo(report.timezone)
    yield f"{counted(sum(ticket.tickets for ticket in report.tickets), 'ticket')}"
    for ticket in report.tickets:
        text = f": {ticket.text}" if ticket.text else ""
        yield f"{ticket.at.astimezone(zone):%Y-%m-%d} {ticket.tickets} ({ticket.by}){text}"


def _misconfigurations(report: RolloutReport) -> Iterator[str]:
    for found in report.misconfigurations:
        yield f"{'SERIOUS ' if found.is_serious else ''}{found.code}: {found.message}"


def amount(seen: Seen) -> str:
    """Return decisions and covers."""
    return f"{seen.decisions} ({counted(seen.covers, 'cover')})"


def above_amount(above: Above) -> str:
    """Return covers or parties; out of hours and without a table there are parties."""
    unit = LIMIT_OF[above.limit].unit if above.limit in LIMIT_OF else LimitUnit.PARTIES
    return f"{above.amount} {unit.noun(above.amount)}"


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)
