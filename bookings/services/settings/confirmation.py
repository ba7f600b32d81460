"""Ask a person before a change is saved: the change has run, and is undone unless its consequences were confirmed."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import date

from bookings.models import Booking
from bookings.selectors import LimitKey
from bookings.selectors.over_limits import OverLimit, list_over_limits
from bookings.services.settings.outcomes import SettingsOutcome
from capacity.models import ServiceDay
from capacity.selectors import ServiceSettings
from tables.models import Restaurant

NOTHING_SEEN = ""
# The fingerprint of no consequences at all: the change is undone whatever they are.
ASKING = "?"


class ChangeUnconfirmed(Exception):
    """A change has other consequences than those that were confirmed: everything that it wrote is undone.

    `fingerprint` confirms these. `over_limits` are the bookings above a limit, `rows` those that a file changes.
    `restaurant` is as it was and is again.
    """

    def __init__(
        self,
        restaurant: Restaurant,
        outcome: SettingsOutcome,
        fingerprint: str,
        over_limits: tuple[OverLimit, ...],
        rows: tuple[object, ...] = (),
    ) -> None:
        super().__init__("the consequences of the change are not confirmed")
        self.restaurant = restaurant
        self.outcome = outcome
        self.fingerprint = fingerprint
        self.over_limits = over_limits
        self.rows = rows


def require_confirmed(
    outcome: SettingsOutcome,
    confirmed: str,
    *,
    settings: ServiceSettings,
    days: Collection[ServiceDay],
    rows: Sequence[object] = (),
) -> None:
    """Pass where the consequences of a change are those confirmed; nobody needs to confirm that there are none.

    The same are: the same findings, under the same settings, with the same numbers booked on every service day that is
    concerned. `settings` and `days` are those before the change, read under the lock. The `rows` of a file, or of a
    grid, are confirmed as well.

    Raises: `ChangeUnconfirmed`, which undoes the transaction.
    """
    is_asked = outcome.has_consequences or rows
    fingerprint = _fingerprint(outcome, settings, days, rows) if is_asked else NOTHING_SEEN
    if fingerprint != confirmed:
        raised = {
            LimitKey(found.service_day.pk, found.slot_starts_at, found.limit): found.amount for found in outcome.raised
        }
        raise ChangeUnconfirmed(settings.restaurant, outcome, fingerprint, list_over_limits(raised), tuple(rows))


def _fingerprint(
    outcome: SettingsOutcome, settings: ServiceSettings, days: Collection[ServiceDay], rows: Sequence[object]
) -> str:
    """Return a text that is another one for other consequences. Keys of rows that were made are new each time."""
    dates = _dates(outcome)
    booked = sorted(
        (day.business_date, day.service_period_id, day.booked_covers, day.booked_parties)
        for day in days
        if day.business_date in dates
    )
    found = (settings.version, outcome.changes, outcome.moves, booked, list(_findings(outcome)), *rows)
    return hashlib.sha256(repr(found).encode()).hexdigest()[:32]


def _findings(outcome: SettingsOutcome) -> Iterator[tuple[object, ...]]:
    for raised in outcome.raised:
        day = raised.service_day
        yield day.business_date, day.service_period.name, raised.slot_starts_at, raised.limit, raised.amount
    for undecided in outcome.stranded:
        yield undecided.booking.pk, sorted(undecided.keys)
    for party in outcome.left:
        yield party.booking.pk, party.tables, party.reason
    for booking in outcome.rescheduled:
        yield booking.pk, booking.starts_at


def _dates(outcome: SettingsOutcome) -> set[date]:
    """Return the business dates that a change concerns, in 1 query where parties move."""
    waiting = (*(found.booking for found in outcome.stranded), *(party.booking for party in outcome.left))
    moved = Booking.objects.filter(reference__in=[move.booking_reference for move in outcome.moves])
    return {
        *(change.business_date for change in outcome.changes),
        *(found.service_day.business_date for found in outcome.raised),
        *(booking.business_date for booking in (*waiting, *outcome.rescheduled)),
        *(moved.values_list("business_date", flat=True) if outcome.moves else ()),
    }
