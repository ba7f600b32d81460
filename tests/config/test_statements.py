"""Statements that the ORM writes once: the same rows as the querysets, whatever happened to the connection before."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, connection, transaction
from django.db.models import CharField, F, IntegerField, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from bookings.models import BookingEvent
from config.statements import AnyOf, JsonRows, Parameter, Statement, ids, insert_into, read_each, rows_of, together
from tables.models import Restaurant
from tests.helpers.factories import BookingFactory, RestaurantFactory

NAMES = Statement.of(
    "names_of_restaurants",
    lambda: (
        Restaurant.objects.filter(AnyOf(F("pk"), ids("restaurant_ids")), slug__contains="-")
        .order_by("pk")
        .values_list("pk", Concat(F("name"), Value(" 100 %, "), Parameter("greeting", CharField())))
    ),
)


@pytest.fixture
def houses() -> list[Restaurant]:
    return [RestaurantFactory(slug=f"house-{number}") for number in range(3)]


def names(houses: list[Restaurant], greeting: str = "it's fine") -> list[tuple[Any, ...]]:
    return NAMES.run(restaurant_ids=[house.pk for house in houses], greeting=greeting)


@pytest.mark.django_db
def test_the_rows_are_those_of_the_queryset(houses: list[Restaurant]) -> None:
    assert names(houses[:2]) == [(house.pk, f"{house.name} 100 %, it's fine") for house in houses[:2]]
    assert names([]) == []


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_asked_once_to_prepare_it_and_once_more_inside_transactions(houses: list[Restaurant]) -> None:
    connection.close()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(2):
            names(houses)
            with transaction.atomic():
                names(houses)

    sent = [query["sql"] for query in queries if "names_of_restaurants" in query["sql"]]
    assert ["PREPARE" in sql for sql in sent] == [True, True, False, False]
    assert len(sent) == 4


@pytest.mark.django_db(transaction=True)
def test_it_outlives_a_rollback_and_a_new_connection_knows_it_anew(houses: list[Restaurant]) -> None:
    with transaction.atomic():
        names(houses)
        transaction.set_rollback(True)
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        assert len(names(houses)) == 3
    assert not any("PREPARE" in query["sql"] for query in queries)

    connection.close()

    assert len(names(houses)) == 3


@pytest.mark.django_db(transaction=True)
def test_one_that_failed_at_first_is_prepared_again() -> None:
    number = Parameter("number", IntegerField())
    halves = Statement("halves", lambda: ("SELECT 8 / %s::integer", [number]))

    with pytest.raises(DataError, match="division by zero"):
        halves.run(number=0)

    assert halves.run(number=2) == [(4,)]


@pytest.mark.django_db(transaction=True)
def test_settings_that_go_first_are_those_of_its_transaction_alone(houses: list[Restaurant]) -> None:
    shown = Statement("shown", lambda: ("SELECT current_setting('lock_timeout')", []))

    assert shown.run(before="SET LOCAL lock_timeout = '123ms';") == [("123ms",)]
    assert shown.run() != [("123ms",)]


@dataclass(frozen=True)
class Named:
    house_id: int
    name: str
    public_id: UUID
    created_at: datetime


@pytest.mark.parametrize("is_behind_pooler", [False, True])
@pytest.mark.django_db(transaction=True)
def test_rows_come_as_json_in_their_order_and_are_read_as_values(
    houses: list[Restaurant], is_behind_pooler: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", is_behind_pooler)
    Restaurant.objects.filter(pk=houses[0].pk).update(name='It\'s "100 %" \\ é\t')
    given_out = Restaurant.objects.filter(AnyOf(F("pk"), ids("restaurant_ids")))
    kinds = (
        JsonRows(Named, given_out.order_by("-pk"), house_id="pk"),
        JsonRows(Named, given_out.filter(slug="none"), house_id="pk"),
    )
    found = Statement.of("as_json", lambda: Restaurant.objects.filter(pk=houses[0].pk).values_list(*kinds))

    for _ in range(2):
        ((several, none),) = (read_each(kinds, row) for row in found.run(restaurant_ids=[each.pk for each in houses]))
        rows = given_out.model.objects.order_by("-pk").values_list("pk", "name", "public_id", "created_at")
        assert several == tuple(Named(*row) for row in rows)
        assert none == ()


@pytest.mark.django_db
def test_a_row_is_inserted_as_the_orm_would() -> None:
    booking = BookingFactory()
    event = BookingEvent(
        restaurant=booking.restaurant,
        booking=booking,
        kind="created",
        actor_label="'); DROP TABLE bookings_bookingevent; --",
        to_value={"tables": ["T1", None], "say": '"%s"'},
        created_at=datetime(2027, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    )
    booking.events.all().delete()

    insert = Statement("insert_event", lambda: together(("SELECT id FROM made", []), made=_returning_id()))
    ((event.pk,),) = insert.run(**rows_of(event))

    assert BookingEvent.objects.filter(pk=event.pk).values().get() == {
        field.attname: getattr(event, field.attname) for field in event._meta.concrete_fields
    }


def _returning_id() -> Any:
    sql, parameters = insert_into(BookingEvent)
    return f"{sql} RETURNING id", parameters
