"""A question with one thing changed, answered by the same decision: nothing is guessed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bookings.decision import Assessment, LoadedDays, Wish, assess, stay_interval
from bookings.decision.occupied import without_occupied
from bookings.insight.explain.holders import Holder
from capacity.calendar import local_wall_time
from capacity.limits import LIMIT_OF, OCCUPANCY_LIMITS, PACING_LIMITS
from capacity.policy import LimitUse, ReasonCode, ServiceState, SlotState
from tables.seating import Floor, SeatingState
from tables.spans import TimeSpan


@dataclass(frozen=True)
class Case:
    """A wish on loaded days: the question to a decision."""

    loaded: LoadedDays
    wish: Wish

    def assess(self) -> Assessment:
        """Decide the case."""
        return assess(self.loaded, self.wish)

    @property
    def floor(self) -> Floor:
        return self.loaded.seating.floor

    def enforced(self) -> "Case":
        """Return the case as if limits were enforced, in any mode."""
        return replace(self, loaded=replace(self.loaded, settings=replace(self.loaded.settings, is_enforced=True)))

    def starting(self, service: ServiceState, slot: SlotState) -> "Case":
        """Return the case with another start of the same business date."""
        wall_time = local_wall_time(slot.starts_at, self.loaded.settings.zone)
        wish = replace(self.wish, starts_at=slot.starts_at, wall_time=wall_time, period_id=service.period_id)
        return replace(self, wish=wish)

    def staying(self, minutes: int) -> "Case":
        """Return the case with another length of stay."""
        return replace(self, wish=replace(self.wish, turn_minutes=minutes))

    def of_size(self, party_size: int) -> "Case":
        """Return the case for a party of another size, with its usual length of stay."""
        return replace(self, wish=replace(self.wish, party_size=party_size))

    def without_wish(self) -> "Case":
        """Return the case without a seating wish."""
        return replace(self, wish=replace(self.wish, seating=None))

    def by(self, channel: str) -> "Case":
        """Return the case for another way in."""
        return replace(self, wish=replace(self.wish, channel=channel))

    def opening(self, table_ids: Iterable[int]) -> "Case":
        """Return the case with tables open to the way in of the wish."""
        opened, floor = frozenset(table_ids), self.floor
        tables = tuple(
            replace(table, audience=table.audience | {self.wish.channel}) if table.table_id in opened else table
            for table in floor.tables
        )
        return self._seated(replace(self.loaded.seating, floor=Floor(tables, floor.combinations)))

    def releasing(self, holders: Iterable[Holder]) -> "Case":
        """Return the case with parties movable that no plan may move; all of the tables of each have to be named."""
        named = list(holders)
        parties = {holder.party.booking_id: holder.party for holder in named if holder.party is not None}
        seated = [
            replace(
                party, table_ids=tuple(sorted(holder.table_id for holder in named if holder.booking_id == booking_id))
            )
            for booking_id, party in parties.items()
        ]
        return self._seated(without_occupied(self.loaded.seating, [holder.interval for holder in named], adding=seated))

    def lifting(self, blocks: Iterable[Holder]) -> "Case":
        """Return the case without some blocks."""
        return self._seated(without_occupied(self.loaded.seating, [block.interval for block in blocks]))

    def with_room_in(self, limits: Iterable[LimitUse]) -> "Case":
        """Return the case with each limit as high as the party needs it; occupancy in every slot of its stay."""
        raised = {use.code for use in limits}
        stay = stay_interval(self.loaded.settings, self.wish)
        services = tuple(self._with_room(service, raised, stay) for service in self.loaded.services)
        return replace(self, loaded=replace(self.loaded, services=services, solved=None))

    def _with_room(self, service: ServiceState, raised: set[ReasonCode], stay: TimeSpan) -> ServiceState:
        wish, own = self.wish, self.loaded.service(self.wish.period_id, self.wish.business_date)
        is_own = own is not None and own.period_id == service.period_id and own.business_date == service.business_date
        starting = service.starting_slot(wish.starts_at) if is_own else None
        slots = []
        for slot in service.slots:
            met = [
                *(slot.uses(PACING_LIMITS) if slot is starting else ()),
                *(slot.uses(OCCUPANCY_LIMITS) if stay.overlaps(slot) else ()),
            ]
            slots.append(replace(slot, **_needed(met, raised, wish.party_size)))
        day = _needed(service.uses(), raised, wish.party_size) if is_own else {}
        return replace(service, slots=tuple(slots), **day)

    def _seated(self, seating: SeatingState) -> "Case":
        return replace(self, loaded=replace(self.loaded, seating=seating, solved=None))


def _needed(uses: Iterable[LimitUse], raised: set[ReasonCode], party_size: int) -> dict[str, Any]:
    """Return the fields to raise, each with its new value."""
    return {
        LIMIT_OF[use.code].column: use.used + use.asked_by(party_size)
        for use in uses
        if use.code in raised and use.refuses(use.asked_by(party_size))
    }
