"""Another time zone under bookings: refused until somebody says that the wall clock stays, then all of it moves."""

from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bookings.api.answers import managed_booking_answer
from bookings.contract.guests import render
from bookings.errors import SettingsInvalid, ZoneChangeRefused
from bookings.insight.audit import AuditScope, audit
from bookings.models import Booking
from bookings.services import (
    GuestDetails,
    block_tables,
    cancel_booking,
    create_booking_with_capacity_check,
    save_settings_row,
)
from capacity.models import BookingSlot, ServiceDay
from tables.models import Restaurant, TableBlock
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, materialize, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

NEW_YORK = "America/New_York"
DAY = days_ahead()


def book(house: Restaurant, on: date = DAY, at: time = time(19), size: int = 2, **asked: Any) -> Booking:
    guest = GuestDetails("Ada Lovelace", "ada@example.com", "+442079460000")
    receipt = create_booking_with_capacity_check(
        restaurant_id=house.pk, business_date=on, wall_time=at, party_size=size, guest=guest, **asked
    )
    return receipt.booking


def move(house: Restaurant, zone: str = NEW_YORK, *, keeps_wall_clock: bool = True) -> Any:
    house.timezone = zone
    return save_settings_row(row=house, columns=["timezone"], keeps_wall_clock=keeps_wall_clock)


def on_wall(instant: datetime, house: Restaurant) -> tuple[date, time]:
    local = instant.astimezone(house.zone)
    return local.date(), local.time()


def everything(house: Restaurant) -> list[Any]:
    """Read every instant of a house."""
    return [
        list(house.bookings.order_by("pk").values_list("pk", "starts_at", "ends_at", "version", "timezone")),
        sorted(BookingSlot.objects.filter(restaurant=house).values_list("pk", "starts_at", "starting_covers")),
        sorted(ServiceDay.objects.filter(restaurant=house).values_list("pk", "starts_at", "ends_at")),
        sorted(
            (pk, during.lower, during.upper)
            for booking in house.bookings.all()
            for pk, during in booking.assignments.values_list("pk", "during")
        ),
        Restaurant.objects.get(pk=house.pk).timezone,
    ]


def assert_sound(house: Restaurant) -> None:
    report = audit(AuditScope(restaurant_id=house.pk))
    assert [finding.message for finding in (*report.overbookings, *report.problems)] == []


def test_a_zone_under_bookings_is_refused_and_names_each(capsys: Any) -> None:
    house = open_restaurant()
    first, second = book(house), book(house, at=time(20, 30), size=4)
    before = everything(house)

    with pytest.raises(ZoneChangeRefused) as refused:
        move(house, keeps_wall_clock=False)

    assert refused.value.bookings == (first, second)
    assert refused.value.may_keep_wall_clock
    assert f"{first.reference}, Ada Lovelace, {DAY:%a %-d %b %Y} 19:00, party of 2" in refused.value.message
    assert f"{second.reference}, Ada Lovelace, {DAY:%a %-d %b %Y} 20:30, party of 4" in refused.value.message
    assert everything(house) == before


def test_the_wall_clock_stays_and_every_instant_moves() -> None:
    house = open_restaurant(tables=2)
    CapacityRuleFactory(restaurant=house, max_covers=8, pacing_covers=4)
    booking, other = book(house), book(house, at=time(20))
    cancelled = book(house, at=time(21))
    cancel_booking(booking_id=cancelled.pk)
    was = {row.pk: (row.starts_at, row.ends_at - row.starts_at) for row in house.bookings.all()}

    outcome = move(house)

    assert outcome.rescheduled == (booking, other)
    for row in house.bookings.all():
        assert on_wall(row.starts_at, house) == (row.business_date, row.wall_time)
        assert row.starts_at != was[row.pk][0]
        assert row.ends_at - row.starts_at == was[row.pk][1]
        assert [(held.during.lower, held.during.upper) for held in row.assignments.all()] in (
            [],
            [(row.starts_at, row.ends_at)],
        )
    (day,) = house.service_days.all()
    starts = sorted(on_wall(slot.starts_at, house)[1] for slot in day.slots.all())
    assert (starts[0], starts[-1], len(starts)) == (time(17), time(21, 30), 19)
    assert on_wall(day.starts_at, house) == (DAY, time(17))
    assert day.slots.get(starts_at=Booking.objects.get(pk=booking.pk).starts_at).starting_covers == 2
    assert day.booked_covers == 4
    event = booking.events.latest("pk")
    assert (event.kind, event.from_value["timezone"], event.to_value["timezone"]) == (
        "zone_changed",
        "Europe/London",
        NEW_YORK,
    )
    assert_sound(house)


def test_no_answer_about_a_booking_mixes_zones() -> None:
    house = open_restaurant()
    booking = book(house)
    past = BookingFactory(restaurant=house, business_date=days_ahead(-3), status="completed")

    move(house)

    for row, zone, starts_at in (
        (booking, NEW_YORK, None),
        (past, "Europe/London", past.starts_at),
    ):
        row = Booking.objects.select_related("restaurant").get(pk=row.pk)
        answer: Any = render(managed_booking_answer(row))["booking"]
        assert (answer["startTime"], answer["endTime"], answer["timezone"]) == ("19:00", "20:30", zone)
        assert starts_at in (None, row.starts_at)


def test_the_same_zone_by_another_name_moves_nothing_and_is_not_asked_about() -> None:
    house = open_restaurant()
    booking = book(house)

    outcome = move(house, "GB", keeps_wall_clock=False)

    assert outcome.rescheduled == ()
    assert Booking.objects.get(pk=booking.pk).starts_at == booking.starts_at
    assert_sound(house)


def test_an_empty_house_changes_its_zone_without_a_word() -> None:
    house = open_restaurant()
    materialize(house, DAY)

    move(house, keeps_wall_clock=False)

    assert on_wall(house.service_days.get().starts_at, house) == (DAY, time(17))
    assert_sound(house)


def test_while_a_party_is_here_no_zone_changes() -> None:
    house = open_restaurant()
    now = datetime.now(UTC)
    today = now.astimezone(house.zone).date()
    booking = BookingFactory(
        restaurant=house, business_date=today, status="seated", starts_at=now - timedelta(minutes=20)
    )

    with pytest.raises(ZoneChangeRefused, match=booking.reference) as refused:
        move(house)

    assert not refused.value.may_keep_wall_clock


def test_a_time_that_the_other_clock_jumps_over_is_refused_by_name() -> None:
    house = open_restaurant(timezone="Etc/UTC", max_days_ahead=3650)
    house.service_periods.update(start_time=time(0), last_seating=time(4), end_time=time(6))
    # The last Sunday of a March to come, on which clocks in London go from 01:00 to 02:00.
    sunday = max(date(days_ahead().year + 1, 3, day) for day in range(25, 32) if _is_sunday(days_ahead().year + 1, day))
    booking = book(house, on=sunday, at=time(1, 30))

    with pytest.raises(ZoneChangeRefused, match=f"{booking.reference}.*does not exist there"):
        move(house, "Europe/London")


def _is_sunday(year: int, day: int) -> bool:
    return date(year, 3, day).isoweekday() == 7


def test_a_block_moves_with_its_bookings_and_nobody_is_seated_twice() -> None:
    house = open_restaurant(tables=1)
    booking = book(house)
    (table,) = house.tables.all()
    block_tables(
        restaurant_id=house.pk,
        table_ids=[table.pk],
        starts_at=booking.ends_at,
        ends_at=booking.ends_at + timedelta(hours=1),
        reason="Flowers",
    )

    move(house)

    booking.refresh_from_db()
    assert TableBlock.objects.get().starts_at == booking.ends_at
    assert_sound(house)


def test_there_and_back_again_is_as_it_was() -> None:
    house = open_restaurant(tables=2)
    for at in (time(19), time(20)):
        book(house, at=at)
    before = [(row.pk, row.starts_at, row.ends_at) for row in house.bookings.order_by("pk")]

    for zone in ("Pacific/Auckland", "Pacific/Honolulu", "Europe/London"):
        move(house, zone)
        assert_sound(house)

    assert [(row.pk, row.starts_at, row.ends_at) for row in house.bookings.order_by("pk")] == before


def test_a_guest_books_by_the_new_clock_at_once() -> None:
    house = open_restaurant()
    book(house)
    move(house)

    booking = book(house, at=time(18))

    assert on_wall(booking.starts_at, house) == (DAY, time(18))
    assert_sound(house)


def test_a_zone_that_the_database_does_not_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    house = open_restaurant()

    with pytest.raises(SettingsInvalid, match="does not know the time zone Mars/Phobos"):
        move(house, "Mars/Phobos")


def test_an_import_asks_for_the_meaning_and_lists_the_guests_to_be_told(tmp_path: Path) -> None:
    house = open_restaurant()
    booking = book(house)
    said = StringIO()
    call_command("export_restaurant", house.slug, stdout=said)
    file = tmp_path / "house.yaml"
    file.write_text(said.getvalue().replace("Europe/London", NEW_YORK))

    with pytest.raises(CommandError, match=f"{booking.reference}, Ada Lovelace.*party of 2"):
        call_command("import_restaurant", str(file))
    told = StringIO()
    call_command("import_restaurant", str(file), "--keep-wall-clock", stdout=told)

    assert "1 booking kept date and time in the new zone. Tell the guests:" in told.getvalue()
    assert f"{booking.reference}, Ada Lovelace, {DAY:%a %-d %b %Y} 19:00, party of 2: +442079460000" in told.getvalue()
