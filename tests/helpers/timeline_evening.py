"""An evening with something of everything, to look at on the timeline."""

from contextlib import suppress
from datetime import datetime, timedelta

from bookings.errors import CapacityExceeded
from bookings.services import block_tables, mark_arrived
from tables.models import Restaurant, Section, Table
from tests.helpers.dining_room import book, ids, room_at_noon, sit, table
from tests.helpers.factories import CapacityRuleFactory, TableCombinationFactory
from tests.helpers.running_service import began, due, seated


def lively_evening() -> Restaurant:
    """Make a house with two sections where it is noon, and parties of every status."""
    house = room_at_noon(2, 2, 4, 4, 4, 6, 2, 2, name="Bistro", slug="bistro")
    for position, (name, numbers) in enumerate({"Room": range(1, 7), "Terrace": range(7, 9)}.items()):
        section = Section.objects.create(restaurant=house, name=name, position=position)
        Table.objects.filter(restaurant=house, number__in=[f"T{number}" for number in numbers]).update(section=section)
    TableCombinationFactory(restaurant=house, tables=[table(house, "T4"), table(house, "T5")])
    CapacityRuleFactory(restaurant=house, pacing_covers=10, occupancy_covers=24, max_covers=80)
    seated(house, 100, "T1", guest_name="Ada Lovelace")
    due(house, 40, "T1", guest_name="Grace Hopper")
    began(house, 25, 2, "T2", guest_name="Alan Turing")
    seated(house, 45, "T3", party_size=4, guest_name="Mary Somerville")
    due(house, 60, "T4", "T5", party_size=7, guest_name="Royal Society")
    mark_arrived(booking_id=due(house, 15, "T6", party_size=5, guest_name="Charles Babbage").pk)
    sit(due(house, 90, party_size=2, guest_name="Emmy Noether"), "T7", pinned=True)
    due(house, 75, party_size=4, guest_name="Sofia Kovalevskaya")
    block_tables(
        restaurant_id=house.pk,
        table_ids=ids(house, "T8"),
        starts_at=datetime.now(house.zone) + timedelta(minutes=30),
        ends_at=datetime.now(house.zone) + timedelta(minutes=150),
        reason="wobbles",
    )
    _refuse_beside(house, covers=7)
    return house


def _refuse_beside(house: Restaurant, covers: int) -> None:
    """Ask for eight where so many start already."""
    slot = house.booking_slots.get(starting_covers=covers)
    with suppress(CapacityExceeded):
        book(
            house, party_size=8, business_date=slot.service_day.business_date, wall_time=None, starts_at=slot.starts_at
        )
