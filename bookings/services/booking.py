"""Create a booking: the only function that does is `create_booking_with_capacity_check`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import groupby
from typing import Any, cast

from django.contrib.auth.models import PermissionsMixin
from django.db.models import BigIntegerField, CharField, QuerySet

from bookings.choices import BookingSource, DecisionOperation
from bookings.decision import (
    Assessment,
    LoadedDays,
    SolvedSeating,
    Wish,
    assess,
    find_alternatives,
    load_days,
    needs_table,
    read_wish,
    seating_request,
    solved_seating,
    stay_interval,
)
from bookings.decision.refusals import refusal_of
from bookings.decision.starts import hold_starts_near
from bookings.decision.taken import with_taken
from bookings.decision.touched_days import TouchedDays, days_of_assessment, days_of_stay, holds_in_the_way
from bookings.decision.walk_ins import beside_hours, interval_to_load, read_wish_now
from bookings.errors import IdempotencyKeyReused, OverrideForbidden, RequestRefused
from bookings.models import Booking
from bookings.rights import MAY_OVERRIDE
from bookings.selectors import LimitKey, list_alternatives
from bookings.services.floor.chosen_tables import require_suitable_tables, table_taken
from bookings.services.guests import GuestDetails
from bookings.services.recording import DecisionRecord
from bookings.services.rows.booking import Accepted, BookingRequest, expire_holds, write_bookings
from bookings.services.rows.events import Actor
from bookings.services.rows.overrides import Override, record_override
from bookings.services.writes import Decided, Draft, PlannedWrite
from bookings.tokens import manage_token
from capacity.locks import Locked
from capacity.policy import ONLINE
from capacity.selectors import ServiceSettings, get_service_settings, is_enforced, presumed_settings
from config.errors import DomainError
from config.statements import Parameter, Statement
from tables.seating import SeatingRefusal, SeatingUndecided, TimeBudget


def _booked_by_key() -> QuerySet[Booking, tuple[Any, ...]]:
    restaurant_id, key = Parameter("restaurant_id", BigIntegerField()), Parameter("key", CharField())
    return Booking.objects.filter(restaurant_id=restaurant_id, idempotency_key=key).order_by().values_list("pk")


BOOKED_BY_KEY = Statement.of("booked_by_key", _booked_by_key)


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


@dataclass(frozen=True, kw_only=True)
class RequestDraft(Draft):
    """The decision of a request on the state of its loaded days."""

    loaded: LoadedDays
    assessment: Assessment

    def stands(self, locked: Mapping[int, Locked]) -> bool:
        """Say whether the locked service days, and the mode, are as they were loaded."""
        settings, versions = self.loaded.settings, self.loaded.versions
        return bool(locked) and all(
            versions.get(service_day_id) == day.version
            and is_enforced(settings.restaurant.enforcement, switch=day.switch) == settings.is_enforced
            for service_day_id, day in locked.items()
        )

    @property
    def solved(self) -> SolvedSeating | None:
        """Return the planner's question and answer."""
        return solved_seating(self.loaded, self.assessment)


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
        keys = BOOKED_BY_KEY.run(restaurant_id=request.restaurant_id, key=self.idempotency_key)
        if not keys:
            return None
        found = Booking.objects.get(pk=keys[0][0])
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
        presumed = self.presumed if budget is self.at_first_sight else None
        settings = presumed or get_service_settings(self.request.restaurant_id)
        wish = _read_wish(settings, self.request)
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
        return self._decide_on(loaded, wish, budget)

    def draft_behind(self, draft: RequestDraft, *, is_taken: bool) -> RequestDraft | None:
        """Decide a wish for the same date that needs no table, on days that hold all of its slots."""
        loaded, other = draft.loaded, draft.assessment
        settings = loaded.settings
        if self.presumed is None or self.presumed.version != settings.version or self.request.is_for_now:
            return None
        wish = _read_wish(settings, self.request)
        if wish.business_date != other.wish.business_date or wish.is_outside_hours or needs_table(settings, wish):
            return None
        if not loaded.hold_slots_of(stay_interval(settings, wish)):
            return None
        return self._decide_on(with_taken(loaded, [other]) if is_taken else loaded, wish, self.at_first_sight)

    def _decide_on(self, loaded: LoadedDays, wish: Wish, budget: TimeBudget) -> RequestDraft:
        assessment = assess(loaded, wish)
        self.record.note(loaded, assessment)
        # Shadow mode waives a planner that ran out of time, not one that was never asked in full.
        is_for_later = budget is self.at_first_sight and assessment.is_for_the_planner_to_tell
        # Whoever answers for a limit has not answered for a table that nobody looked for.
        is_unsettled = wish.answers_for and isinstance(assessment.seating, SeatingUndecided)
        return RequestDraft(
            touched=days_of_assessment(loaded, assessment),
            is_undecided=assessment.is_undecided or is_for_later or is_unsettled,
            loaded=loaded,
            assessment=assessment,
        )

    def refuse_early(self, draft: RequestDraft) -> None:
        """Raise the refusal of a request that no state of its day would take, whatever its date."""
        override = self.request.override
        if override is not None and override.may_cover(draft.assessment):
            return
        if draft.assessment.decision.is_standing_refusal:
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
        (receipt,) = self.write_together([Decided(self, draft, None)])
        return receipt

    @classmethod
    def write_together(cls, accepted: Sequence[Decided[RequestDraft, BookingReceipt]]) -> list[BookingReceipt]:
        """Write accepted requests in their order, as many of them as can be in one statement."""
        calls = [cast(CreateBooking, decided.write) for decided in accepted]
        requests = [call._accepted(decided.draft) for call, decided in zip(calls, accepted, strict=True)]
        expire_holds({hold.booking_id for one in requests for hold in holds_in_the_way(one.loaded, one.assessment)})
        runs = groupby(enumerate(requests), key=lambda numbered: numbered[0] if numbered[1].goes_alone else None)
        bookings = [booking for _, run in runs for booking in write_bookings([one for _, one in run])]
        for call, one, booking in zip(calls, requests, bookings, strict=True):
            call.record.note_written(booking, _raised(one, booking))
        return [_receipt(booking, is_replayed=False) for booking in bookings]

    def _accepted(self, draft: RequestDraft) -> Accepted:
        override = self.request.override if draft.assessment.is_refused else None
        return Accepted(draft.loaded, draft.assessment, self.request, self.idempotency_key, self.actor, override)

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


def _raised(accepted: Accepted, booking: Booking) -> Mapping[LimitKey, int]:
    """Record the excess for which a person answers, and return it above each limit."""
    override = accepted.override
    if override is None:
        return {}
    return record_override(booking, accepted.assessment, override, accepted.actor, is_waived=accepted.is_waived)


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
