"""Explanations, for the staff: references, sizes, times and tables, no names and no phone numbers."""

from typing import Annotated

from msgspec import Meta, field

from bookings.contract.guests import Answer, DateAnswer, Instant, ReasonAnswer, WallTime
from bookings.insight.explain.explaining import ExplainedSeat, Explanation
from bookings.insight.explain.holders import Holder, HolderState
from bookings.insight.explain.levers import Lever, LeverKind
from bookings.insight.explain.wording import comparison_text, summary_text
from bookings.selectors.plans import Names
from capacity.policy import ReasonCode
from tables.choices import Audience, SeatingType
from tables.seating import Step


class PartyMoveAnswer(Answer):
    """A party that goes to other tables; an empty `from`: it had none."""

    reference: str
    party_size: int
    wall_time: WallTime = field(name="time")
    starts_at: Instant
    from_tables: list[str] = field(name="from")
    to_tables: list[str] = field(name="to")
    text: str


class PlanAnswer(Answer):
    """The tables of the party, and who is moved for it."""

    tables: list[str]
    step: Annotated[Step, Meta(description="Of the planner.")]
    spare_seats: int
    moves: list[PartyMoveAnswer]


class HolderAnswer(Answer):
    """What holds a table: a booking, or (state `block`) a block with its reason. The buffer is included."""

    table: str
    state: HolderState
    reference: str | None
    party_size: int | None
    from_time: WallTime = field(name="from")
    until: WallTime
    starts_at: Instant
    ends_at: Instant
    reason: str | None


class SuitableTablesAnswer(Answer):
    """A table, or the tables of a combination, that could ever take the party."""

    tables: list[str]
    min_party_size: int
    max_party_size: int
    is_free: bool = field(name="free")
    held_by: list[HolderAnswer]


class RaisedLimitAnswer(Answer):
    """A limit that would have to be higher by `more`."""

    code: ReasonCode
    limit: int
    more: int


class LeverAnswer(Answer):
    """A change that makes room by itself; what it leaves alone is as it was asked."""

    kind: LeverKind
    text: str
    steps: Annotated[int, Meta(description="Slots, covers, parties, tables, bookings or blocks that change.")]
    wall_time: WallTime = field(name="time")
    starts_at: Instant
    party_size: int
    turn_minutes: int
    seating: SeatingType | None
    channel: Audience
    limits: list[RaisedLimitAnswer]
    tables: Annotated[list[str], Meta(description="To open to the way in, or to free of a block.")] = field(
        name="freedTables"
    )
    references: Annotated[list[str], Meta(description="Bookings to unpin or move.")] = field(name="releasedReferences")
    plan: PlanAnswer | None


class FirstFitAnswer(Answer):
    """What a system says that gives the first free table by number and moves nobody."""

    is_accepted: bool = field(name="available")
    tables: list[str]
    suitable_tables: int
    suitable_combinations: int
    text: str


class ExplanationAnswer(DateAnswer):
    """Why a party is taken or refused."""

    wall_time: WallTime = field(name="time")
    starts_at: Instant
    ends_at: Instant
    table_until: Annotated[Instant, Meta(description="`endsAt` and the buffer.")]
    party_size: int
    seating: SeatingType | None
    channel: Audience
    available: bool
    undecided: Annotated[bool, Meta(description="Neither a plan nor a proof was found in time.")]
    enforced: Annotated[bool, Meta(description="False in shadow mode, where `waived` would refuse.")]
    summary: str
    reasons: list[ReasonAnswer]
    waived: list[ReasonAnswer]
    plan: PlanAnswer | None
    tables: Annotated[list[SuitableTablesAnswer], Meta(description="The best first; empty where no table is needed.")]
    levers: Annotated[
        list[LeverAnswer], Meta(description="At most 8, the smallest first; empty if the party is taken.")
    ]
    all_levers_tried: Annotated[bool, Meta(description="False if time ran out before.")]
    first_fit: FirstFitAnswer | None


def explanation_answer(explanation: Explanation) -> ExplanationAnswer:
    """Shape an explanation."""
    assessment, settings, names = explanation.assessment, explanation.settings, explanation.names
    return ExplanationAnswer.of(
        assessment.wish,
        restaurant_id=settings.restaurant.public_id,
        timezone=settings.restaurant.timezone,
        ends_at=assessment.ends_at,
        table_until=assessment.blocked_until,
        available=assessment.is_available,
        undecided=assessment.is_undecided,
        enforced=settings.is_enforced,
        summary=summary_text(explanation),
        reasons=assessment.decision.reasons,
        waived=assessment.decision.waived,
        plan=explanation.plan,
        tables=[_seat_answer(seat, names) for seat in explanation.seats],
        levers=[_lever_answer(lever) for lever in explanation.levers],
        all_levers_tried=explanation.has_all_levers,
        first_fit=_first_fit_answer(explanation),
    )


def _seat_answer(seat: ExplainedSeat, names: Names) -> SuitableTablesAnswer:
    return SuitableTablesAnswer.of(seat, held_by=[_holder_answer(holder, names) for holder in seat.holders])


def _holder_answer(holder: Holder, names: Names) -> HolderAnswer:
    return HolderAnswer.of(
        holder,
        table=names.numbers[holder.table_id],
        reference=holder.reference or None,
        from_time=names.wall_time(holder.starts_at),
        until=names.wall_time(holder.ends_at),
        reason=holder.reason or None,
    )


def _lever_answer(lever: Lever) -> LeverAnswer:
    wish = lever.assessment.wish
    return LeverAnswer.of(
        lever,
        wall_time=wish.wall_time,
        party_size=wish.party_size,
        turn_minutes=lever.assessment.turn_minutes,
        seating=wish.seating,
        channel=wish.channel,
    )


def _first_fit_answer(explanation: Explanation) -> FirstFitAnswer | None:
    comparison = explanation.comparison
    if comparison is None:
        return None
    return FirstFitAnswer.of(
        comparison,
        tables=comparison.tables or (),
        suitable_tables=comparison.answer.tables,
        suitable_combinations=comparison.answer.combinations,
        text=comparison_text(explanation),
    )
