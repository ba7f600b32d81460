"""What a booking request says."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, time

from bookings.choices import CHANNELS, BookingSource


@dataclass(frozen=True)
class GuestDetails:
    """Whom the booking is for; the phone number in E.164."""

    name: str
    email: str = ""
    phone: str = ""


# Younger than the first bookings, whose fingerprints are stored: nothing is said where they say nothing.
_LATER_FIELDS = frozenset({"turn_minutes", "table_ids"})


@dataclass(frozen=True)
class BookingRequest:
    """Everything that a booking request says; its hash tells a retry from another request.

    Without date and time the party is to be seated now. A retry a minute later says the same.
    """

    restaurant_id: int
    business_date: date | None
    wall_time: time | None
    party_size: int
    guest: GuestDetails
    starts_at: datetime | None
    seating: str | None
    notes: str
    marketing_opt_in: bool
    source: BookingSource
    turn_minutes: int | None = None
    table_ids: tuple[int, ...] | None = None

    @property
    def is_for_now(self) -> bool:
        """Say whether a party has come, and is seated as it is booked."""
        return self.business_date is None

    @property
    def channel(self) -> str:
        """Return the way in, as policy and planner know it."""
        return CHANNELS[self.source]

    @property
    def hash(self) -> str:
        """Return the fingerprint of all that was asked."""
        said = {name: value for name, value in asdict(self).items() if name not in _LATER_FIELDS or value is not None}
        canonical = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()
