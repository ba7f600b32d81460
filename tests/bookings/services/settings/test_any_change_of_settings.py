"""Any change of settings, on a house with bookings: nobody is forgotten, and a dry run has said all of it."""

import os
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from typing import Any, NamedTuple

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.choices import CHANNELS, BookingSource
from bookings.decision import LoadedDays, assess_settled, load_days, read_wish
from bookings.errors import RequestRefused
from bookings.models import Booking, BookingEvent, CapacityOverride, TableAssignment
from bookings.selectors.undecided import list_undecided
from bookings.services import (
    GuestDetails,
    SettingsOutcome,
    block_tables,
    create_booking_with_capacity_check,
    delete_settings_row,
    save_settings_row,
    set_table_status,
)
from bookings.services.floor.change_requests import stay_minutes
from bookings.services.floor.chosen_tables import why_unusable
from capacity.limits import LIMIT_OF
from capacity.models import BookingSlot, CapacityRule, Closure, ServiceDay, ServicePeriod, TurnTime
from capacity.policy import decide
from capacity.reasons import ReasonCode
from capacity.selectors import ServiceSettings, get_service_settings
from config.errors import DomainError, InputInvalid
from tables.choices import TableStatus
from tables.models import Restaurant, Section, Table, TableBlock, TableCombination
from tables.seating import SeatingPlan, SeatingRequest
from tests.helpers.empty_database import empty_database
from tests.helpers.factories import (
    CapacityRuleFactory,
    SectionFactory,
    TableCombinationFactory,
    TurnTimeFactory,
    days_ahead,
    open_restaurant,
)
from tests.helpers.job_workers import forget_jobs

pytestmark = pytest.mark.django_db(transaction=True)

IS_FUZZ = os.environ.get("FUZZ") == "1"
# The same few each time; `make fuzz` looks for others.
EXAMPLES = 400 if IS_FUZZ else 12
ROWS = (
    *(Restaurant, Section, Table, TableCombination, TableBlock, ServicePeriod, TurnTime, CapacityRule, Closure),
    *(ServiceDay, BookingSlot, Booking, TableAssignment, BookingEvent, CapacityOverride, ProcrastinateJob),
)
# Not asked again of a booking that is there: the limits, of which an excess is authorised, and the booking window.
ANSWERED = {*LIMIT_OF, ReasonCode.PAST, ReasonCode.TOO_SOON, ReasonCode.TOO_FAR}


class Party(NamedTuple):
    """A party to be booked before the change."""

    days: int
    at: time
    size: int
    source: str
    seating: str | None


Change = Callable[[Restaurant, bool], SettingsOutcome]

quarters = st.builds(time, st.integers(16, 22), st.sampled_from([0, 15, 30, 45]))
parties = st.builds(
    Party,
    st.integers(30, 31),
    st.builds(time, st.integers(17, 20), st.sampled_from([0, 15, 30, 45])),
    st.integers(1, 6),
    st.sampled_from(["web", "phone"]),
    st.sampled_from([None, None, "indoor"]),
)


class RowGone(Exception):
    """An earlier change has deleted the row that is to be changed."""


def row_of(find: Callable[[Restaurant], Any], house: Restaurant) -> Any:
    try:
        return find(house)
    except ObjectDoesNotExist as error:
        raise RowGone from error


def save(find: Callable[[Restaurant], Any], **columns: Any) -> Change:
    """Return a change that sets columns of a row."""

    def change(house: Restaurant, is_dry_run: bool) -> SettingsOutcome:
        row = row_of(find, house)
        for name, value in columns.items():
            setattr(row, name, value)
        return save_settings_row(row=row, is_dry_run=is_dry_run)

    return change


def delete(find: Callable[[Restaurant], Any]) -> Change:
    """Return a change that deletes a row."""
    return lambda house, is_dry_run: delete_settings_row(row=row_of(find, house), is_dry_run=is_dry_run)


def add(model: Any, **columns: Any) -> Change:
    """Return a change that adds a row."""
    return lambda house, is_dry_run: save_settings_row(row=model(restaurant=house, **columns), is_dry_run=is_dry_run)


def with_status(number: str, status: TableStatus) -> Change:
    def change(house: Restaurant, is_dry_run: bool) -> SettingsOutcome:
        row = row_of(table(number), house)
        if is_dry_run:
            row.status = status
            return save_settings_row(row=row, is_dry_run=True)
        return set_table_status(restaurant_id=house.pk, table_ids=[row.pk], status=status)

    return change


def itself(house: Restaurant) -> Restaurant:
    return Restaurant.objects.get(pk=house.pk)


def dinner(house: Restaurant) -> ServicePeriod:
    return house.service_periods.get(name="Dinner")


def table(number: str) -> Callable[[Restaurant], Table]:
    return lambda house: house.tables.get(number=number)


numbers = st.sampled_from(["T1", "T2", "T3"])
tables = numbers.map(table)
weekdays = st.lists(st.integers(1, 7), unique=True, min_size=1).map(sorted)
# By kind: whatever else the admin or a file may change gets its line here.
CHANGES: dict[str, st.SearchStrategy[Change]] = {
    "hours": st.builds(lambda at: save(dinner, start_time=at), quarters),
    "last seating": st.builds(lambda at: save(dinner, last_seating=at), quarters),
    "weekdays": st.builds(lambda on: save(dinner, weekdays=on), weekdays),
    "validity": st.builds(lambda on: save(dinner, valid_to=days_ahead(on)), st.integers(29, 31)),
    "seating mode": st.builds(lambda mode: save(dinner, seating_mode=mode), st.sampled_from(["tables", "covers"])),
    "no service": st.just(delete(dinner)),
    "grid": st.builds(lambda minutes: save(itself, slot_minutes=minutes), st.sampled_from([20, 30, 60, 240])),
    "buffer": st.builds(lambda minutes: save(itself, buffer_minutes=minutes), st.integers(0, 60)),
    "online sizes": st.builds(lambda most: save(itself, party_size_max=most), st.integers(1, 8)),
    "inactive": st.just(save(itself, active=False)),
    "shadow": st.just(save(itself, enforcement="shadow")),
    "turn times": st.builds(lambda minutes: add(TurnTime, up_to=8, minutes=minutes), st.integers(30, 240)),
    "rule": st.builds(lambda covers: add(CapacityRule, max_covers=covers), st.integers(0, 12)),
    "closure": st.builds(
        lambda days, span, channel: add(
            Closure,
            from_date=days_ahead(days),
            to_date=days_ahead(31),
            from_time=span and span[0],
            to_time=span and span[1],
            channel=channel,
        ),
        st.integers(29, 31),
        st.none() | st.tuples(quarters, quarters),
        st.sampled_from(["all", "online"]),
    ),
    "special hours": st.builds(
        lambda days: add(
            ServicePeriod,
            name="Gala",
            weekdays=[],
            on_date=days_ahead(days),
            start_time=time(18),
            last_seating=time(20),
            end_time=time(23),
        ),
        st.integers(30, 31),
    ),
    "table size": st.builds(
        lambda find, smallest, most: save(find, capacity=most, min_party_size=min(smallest, most), max_party_size=most),
        tables,
        st.integers(1, 3),
        st.integers(1, 6),
    ),
    "table place": st.builds(lambda find: save(find, seating_type="patio"), tables),
    "table section": st.builds(lambda find: save(find, section=None), tables),
    "table audience": st.builds(
        lambda find, ways: save(find, audience=ways),
        tables,
        st.lists(st.sampled_from(["online", "in_house", "walk_in"]), unique=True),
    ),
    "table status": st.builds(with_status, numbers, st.sampled_from(list(TableStatus))),
    "table gone": st.builds(delete, tables),
    "combination": st.just(delete(lambda house: house.combinations.get())),
    "combination size": st.builds(
        lambda most: save(lambda house: house.combinations.get(), min_party_size=1, max_party_size=most),
        st.integers(1, 8),
    ),
}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=not IS_FUZZ)
@given(
    is_seated=st.booleans(),
    booked=st.lists(parties, min_size=1, max_size=6),
    changes=st.lists(st.sampled_from(list(CHANGES)).flatmap(CHANGES.__getitem__), min_size=1, max_size=2),
    blocked=st.none() | numbers,
)
def test_whatever_is_changed_every_booking_could_be_made_again_or_waits_for_a_decision(
    is_seated: bool, booked: list[Party], changes: list[Change], blocked: str | None
) -> None:
    empty_database()
    forget_jobs()
    try_changes(open_house(is_seated), booked, changes, blocked)


def test_what_is_gone_is_not_changed_again() -> None:
    gone = delete(lambda house: house.combinations.get())

    try_changes(open_house(is_seated=True), [Party(30, time(18), 2, "web", None)], [gone, gone], None)


def test_numbers_alone_and_then_a_smaller_combination_leave_a_larger_party_to_be_decided() -> None:
    house = open_house(is_seated=True)
    smaller = save(lambda house: house.combinations.get(), min_party_size=1, max_party_size=4)

    try_changes(house, [Party(30, time(18), 6, "web", None)], [save(dinner, seating_mode="covers"), smaller], None)

    assert [found.reason for found in list_undecided(house.pk)] == ["T2 + T3 is not for such a party any more"]


def try_changes(house: Restaurant, booked: list[Party], changes: list[Change], blocked: str | None) -> None:
    for party in booked:
        book(house, party)
    if blocked:
        block(house, blocked)

    for change in changes:
        waiting_before = {(found.booking.pk, found.keys) for found in list_undecided(house.pk)}
        before = all_rows()
        try:
            foretold = outcome_of(lambda: change(house, True))  # noqa: B023 - called at once
        except RowGone:
            return
        assert all_rows() == before
        happened = outcome_of(lambda: change(house, False))  # noqa: B023 - called at once

        assert foretold == happened
        undecided = list_undecided(house.pk)
        assert not_makeable(house) == {found.booking.pk for found in undecided}
        if not isinstance(happened, str):
            named = happened["stranded"] | happened["waiting"]
            assert named == {(found.booking.pk, found.keys) for found in undecided}
            assert happened["stranded"].isdisjoint(waiting_before)


def open_house(is_seated: bool) -> Restaurant:
    house = open_restaurant(timezone="Etc/UTC", tables=3)
    house.service_periods.update(seating_mode="tables" if is_seated else "covers")
    house.tables.filter(number="T1").update(capacity=2, max_party_size=2)
    house.tables.update(section=SectionFactory(restaurant=house))
    TableCombinationFactory(restaurant=house, tables=list(house.tables.exclude(number="T1")))
    CapacityRuleFactory(restaurant=house, max_covers=16, pacing_covers=8)
    TurnTimeFactory(restaurant=house, up_to=8, minutes=90)
    return house


def book(house: Restaurant, party: Party) -> None:
    try:
        create_booking_with_capacity_check(
            restaurant_id=house.pk,
            business_date=days_ahead(party.days),
            wall_time=party.at,
            party_size=party.size,
            source=BookingSource(party.source),
            seating=party.seating,
            guest=GuestDetails("Ann Lee"),
        )
    except RequestRefused:
        # The house is full then.
        return


def block(house: Restaurant, number: str) -> None:
    day = ServiceDay.objects.filter(restaurant=house).order_by("starts_at").first()
    if day is not None:
        starts_at = day.starts_at + timedelta(hours=2)
        ids = [house.tables.get(number=number).pk]
        block_tables(
            restaurant_id=house.pk,
            table_ids=ids,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            reason="leak",
        )


def all_rows() -> list[list[dict[str, Any]]]:
    return [list(model.objects.order_by("pk").values()) for model in ROWS]


def outcome_of(change: Callable[[], SettingsOutcome]) -> Any:
    """Return an outcome as it can be compared, or the refusal."""
    try:
        outcome = change()
    except DomainError as refusal:
        return f"{type(refusal).__name__}: {refusal.message}"
    except IntegrityError:
        # A second row of one name or scope: form and file refuse it before.
        return "twin"
    return {
        "service_days": outcome.service_days,
        "raised": [(str(each.limit), each.amount, each.slot_starts_at) for each in outcome.raised],
        "stranded": {(each.booking.pk, each.keys) for each in outcome.stranded},
        "waiting": {(each.booking.pk, each.keys) for each in outcome.waiting},
        "moves": outcome.moves,
        "left": [(each.booking.pk, each.tables, each.reason) for each in outcome.left],
    }


def not_makeable(house: Restaurant) -> set[int]:
    """Return the bookings that the decision of a new booking would refuse, each with itself taken out."""
    now = get_service_settings(house.pk)
    live = Booking.objects.filter(restaurant=house, status="confirmed").select_related("service_day")
    return {booking.pk for booking in live if any(obstacles(now, booking))}


def obstacles(now: ServiceSettings, booking: Booking) -> Iterator[object]:
    """Yield whatever keeps a booking from being made again: by its own way in, for its own stay, at its own tables."""
    if not now.restaurant.active:
        yield "inactive"
    channel = CHANNELS[BookingSource(booking.source)]
    try:
        wish = read_wish(
            now,
            party_size=booking.party_size,
            business_date=booking.business_date,
            wall_time=booking.wall_time,
            seating=booking.seating or None,
            channel=channel,
        )
    except InputInvalid as problem:
        yield problem
        return
    if wish.period_id != booking.service_day.service_period_id:
        yield "another service"
        return
    loaded = load_days(now, booking.business_date, booking.business_date, without=[booking.pk])
    case = assess_settled(loaded, wish, None).case
    yield from (each for each in decide(case.request, case.day, now.now).reasons if each.code not in ANSWERED)
    yield from table_obstacles(loaded, booking, channel)


def table_obstacles(loaded: LoadedDays, booking: Booking, channel: str) -> Iterator[object]:
    """Yield whatever keeps a booking from its own tables, or from any where it should have one and has none."""
    now = loaded.settings
    own = tuple(sorted(booking.assignments.values_list("table_id", flat=True)))
    needs_table = now.needs_tables(booking.service_day.service_period_id)
    if own or (needs_table and now.is_enforced):
        request = SeatingRequest(
            party_size=booking.party_size,
            starts_at=booking.starts_at,
            ends_at=booking.starts_at + timedelta(minutes=stay_minutes(booking) + booking.buffer_minutes),
            seating=booking.seating or None,
            channel=channel,
            table_ids=own or None,
        )
        if not isinstance(loaded.plan_seating(request), SeatingPlan):
            yield "no table"
    if own and needs_table:
        given = now.floor.suitable(booking.party_size, booking.seating or None, channel)
        if own not in {tuple(sorted(seat.table_ids)) for seat in given}:
            yield "other tables"
    elif own and (why := why_unusable(now, own, booking.party_size, None)):
        # Where no party needs a table, a person alone gives any: by the rule of all ways back to one.
        yield why
