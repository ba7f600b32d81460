"""A report as text for a terminal."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from bookings.choices import BookingSource, DecisionMode, DecisionVerdict, OverrideSource
from bookings.rollout_report.facts import Above, RolloutReport, Seen, WouldBe


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
    mode = "enforces its limits" if report.is_enforced else "is in shadow"
    return f"{report.name} ({report.slug}) {mode}: {report.recommendation.advised}"


def _recommendation(report: RolloutReport) -> Iterator[str]:
    yield from (f"because {it}" for it in report.recommendation.because)
    yield from (f"seen: {it}" for it in report.recommendation.evidence)


def _period(report: RolloutReport) -> Iterator[str]:
    period = report.period
    yield (
        f"{period.first} to {period.last} ({report.timezone}): {period.service_days} dates with service, "
        f"decisions on {period.observed_days}"
    )
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
    if not turned.decisions:
        return
    yield f"{counted(turned.decisions, 'refusal')} by a limit or for want of a table, {counted(turned.covers, 'cover')}"
    yield f"seats stayed empty: {counted(turned.covers_empty, 'cover')} of {counted(turned.stayed_empty, 'refusal')}"
    if turned.stayed_empty:
        yield (
            f"each was right when it was made; of those evenings {counted(turned.no_show_covers, 'cover')} "
            f"did not come and {turned.cancelled_covers} were cancelled"
        )
    yield f"full to the end: {turned.filled}; tables not known: {turned.tables_unknown}; open: {turned.open}"


def _above(report: RolloutReport) -> Iterator[str]:
    yield from (f"OVERBOOKED {message}" for message in report.overbookings)
    if not report.overbookings:
        yield "no overbooking found by the auditor"
    for it in report.above:
        yield f"{_source_of(it)}: {it.limit} {counted(it.times, 'time')}, {above_amount(it)} above"


def _source_of(above: Above) -> str:
    return OverrideSource(above.source).label


def _timing(report: RolloutReport) -> Iterator[str]:
    timing = report.timing
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


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def amount(seen: Seen) -> str:
    """Return decisions and covers."""
    return f"{seen.decisions} ({counted(seen.covers, 'cover')})"


def above_amount(above: Above) -> str:
    """Return covers or parties."""
    if above.limit.endswith("_PARTIES"):
        return "1 party" if above.amount == 1 else f"{above.amount} parties"
    return counted(above.amount, "cover")


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)
