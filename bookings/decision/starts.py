"""Decide the starts of a date: all of them, or those near another."""

from collections.abc import Hashable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from threading import Condition

from cachetools import LRUCache, cached

from bookings.decision.assessment import Assessment, assess, is_refused_by_limits, needs_table
from bookings.decision.loaded_days import LoadedDays
from bookings.decision.requests import Wish, seating_request
from bookings.decision.time_budgets import WITHOUT_EXACT
from capacity.calendar import ONE_DAY, local_wall_time, this_minute
from capacity.policy import ONLINE, ServiceState, SlotState
from capacity.selectors import ServiceSettings
from config import metrics
from tables.spans import TimeSpan

ALTERNATIVES_WITHIN = timedelta(hours=2)
MOST_ALTERNATIVES = 5


def assess_slots(
    loaded: LoadedDays,
    business_date: date,
    *,
    party_size: int,
    seating: str | None,
    channel: str = ONLINE,
    turn_minutes: int | None = None,
) -> Iterator[Assessment]:
    """Decide every slot of a business date that is offered, in order of start; those left open are counted."""
    wishes = list(_wishes_on(loaded, business_date, party_size, seating, channel, turn_minutes))
    loaded.expect_starts([seating_request(loaded.settings, wish) for wish in wishes if _needs_table(loaded, wish)])
    for wish in wishes:
        assessment = assess(loaded, wish)
        if assessment.is_undecided:
            metrics.availability_starts_unsettled.inc()
        yield assessment


def _needs_table(loaded: LoadedDays, wish: Wish) -> bool:
    return wish.period_id is not None and loaded.settings.needs_tables(wish.period_id)


def _wishes_on(
    loaded: LoadedDays,
    business_date: date,
    party_size: int,
    seating: str | None,
    channel: str,
    turn_minutes: int | None,
) -> Iterator[Wish]:
    for slot, period_id in _slots_on(loaded, business_date):
        yield Wish(
            party_size=party_size,
            business_date=business_date,
            starts_at=slot.starts_at,
            wall_time=local_wall_time(slot.starts_at, loaded.settings.zone),
            period_id=period_id,
            seating=seating,
            channel=channel,
            turn_minutes=turn_minutes,
        )


def _slots_on(loaded: LoadedDays, business_date: date) -> list[tuple[SlotState, int]]:
    offered = [
        service
        for period in loaded.settings.periods_on(business_date)
        if (service := loaded.service(period.period_id, business_date)) is not None
    ]
    slots = [(slot, service.period_id) for service in offered for slot in service.slots if slot.bookable]
    return sorted(slots, key=lambda found: found[0].starts_at)


def dates_near(settings: ServiceSettings, wish: Wish) -> tuple[date, ...]:
    """Return the business dates, in order, of which other starts may be offered: for a time in service its own.

    For any other those beside it too, if a start of theirs is near: after midnight a guest takes the night's next date.
    """
    own = wish.business_date
    if wish.period_id is not None:
        return (own,)
    return tuple(
        on for on in (own - ONE_DAY, own, own + ONE_DAY) if on == own or _has_start_near(settings, on, wish.starts_at)
    )


def _has_start_near(settings: ServiceSettings, business_date: date, starts_at: datetime) -> bool:
    starts = (slot.starts_at for service in settings.services_on(business_date) for slot in service.slots)
    return any(abs(start - starts_at) <= ALTERNATIVES_WITHIN for start in starts)


def find_alternatives(loaded: LoadedDays, wish: Wish, *, turn_minutes: int | None = None) -> tuple[Assessment, ...]:
    """Find at most 5 bookable starts within 2 hours, nearest first, then earlier first, of the loaded `dates_near`.

    Each takes the party for `turn_minutes`, or for the turn time of that start. They are advice: a start that only the
    exact model could settle is left out. A refused crowd would else spend the time of parties that book.
    """
    find = _find_alternatives if needs_table(loaded.settings, wish) else _find_alternatives_once
    return find(loaded, wish, turn_minutes)


def hold_starts_near(loaded: LoadedDays, wish: Wish) -> bool:
    """Say whether loaded days hold all that `find_alternatives` asks of them: the starts near are of one whole service.

    Without tables: what may be moved to make room lies further away. A stay of chosen length may reach beyond.
    """
    service = loaded.service(wish.period_id, wish.business_date)
    if service is None or wish.is_outside_hours or wish.turn_minutes or needs_table(loaded.settings, wish):
        return False
    near = TimeSpan(wish.starts_at - ALTERNATIVES_WITHIN, wish.starts_at + ALTERNATIVES_WITHIN)
    met = [other for other in loaded.services_meeting(near) if other.business_date == wish.business_date]
    return met == [service] and loaded.hold_slots_of(TimeSpan(service.starts_at, service.ends_at))


def _find_alternatives(loaded: LoadedDays, wish: Wish, turn_minutes: int | None) -> tuple[Assessment, ...]:
    others = (
        other
        for on in dates_near(loaded.settings, wish)
        for other in _wishes_on(loaded, on, wish.party_size, wish.seating, wish.channel, turn_minutes)
    )
    near = [other for other in others if abs(other.starts_at - wish.starts_at) <= ALTERNATIVES_WITHIN]
    near.sort(key=lambda other: (abs(other.starts_at - wish.starts_at), other.starts_at))
    # One after the other, and limits first: proving that a full evening has no seat costs more than finding one.
    open_by_limits = (other for other in near if not is_refused_by_limits(loaded, other))
    assessed = (assess(loaded, other, at_most=WITHOUT_EXACT) for other in open_by_limits)
    return tuple(islice((other for other in assessed if other.is_available), MOST_ALTERNATIVES))


def _asked_of(loaded: LoadedDays, wish: Wish, turn_minutes: int | None) -> Hashable:
    """Return all that alternatives without tables depend on; the clock by the minute."""
    settings = loaded.settings
    facts = (settings.version, settings.is_enforced, this_minute(settings.now))
    return (settings.restaurant.pk, *facts, loaded.services, wish, turn_minutes)


# A crowd that is refused asks the same again and again: one of its threads answers, for all.
_find_alternatives_once = cached(LRUCache(maxsize=64), key=_asked_of, condition=Condition())(_find_alternatives)


def offered_starts(loaded: LoadedDays, business_date: date) -> list[tuple[ServiceState, SlotState]]:
    """List the bookable slots of a business date with their services, by start."""
    services = (loaded.service(period.period_id, business_date) for period in loaded.settings.periods_on(business_date))
    slots = [(service, slot) for service in services if service for slot in service.slots if slot.bookable]
    return sorted(slots, key=lambda found: found[1].starts_at)
