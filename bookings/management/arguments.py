"""The arguments that several commands take."""

import getpass
import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import date, time

from django.core.management.base import CommandError

from bookings.models.booking import LONGEST_LABEL
from config.values import FIRST_DATE, LAST_DATE
from tables.models import Restaurant


def business_date(text: str) -> date:
    """Read a date (2026-12-24)."""
    try:
        parsed = date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date; write it as 2026-12-24") from error
    if not FIRST_DATE <= parsed <= LAST_DATE:
        raise ArgumentTypeError(f"{text} is not in the years {FIRST_DATE.year} to {LAST_DATE.year}")
    return parsed


def wall_time(text: str) -> time:
    """Read a time on the wall (19:30)."""
    try:
        parsed = time.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no time; write it as 19:30") from error
    if parsed.tzinfo is not None or parsed.second or parsed.microsecond:
        raise ArgumentTypeError(f"{text!r} is no time of whole minutes; write it as 19:30")
    return parsed


def whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    """Read a whole number, both ends included."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not smallest <= int(text) <= largest:
            raise ArgumentTypeError(f"{text!r} is no whole number from {smallest} to {largest}")
        return int(text)

    return read


def words(longest: int) -> Callable[[str], str]:
    """Read a text that is not blank."""

    def read(text: str) -> str:
        said = text.strip()
        if not said:
            raise ArgumentTypeError("it is blank")
        if len(said) > longest:
            raise ArgumentTypeError(f"it has {len(said)} characters, at most {longest} are kept")
        return said

    return read


def add_who(parser: ArgumentParser) -> None:
    """Add the name of the acting person, for the history: `options["by"]`."""
    parser.add_argument(
        "--by", type=words(LONGEST_LABEL), metavar="NAME", default=shell_user(), help="who acts; default: %(default)s"
    )


def shell_user() -> str:
    """Return the name of the operating-system user; in a container there may be none for the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def find_restaurants(slug: str | None) -> list[Restaurant]:
    """Find the restaurant of a slug, active or not; all active ones without.

    Raises: `CommandError`.
    """
    if slug is None:
        return list(Restaurant.objects.filter(active=True).order_by("slug"))
    found = list(Restaurant.objects.filter(slug=slug))
    if not found:
        known = ", ".join(Restaurant.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(f"No restaurant {slug!r}; there are: {known or 'none'}")
    return found
