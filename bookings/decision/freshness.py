"""How long an answer about loaded days holds: as long as nothing is written, and until the clock changes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from bookings.decision.loaded_days import LoadedDays
from bookings.decision.stored_days import read_versions
from capacity.calendar import ONE_DAY, ONE_MINUTE, this_minute
from capacity.selectors import is_enforced


@dataclass(frozen=True, slots=True)
class Freshness:
    """The state that an answer was made on: while all of it is the same, so is the answer.

    `enforcement` is the mode of the restaurant, `is_enforced` that of the answer. `[since, until)` is the time in which
    the clock alone changes nothing.
    """

    restaurant_id: int
    settings_version: UUID
    enforcement: str
    is_enforced: bool
    day_versions: Mapping[int, int]
    since: datetime
    until: datetime

    def lasts(self) -> bool:
        """Say whether it all is the same still, in 1 query."""
        facts, versions = read_versions(self.day_versions)
        return (
            facts is not None
            and facts.settings_version == self.settings_version
            and is_enforced(self.enforcement, switch=facts.switch) == self.is_enforced
            and versions == sum(self.day_versions.values())
            and self.since <= facts.now < self.until
        )


def freshness_of(loaded: LoadedDays) -> Freshness | None:
    """Return on what answers about loaded days depend; None where a service day has no row, and so no version."""
    if any(service.service_day_id is None for service in loaded.services):
        return None
    settings = loaded.settings
    if not loaded.versions:
        return None
    return Freshness(
        restaurant_id=settings.restaurant.pk,
        settings_version=settings.version,
        enforcement=settings.restaurant.enforcement,
        is_enforced=settings.is_enforced,
        day_versions=loaded.versions,
        since=settings.now,
        until=min(instant for instant in _turning_points(loaded) if instant > settings.now),
    )


def _turning_points(loaded: LoadedDays) -> Iterator[datetime]:
    """Yield every instant, past ones too, at which the clock alone may change an answer."""
    settings, house = loaded.settings, loaded.settings.restaurant
    notice, freeze = (timedelta(minutes=span) for span in (house.min_notice_minutes, house.reseat_freeze_minutes))
    # The booking window opens by dates of the restaurant's wall.
    yield datetime.combine(settings.today + ONE_DAY, time.min, tzinfo=settings.zone)
    if loaded.next_hold_ends_at is not None:
        yield loaded.next_hold_ends_at
    if any(settings.now <= slot.starts_at < settings.now + notice for slot in loaded.slots):
        # Whoever is too soon is told by how many minutes.
        yield this_minute(settings.now) + ONE_MINUTE
    for pause in settings.pauses:
        yield pause.starts_at
        yield pause.ends_at
    for slot in loaded.slots:
        yield slot.starts_at
        yield slot.starts_at - notice
    for party in loaded.seating.parties:
        # From here on nothing moves it; without a table it needs one until its end.
        yield party.starts_at - freeze
        yield party.ends_at
    if loaded.next_overrun_at is not None:
        # Whoever still sits there then keeps the table for the grace of the house, counted anew each minute.
        yield loaded.next_overrun_at
