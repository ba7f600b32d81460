"""What the prepared statements of a decision read is what plain querysets read, whatever is stored."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest

from bookings.choices import BookingStatus
from bookings.decision import expected_services, load_days
from bookings.decision.occupied import list_table_uses
from bookings.decision.service_days import list_known_days
from bookings.decision.stored_days import LONGEST_SLOT, SettingsOutdated, read_days, read_versions
from bookings.models import Booking, TableAssignment
from capacity.limits import SERVICE_LIMITS, SLOT_LIMITS
from capacity.models import BookingSlot, ServiceDay
from capacity.selectors import get_service_settings, presumed_settings, read_clock
from tables.models import Restaurant, Table, TableBlock
from tables.spans import TimeSpan
from tests.helpers.dining_room import room, sit
from tests.helpers.factories import BookingFactory, RestaurantFactory, days_ahead, materialize

pytestmark = pytest.mark.django_db


def filled_house(random: Random) -> Restaurant:
    """Make a house with bookings at random times, in every status, some at tables, and a block."""
    house = room(2, 4, 4)
    for on in (days_ahead(), days_ahead(31)):
        (day,) = materialize(house, on)
        for number in range(random.randint(1, 8)):
            booking = BookingFactory(
                service_day=day,
                wall_time=time(17 + random.randint(0, 4), random.choice([0, 15, 30, 45])),
                party_size=random.randint(1, 6),
                status=random.choice(["confirmed", "held", "seated", "completed", "cancelled"]),
                expires_at=read_clock() + timedelta(minutes=random.randint(-9, 9)),
                seating=random.choice(["", "patio"]),
            )
            if number < 3 and booking.status in ("confirmed", "held", "seated"):
                sit(booking, f"T{number + 1}", pinned=random.random() < 0.5)
        starts_at = day.starts_at + timedelta(hours=random.randint(0, 6))
        TableBlock.objects.create(
            restaurant=house,
            table=Table.objects.filter(restaurant=house).first(),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
        )
    return house


def window_of(random: Random) -> TimeSpan:
    starts_at = datetime.combine(days_ahead(), time(random.randint(12, 23)), tzinfo=UTC)
    return TimeSpan(starts_at, starts_at + timedelta(minutes=random.choice([1, 90, 600, 1500])))


@pytest.mark.parametrize("seed", range(12))
def test_service_days_and_slots_are_those_of_plain_querysets(seed: int) -> None:
    random = Random(seed)
    house, window = filled_house(random), window_of(random)
    settings = get_service_settings(house.pk)
    known = list_known_days(settings, days_ahead(29), days_ahead(32), ())

    read = read_days(settings, known, window, holds_of=known)

    days = list(ServiceDay.objects.filter(restaurant=house).order_by("pk"))
    assert [service.service_day_id for service in read.services] == [day.pk for day in days]
    for service, day in zip(read.services, days, strict=True):
        names = ["starts_at", "ends_at", "business_date", "version"]
        names += [name for limit in SERVICE_LIMITS for name in (limit.column, limit.counter)]
        assert [getattr(service, name) for name in names] == [getattr(day, name) for name in names]
        slots = BookingSlot.objects.filter(
            service_day=day,
            starts_at__range=(window.starts_at - LONGEST_SLOT, window.ends_at),
            ends_at__gt=window.starts_at,
        ).order_by("starts_at")
        names = ["starts_at", "ends_at", "service_day_id", "bookable"]
        names += [name for limit in SLOT_LIMITS for name in (limit.column, limit.counter)]
        assert [slot.slot_id for slot in service.slots] == [slot.pk for slot in slots]
        for found, slot in zip(service.slots, slots, strict=True):
            assert [getattr(found, name) for name in names] == [getattr(slot, name) for name in names]
    held = Booking.objects.filter(restaurant=house, status=BookingStatus.HELD).order_by("expires_at").first()
    assert read.next_hold_ends_at == (held.expires_at if held else None)


@pytest.mark.parametrize("seed", range(12))
def test_table_uses_are_those_of_plain_querysets(seed: int) -> None:
    random = Random(seed)
    house, window = filled_house(random), window_of(random)

    uses = list_table_uses(get_service_settings(house.pk), window)

    overlapping = {"restaurant": house, "during__overlap": (window.starts_at, window.ends_at)}
    at_tables = set(TableAssignment.objects.filter(**overlapping).values_list("booking", "table", "pinned"))
    lacking = Booking.objects.filter(
        restaurant=house,
        assignments=None,
        status__in=["held", "confirmed", "arrived"],
        starts_at__gte=window.starts_at,
        ends_at__lte=window.ends_at,
    )
    blocks = TableBlock.objects.filter(restaurant=house, starts_at__lt=window.ends_at, ends_at__gt=window.starts_at)
    assert {(use.booking_id, use.table_id, use.is_pinned) for use in uses} == {
        *at_tables,
        *((pk, None, False) for pk in lacking.values_list("pk", flat=True)),
        *((None, table_id, True) for table_id in blocks.values_list("table", flat=True)),
    }


def test_presumed_settings_are_confirmed_or_outdated() -> None:
    house = room(2)
    (day,) = materialize(house, days_ahead())
    known = list_known_days(get_service_settings(house.pk), day.business_date, day.business_date, ())
    presumed = presumed_settings(house.pk)

    confirmed = read_days(presumed, known, TimeSpan(day.starts_at, day.ends_at), holds_of=known).settings
    Restaurant.objects.filter(pk=house.pk).update(party_size_max=3)

    assert not confirmed.is_presumed
    with pytest.raises(SettingsOutdated):
        read_days(presumed, known, TimeSpan(day.starts_at, day.ends_at), holds_of=known)


def test_presumed_settings_without_a_day_to_read_are_not_relied_upon() -> None:
    presumed = presumed_settings(RestaurantFactory().pk)

    with pytest.raises(SettingsOutdated):
        load_days(presumed, date(2030, 1, 1), date(2030, 1, 1))


def test_a_needed_service_day_is_looked_for_until_it_has_a_row(django_assert_num_queries) -> None:
    house = room(2)
    settings = get_service_settings(house.pk)
    on = days_ahead()
    offered = expected_services(settings, on, on).keys()

    assert list_known_days(settings, on, on, offered) == ()
    (day,) = materialize(house, on)
    with django_assert_num_queries(1):
        assert [known.service_day_id for known in list_known_days(settings, on, on, offered)] == [day.pk]
    with django_assert_num_queries(0):
        assert [known.service_day_id for known in list_known_days(settings, on, on, offered)] == [day.pk]


def test_versions_are_read_with_the_facts_of_their_restaurant() -> None:
    house = room(2)
    (day,) = materialize(house, days_ahead())

    facts, versions = read_versions([day.pk])

    assert facts is not None
    assert facts.settings_version == Restaurant.objects.get(pk=house.pk).settings_version
    assert facts.switch is None
    assert abs(facts.now - read_clock()) < timedelta(minutes=1)
    assert versions == 1
    ServiceDay.objects.filter(pk=day.pk).update(version=7)
    assert read_versions([day.pk])[1] == 7
    assert read_versions([]) == read_versions([day.pk, 0]) == (None, 0)
