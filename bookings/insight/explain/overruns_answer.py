"""Parties past their time, for the staff."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, field

from bookings.contract.guests import Answer, Instant, WallTime
from bookings.insight.explain.answer import PartyMoveAnswer
from bookings.insight.explain.overruns import LaterBooking, Overrun, OverrunReport, Rescue
from capacity.calendar import local_wall_time
from capacity.selectors import ServiceSettings


class LaterBookingAnswer(Answer):
    """A booking that comes to the table of a seated party, which has to leave by `losesTableAt`."""

    reference: str
    party_size: int
    wall_time: WallTime = field(name="time")
    starts_at: Instant
    tables: list[str]
    loses_at: Instant = field(name="losesTableAt")
    has_lost: bool = field(name="hasLostTable")
    rescue: Rescue
    new_tables: list[str]


class OverrunAnswer(Answer):
    """A seated party whose time is over, or (`over` false, `minutesOver` below 0) is within the next slot."""

    reference: str
    party_size: int
    tables: list[str]
    is_over: bool = field(name="over")
    minutes_over: int
    end_time: WallTime
    ends_at: Instant
    stays_until: Annotated[Instant, Meta(description="As the re-seating reckons.")]
    later: list[LaterBookingAnswer]


class OverrunsAnswer(Answer):
    """Seated parties past their time, and the moves that save tables for who comes next."""

    restaurant_id: UUID
    timezone: str
    now: Instant
    overruns: list[OverrunAnswer]
    moves: list[PartyMoveAnswer]


def overruns_answer(report: OverrunReport) -> OverrunsAnswer:
    """Shape the seated parties past their time, and the moves that save the next ones."""
    settings = report.settings
    return OverrunsAnswer.of(
        report,
        restaurant_id=settings.restaurant.public_id,
        timezone=settings.restaurant.timezone,
        now=settings.now,
        overruns=[_overrun_answer(overrun, settings) for overrun in report.overruns],
    )


def _overrun_answer(overrun: Overrun, settings: ServiceSettings) -> OverrunAnswer:
    return OverrunAnswer.of(
        overrun,
        end_time=local_wall_time(overrun.ends_at, settings.zone),
        later=[_later_answer(later, settings) for later in overrun.later],
    )


def _later_answer(later: LaterBooking, settings: ServiceSettings) -> LaterBookingAnswer:
    return LaterBookingAnswer.of(later, wall_time=local_wall_time(later.starts_at, settings.zone))
