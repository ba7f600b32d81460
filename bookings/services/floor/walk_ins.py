"""A party comes without a booking and is seated."""

from collections.abc import Sequence

from bookings.choices import BookingSource
from bookings.models.booking import Actor
from bookings.services.booking import BookingReceipt, create_booking_with_capacity_check
from bookings.services.requests import GuestDetails
from bookings.services.rows.overrides import Override
from capacity.models import LONGEST_TURN
from config.errors import InputInvalid

NAMELESS = GuestDetails(name="Walk-in")


def seat_walk_in(
    *,
    restaurant_id: int,
    party_size: int,
    minutes: int | None = None,
    table_ids: Sequence[int] | None = None,
    guest: GuestDetails | None = None,
    notes: str = "",
    allergies: str = "",
    idempotency_key: str | None = None,
    actor: Actor = None,
    override: Override | None = None,
) -> BookingReceipt:
    """Seat a party now, for so many minutes or its turn time, at chosen tables or at the best that are open to it.

    Limits hold as for every party, unless a person answers for it by an `override`; notice and the grid of start times
    do not. The party belongs to the service that is open, else to the nearest of today. With an idempotency key a
    second click gets the first answer again; a mistake is taken back by `undo_change` of its first event. Locks as
    `create_booking_with_capacity_check`.

    Raises: `CapacityExceeded` (`TableTaken` where a chosen table is the only reason), `OperatingHoursClosed` where
    today has no service, `TablesNotSuitable`, `InputInvalid`, `IdempotencyKeyReused`, `RecordNotFound`,
    `OverrideForbidden`, `BookingConflict`.
    """
    _require_stay(party_size, minutes)
    return create_booking_with_capacity_check(
        restaurant_id=restaurant_id,
        business_date=None,
        wall_time=None,
        party_size=party_size,
        guest=guest or NAMELESS,
        notes=notes,
        allergies=allergies,
        source=BookingSource.WALK_IN,
        turn_minutes=minutes,
        table_ids=table_ids or None,
        idempotency_key=idempotency_key,
        actor=actor,
        override=override,
    )


def _require_stay(party_size: int, minutes: int | None) -> None:
    if party_size < 1:
        raise InputInvalid.of_field("partySize", "min_value", "A party is at least one guest.")
    if minutes is not None and not 1 <= minutes <= LONGEST_TURN:
        raise InputInvalid.of_field("minutes", "out_of_range", f"A stay takes 1 to {LONGEST_TURN} minutes.")
