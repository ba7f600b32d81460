"""The demo's stage: database, restaurants, slots, bookings, audit. Each step makes only missing rows."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection
from tqdm import tqdm

from bookings.insight.audit.keeping import audit_capacity
from bookings.restaurant_file import read_restaurant_file
from bookings.services.settings.file_import import import_restaurant
from capacity.clock import read_clock
from config import embedded
from config.env import BASE_DIR
from config.values import counted
from demo.history import list_dates_to_play, note_tickets, play_date, plot_date
from demo.seeding import book_service, due, plan_services
from tables.models import Restaurant

FILES = {"demo-bistro": "bistro.yaml", "demo-bar": "bar.yaml"}
FULL_EVENING_AT = "demo-bistro"
HISTORY_AT = "demo-bar"

Say = Callable[[str], object]


def set_stage(say: Say, *, days: int, booked_days: int, history_days: int) -> list[Restaurant]:
    """Make the demo's data and return its restaurants; `say` gets one line a step.

    Raises: `EmbeddedServerError`.
    """
    say("PostgreSQL under .demo/ ...")
    embedded.join(embedded.DEMO)
    say("Migrations ...")
    call_command("migrate", verbosity=0, interactive=False)
    restaurants = import_missing(say)
    say(f"Slots of {counted(days, 'day')} ...")
    call_command("materialize_slots", days=days, verbosity=0)
    with _no_decision_in_the_log():
        say(f"History of {counted(history_days, 'day')} ...")
        played = play_missing(restaurants, days=history_days)
        say(f"  {counted(played, 'request')} played" if played else "  nothing is missing")
        say(f"Bookings of {counted(booked_days, 'day')} ...")
        booked = book_missing(restaurants, days=booked_days)
        say(f"  {counted(booked, 'booking')} made" if booked else "  nothing is missing")
    say("Audit ...")
    for line in audit_capacity().as_lines():
        say(f"  {line}")
    return restaurants


@contextmanager
def _no_decision_in_the_log() -> Iterator[None]:
    """Keep hundreds of made-up decisions out of the log, where they would hide the rest; errors are still logged."""
    talkative = [logging.getLogger(name) for name in ("bookings.services.recording", "config.transactions")]
    levels = [logger.level for logger in talkative]
    for logger in talkative:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(talkative, levels, strict=True):
            logger.setLevel(level)


def import_missing(say: Say) -> list[Restaurant]:
    """Import the restaurants that are not there; changes made since the first start stay."""
    there = set(Restaurant.objects.values_list("slug", flat=True))
    for slug, name in FILES.items():
        if slug not in there:
            say(f"Restaurant {slug} ...")
            import_restaurant(file=read_restaurant_file((BASE_DIR / "demo" / name).read_bytes()))
    return [Restaurant.objects.get(slug=slug) for slug in FILES]


def book_missing(restaurants: list[Restaurant], *, days: int) -> int:
    """Book the bookings that the coming days lack and return their number, with a bar on a terminal."""
    plans = [
        plan
        for restaurant in restaurants
        for plan in plan_services(restaurant=restaurant, days=days, has_full_evening=restaurant.slug == FULL_EVENING_AT)
    ]
    _write_without_waiting()
    missing = sum(plan.missing for plan in plans)
    with tqdm(total=missing, desc="Bookings", unit="cover", disable=None, leave=False) as bar:
        return sum(book_service(plan, progress=bar.update) for plan in due(plans))


def _write_without_waiting() -> None:
    with connection.cursor() as cursor:
        # Made-up bookings need not outlive a crash of the machine: the next start makes them again.
        cursor.execute("SET synchronous_commit = off")


def play_missing(restaurants: list[Restaurant], *, days: int) -> int:
    """Play the days that have no history yet and return the number of requests, with a bar on a terminal."""
    restaurant = next(house for house in restaurants if house.slug == HISTORY_AT)
    seating_types = sorted(set(restaurant.tables.values_list("seating_type", flat=True)))
    plots = [
        plot_date(date, services, largest_party=restaurant.party_size_max, seating_types=seating_types)
        for date, services in list_dates_to_play(restaurant, days).items()
    ]
    _write_without_waiting()
    total = sum(len(plot.requests) for plot in plots)
    with tqdm(total=total, desc="History", unit="request", disable=None, leave=False) as bar:
        for plot in plots:
            play_date(restaurant, plot, progress=bar.update)
    if plots:
        note_tickets(restaurant, read_clock())
    return total
