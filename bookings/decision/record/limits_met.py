"""Which limits a decision met: the counter before and after, and the rule that set each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from capacity.calendar.wall_clock import minute_on
from capacity.limits import LIMIT_OF, Rule, deciding_rule
from capacity.policy import DayState, LimitUse, PartyRequest, ReasonCode, SlotState, limits_met


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
    if day.service is None:
        return ()
    met = limits_met(request.starts_at, day.service, day.present)
    return tuple(_limit_met(use, slot, request, day, rules) for use, slot in met)


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
    minute = minute_on(business_date, slot.starts_at.astimezone(day.window.zone)) if slot else None
    return deciding_rule(rules, LIMIT_OF[use.code], day.service.period_id, business_date, minute)


def _is_of(slot: SlotState | None, day: DayState) -> bool:
    """Say whether a slot is of the service of the request: of another the period, and so the rule, is not known."""
    return slot is None or (day.service is not None and slot.service_day_id == day.service.service_day_id)
