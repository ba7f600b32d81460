"""A change of a booking, decided on its day without itself: the tables that it may keep come first."""

from dataclasses import dataclass, replace
from datetime import datetime

from bookings.decision.assessment import Assessment, assess, assess_settled
from bookings.decision.keeping import Guests
from bookings.decision.loaded_days import LoadedDays
from bookings.decision.requests import Wish, seating_request, stay_interval
from capacity.policy import IN_HOUSE
from capacity.selectors import ServiceSettings
from tables.seating import SeatingRefusal


@dataclass(frozen=True)
class Place:
    """The present place of a booking to be changed: its tables, none or more, and the way in by which it came.

    Its tables are its own for `buffer_minutes` more.
    """

    table_ids: tuple[int, ...]
    is_pinned: bool
    channel: str
    buffer_minutes: int


def assess_change(loaded: LoadedDays, wish: Wish, place: Place) -> Assessment:
    """Decide a change, at the booking's own tables if it may stay: no party changes tables without need.

    One that asks for no more room than the booking has is accepted, whatever hours and tables say now. The loaded days
    are those without the booking.
    """
    if not wish.asks_no_more:
        return _assess_as_new(loaded, wish, place)
    is_offered = wish.period_id in loaded.settings.modes
    found = _assess_as_new(loaded, wish, place) if is_offered else None
    # Without a plan nobody has looked whether its tables are free for a longer buffer.
    is_settled = found is not None and found.is_available and (found.plan is not None or not place.table_ids)
    return found if found and is_settled else _as_it_is(loaded, wish, place)


def asks_no_more(settings: ServiceSettings, wish: Wish, guests: Guests, ends_at: datetime) -> bool:
    """Say whether a wish for the same start asks for no more guests, no longer stay and no other seat than booked."""
    return (
        wish.party_size <= guests.party_size
        and stay_interval(settings, wish).ends_at <= ends_at
        and wish.seating in (None, guests.seating or None)
    )


def _as_it_is(loaded: LoadedDays, wish: Wish, place: Place) -> Assessment:
    """Accept a change at the tables, and with the buffer, that the booking has: no planner and no way in is asked."""
    limits_alone = assess_settled(loaded, replace(wish, channel=IN_HOUSE), None)
    return replace(limits_alone, buffer_minutes=min(limits_alone.buffer_minutes, place.buffer_minutes))


def _assess_as_new(loaded: LoadedDays, wish: Wish, place: Place) -> Assessment:
    if place.table_ids and _may_stay(loaded, wish, place):
        staying = assess(loaded, replace(wish, table_ids=place.table_ids))
        if _is_worth_staying(staying, place):
            return staying
    as_it_came = assess(loaded, replace(wish, seated_as=place.channel))
    return assess(loaded, wish) if _may_be_seated_otherwise(loaded, as_it_came) else as_it_came


def _may_be_seated_otherwise(loaded: LoadedDays, as_it_came: Assessment) -> bool:
    """Say whether the way in of the change offers other tables than the way in of the booking."""
    wish, floor = as_it_came.wish, loaded.seating.floor
    if not isinstance(as_it_came.seating, SeatingRefusal) or wish.seated_as is None:
        return False
    own, others = (floor.suitable(wish.party_size, wish.seating, way) for way in (wish.seated_as, wish.channel))
    return own != others


def _may_stay(loaded: LoadedDays, wish: Wish, place: Place) -> bool:
    """Say whether its tables suit a booking still and are free; a pinned booking may have others moved."""
    own = place.table_ids
    return are_suitable(loaded, own, wish.party_size, wish.seating) and (
        place.is_pinned or _are_free(loaded, wish, own)
    )


def _are_free(loaded: LoadedDays, wish: Wish, own: tuple[int, ...]) -> bool:
    request = seating_request(loaded.settings, wish)
    return loaded.planner.occupancy.are_free(own, request.starts_at, request.ends_at)


def _is_worth_staying(staying: Assessment, place: Place) -> bool:
    """Say whether a booking can stay without any move; a pinned one stays even so."""
    if staying.plan is None:
        return False
    return place.is_pinned or not any(move.from_table_ids for move in staying.plan.moves)


def may_keep_unplanned(loaded: LoadedDays, wish: Wish, own: tuple[int, ...]) -> bool:
    """Say whether tables given by hand may stay in a service that seats no party at tables."""
    if wish.period_id is None or loaded.settings.needs_tables(wish.period_id):
        return False
    return are_suitable(loaded, own, wish.party_size, wish.seating) and _are_free(loaded, wish, own)


def are_suitable(loaded: LoadedDays, table_ids: tuple[int, ...], party_size: int, seating: str | None) -> bool:
    """Say whether tables are in use, take a party, and suit its seating wish."""
    floor = loaded.seating.floor
    return floor.takes(table_ids, party_size) and (
        seating is None or floor.chosen(table_ids).seating_types == {seating}
    )
