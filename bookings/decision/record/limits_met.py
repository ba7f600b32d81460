"""Which limits a decision met: the counter before and after, and the rule that set each. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from capacity.calendar.wall_clock import MINUTES_PER_DAY
from capacity.limits import LIMIT_FIELDS, LimitField, Rule, deciding_rule
from capacity.policy import BookingWindow, DayState, LimitUse, PartyRequest, ReasonCode, SlotState

# As the fields of a rule are declared, so the reasons that they lead to.
FIELD_OF_CODE: dict[ReasonCode, LimitField] = dict(
    zip(
        (
            ReasonCode.SERVICE_COVERS,
            ReasonCode.SERVICE_PARTIES,
            ReasonCode.PACING_COVERS,
            ReasonCode.PACING_PARTIES,
            ReasonCode.OCCUPANCY_COVERS,
            ReasonCode.OCCUPANCY_PARTIES,
        ),
        LIMIT_FIELDS,
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class LimitMet:
    """One limit as a decision met it; `slot_at` is None for the whole service, the rule None where none set it.

    `before` is the counter as it was read, `asked` what the party adds to it if it is booked.
    """

    code: ReasonCode
    limit: int | None
    before: int
    asked: int
    slot_at: datetime | None
    rule_id: int | None
    rule_version: int | None


def limits_met_by(request: PartyRequest, day: DayState, rules: Sequence[Rule]) -> tuple[LimitMet, ...]:
    """Return every limit that a request meets, limited or not; of occupancy that of its least free moment."""
    return tuple(_limit_met(use, slot, request, day, rules) for use, slot in _uses_with_slots(request.starts_at, day))


def _uses_with_slots(starts_at: datetime, day: DayState) -> Iterator[tuple[LimitUse, SlotState | None]]:
    if day.service is None:
        return
    for use in day.service.uses():
        yield use, None
    starting = day.service.starting_slot(starts_at)
    if starting is not None:
        for use in starting.uses()[:2]:
            yield use, starting
    yield from _least_free(day.present)


def _least_free(present: Iterable[SlotState]) -> Iterator[tuple[LimitUse, SlotState]]:
    uses_by_slot = [[(use, slot) for use in slot.uses()[2:]] for slot in present]
    for uses in zip(*uses_by_slot, strict=True):
        yield min(uses, key=lambda found: _room_left(found[0]))


def _room_left(use: LimitUse) -> float:
    return float("inf") if use.limit is None else use.limit - use.used


def _limit_met(
    use: LimitUse, slot: SlotState | None, request: PartyRequest, day: DayState, rules: Sequence[Rule]
) -> LimitMet:
    rule = _rule_of(use, slot, request.business_date, day, rules)
    return LimitMet(
        code=use.code,
        limit=use.limit,
        before=use.used,
        asked=use.asked_by(request.party_size),
        slot_at=slot.starts_at if slot else None,
        rule_id=rule.rule_id if rule else None,
        rule_version=rule.version if rule else None,
    )


def _rule_of(
    use: LimitUse, slot: SlotState | None, business_date: date, day: DayState, rules: Sequence[Rule]
) -> Rule | None:
    if use.limit is None or day.service is None or not _is_of(slot, day):
        return None
    minute = _wall_minute(slot.starts_at, business_date, day.window) if slot else None
    return deciding_rule(rules, FIELD_OF_CODE[use.code], day.service.period_id, business_date, minute)


def _is_of(slot: SlotState | None, day: DayState) -> bool:
    """Say whether a slot is of the service of the request: of another the period, and so the rule, is not known."""
    return slot is None or (day.service is not None and slot.service_day_id == day.service.service_day_id)


def _wall_minute(instant: datetime, business_date: date, window: BookingWindow) -> int:
    wall = instant.astimezone(window.zone)
    return (wall.date() - business_date).days * MINUTES_PER_DAY + wall.hour * 60 + wall.minute
