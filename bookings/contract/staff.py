"""The answers to the staff and to partners."""

from typing import Annotated

from msgspec import Meta, field

from bookings.contract.guests import Answer, DateAnswer, PeriodStateAnswer, SlotAnswer
from tables.choices import Audience


class UtilizedPeriodAnswer(PeriodStateAnswer):
    """A service of the business date, for the staff."""

    max_parties: int | None
    utilization_percent: int | None


class UtilizedSlotAnswer(SlotAnswer):
    """A start time: who starts, who is present, and the limits of both."""

    period_name: str
    bookable: bool
    starting_covers: int
    starting_parties: int
    present_covers: int
    present_parties: int
    pacing_covers: int | None
    pacing_parties: int | None
    occupancy_covers: int | None
    occupancy_parties: int | None


class UtilizationAnswer(DateAnswer):
    """How full the services of a business date are."""

    has_overbooking: Annotated[bool, Meta(description="Any limit is passed, authorised or not.")]
    periods: list[UtilizedPeriodAnswer]
    slots: list[UtilizedSlotAnswer]


class TableCountAnswer(Answer):
    """Tables and combinations for a party size; sizes share tables."""

    party_size: int
    total: int
    free: Annotated[int, Meta(description="For the whole stay and its buffer, without moving anybody.")]


class SlotTableCountsAnswer(SlotAnswer):
    """A start."""

    period_name: str
    is_closed: bool = field(name="closed")
    counts: list[TableCountAnswer]


class TableCountsAnswer(DateAnswer):
    """All starts of a business date in services that seat at tables, by `startsAt`."""

    channel: Audience
    slots: list[SlotTableCountsAnswer]
