"""The events of real bookings, applied to the same parties of a simulation where they were taken."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bookings.choices import BookingStatus, EventKind
from bookings.decision import LoadedDays
from bookings.decision.keeping import TableNeed, ask_to_keep, request_of
from bookings.insight.what_if.record import Happening
from bookings.insight.what_if.room import Before, Party, Room
from capacity.calendar import ONE_MINUTE, this_minute
from tables.seating import SeatingPlan, SeatingRequest
from tables.spans import TimeSpan

GONE = {
    EventKind.CANCELLED: BookingStatus.CANCELLED,
    EventKind.NO_SHOW: BookingStatus.NO_SHOW,
    EventKind.EXPIRED: BookingStatus.EXPIRED,
}


def apply_happening(room: Room, party: Party, happening: Happening) -> None:
    """Apply an event to a party; one that was there from the beginning has its last end from then on."""
    if happening.kind == EventKind.UNDONE:
        _undo(room, party, happening)
        return
    if not party.is_counted:
        return
    party.past.append(Before(party.status, party.ends_at, dict(party.held)))
    _HAPPEN[happening.kind](room, party, happening)


def _go(room: Room, party: Party, happening: Happening) -> None:
    room.remove(party, GONE[happening.kind])


def _arrive(room: Room, party: Party, happening: Happening) -> None:
    party.status = BookingStatus.ARRIVED


def _sit(room: Room, party: Party, happening: Happening) -> None:
    """Seat a party now; one that is late stays that much longer."""
    party.status = BookingStatus.SEATED
    minute = this_minute(happening.happened_at)
    late = minute > party.starts_at
    _stay_until(room, party, minute + timedelta(minutes=party.turn_minutes) if late else party.ends_at, minute)


def _stay_longer(room: Room, party: Party, happening: Happening) -> None:
    if happening.ends_at is not None:
        _stay_until(room, party, happening.ends_at, this_minute(happening.happened_at))


def _leave(room: Room, party: Party, happening: Happening) -> None:
    """Free table and presence as the engine does: the table when it is ready again."""
    party.status = BookingStatus.COMPLETED
    if party.is_fixed:
        return
    minute = this_minute(happening.happened_at)
    ready_at = minute + timedelta(minutes=party.buffer_minutes)
    party.held = {
        table_id: TimeSpan(kept.starts_at, min(kept.ends_at, max(ready_at, kept.starts_at + ONE_MINUTE)))
        for table_id, kept in party.held.items()
    }
    room.end_at(party, min(party.ends_at, max(minute, party.starts_at + ONE_MINUTE)))


_HAPPEN: Mapping[EventKind, Callable[[Room, Party, Happening], None]] = {
    **dict.fromkeys(GONE, _go),
    EventKind.ARRIVED: _arrive,
    EventKind.SEATED: _sit,
    EventKind.EXTENDED: _stay_longer,
    EventKind.LEFT: _leave,
}
KINDS = (*_HAPPEN, EventKind.UNDONE)


def _stay_until(room: Room, party: Party, ends_at: datetime, minute: datetime) -> None:
    """Let a party sit until an end, at its tables as long as it can: parties that may be moved from there move."""
    if party.is_fixed:
        return
    loaded = _book_without(room, party, ends_at, minute)
    room.end_at(party, ends_at)
    if not party.held:
        _seat_anywhere(room, party, loaded, TimeSpan(minute, party.blocked_until))
        return
    kept_from = {table_id: min(kept.starts_at, minute) for table_id, kept in party.held.items()}
    need = TableNeed(kept_from, minute, minute, party.blocked_until)
    asked = list(ask_to_keep(loaded, party, need))
    if asked and isinstance(asked[-1][1], SeatingPlan):
        room.move(asked[-1][1].moves)
    party.held = {table_id: _kept(room, party, table_id, minute) for table_id in party.held}


def _kept(room: Room, party: Party, table_id: int, minute: datetime) -> TimeSpan:
    """Return the time for which a party keeps a table: no other party that has it or cannot be moved loses it."""
    others = [
        other.held[table_id]
        for other in room.near(party.business_date)
        if other is not party and table_id in other.held and other.held[table_id].ends_at > minute
    ]
    before = party.held[table_id].starts_at
    is_free_now = not any(span.starts_at < before for span in others)
    begins_at = min(before, minute) if is_free_now else before
    following = (span.starts_at for span in others if span.starts_at >= before)
    return TimeSpan(begins_at, min([party.blocked_until, *following]))


def _book_without(room: Room, party: Party, ends_at: datetime, now: datetime) -> LoadedDays:
    until = ends_at + timedelta(minutes=party.buffer_minutes)
    only = TimeSpan.around([party.blocked, TimeSpan(min(now, until), until)])
    return room.loaded(party.business_date, now, only, without=party)


def _seat_anywhere(room: Room, party: Party, loaded: LoadedDays, needed: TimeSpan) -> None:
    """Give a party that has no table the best from now on, if there is one."""
    if room.house.needs_tables(party.period_id) and needed.starts_at < needed.ends_at:
        _seat_by(room, party, loaded, request_of(party, needed.starts_at, needed.ends_at))


def _seat_by(room: Room, party: Party, loaded: LoadedDays, request: SeatingRequest) -> bool:
    outcome = loaded.plan_seating(request)
    if not isinstance(outcome, SeatingPlan):
        return False
    room.move(outcome.moves)
    party.held = dict.fromkeys(outcome.table_ids, TimeSpan(request.starts_at, request.ends_at))
    return True


def _undo(room: Room, party: Party, happening: Happening) -> None:
    """Take back the last event: the party is as before, at its former tables if they are free, else any."""
    if happening.undone == EventKind.CREATED:
        # A walk-in that was a mistake.
        if party.is_counted:
            room.remove(party, BookingStatus.CANCELLED)
        return
    if not party.past:
        return
    before = party.past.pop()
    minute = this_minute(happening.happened_at)
    loaded = _book_without(room, party, before.ends_at, minute)
    if party.is_counted:
        room.end_at(party, before.ends_at)
        party.status = before.status
    else:
        party.ends_at = before.ends_at
        room.restore(party, BookingStatus(before.status))
    _sit_as_before(room, party, loaded, before, minute)


def _sit_as_before(room: Room, party: Party, loaded: LoadedDays, before: Before, minute: datetime) -> None:
    begins_at = minute if before.status == BookingStatus.SEATED else max(minute, party.starts_at)
    if not before.held or begins_at >= party.blocked_until:
        party.held = {}
        return
    request = request_of(party, begins_at, party.blocked_until, tuple(sorted(before.held)))
    if not _seat_by(room, party, loaded, request) and not _seat_by(
        room, party, loaded, replace(request, table_ids=None)
    ):
        party.held = {}
