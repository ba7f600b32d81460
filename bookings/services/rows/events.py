"""Write the history of bookings."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from bookings.choices import EventKind
from bookings.models import Booking, BookingEvent
from config.statements import Statement, insert_into, rows_of

# Of the name under which an actor stands in a history.
LONGEST_LABEL = 80
GUEST = "guest"
ENGINE = "engine"

# The actor of a change: a user of the admin, or None for a guest.
Actor = AbstractBaseUser | None


def record_event(
    booking: Booking,
    kind: EventKind,
    *,
    actor: Actor = None,
    label: str | None = None,
    from_value: Any = None,
    to_value: Any = None,
    reason: str = "",
) -> None:
    """Add one entry to a booking's history; the label is the user's name unless given."""
    event = new_event(booking, kind, actor=actor, label=label, from_value=from_value, to_value=to_value, reason=reason)
    RECORD_EVENT.run(**rows_of(event))


def new_event(
    booking: Booking, kind: EventKind, *, actor: Actor = None, label: str | None = None, **facts: Any
) -> BookingEvent:
    """Return an entry of a booking's history, not saved."""
    return BookingEvent(
        restaurant_id=booking.restaurant_id,
        booking_id=booking.pk,
        kind=kind,
        actor_id=actor.pk if actor else None,
        actor_label=label or actor_label(actor),
        created_at=timezone.now(),
        **facts,
    )


RECORD_EVENT = Statement("record_event", lambda: insert_into(BookingEvent), returns_rows=False)


def actor_label(actor: Actor) -> str:
    """Return the name under which an actor stands in the history."""
    return actor.get_username() if actor else GUEST
