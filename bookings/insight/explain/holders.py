"""The holders of tables in a time: bookings and blocks, by reference and reason, never by guest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from bookings.choices import CHANNELS, BookingSource, BookingStatus
from bookings.decision import LoadedDays
from bookings.models import TableAssignment
from capacity.calendar import ONE_DAY
from tables.models import TableBlock
from tables.seating import OccupiedInterval, SeatedParty
from tables.spans import TimeSpan


class HolderState(StrEnum):
    """The freedom of a plan to move a holder, or the reason against it."""

    MOVABLE = "movable"
    PINNED = "pinned"
    FROZEN = "frozen"
    ARRIVED = "arrived"
    SEATED = "seated"
    OTHER_DAY = "other_day"
    BLOCK = "block"


# A person can undo these; a plan may not.
RELEASABLE_STATES = frozenset({HolderState.PINNED, HolderState.FROZEN})
_STATE_OF_STATUS = {
    BookingStatus.ARRIVED: HolderState.ARRIVED,
    BookingStatus.SEATED: HolderState.SEATED,
    BookingStatus.COMPLETED: HolderState.SEATED,
}


@dataclass(frozen=True)
class Holder:
    """A table held in [starts_at, ends_at), the buffer included, by a booking or a block.

    A block has neither reference nor party size, but a reason. `party` is the booking as a plan could move it.
    """

    table_id: int
    state: HolderState
    starts_at: datetime
    ends_at: datetime
    booking_id: int | None = None
    reference: str = ""
    party_size: int | None = None
    reason: str = ""
    party: SeatedParty | None = None

    @property
    def interval(self) -> OccupiedInterval:
        return OccupiedInterval(self.table_id, self.starts_at, self.ends_at)


def list_holders(loaded: LoadedDays, during: TimeSpan) -> tuple[Holder, ...]:
    """List the holders of any table of the restaurant in an interval, by start, in 2 queries; no expired holds.

    A party past its time holds its table as long as the decision reckons with it.
    """
    found = [*_bookings(loaded, during), *_blocks(loaded, during)]
    return tuple(sorted(found, key=lambda held: (held.starts_at, held.ends_at, held.table_id, held.reference)))


def _bookings(loaded: LoadedDays, during: TimeSpan) -> Iterator[Holder]:
    over = {hold.booking_id for hold in loaded.expired_holds}
    taken_until = {(taken.table_id, taken.starts_at): taken.ends_at for taken in loaded.seating.occupied}
    seated = Q(booking__status=BookingStatus.SEATED, during__endswith__gt=loaded.settings.now - ONE_DAY)
    met = TableAssignment.objects.filter(
        Q(during__overlap=(during.starts_at, during.ends_at)) | seated, restaurant_id=loaded.settings.restaurant.pk
    )
    for row in met.select_related("booking").order_by("pk"):
        booking = row.booking
        kept = TimeSpan(row.during.lower, row.during.upper)
        if booking.status == BookingStatus.SEATED:
            kept = TimeSpan(kept.starts_at, taken_until.get((row.table_id, kept.starts_at), kept.ends_at))
        if booking.pk in over or not kept.overlaps(during):
            continue
        party = SeatedParty(
            booking_id=booking.pk,
            party_size=booking.party_size,
            starts_at=kept.starts_at,
            ends_at=kept.ends_at,
            seating=booking.seating or None,
            channel=CHANNELS[BookingSource(booking.source)],
        )
        yield Holder(
            table_id=row.table_id,
            state=_state(loaded, row),
            starts_at=kept.starts_at,
            ends_at=kept.ends_at,
            booking_id=booking.pk,
            reference=booking.reference,
            party_size=booking.party_size,
            party=party,
        )


def _state(loaded: LoadedDays, row: TableAssignment) -> HolderState:
    settings = loaded.settings
    if row.booking_id in loaded.movable:
        return HolderState.MOVABLE
    if row.booking.status in _STATE_OF_STATUS:
        return _STATE_OF_STATUS[BookingStatus(row.booking.status)]
    if row.pinned:
        return HolderState.PINNED
    if row.during.lower <= settings.now + timedelta(minutes=settings.restaurant.reseat_freeze_minutes):
        return HolderState.FROZEN
    return HolderState.OTHER_DAY


def _blocks(loaded: LoadedDays, during: TimeSpan) -> Iterator[Holder]:
    met = TableBlock.objects.filter(
        restaurant_id=loaded.settings.restaurant.pk, starts_at__lt=during.ends_at, ends_at__gt=during.starts_at
    )
    for block in met.order_by("pk"):
        yield Holder(block.table_id, HolderState.BLOCK, block.starts_at, block.ends_at, reason=block.reason)
