"""An explanation in sentences."""

from bookings.insight.explain.explaining import Comparison, ExplainedSeat, Explanation
from bookings.insight.explain.holders import Holder, HolderState
from bookings.selectors.plans import Names, shown
from capacity.calendar.wall_clock import shown_span, shown_time
from capacity.wording import reason_codes
from config.values import counted

_STATES = {
    HolderState.MOVABLE: "may be moved",
    HolderState.PINNED: "pinned",
    HolderState.FROZEN: "about to come",
    HolderState.ARRIVED: "arrived",
    HolderState.SEATED: "seated",
    HolderState.OTHER_DAY: "reaches into another day",
}


def summary_text(explanation: Explanation) -> str:
    """Return the decision in one sentence."""
    assessment = explanation.assessment
    wish = assessment.wish
    zone = assessment.case.day.window.zone
    party = f"A party of {wish.party_size} at {shown_time(wish.starts_at, zone)} on {wish.business_date}"
    if assessment.is_undecided:
        return f"{party} was not decided in time: neither a plan nor a proof that there is none was found"
    if assessment.is_refused:
        belongs = f"; that time belongs to the service of {wish.belongs_to}" if wish.belongs_to else ""
        return f"{party} is refused: {reason_codes(assessment.decision.reasons)}{belongs}"
    waived = assessment.decision.waived
    shadow = f", in shadow mode; enforced it would be refused: {reason_codes(waived)}" if waived else ""
    return f"{party} is accepted{_at(explanation)}{shadow}"


def _at(explanation: Explanation) -> str:
    plan = explanation.plan
    if plan is None:
        return ""
    return f" at {shown(plan.tables)}" + "".join(f"; {move.text}" for move in plan.moves)


def seat_text(seat: ExplainedSeat, names: Names) -> str:
    """Return a table or a combination with its holders."""
    held = "; ".join(holder_text(holder, names) for holder in seat.holders)
    return f"{shown(seat.tables)} ({seat.min_party_size} to {seat.max_party_size}): {held or 'free'}"


def holder_text(holder: Holder, names: Names) -> str:
    """Return the holder of a table, with start and end."""
    span = " to ".join(shown_span(holder.starts_at, holder.ends_at, names.zone))
    table = names.numbers[holder.table_id]
    if holder.state == HolderState.BLOCK:
        return f"{table} blocked {span} ({holder.reason})"
    return f"{table} {holder.reference}, party of {holder.party_size}, {span}, {_STATES[holder.state]}"


def comparison_text(explanation: Explanation) -> str:
    """Return the answer of first-fit beside the answer of this engine."""
    comparison = explanation.comparison
    if comparison is None:
        return "No table is needed: first-fit has nothing to choose."
    if comparison.tables is not None and comparison.refused_by:
        return f"First-fit would find {shown(comparison.tables)} free; the limits refuse all the same."
    if comparison.tables is not None:
        return f"First-fit seats them at {shown(comparison.tables)}."
    return f"First-fit refuses: {_all_taken(explanation, comparison)}; {_engine(explanation)}."


def _all_taken(explanation: Explanation, comparison: Comparison) -> str:
    size, answer = explanation.assessment.wish.party_size, comparison.answer
    numbers = (("table", answer.tables), ("combination", answer.combinations))
    seats = {noun: number for noun, number in numbers if number}
    if not seats:
        return f"no table is for {size}"
    if set(seats.values()) == {1}:
        only = " and ".join(f"the only {noun}" for noun in seats)
        return f"{only} for {size} {'is' if len(seats) == 1 else 'are'} taken"
    return f"all {' and '.join(counted(number, noun) for noun, number in seats.items())} for {size} are taken"


def _engine(explanation: Explanation) -> str:
    plan, assessment = explanation.plan, explanation.assessment
    if assessment.is_undecided:
        return "this engine did not decide in time"
    if plan is None or assessment.is_refused:
        return "this engine finds no room either"
    if not plan.moves:
        return f"this engine seats them at {shown(plan.tables)}"
    return f"this engine seats them at {shown(plan.tables)} and moves others: " + ", ".join(
        move.text for move in plan.moves
    )
