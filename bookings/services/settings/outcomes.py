"""The outcome of a change of settings: what it did to service days, limits, bookings and tables."""

from dataclasses import dataclass

from bookings.models import Booking
from bookings.selectors.undecided import Undecided
from bookings.services.floor.outcomes import MovedParty
from bookings.services.rows.overrides import RaisedExcess
from bookings.services.settings.reseating import PartyLeft
from capacity.service_changes import ServiceChange


@dataclass(frozen=True)
class SettingsOutcome:
    """The outcome of a change of settings for the future.

    `service_days` were fitted; `raised` is the excess above limits, authorised by this change. `stranded` could be made
    again as they are before it, and cannot any more; `waiting` wait for a decision since before. `moves` are parties
    that were given other tables because theirs do not take them any more, or to make room for these. `left` could not
    be moved and keep their tables. `rescheduled` kept date and time in another zone: their guests have to be told.
    `changes` are the limits and starts that lie ahead and are others now.
    """

    service_days: int
    raised: tuple[RaisedExcess, ...]
    stranded: tuple[Undecided, ...] = ()
    waiting: tuple[Undecided, ...] = ()
    moves: tuple[MovedParty, ...] = ()
    left: tuple[PartyLeft, ...] = ()
    rescheduled: tuple[Booking, ...] = ()
    changes: tuple[ServiceChange, ...] = ()

    @property
    def has_consequences(self) -> bool:
        """Say whether any limit, start or booking that lies ahead is concerned."""
        return any((self.changes, self.raised, self.stranded, self.moves, self.left, self.rescheduled))

    @property
    def unnamed(self) -> tuple[Undecided, ...]:
        """Return the stranded bookings that are not among those `left` at their tables."""
        left = {party.booking.pk for party in self.left}
        return tuple(
            found for found in self.stranded if found.booking.pk not in left or found.is_about_more_than_tables
        )
