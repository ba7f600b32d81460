"""The auditor of each minute looks at what has changed, tells all that is wrong, and misses nothing for long."""

from datetime import timedelta

import pytest
from django.db.models import F

from bookings.insight.audit import AuditReport
from bookings.insight.audit import keeping as audits
from bookings.insight.audit.keeping import audit_capacity, audit_changes
from bookings.models import AuditedDay, AuditRun, Booking
from bookings.services import cancel_booking, save_settings_row
from capacity.models import ServiceDay
from tables.models import Restaurant
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, TableFactory, days_ahead, open_restaurant
from tests.helpers.planted_faults import book, brief, write

pytestmark = pytest.mark.django_db(transaction=True)

EVENING, NEXT_EVENING = days_ahead(), days_ahead(31)
COUNTER = "UPDATE capacity_serviceday SET booked_covers = booked_covers + %s WHERE id = %s"


@pytest.fixture(autouse=True)
def little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run look at one restaurant whole, as one of very many."""
    monkeypatch.setattr(audits, "TIME_FOR_WHOLE", timedelta(0))
    monkeypatch.setattr(audits, "RESTAURANTS_A_SNAPSHOT", 1)


def two_evenings() -> tuple[Booking, Booking]:
    """Book two evenings of a restaurant, and look at it whole; the next to be so are four others, which have none."""
    restaurant = open_restaurant()
    CapacityRuleFactory(restaurant=restaurant, max_covers=8)
    first, second = book(restaurant, EVENING), book(restaurant, NEXT_EVENING)
    for _ in range(4):
        open_restaurant()
    assert looked_at(audit_changes()) == (2, 2)
    return first, second


def looked_at(report: AuditReport) -> tuple[int, int]:
    return report.checked.get("serviceDays", 0), report.checked.get("bookings", 0)


def test_what_was_clean_is_not_looked_at_again() -> None:
    two_evenings()

    report = audit_changes()

    assert report.is_clean
    assert looked_at(report) == (0, 0)
    assert AuditRun.objects.filter(restaurant=None, from_date=None, to_date=None).count() == 2


def test_a_write_has_its_own_service_day_looked_at_again() -> None:
    first, _ = two_evenings()
    cancel_booking(booking_id=first.pk)

    assert looked_at(audit_changes()) == (1, 1)
    assert looked_at(audit_changes()) == (0, 0)


def test_a_change_of_settings_has_all_coming_days_looked_at_again() -> None:
    first, _ = two_evenings()
    save_settings_row(row=CapacityRuleFactory.build(restaurant=first.restaurant, max_parties=9))

    assert looked_at(audit_changes()) == (2, 2)


def test_what_is_wrong_is_told_by_every_run_until_it_is_right_again() -> None:
    first, _ = two_evenings()
    book(first.restaurant, EVENING)
    write(COUNTER, 1, first.service_day_id)

    for _ in range(2):
        assert brief(audit_changes().problems) == ["COUNTER_DRIFT"]
    write(COUNTER, -1, first.service_day_id)

    assert audit_changes().is_clean
    assert looked_at(audit_changes()) == (0, 0)


def test_a_fault_behind_the_back_of_the_engine_is_found_when_its_restaurant_is_looked_at_whole() -> None:
    first, _ = two_evenings()
    write(COUNTER, 1, first.service_day_id)

    # Nothing has raised a version.
    assert AuditedDay.objects.get(pk=first.service_day_id).version == ServiceDay.objects.earliest("pk").version
    assert [audit_changes().is_clean for _ in range(4)] == [True] * 4
    assert brief(audit_changes().problems) == ["COUNTER_DRIFT"]


def test_all_restaurants_are_looked_at_whole_in_turn() -> None:
    houses = [open_restaurant().pk for _ in range(3)]

    for _ in range(4):
        audit_changes()

    seen = list(AuditRun.objects.order_by("pk").values_list("whole_through", flat=True))
    assert seen == [*houses, houses[0]]


def test_where_there_is_time_every_run_looks_at_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = two_evenings()
    monkeypatch.setattr(audits, "TIME_FOR_WHOLE", timedelta(minutes=5))
    write(COUNTER, 1, first.service_day_id)

    report = audit_changes()

    assert brief(report.problems) == ["COUNTER_DRIFT"]
    assert report.checked == audit_capacity().checked


def test_a_fault_of_tables_is_told_by_every_run_until_it_is_right_again() -> None:
    restaurant = open_restaurant(tables=2)
    open_restaurant()
    one, other = book(restaurant, EVENING, "19:00"), book(restaurant, EVENING, "21:30")
    audit_changes()
    write("UPDATE bookings_booking SET buffer_minutes = 90 WHERE id = %s", one.pk)
    cancel_booking(booking_id=other.pk)

    for _ in range(2):
        assert brief(audit_changes().problems) == ["ASSIGNMENT_TOO_SHORT"]


def test_parties_without_a_table_are_counted_whole_however_little_changed() -> None:
    restaurant = open_restaurant(tables=1)
    open_restaurant()
    for evening in (EVENING, NEXT_EVENING):
        BookingFactory(restaurant=restaurant, business_date=evening)
    audit_changes()
    TableFactory(restaurant=restaurant, number="T9")
    book(restaurant, days_ahead(32))

    (note,) = audit_changes().notes

    assert (note.kind, note.facts["count"]) == ("WITHOUT_TABLE", 2)


def test_a_restaurant_in_an_unknown_zone_is_told_by_every_run() -> None:
    first, _ = two_evenings()
    Restaurant.objects.filter(pk=first.restaurant_id).update(timezone="Nowhere/AtAll")
    ServiceDay.objects.filter(pk=first.service_day_id).update(version=F("version") + 1)

    for _ in range(2):
        assert brief(audit_changes().problems) == ["TIMEZONE_UNKNOWN"]


def test_a_run_that_ends_half_way_has_told_nothing_and_forgets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, _ = two_evenings()
    book(broken.restaurant, EVENING)
    write(COUNTER, 1, broken.service_day_id)
    calls = iter([audits.audit_changed_days])
    monkeypatch.setattr(audits, "audit_changed_days", lambda *given, **how: next(calls)(*given, **how))

    with pytest.raises(StopIteration):
        audit_changes()
    monkeypatch.undo()

    assert AuditRun.objects.count() == 1
    assert brief(audit_changes().problems) == ["COUNTER_DRIFT"]
