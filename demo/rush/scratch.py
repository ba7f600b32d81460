"""A database for one rush, and a restaurant with room for a few of the guests."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import ProgrammingError, connection, connections

from bookings.services import create_restaurant, materialize_service_days
from capacity.choices import SeatingMode, Weekday
from capacity.models import CapacityRule, ServicePeriod
from capacity.selectors import get_service_settings
from tables.models import Restaurant

DAYS_AHEAD = timedelta(days=7)


class DatabaseNotCreated(Exception):
    """The role may not create databases."""


@contextmanager
def scratch_database(*, template: str = "template1") -> Iterator[str]:
    """Create a database on the configured server, empty or as a copy; yield its name; drop it in the end.

    Raises: `DatabaseNotCreated`.
    """
    name = f"maitre_rush_{os.getpid()}_{secrets.token_hex(4)}"
    _execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def address_of(name: str) -> str:
    """Return the address of a database of the configured server."""
    return urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()


def _execute(statement: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        raise DatabaseNotCreated from error
    finally:
        connections.close_all()


def open_restaurant(*, max_covers: int) -> tuple[Restaurant, date]:
    """Open a restaurant with one start at 19:00 and this many covers; return it and a date with slots."""
    restaurant = Restaurant(slug="rush", name="Rush hour", timezone="Etc/UTC")
    create_restaurant(restaurant=restaurant, change=partial(_add_dinner, restaurant, max_covers))
    business_date = get_service_settings(restaurant.pk).today + DAYS_AHEAD
    materialize_service_days(restaurant_id=restaurant.pk, from_date=business_date, to_date=business_date)
    return restaurant, business_date


def _add_dinner(restaurant: Restaurant, max_covers: int) -> None:
    ServicePeriod.objects.create(
        restaurant=restaurant,
        name="Dinner",
        weekdays=[day.value for day in Weekday],
        start_time=time(19),
        last_seating=time(19),
        end_time=time(22),
        seating_mode=SeatingMode.COVERS,
    )
    CapacityRule.objects.create(restaurant=restaurant, max_covers=max_covers)
