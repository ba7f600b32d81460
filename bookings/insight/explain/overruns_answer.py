"""Parties past their time, for the staff."""

from bookings.contract import Answer, instant_answer, wall_time_answer
from bookings.insight.explain.answer import move_answer
from bookings.insight.explain.overruns import LaterBooking, Overrun, OverrunReport
from capacity.calendar import local_wall_time
from capacity.selectors import ServiceSettings


def overruns_answer(report: OverrunReport) -> Answer:
    """Shape the seated parties past their time, and what saves those who come next."""
    settings = report.settings
    return {
        "restaurantId": str(settings.restaurant.public_id),
        "timezone": settings.restaurant.timezone,
        "now": instant_answer(settings.now),
        "overruns": [_overrun_answer(overrun, settings) for overrun in report.overruns],
        "moves": [move_answer(move) for move in report.moves],
    }


def _overrun_answer(overrun: Overrun, settings: ServiceSettings) -> Answer:
    return {
        "reference": overrun.reference,
        "partySize": overrun.party_size,
        "tables": list(overrun.tables),
        "over": overrun.is_over,
        "minutesOver": overrun.minutes_over,
        "endTime": wall_time_answer(local_wall_time(overrun.ends_at, settings.zone)),
        "endsAt": instant_answer(overrun.ends_at),
        "staysUntil": instant_answer(overrun.stays_until),
        "later": [_later_answer(later, settings) for later in overrun.later],
    }


def _later_answer(later: LaterBooking, settings: ServiceSettings) -> Answer:
    return {
        "reference": later.reference,
        "partySize": later.party_size,
        "time": wall_time_answer(local_wall_time(later.starts_at, settings.zone)),
        "startsAt": instant_answer(later.starts_at),
        "tables": list(later.tables),
        "losesTableAt": instant_answer(later.loses_at),
        "hasLostTable": later.has_lost,
        "rescue": str(later.rescue),
        "newTables": list(later.new_tables),
    }
