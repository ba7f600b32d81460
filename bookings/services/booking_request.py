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


@dataclass(frozen=True)
class BookingRequest:
    """Everything that a booking request says; its hash tells a retry from another request."""

    restaurant_id: int
    business_date: date
    wall_time: time
    party_size: int
    guest: GuestDetails
    starts_at: datetime | None
    seating: str | None
    notes: str
    marketing_opt_in: bool
    source: BookingSource

    @property
    def channel(self) -> str:
        """Return the way in, as policy and planner know it."""
        return CHANNELS[self.source]

    @property
    def hash(self) -> str:
        """Return the fingerprint of all that was asked."""
        canonical = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()
