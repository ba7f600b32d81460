"""A rollout report as JSON."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from bookings.insight.verdict.facts import (
    Above,
    ModeChange,
    ModeSpan,
    RolloutReport,
    Seen,
    Ticket,
    WouldBe,
)
from capacity.calendar import iso_utc
from capacity.misconfigurations import Misconfiguration


def report_answer(report: RolloutReport) -> dict[str, Any]:
    """Shape all of a report."""
    return {
        "restaurant": report.slug,
        "name": report.name,
        "timezone": report.timezone,
        "asOf": iso_utc(report.as_of),
        "isEnforced": report.is_enforced,
        "isSetToEnforce": report.is_set_to_enforce,
        "obstacles": list(report.obstacles),
        "recommendation": {
            "advised": str(report.recommendation.advised),
            "because": list(report.recommendation.because),
            "evidence": list(report.recommendation.evidence),
        },
        "period": {
            "from": str(report.period.first),
            "to": str(report.period.last),
            "serviceDays": report.period.service_days,
            "observedDays": report.period.observed_days,
            "judgedFrom": str(report.period.judged_from),
            "ledgerFrom": str(report.period.ledger_from),
        },
        "modes": [_mode(span) for span in report.modes],
        "modeChanges": [_change(change) for change in report.changes],
        "decisions": _seen(report.seen, "mode", "verdict"),
        "sources": _seen(report.sources, "source"),
        "refusedOtherwise": _seen(report.refused_otherwise, "mode", "reason"),
        "wouldBeRefusals": [_would_be(row) for row in report.would_be],
        "enforcedRefusals": _camel(asdict(report.turned)),
        "overbookings": list(report.overbookings),
        "aboveLimits": [_above(above) for above in report.above],
        "timing": {**_camel(asdict(report.timing)), "errorShare": round(report.timing.error_share, 4)},
        "alternatives": {"offered": report.offered.refusals, "accepted": report.offered.accepted},
        "tickets": [_ticket(ticket) for ticket in report.tickets],
        "misconfigurations": [_misconfiguration(found) for found in report.misconfigurations],
    }


def _camel(values: dict[str, Any]) -> dict[str, Any]:
    return {_camel_name(name): _camel(value) if isinstance(value, dict) else value for name, value in values.items()}


def _camel_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _mode(span: ModeSpan) -> dict[str, Any]:
    return {"mode": span.mode, "from": str(span.first), "to": str(span.last), "decisions": span.decisions}


def _change(change: ModeChange) -> dict[str, Any]:
    return {
        "at": iso_utc(change.at),
        "isForAll": change.is_for_all,
        "from": change.from_value,
        "to": change.to_value,
        "by": change.by,
        "reason": change.reason,
    }


def _seen(rows: Iterable[Seen], *names: str) -> list[dict[str, Any]]:
    return [
        {**dict(zip(names, row.key, strict=True)), "decisions": row.decisions, "covers": row.covers} for row in rows
    ]


def _would_be(row: WouldBe) -> dict[str, Any]:
    return {**_camel(asdict(row)), "code": str(row.code)}


def _above(above: Above) -> dict[str, Any]:
    return {"source": above.source, "limit": above.limit, "times": above.times, "amount": above.amount}


def _ticket(ticket: Ticket) -> dict[str, Any]:
    return {"at": iso_utc(ticket.at), "tickets": ticket.tickets, "text": ticket.text, "by": ticket.by}


def _misconfiguration(found: Misconfiguration) -> dict[str, Any]:
    return {
        "code": found.code,
        "message": found.message,
        "isSerious": found.is_serious,
        "kind": found.place.kind,
        "id": found.place.pk,
    }
