"""The row of a decision, from what a use case noted of it."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from bookings.choices import DecisionMode, DecisionOperation, DecisionVerdict
from bookings.decision import Assessment, DayBook, Wish, stay_interval
from bookings.decision.record import LimitMet, StoredState, encode_state, limits_met_by
from bookings.errors import RequestRefused
from bookings.models import Decision
from bookings.services.recording.notes import DecisionTrail
from bookings.services.rows.seating import table_numbers
from capacity.calendar import iso_utc
from capacity.selectors import ServiceSettings
from config.errors import BookingConflict, DomainError
from config.requests import current_request_id
from config.transaction_cost import TransactionCost
from tables.seating import SeatingPlan, SeatingUndecided

# The planner's answer that is no step of it.
UNDECIDED = "undecided"


@dataclass(frozen=True)
class Ending:
    """How a call ended: the error that its caller got, None if it was accepted, and what it took."""

    error: DomainError | None = None
    cost: TransactionCost = field(default_factory=TransactionCost)
    seconds: float = 0.0


def verdict_of(trail: DecisionTrail, ending: Ending) -> DecisionVerdict:
    """Return what became of a request."""
    if isinstance(ending.error, BookingConflict):
        return DecisionVerdict.UNDECIDED
    if ending.error is not None:
        return DecisionVerdict.REFUSED
    if trail.raised:
        return DecisionVerdict.OVERRIDDEN
    if trail.assessment is not None and trail.assessment.is_unexamined:
        return DecisionVerdict.UNEXAMINED
    is_waived = trail.assessment is not None and trail.assessment.decision.waived
    return DecisionVerdict.WAIVED if is_waived else DecisionVerdict.ACCEPTED


def decision_row(trail: DecisionTrail, settings: ServiceSettings, wish: Wish, ending: Ending) -> Decision:
    """Return the row, not saved, of a decision that was made or that was given up; 1 query if a table is gone."""
    stay, service = stay_interval(settings, wish), trail.assessment.service if trail.assessment else None
    return Decision(
        restaurant_id=settings.restaurant.pk,
        decided_at=settings.now,
        operation=trail.operation,
        mode=DecisionMode.ENFORCE if settings.is_enforced else DecisionMode.SHADOW,
        verdict=verdict_of(trail, ending),
        error=ending.error.code if ending.error else "",
        party_size=wish.party_size,
        business_date=wish.business_date,
        starts_at=stay.starts_at,
        ends_at=stay.ends_at,
        source=trail.source,
        service_period_id=wish.period_id,
        service_day_id=service.service_day_id if service else None,
        booking_id=_booking_id(trail, ending),
        request=_request_facts(trail, wish),
        **_decided_facts(trail, settings, is_counted=ending.error is None),
        **_ending_facts(ending),
    )


def _booking_id(trail: DecisionTrail, ending: Ending) -> int | None:
    """Return the booking that was made, or that was to be changed; one that was rolled back is none."""
    is_there = ending.error is None or trail.operation is not DecisionOperation.CREATE
    return trail.booking.pk if trail.booking and is_there else None


def _request_facts(trail: DecisionTrail, wish: Wish) -> dict[str, Any]:
    """Return what was asked, beside the columns; nothing of it says who asks."""
    facts = {
        "happening": str(trail.happening) if trail.happening else None,
        "time": f"{wish.wall_time:%H:%M}",
        "seating": wish.seating,
        "channel": wish.channel,
        "turnMinutes": wish.turn_minutes,
        "tableIds": list(wish.table_ids) if wish.table_ids else None,
        "keepsStart": wish.keeps_start,
        "seatedFrom": _instant(wish.seated_from),
        "seatedAs": wish.seated_as,
    }
    return {name: value for name, value in facts.items() if value not in (None, False)}


def _instant(instant: datetime | None) -> str | None:
    return iso_utc(instant) if instant else None


def _decided_facts(trail: DecisionTrail, settings: ServiceSettings, *, is_counted: bool) -> dict[str, Any]:
    book, assessment = trail.book, trail.assessment
    if book is None or assessment is None:
        return {}
    decision, case = assessment.decision, assessment.case
    met = limits_met_by(case.request, case.day, settings.rules)
    return {
        "reasons": [asdict(reason) for reason in (*decision.reasons, *decision.waived)],
        "limits": [_limit_answer(limit, is_counted=is_counted) for limit in met],
        "state": encode_state(_stored_state(book, assessment)),
        **_seating_facts(book, assessment),
    }


def _limit_answer(met: LimitMet, *, is_counted: bool) -> dict[str, Any]:
    return {
        "code": str(met.code),
        "limit": met.limit,
        "before": met.before,
        "after": met.before + met.asked if is_counted else met.before,
        "slotAt": _instant(met.slot_at),
        "ruleId": met.rule_id,
        "ruleVersion": met.rule_version,
    }


def _stored_state(book: DayBook, assessment: Assessment) -> StoredState:
    is_asked = assessment.case.seating is not None
    is_undecided = isinstance(assessment.seating, SeatingUndecided)
    return StoredState(assessment.case, book.seating if is_asked else None, is_undecided)


def _seating_facts(book: DayBook, assessment: Assessment) -> dict[str, Any]:
    outcome = assessment.seating
    if outcome is None:
        return {}
    if isinstance(outcome, SeatingUndecided):
        return {"seating_step": UNDECIDED}
    if not isinstance(outcome, SeatingPlan):
        return {"seating_step": str(outcome.step)}
    moves = [
        {
            "bookingId": move.booking_id,
            "from": table_numbers(book, move.from_table_ids),
            "to": table_numbers(book, move.to_table_ids),
        }
        for move in outcome.moves
    ]
    return {
        "seating_step": str(outcome.step),
        "tables": table_numbers(book, outcome.table_ids),
        "moves": moves,
    }


def _ending_facts(ending: Ending) -> dict[str, Any]:
    offered = ending.error.alternatives if isinstance(ending.error, RequestRefused) else ()
    return {
        "alternatives": [iso_utc(start.starts_at) for start in offered],
        "attempts": ending.cost.attempts,
        "sqlstates": ending.cost.retries,
        "lock_wait_ms": round(ending.cost.lock_wait_seconds * 1000),
        "duration_ms": round(ending.seconds * 1000),
        "request_id": current_request_id() or "",
    }
