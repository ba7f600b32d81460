"""What hosts do to a booking on its pages: asked first, done once, said whom it moves, refused in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings.choices import BookingStatus, EventKind
from bookings.models import Booking
from bookings.services import block_tables, leave_early, mark_arrived, mark_no_show, seat_party, seat_walk_in
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, form_of, messages_of, text_of
from tests.helpers.dining_room import (
    at_tables,
    began,
    everything_written,
    history,
    ids,
    latest,
    pins,
    room_at_noon,
    sit,
    table,
)
from tests.helpers.factories import CapacityRuleFactory, days_ahead
from tests.helpers.running_service import assert_all_right, due, seated

pytestmark = pytest.mark.django_db(transaction=True)

BOOKINGS = "/admin/bookings/booking/"
STALE = "Somebody changed this booking after you looked at it, so nothing was done."
Form = dict[str, Any]


def page_of(booking: Booking, name: str = "change") -> str:
    return f"{BOOKINGS}{booking.pk}/{name}/"


def filled_in(client: Client, booking: Booking, name: str, **changed: Any) -> Form:
    """Return what the page of an operation would send, some fields changed by hand."""
    return {**form_of(client.get(page_of(booking, name))), **changed}


def do(client: Client, booking: Booking, name: str, **changed: Any) -> Any:
    """Open the page of an operation, change some fields, send it, follow."""
    page = client.post(page_of(booking, name), filled_in(client, booking, name, **changed), follow=True)
    booking.refresh_from_db()
    return page


def offered(client: Client, booking: Booking) -> list[str]:
    """Return the operations that the page of a booking offers; a start off the grid of slots may be kept beside."""
    names = [offer["operation"].name for offer in client.get(page_of(booking)).context["operations"]]
    return [name for name in names if name != "keep"]


@dataclass(frozen=True)
class Case:
    """An operation: of which booking, with what changed by hand, and what stands in the history then."""

    name: str
    make: Callable[[Restaurant], Booking]
    kind: EventKind
    change: Callable[[Restaurant], Form] = lambda house: {}

    def __str__(self) -> str:
        return self.name


def expected(house: Restaurant) -> Booking:
    return due(house, 40, "T1")


def at_table(house: Restaurant) -> Booking:
    return seated(house, 30, "T1")


def overdue(house: Restaurant) -> Booking:
    return began(house, 20, 2, "T1")


def pinned(house: Restaurant) -> Booking:
    booking = due(house, 40)
    sit(booking, "T1", pinned=True)
    return booking


def beside_another(house: Restaurant) -> Booking:
    due(house, 40, "T2", guest_name="Other")
    return expected(house)


def just_arrived(house: Restaurant) -> Booking:
    return mark_arrived(booking_id=expected(house).pk)


CASES = [
    Case("arrive", expected, EventKind.ARRIVED),
    Case("seat", expected, EventKind.SEATED),
    Case("leave", at_table, EventKind.LEFT),
    Case("extend", at_table, EventKind.EXTENDED),
    Case("no-show", overdue, EventKind.NO_SHOW),
    Case("assign", expected, EventKind.ASSIGNED, lambda house: {"tables": ids(house, "T2")}),
    Case(
        "swap",
        beside_another,
        EventKind.SWAPPED,
        lambda house: {"other_booking": Booking.objects.get(guest_name="Other").pk},
    ),
    Case("pin", expected, EventKind.PINNED),
    Case("unpin", pinned, EventKind.UNPINNED),
    Case("rebook", expected, EventKind.CHANGED, lambda house: {"party_size": "1"}),
    Case("correct", expected, EventKind.CORRECTED, lambda house: {"allergies": "Nuts"}),
    Case("undo", just_arrived, EventKind.UNDONE),
    Case("cancel", expected, EventKind.CANCELLED),
]
every_operation = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture
def house() -> Restaurant:
    """A house in the middle of its service: T1 and T2 for two, T3 for four."""
    return room_at_noon(2, 2, 4)


# What holds for all of them


@every_operation
def test_a_page_asks_before_anything_is_done(admin_client: Client, house: Restaurant, case: Case) -> None:
    booking = case.make(house)
    before = everything_written(house)

    page = admin_client.get(page_of(booking, case.name))

    assert f"Guest Ada Lovelace, party of {booking.party_size}" in text_of(page)
    assert page.context["is_offered"]
    assert everything_written(house) == before


@every_operation
def test_one_call_writes_it_in_the_name_of_the_user(
    admin_client: Client, admin_user: Any, house: Restaurant, case: Case
) -> None:
    booking = case.make(house)
    known = history(booking)

    page = do(admin_client, booking, case.name, **case.change(house))

    assert page.redirect_chain == [(page_of(booking), 302)]
    assert booking.reference in messages_of(page)[0]
    assert history(booking) == [*known, case.kind]
    assert latest(booking).actor == admin_user
    assert_all_right(house)


@every_operation
def test_a_double_click_is_one_change(admin_client: Client, house: Restaurant, case: Case) -> None:
    booking = case.make(house)
    form = filled_in(admin_client, booking, case.name, **case.change(house))
    first = admin_client.post(page_of(booking, case.name), form)
    after_the_first = everything_written(house)

    second = admin_client.post(page_of(booking, case.name), form)

    assert (first.status_code, second.status_code) == (302, 302)
    assert everything_written(house) == after_the_first


@every_operation
def test_a_page_about_an_older_state_is_refused_in_words(admin_client: Client, house: Restaurant, case: Case) -> None:
    booking = case.make(house)
    form = filled_in(admin_client, booking, case.name, **case.change(house))
    Booking.objects.filter(pk=booking.pk).update(version=9)
    before = everything_written(house)

    page = admin_client.post(page_of(booking, case.name), form)

    assert page.status_code == 200
    assert f"{STALE} See it as it is now" in text_of(page)
    assert everything_written(house) == before


@every_operation
def test_nothing_is_done_without_the_version_that_was_seen(admin_client: Client, house: Restaurant, case: Case) -> None:
    booking = case.make(house)
    form = filled_in(admin_client, booking, case.name, **case.change(house))
    before = everything_written(house)

    page = admin_client.post(page_of(booking, case.name), {**form, "expected_version": ""})

    assert "Open this page again." in text_of(page)
    assert everything_written(house) == before


@every_operation
def test_whoever_only_looks_sees_no_button_and_is_forbidden(
    admin_client: Client, house: Restaurant, case: Case
) -> None:
    booking = case.make(house)
    form = filled_in(admin_client, booking, case.name, **case.change(house))
    looking = client_with("bookings.view_booking")
    before = everything_written(house)

    assert looking.get(page_of(booking)).context["operations"] == []
    assert looking.get(page_of(booking, case.name)).status_code == 403
    assert looking.post(page_of(booking, case.name), form).status_code == 403
    assert everything_written(house) == before


@pytest.mark.parametrize("case", [case for case in CASES if case.name != "correct"], ids=str)
def test_a_cancelled_booking_refuses_in_words(admin_client: Client, house: Restaurant, case: Case) -> None:
    booking = case.make(house)
    form = filled_in(admin_client, booking, case.name, **case.change(house))
    admin_client.post(page_of(booking, "cancel"), {"expected_version": booking.version})
    Booking.objects.filter(pk=booking.pk).update(status="expired")
    before = everything_written(house)

    page = admin_client.post(page_of(booking, case.name), form)

    assert page.status_code == 200
    assert page.context["form"].general_errors != []
    assert "is not possible now: this booking is expired" in text_of(page)
    assert everything_written(house) == before


def test_whoever_may_change_bookings_may_do_it(house: Restaurant) -> None:
    booking = expected(house)
    host = client_with("bookings.view_booking", "bookings.change_booking")

    do(host, booking, "arrive")

    assert booking.status == "arrived"


def test_a_booking_that_is_not_there_is_404(admin_client: Client) -> None:
    assert [admin_client.get(f"{BOOKINGS}999/{case.name}/").status_code for case in CASES] == [404] * len(CASES)


# What a booking allows is offered, and nothing else


def test_a_party_to_come_may_arrive_sit_move_and_be_given_up(admin_client: Client, house: Restaurant) -> None:
    assert offered(admin_client, expected(house)) == [
        "arrive",
        "seat",
        "assign",
        "swap",
        "pin",
        "rebook",
        "correct",
        "cancel",
    ]


def test_a_party_that_is_late_may_be_a_no_show(admin_client: Client, house: Restaurant) -> None:
    assert offered(admin_client, overdue(house))[-2:] == ["no_show", "cancel"]


def test_a_party_at_its_table_may_leave_stay_and_move(admin_client: Client, house: Restaurant) -> None:
    booking = at_table(house)
    assert offered(admin_client, booking) == ["leave", "extend", "assign", "swap", "pin", "rebook", "correct"]

    do(admin_client, booking, "extend")

    assert offered(admin_client, booking)[-1] == "undo"


def test_a_pinned_party_may_be_unpinned_only(admin_client: Client, house: Restaurant) -> None:
    assert {"pin", "unpin"} & set(offered(admin_client, pinned(house))) == {"unpin"}


def test_a_party_without_tables_has_none_to_swap_or_pin(admin_client: Client, house: Restaurant) -> None:
    assert offered(admin_client, due(house, 40)) == ["arrive", "seat", "assign", "rebook", "correct", "cancel"]


def test_a_party_of_another_date_neither_comes_nor_sits_today(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)
    later = {"business_date": days_ahead(), "starts_at": booking.starts_at + timedelta(days=30)}
    Booking.objects.filter(pk=booking.pk).update(**later, ends_at=booking.ends_at + timedelta(days=30))

    assert {"arrive", "seat", "no_show"} & set(offered(admin_client, booking)) == set()


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_what_is_over_allows_a_correction_alone(admin_client: Client, house: Restaurant, status: str) -> None:
    booking = expected(house)
    Booking.objects.update(status=status)

    assert offered(admin_client, booking) == ["correct"]


# Coming, sitting, leaving


def test_a_party_arrives_and_sits(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)

    assert messages_of(do(admin_client, booking, "arrive")) == [f"{booking.reference} has arrived: T1."]
    page = do(admin_client, booking, "seat")

    until = f"{booking.ends_at.astimezone(house.zone):%H:%M}"
    assert messages_of(page) == [f"{booking.reference} sits at T1 until {until}."]
    assert (booking.status, at_tables(booking)) == ("seated", ["T1"])


def test_a_party_sits_at_other_tables_than_its_own(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)

    do(admin_client, booking, "seat", tables=ids(house, "T2"))

    assert (booking.status, at_tables(booking)) == ("seated", ["T2"])


def test_a_party_at_a_table_that_somebody_has_now_does_not_sit(admin_client: Client, house: Restaurant) -> None:
    other = seated(house, 30, "T1")
    booking = due(house, 70, "T1")
    before = everything_written(house)

    page = do(admin_client, booking, "seat")

    assert f"T1 is taken by {other.reference}" in text_of(page)
    assert everything_written(house) == before


def test_a_late_party_says_whom_it_moves(admin_client: Client, house: Restaurant) -> None:
    following = due(house, 75, "T1")
    booking = overdue(house)
    Booking.objects.filter(pk=booking.pk).update(turn_minutes=90)

    page = do(admin_client, booking, "seat")

    moved = f"{following.reference} moved from T1 to T2, to make room for {booking.reference}."
    assert [text_of_message(each) for each in messages_of(page)][1:] == [moved]
    assert at_tables(following) == ["T2"]


def test_a_longer_stay_says_whom_it_hits(admin_client: Client, house: Restaurant) -> None:
    booking = at_table(house)
    following = due(house, 60)
    sit(following, "T1", pinned=True)

    page = do(admin_client, booking, "extend")

    start = f"{following.starts_at.astimezone(house.zone):%H:%M}"
    hit = f"{following.reference}, party of 2 at {start}, comes to T1 and finds it taken: give them other tables."
    assert [text_of_message(each) for each in messages_of(page)][1:] == [hit]
    assert at_tables(following) == ["T1"]


def test_ends_are_offered_on_the_restaurants_clock(admin_client: Client, house: Restaurant) -> None:
    booking = at_table(house)

    page = admin_client.get(page_of(booking, "extend"))

    choices = dict(page.context["form"].fields["ends_at"].choices)
    chosen = datetime.fromisoformat(form_of(page)["ends_at"][0])
    minutes = int((chosen - booking.ends_at) / timedelta(minutes=1))
    assert timedelta() < chosen - booking.ends_at <= timedelta(minutes=15)
    longer = "1 minute longer" if minutes == 1 else f"{minutes} minutes longer"
    assert choices[chosen.isoformat()] == f"{chosen.astimezone(house.zone):%H:%M} ({longer})"


def test_an_end_that_was_not_offered_is_refused(admin_client: Client, house: Restaurant) -> None:
    booking = at_table(house)
    before = everything_written(house)

    page = do(admin_client, booking, "extend", ends_at="2020-01-01T12:00:00+00:00")

    assert "Select a valid choice." in text_of(page)
    assert everything_written(house) == before


def test_a_party_leaves_and_its_table_is_free(admin_client: Client, house: Restaurant) -> None:
    booking = at_table(house)

    page = do(admin_client, booking, "leave")

    assert messages_of(page) == [f"{booking.reference} has left: T1 is free."]
    assert (booking.status, booking.left_at is not None) == ("completed", True)


def test_before_its_time_nobody_is_a_no_show(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)
    before = everything_written(house)

    page = do(admin_client, booking, "no-show")

    assert "“No-show” is not possible now" in text_of(page)
    assert "before that a booking can only be cancelled" in text_of(page)
    assert everything_written(house) == before


# Undoing


@pytest.mark.parametrize(
    ("make", "apply", "kind", "status"),
    [
        (expected, mark_arrived, "Arrived", "confirmed"),
        (expected, seat_party, "Seated", "confirmed"),
        (at_table, leave_early, "Left", "seated"),
        (overdue, mark_no_show, "No-show", "confirmed"),
    ],
)
def test_the_page_names_what_is_undone_and_undoes_it(
    admin_client: Client, house: Restaurant, make: Any, apply: Any, kind: str, status: str
) -> None:
    booking = make(house)
    apply(booking_id=booking.pk)
    assert f"Undo “{kind}” (" in text_of(admin_client.get(page_of(booking, "undo")))

    page = do(admin_client, booking, "undo")

    assert messages_of(page) == [f"Undone: {booking.reference} is {status} again, T1."]
    assert (booking.status, at_tables(booking)) == (status, ["T1"])


def test_a_walk_in_by_mistake_is_taken_back(admin_client: Client, house: Restaurant) -> None:
    booking = seat_walk_in(restaurant_id=house.pk, party_size=2).booking
    assert "Take back this walk-in (" in text_of(admin_client.get(page_of(booking, "undo")))

    page = do(admin_client, booking, "undo")

    assert messages_of(page) == [f"Undone: {booking.reference} is cancelled, its table is free."]
    assert (booking.status, at_tables(booking)) == (BookingStatus.CANCELLED, [])


def test_the_undo_of_a_no_show_is_refused_where_its_room_is_gone(admin_client: Client) -> None:
    house = room_at_noon(2)
    booking = overdue(house)
    mark_no_show(booking_id=booking.pk)
    seated(house, 1, "T1")
    before = everything_written(house)

    page = do(admin_client, booking, "undo")

    assert "No capacity any more for the 2 guests" in text_of(page)
    assert "no table: 1 of the 1 that would suit are taken, and no moves make room" in text_of(page)
    assert everything_written(house) == before


def test_nothing_to_undo_is_said(admin_client: Client, house: Restaurant) -> None:
    page = do(admin_client, expected(house), "undo")

    assert "There is nothing to undo." in text_of(page)


# Tables by hand


def test_free_tables_come_first_and_taken_ones_say_by_whom(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)
    other = due(house, 40, "T2", guest_name="Grace Hopper")
    block_tables(
        restaurant_id=house.pk,
        table_ids=ids(house, "T3"),
        starts_at=datetime.now(UTC),
        ends_at=datetime.now(UTC) + timedelta(hours=3),
        reason="wobbly",
    )

    page = admin_client.get(page_of(booking, "assign"))

    (free, [own]), (taken, [first, second]) = page.context["form"].fields["tables"].choices
    start, end = (f"{each.astimezone(house.zone):%H:%M}" for each in (other.starts_at, other.ends_at))
    assert (free, own) == ("Free, for 2", (table(house, "T1").pk, "T1 (1 to 2)"))
    assert taken == "Taken: whoever may be moved is moved"
    assert first[1] == f"T2 (1 to 2): Grace Hopper, 2 ({other.reference}) {start} to {end}"
    assert second[1].startswith("T3 (1 to 4): blocked, wobbly")


def test_a_table_of_a_party_over_its_time_is_not_free_now_but_later(admin_client: Client, house: Restaurant) -> None:
    over = seated(house, 100, "T1", guest_name="Over")
    due_now, due_later = began(house, 5, 2, "T2"), due(house, 40, "T3")

    said = text_of(admin_client.get(page_of(due_now, "assign")))
    later = text_of(admin_client.get(page_of(due_later, "assign")))

    end = f"{over.ends_at.astimezone(house.zone):%H:%M}"
    assert f"T1 (1 to 2): Over, 2 ({over.reference}) still sits there, over time since {end}" in said
    assert "still sits there" not in later


def test_a_booking_moves_and_whoever_is_in_the_way_makes_room(admin_client: Client, house: Restaurant) -> None:
    booking, other = due(house, 60, "T1"), due(house, 60, "T2")

    page = do(admin_client, booking, "assign", tables=ids(house, "T2"))

    assert [text_of_message(each) for each in messages_of(page)] == [
        f"{booking.reference} has T2, pinned.",
        f"{other.reference} moved from T2 to T1, to make room for {booking.reference}.",
    ]
    assert (at_tables(booking), pins(booking)) == (["T2"], {True})
    assert (at_tables(other), pins(other)) == (["T1"], {False})


def test_tables_that_are_not_pinned_may_be_taken_away_again(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)
    form = filled_in(admin_client, booking, "assign", tables=ids(house, "T2"))
    del form["is_pinned"]

    admin_client.post(page_of(booking, "assign"), form)

    assert (at_tables(booking), pins(booking)) == (["T2"], {False})


def test_a_table_of_somebody_who_stays_is_refused_with_the_name(admin_client: Client, house: Restaurant) -> None:
    booking, other = expected(house), seated(house, 30, "T2")
    before = everything_written(house)

    page = do(admin_client, booking, "assign", tables=ids(house, "T2"))

    assert f"T2 is taken by {other.reference} until" in text_of(page)
    assert everything_written(house) == before


@pytest.mark.parametrize(
    ("numbers", "error"),
    [([], "Choose at least one table."), (["T1"], "T1 can take a party of 1 to 2, not of 4")],
)
def test_tables_that_do_not_do_are_refused_at_the_field(
    admin_client: Client, house: Restaurant, numbers: list[str], error: str
) -> None:
    booking = due(house, 40, "T3", party_size=4)
    before = everything_written(house)

    page = do(admin_client, booking, "assign", tables=ids(house, *numbers))

    assert page.context["form"].errors["tables"] == [error]
    assert everything_written(house) == before


def test_two_parties_swap(admin_client: Client, house: Restaurant) -> None:
    booking = beside_another(house)
    other = Booking.objects.get(guest_name="Other")

    page = do(admin_client, booking, "swap", other_booking=other.pk)

    assert messages_of(page) == [f"{booking.reference} has T2 now; the tables are swapped."]
    assert (at_tables(booking), at_tables(other)) == (["T2"], ["T1"])


def test_only_parties_of_the_date_with_tables_are_offered_to_swap(admin_client: Client, house: Restaurant) -> None:
    booking = beside_another(house)
    due(house, 40, guest_name="Tableless")
    due(room_at_noon(2), 40, "T1", guest_name="Elsewhere")

    page = admin_client.get(page_of(booking, "swap"))

    assert len(page.context["form"].fields["other_booking"].choices) == 2
    assert "Other, 2 (" in text_of(page)


def test_a_swap_that_does_not_fit_is_refused(admin_client: Client, house: Restaurant) -> None:
    booking, large = expected(house), due(house, 40, "T3", party_size=4)
    before = everything_written(house)

    page = do(admin_client, booking, "swap", other_booking=large.pk)

    assert "T1 can take a party of 1 to 2, not of 4" in text_of(page)
    assert everything_written(house) == before


# Another time or size


def test_a_change_of_the_size_is_decided_as_a_new_booking(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)

    page = do(admin_client, booking, "rebook", party_size="4", seating="")

    assert (booking.party_size, at_tables(booking)) == (4, ["T3"])
    assert messages_of(page)[0].startswith(f"{booking.reference} is for 4 on ")
    assert latest(booking).kind == EventKind.CHANGED


def test_a_change_of_date_and_time_is_on_the_restaurants_clock(admin_client: Client, house: Restaurant) -> None:
    booking, day = expected(house), days_ahead(3)

    do(admin_client, booking, "rebook", business_date=day.isoformat(), wall_time="12:30")

    wall = datetime.combine(day, time(12, 30), tzinfo=house.zone)
    assert (booking.business_date, booking.wall_time, booking.starts_at) == (day, time(12, 30), wall)


def test_a_change_that_nothing_takes_is_refused_with_every_reason_and_other_starts(
    admin_client: Client, house: Restaurant
) -> None:
    day = days_ahead(3)
    rush = {"from_date": day, "to_date": day, "from_time": time(12), "to_time": time(12, 45)}
    CapacityRuleFactory(restaurant=house, pacing_covers=1, **rush)
    booking = expected(house)
    before = everything_written(house)["bookings"]

    page = do(admin_client, booking, "rebook", business_date=day.isoformat(), wall_time="12:30")

    said = text_of(page)
    assert "No capacity for 2 guests at 12:30: covers starting per slot: 0 of 1 are taken and 2 more were" in said
    assert "Other starts that would do: " in said
    assert everything_written(house)["bookings"] == before


def test_what_makes_no_sense_is_said_at_the_field(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)
    day = days_ahead(3)

    page = do(admin_client, booking, "rebook", business_date=day.isoformat(), wall_time="12:07")
    empty = do(admin_client, booking, "rebook", party_size="0", wall_time="")

    assert list(page.context["form"].errors) == ["wall_time"]
    assert set(empty.context["form"].errors) == {"party_size", "wall_time"}


# The history


def test_an_automatic_move_is_told_with_tables_and_reason_and_pinned_in_one_call(
    admin_client: Client, house: Restaurant
) -> None:
    booking, moved = due(house, 60, "T1"), due(house, 60, "T2")
    do(admin_client, booking, "assign", tables=ids(house, "T2"))

    page = admin_client.get(page_of(moved))

    start = f"{booking.wall_time:%H:%M}"
    told = f"Moved to other tables by the planner engine T2 T1 T2 -&gt; T1, to make room for 2 at {start} Pin here"
    assert told in text_of(page)
    (button,) = [each for each in page.content.decode().split("<button") if "Pin here" in each]
    assert f'formaction="{page_of(moved, "pin")}"' in button
    moved.refresh_from_db()
    admin_client.post(page_of(moved, "pin"), {"expected_version": moved.version})
    assert pins(moved) == {True}
    assert "Pin here" not in text_of(admin_client.get(page_of(moved)))


def test_whoever_only_looks_cannot_pin_from_the_history(admin_client: Client, house: Restaurant) -> None:
    booking, moved = due(house, 60, "T1"), due(house, 60, "T2")
    do(admin_client, booking, "assign", tables=ids(house, "T2"))

    page = client_with("bookings.view_booking", "bookings.view_bookingevent").get(page_of(moved))

    assert "T2 -&gt; T1" in text_of(page)
    assert "Pin here" not in text_of(page)


def test_the_history_says_what_changed_and_nothing_else(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)
    do(admin_client, booking, "arrive")
    do(admin_client, booking, "undo")
    do(admin_client, booking, "assign", tables=ids(house, "T2"))
    do(admin_client, booking, "rebook", party_size="1")

    told = text_of(admin_client.get(page_of(booking)))

    assert "Arrived admin Confirmed Arrived" in told
    assert "Undone admin Arrived “Arrived” undone, Confirmed" in told
    assert "Given tables by a person admin T1, not pinned T2, pinned" in told
    assert "Changed admin party of 2 party of 1" in told


def test_a_page_takes_as_many_queries_however_long_its_history(admin_client: Client, house: Restaurant) -> None:
    booking = expected(house)
    do(admin_client, booking, "arrive")
    few = count_queries(admin_client, page_of(booking))

    for _ in range(2):
        do(admin_client, booking, "undo")
        do(admin_client, booking, "arrive")
    booking.refresh_from_db()

    assert count_queries(admin_client, page_of(booking)) == few


@pytest.mark.parametrize("name", ["assign", "seat", "swap"])
def test_a_choice_takes_no_query_per_table_or_booking(admin_client: Client, house: Restaurant, name: str) -> None:
    booking = beside_another(house)
    few = count_queries(admin_client, page_of(booking, name))

    for number in ("T1", "T2", "T3"):
        due(house, 140, number)

    assert count_queries(admin_client, page_of(booking, name)) == few


def text_of_message(message: str) -> str:
    """Return a message without its links."""
    return "".join(part.split(">", 1)[-1] for part in message.split("<"))
