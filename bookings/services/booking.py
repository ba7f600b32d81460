"""Create a booking: the only function that does is `create_booking_with_capacity_check`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from django.contrib.auth.models import PermissionsMixin

from bookings.choices import BookingSource, DecisionOperation
from bookings.decision import (
    Assessment,
    LoadedDays,
    Wish,
    assess,
    find_alternatives,
    load_days,
    needs_table,
    read_wish,
    seating_request,
    stay_interval,
)
from bookings.decision.refusals import refusal_of
from bookings.decision.service_days import interval_to_load
from bookings.decision.starts import hold_starts_near
from bookings.decision.taken import with_taken
from bookings.decision.touched_days import TouchedDays, days_of_assessment, days_of_stay, holds_in_the_way
from bookings.decision.walk_ins import beside_hours, read_wish_now
from bookings.errors import IdempotencyKeyReused, OverrideForbidden, RequestRefused
from bookings.models import Booking
from bookings.models.booking import Actor, manage_token
from bookings.rights import MAY_OVERRIDE
from bookings.selectors import LimitKey, find_by_key, list_alternatives
from bookings.services.floor.chosen_tables import require_suitable_tables, table_taken
from bookings.services.recording import DecisionRecord
from bookings.services.requests import BookingRequest, GuestDetails, RequestDraft
from bookings.services.rows.booking import expire_holds, write_bookings
from bookings.services.rows.overrides import Override, record_override
from bookings.services.writes import PlannedWrite
from capacity.policy import ONLINE
from capacity.selectors import ServiceSettings, get_service_settings, presumed_settings
from config.errors import DomainError
from tables.seating import SeatingRefusal, SeatingUndecided, TimeBudget


@dataclass(frozen=True)
class BookingReceipt:
    """A booking as its guest gets it; `answer` is the stored one, the token is never stored."""

    booking: Booking
    answer: dict[str, Any]
    manage_token: str
    is_replayed: bool


def create_booking_with_capacity_check(
    *,
    restaurant_id: int,
    business_date: date | None,
    wall_time: time | None,
    party_size: int,
    guest: GuestDetails,
    starts_at: datetime | None = None,
    seating: str | None = None,
    notes: str = "",
    allergies: str = "",
    marketing_opt_in: bool = False,
    source: BookingSource = BookingSource.WEB,
    turn_minutes: int | None = None,
    table_ids: Sequence[int] | None = None,
    idempotency_key: str | None = None,
    actor: Actor = None,
    override: Override | None = None,
) -> BookingReceipt:
    """Book a party if and only if the committed state can take it.

    Locks every service day that the stay and its buffer meet, and those of the parties that may be moved to make room.
    Decides on the state as read after that, or on one that the lock shows to be the same; writes booking, tables,
    moves, counters and history in the same transaction. With an idempotency key a retry gets the first answer again.
    Staff may name the minutes of the stay, and the tables. Without date and time a walk-in is seated now. With an
    `override` a person with the right answers for limits, hours and a missing table, as far as it is confirmed there:
    decided under the lock as every party is, and never two parties at one table.

    Raises: `CapacityExceeded`, `OperatingHoursClosed`, `OutsideBookingWindow`, `PartySizeNotAccepted` (each with
    reasons and alternatives), `NonexistentTime`, `InputInvalid`, `IdempotencyKeyReused`, `RecordNotFound`,
    `OverrideForbidden`, `BookingConflict`.
    """
    request = BookingRequest(
        restaurant_id=restaurant_id,
        business_date=business_date,
        wall_time=wall_time,
        party_size=party_size,
        guest=guest,
        starts_at=starts_at,
        seating=seating,
        notes=notes,
        marketing_opt_in=marketing_opt_in,
        source=source,
        turn_minutes=turn_minutes,
        table_ids=tuple(sorted(set(table_ids))) if table_ids else None,
        allergies=allergies,
        override=override,
    )
    if override is not None:
        _require_right(request, actor)
    return CreateBooking(request, idempotency_key, actor).run()


def _require_right(request: BookingRequest, actor: Actor) -> None:
    may = isinstance(actor, PermissionsMixin) and actor.has_perm(MAY_OVERRIDE, request)
    if not may or request.channel == ONLINE:
        raise OverrideForbidden


@dataclass
class CreateBooking(PlannedWrite[RequestDraft, BookingReceipt]):
    """A new booking."""

    operation = "create_booking"
    is_drafted_at_gate = True
    request: BookingRequest
    idempotency_key: str | None
    actor: Actor
    record: DecisionRecord = field(init=False)
    presumed: ServiceSettings | None = None

    def __post_init__(self) -> None:
        self.record = DecisionRecord(DecisionOperation.CREATE, self.request.source)

    def find_written(self) -> BookingReceipt | None:
        """Find the booking of the idempotency key, in 1 query, and 1 more if there is one; none without a key.

        Raises: `IdempotencyKeyReused`.
        """
        request = self.request
        if self.idempotency_key is None:
            return None
        found = find_by_key(request.restaurant_id, self.idempotency_key)
        if found is None:
            return None
        if found.request_hash != request.hash:
            raise IdempotencyKeyReused
        return _receipt(found, is_replayed=True)

    def days_at_first_sight(self) -> TouchedDays | None:
        """Return the service days that the stay meets, by the settings that the process knows: nearly always all."""
        if self.request.is_for_now:
            return None
        presumed = presumed_settings(self.request.restaurant_id)
        try:
            wish = _read_wish(presumed, self.request)
        except DomainError:
            # By settings that may not hold any more nobody is refused.
            return None
        self.presumed = presumed
        self.record.note_wish(presumed, wish)
        return days_of_stay(presumed, wish)

    def draft(self, budget: TimeBudget, before: RequestDraft | None) -> RequestDraft:
        """Load the days that the stay of the request meets, and decide.

        Raises: `SettingsOutdated` under the lock, where the days were locked by settings that do not hold any more.
        """
        settings = (budget is self.at_first_sight and self.presumed) or get_service_settings(self.request.restaurant_id)
        wish = self._wish(settings)
        loaded = load_days(
            settings,
            wish.business_date,
            wish.business_date,
            only=interval_to_load(settings, wish),
            budget=budget,
            solved=before.solved if before else None,
            needs_tables=needs_table(settings, wish),
            channel=wish.channel,
        )
        return self._drafted(loaded, assess(loaded, wish), budget)

    def draft_behind(self, draft: RequestDraft, *, is_taken: bool) -> RequestDraft | None:
        """Decide a wish for the same date that needs no table, on days that hold all of its slots."""
        loaded, other = draft.loaded, draft.assessment
        settings = loaded.settings
        if self.presumed is None or self.presumed.version != settings.version or self.request.is_for_now:
            return None
        wish = self._wish(settings)
        if wish.business_date != other.wish.business_date or wish.is_outside_hours or needs_table(settings, wish):
            return None
        if not loaded.hold_slots_of(stay_interval(settings, wish)):
            return None
        taken = with_taken(loaded, [other]) if is_taken else loaded
        return self._drafted(taken, assess(taken, wish), self.at_first_sight)

    def _wish(self, settings: ServiceSettings) -> Wish:
        """Return the wish by some settings: the one that was noted by the same version, unless it is for now."""
        noted, wish = self.record.settings, self.record.wish
        is_noted = noted is not None and noted.version == settings.version and not self.request.is_for_now
        return wish if is_noted and wish is not None else _read_wish(settings, self.request)

    def _drafted(self, loaded: LoadedDays, assessment: Assessment, budget: TimeBudget) -> RequestDraft:
        self.record.note(loaded, assessment)
        # Shadow mode waives a planner that ran out of time, not one that was never asked in full.
        is_for_later = budget is self.at_first_sight and assessment.is_for_the_planner_to_tell
        # Whoever answers for a limit has not answered for a table that nobody looked for.
        is_unsettled = assessment.wish.answers_for and isinstance(assessment.seating, SeatingUndecided)
        return RequestDraft(
            touched=days_of_assessment(loaded, assessment),
            is_undecided=assessment.is_undecided or is_for_later or is_unsettled,
            loaded=loaded,
            assessment=assessment,
            request=self.request,
            idempotency_key=self.idempotency_key,
            actor=self.actor,
            record=self.record,
        )

    def refuse_early(self, draft: RequestDraft) -> None:
        """Raise the refusal of a request that no state of its day would take, whatever its date."""
        override = self.request.override
        is_covered = override is not None and override.may_cover(draft.assessment)
        if draft.assessment.decision.is_standing_refusal and not is_covered:
            raise refusal_of(draft.assessment)

    def require_possible(self, draft: RequestDraft) -> None:
        """Require an accepted request, or one for whose excess a person answers; and suitable tables, if chosen."""
        if self.request.table_ids is not None:
            require_suitable_tables(draft.loaded, self.request.table_ids, self.request.party_size)
        override = self.request.override
        if draft.assessment.is_refused and (override is None or not override.covers(draft.assessment)):
            raise _refusal(draft.loaded, draft.assessment)

    def write(self, draft: RequestDraft) -> BookingReceipt:
        """Write an accepted request: holds that are over, booking, tables, moves, counters, history."""
        return self.write_together([draft])[0]

    def write_together(self, drafts: Sequence[RequestDraft]) -> list[BookingReceipt]:
        """Write accepted requests in their order, as many of them as can be in one statement."""
        expire_holds({hold.booking_id for draft in drafts for hold in holds_in_the_way(draft.loaded, draft.assessment)})
        runs = groupby(enumerate(drafts), key=lambda numbered: numbered[0] if numbered[1].goes_alone else None)
        bookings = [booking for _, run in runs for booking in write_bookings([draft for _, draft in run])]
        for draft, booking in zip(drafts, bookings, strict=True):
            draft.record.note_written(booking, _raised(draft, booking))
        return [_receipt(booking, is_replayed=False) for booking in bookings]

    def list_alternatives(self) -> Sequence[Wish]:
        """List other starts that would take the party. A party that has come wants none."""
        request, loaded, wish = self.request, self.record.loaded, self.record.wish
        if request.business_date is None:
            return ()
        if loaded and wish and (needs_table(loaded.settings, wish) or hold_starts_near(loaded, wish)):
            # For tables the whole date was loaded.
            return tuple(other.wish for other in find_alternatives(loaded, wish, turn_minutes=wish.turn_minutes))
        return list_alternatives(
            restaurant_id=request.restaurant_id,
            business_date=request.business_date,
            party_size=request.party_size,
            wall_time=request.wall_time,
            starts_at=request.starts_at,
            seating=request.seating,
            channel=request.channel,
            turn_minutes=request.turn_minutes,
        )


def _raised(draft: RequestDraft, booking: Booking) -> Mapping[LimitKey, int]:
    """Record the excess for which a person answers, and return it above each limit."""
    if draft.override is None:
        return {}
    return record_override(booking, draft.assessment, draft.override, draft.actor, is_waived=draft.is_waived)


def _receipt(booking: Booking, *, is_replayed: bool) -> BookingReceipt:
    token = manage_token(booking.public_id, booking.token_generation)
    return BookingReceipt(booking, booking.stored_answer or {}, token, is_replayed)


def _read_wish(settings: ServiceSettings, request: BookingRequest) -> Wish:
    if request.business_date is None:
        wish = read_wish_now(settings, party_size=request.party_size, seating=request.seating)
    else:
        wish = read_wish(
            settings,
            party_size=request.party_size,
            business_date=request.business_date,
            wall_time=request.wall_time,
            starts_at=request.starts_at,
            seating=request.seating,
            channel=request.channel,
        )
    wish = replace(wish, turn_minutes=request.turn_minutes, table_ids=request.table_ids)
    return wish if request.override is None else beside_hours(settings, wish)


def _refusal(loaded: LoadedDays, assessment: Assessment) -> RequestRefused:
    """Return the refusal of a wish; where only its chosen tables are missing, it names the parties that have them."""
    seating, reasons = assessment.seating, assessment.decision.reasons
    if assessment.wish.table_ids is None or not isinstance(seating, SeatingRefusal) or len(reasons) > 1:
        return refusal_of(assessment)
    return table_taken(loaded, [seating_request(loaded.settings, assessment.wish)], seating)
