"""The wish of a recorded request under the settings of a simulation."""

from dataclasses import replace

from bookings.choices import BookingSource
from bookings.decision import Wish, blocked_interval, read_wish
from bookings.decision.changes import asks_no_more
from bookings.decision.walk_ins import read_wish_now
from bookings.insight.what_if.record import Request
from bookings.insight.what_if.room import Party
from capacity.calendar import this_minute
from capacity.selectors import ServiceSettings
from config.errors import InputInvalid
from tables.seating import Floor


def wish_of_request(settings: ServiceSettings, request: Request) -> Wish:
    """Return the wish of a new booking; the settings have the clock of its decision.

    Tables that the staff chose are wished again where they still take the party, else any will do.
    """
    if request.source == BookingSource.WALK_IN:
        wish = read_wish_now(settings, party_size=request.party_size, seating=request.seating)
    else:
        wish = _wish_at(settings, request)
    return replace(wish, turn_minutes=request.turn_minutes, table_ids=_tables_again(settings.floor, request))


def wish_of_change(settings: ServiceSettings, request: Request, party: Party) -> Wish | None:
    """Return the wish of a change of a party; None where its stay is over and nothing is left to change."""
    if not request.keeps_start:
        return replace(_wish_at(settings, request), turn_minutes=request.turn_minutes)
    wish = Wish(
        party_size=request.party_size,
        business_date=party.business_date,
        starts_at=party.starts_at,
        wall_time=party.starts_at.astimezone(settings.zone).time(),
        period_id=party.period_id or None,
        seating=request.seating,
        channel=request.channel,
        turn_minutes=_turn_kept(request, party),
        keeps_start=True,
    )
    wish = replace(wish, asks_no_more=asks_no_more(settings, wish, party, party.ends_at))
    now = this_minute(settings.now)
    if now <= wish.starts_at:
        return wish
    return replace(wish, seated_from=now) if now < blocked_interval(settings, wish).ends_at else None


def _turn_kept(request: Request, party: Party) -> int | None:
    """Return the minutes that a change asks for; one that left the stay as it was leaves it here too."""
    is_left = request.turn_minutes == party.real_minutes and request.party_size == party.party_size
    return party.stay_minutes if is_left else request.turn_minutes


def _wish_at(settings: ServiceSettings, request: Request) -> Wish:
    try:
        return read_wish(
            settings,
            party_size=request.party_size,
            business_date=request.business_date,
            starts_at=request.starts_at,
            seating=request.seating,
            channel=request.channel,
        )
    except InputInvalid:
        # Off the grid of these settings: nobody may start then, as outside of every service.
        return Wish(
            party_size=request.party_size,
            business_date=request.business_date,
            starts_at=request.starts_at,
            wall_time=request.wall_time,
            period_id=None,
            seating=request.seating,
            channel=request.channel,
        )


def _tables_again(floor: Floor, request: Request) -> tuple[int, ...] | None:
    chosen = request.table_ids
    return chosen if chosen is not None and floor.takes(chosen, request.party_size) else None
