"""Explanations, for the staff: references, sizes, times and tables, no names and no phone numbers."""

from bookings.contract import Answer, instant_answer, reasons_answer, wall_time_answer
from bookings.insight.explain.explaining import Comparison, ExplainedSeat, Explanation
from bookings.insight.explain.holders import Holder
from bookings.insight.explain.levers import Lever
from bookings.insight.explain.wording import comparison_text, summary_text
from bookings.selectors.plans import ExplainedMove, ExplainedPlan, Names


def explanation_answer(explanation: Explanation) -> Answer:
    """Shape an explanation."""
    assessment, settings, names = explanation.assessment, explanation.settings, explanation.names
    wish, decision = assessment.wish, assessment.decision
    return {
        "restaurantId": str(settings.restaurant.public_id),
        "date": wish.business_date.isoformat(),
        "timezone": settings.restaurant.timezone,
        "time": wall_time_answer(wish.wall_time),
        "startsAt": instant_answer(wish.starts_at),
        "endsAt": instant_answer(assessment.ends_at),
        "tableUntil": instant_answer(assessment.blocked_until),
        "partySize": wish.party_size,
        "seating": wish.seating,
        "channel": wish.channel,
        "available": assessment.is_available,
        "undecided": assessment.is_undecided,
        "enforced": settings.is_enforced,
        "summary": summary_text(explanation),
        "reasons": reasons_answer(decision.reasons),
        "waived": reasons_answer(decision.waived),
        "plan": _plan_answer(explanation.plan),
        "tables": [_seat_answer(seat, names) for seat in explanation.seats],
        "levers": [_lever_answer(lever) for lever in explanation.levers],
        "allLeversTried": explanation.has_all_levers,
        "firstFit": _comparison_answer(explanation),
    }


def _plan_answer(plan: ExplainedPlan | None) -> Answer | None:
    if plan is None:
        return None
    return {
        "tables": list(plan.tables),
        "step": plan.step,
        "spareSeats": plan.spare_seats,
        "moves": [move_answer(move) for move in plan.moves],
    }


def move_answer(move: ExplainedMove) -> Answer:
    """Shape a move, also in words."""
    return {
        "reference": move.reference,
        "partySize": move.party_size,
        "time": wall_time_answer(move.wall_time),
        "startsAt": instant_answer(move.starts_at),
        "from": list(move.from_tables),
        "to": list(move.to_tables),
        "text": move.text,
    }


def _seat_answer(seat: ExplainedSeat, names: Names) -> Answer:
    return {
        "tables": list(seat.tables),
        "minPartySize": seat.min_party_size,
        "maxPartySize": seat.max_party_size,
        "free": seat.is_free,
        "heldBy": [_holder_answer(holder, names) for holder in seat.holders],
    }


def _holder_answer(holder: Holder, names: Names) -> Answer:
    return {
        "table": names.numbers[holder.table_id],
        "state": str(holder.state),
        "reference": holder.reference or None,
        "partySize": holder.party_size,
        "from": wall_time_answer(names.wall_time(holder.starts_at)),
        "until": wall_time_answer(names.wall_time(holder.ends_at)),
        "startsAt": instant_answer(holder.starts_at),
        "endsAt": instant_answer(holder.ends_at),
        "reason": holder.reason or None,
    }


def _lever_answer(lever: Lever) -> Answer:
    wish = lever.assessment.wish
    return {
        "kind": str(lever.kind),
        "text": lever.text,
        "steps": lever.steps,
        "time": wall_time_answer(wish.wall_time),
        "startsAt": instant_answer(wish.starts_at),
        "partySize": wish.party_size,
        "turnMinutes": lever.assessment.turn_minutes,
        "seating": wish.seating,
        "channel": wish.channel,
        "limits": [{"code": str(it.code), "limit": it.limit, "more": it.more} for it in lever.limits],
        "freedTables": list(lever.tables),
        "releasedReferences": list(lever.references),
        "plan": _plan_answer(lever.plan),
    }


def _comparison_answer(explanation: Explanation) -> Answer | None:
    comparison: Comparison | None = explanation.comparison
    if comparison is None:
        return None
    return {
        "available": comparison.is_accepted,
        "tables": list(comparison.tables or ()),
        "suitableTables": comparison.answer.tables,
        "suitableCombinations": comparison.answer.combinations,
        "text": comparison_text(explanation),
    }
