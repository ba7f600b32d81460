"""Measure the console on a large evening: `make bench-screens`.

A restaurant has 110 tables, 200 combinations and 500 bookings on one date, of 100,000 in all, on a durable PostgreSQL
of its own. One process asks for each screen in turn, as an owner, without sockets; between them it asks for an empty
answer, so that the ratio says what the machine does not. The bars: 300 ms at the 95th percentile for every screen,
100 ms for a search by a name that thousands share, and 5 % of a core for thirty screens that look again every four
seconds and find nothing new. Exit code 1 if one is missed.
"""

import math
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

from tests.helpers.benchmark_pages import machine
from tests.load.bench_servers import ENVIRONMENT, database_server

ROUNDS = 30
MOST_MILLISECONDS, MOST_OF_A_SEARCH = 300.0, 100.0
SCREENS, LOOK_SECONDS, MOST_OF_A_CORE = 30, 4, 0.05
EMPTY = "an empty answer"
LOOK = "the timeline, nothing new"
SEARCHES = ("search by a name that thousands have", "search by a name that all others have")


class Taken(NamedTuple):
    """The milliseconds of one answer: those that passed, those of a core, and those of PostgreSQL's core."""

    wall: float
    core: float
    database: float


def main() -> None:
    """Fill, measure and print; see above."""
    os.environ |= {**ENVIRONMENT, "LOG_LEVEL": "CRITICAL", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with database_server():
        # Set up as a web server is, which leaves what is loaded out of collections of garbage.
        from django.core.management import call_command

        import config.wsgi  # noqa: F401
        from tests.load.large_house import open_large_house

        began = perf_counter()
        call_command("migrate", verbosity=0)
        house, on = open_large_house()
        sys.stdout.write(
            f"Filled in {perf_counter() - began:.0f} s. {machine()}, load before {os.getloadavg()[0]:.1f}.\n"
        )
        taken = _measure(house, on)
        sys.stdout.write(f"Load in the end {os.getloadavg()[0]:.1f}.\n")
    sys.exit(0 if _report(taken) else 1)


def _measure(house: Any, on: date) -> dict[str, list[Taken]]:
    """Return what each answer took, by screen."""
    from django.test import Client

    from tests.helpers.factories import UserFactory

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    addresses = _addresses(house, on)
    tag = client.get(addresses[LOOK])["ETag"]
    taken = defaultdict(list)
    for number in range(ROUNDS + 2):
        for name, address in addresses.items():
            headers = {"If-None-Match": tag, "HX-Request": "true"} if name == LOOK else {}
            with _timed() as times:
                answer = client.get(address, headers=headers)
            if name == LOOK and answer.status_code == 200:
                # A new minute: that look is a board like any other.
                tag = answer["ETag"]
                continue
            assert answer.status_code == (304 if name == LOOK else 200), (name, answer.status_code)
            if number > 1:
                taken[name].append(times[0])
    return taken


def _addresses(house: Any, on: date) -> dict[str, str]:
    evening, of = f"/admin/timeline/{house.slug}/{on}/", f"restaurant={house.slug}"
    return {
        EMPTY: "/healthz",
        "today": f"/admin/?{of}&date={on}",
        "today's board": f"/admin/today/board/?{of}&date={on}",
        "timeline": evening,
        "the timeline's board": f"{evening}board/",
        LOOK: f"{evening}board/",
        "floor plan": f"/admin/floor-plan/?{of}&date={on}",
        "heatmap of a day": f"/admin/capacity/bookingslot/heatmap/?{of}&date={on}",
        "heatmap of a week": f"/admin/capacity/bookingslot/heatmap/?{of}&date={on}&view=week",
        "bookings of a date": f"/admin/bookings/booking/?{of}&business_date__gte={on}&business_date__lte={on}",
        "bookings by a name that nearly all have": f"/admin/bookings/booking/?{of}&q=Guest",
        SEARCHES[0]: "/admin/search/?s=Lovelace",
        SEARCHES[1]: "/admin/search/?s=Guest",
        "shift sheet": f"/admin/bookings/booking/shift-sheet/?{of}&date={on}",
        "reports": f"/admin/reports/?{of}",
    }


@contextmanager
def _timed() -> Iterator[list[Taken]]:
    """Measure what happens inside."""
    from django.db import connection

    connection.ensure_connection()
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    found: list[Taken] = []
    database, began, used = _core_of(backend), perf_counter(), process_time()
    yield found
    wall, core = perf_counter() - began, process_time() - used
    found.append(Taken(1000 * wall, 1000 * core, _core_of(backend) - database))


def _core_of(schedstat: Path) -> float:
    """Return the milliseconds that a process has had of a core, none where the system does not say."""
    return int(schedstat.read_text().split()[0]) / 1_000_000 if schedstat.exists() else 0.0


def _report(taken: dict[str, list[Taken]]) -> bool:
    """Print a line for each screen, and say whether every bar is met."""
    empty = statistics.median(each.wall for each in taken[EMPTY])
    is_met = True
    sys.stdout.write("| Screen | p50 | p95 | of a core | of PostgreSQL's | times an empty answer |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    for name, answers in taken.items():
        walls = sorted(each.wall for each in answers)
        p50, p95 = statistics.median(walls), walls[math.ceil(0.95 * len(walls)) - 1]
        is_met &= p95 <= (MOST_OF_A_SEARCH if name in SEARCHES else MOST_MILLISECONDS)
        core, database = (statistics.median(column) for column in list(zip(*answers, strict=True))[1:])
        figures = f"{p50:.1f} ms | {p95:.1f} ms | {core:.1f} ms | {database:.1f} ms | {p50 / empty:.0f}"
        sys.stdout.write(f"| {name} | {figures} |\n")
    look = statistics.median(each.core for each in taken[LOOK])
    share = SCREENS / LOOK_SECONDS * look / 1000
    sys.stdout.write(f"Thirty screens that look and find nothing new: {share:.1%} of a core, beside PostgreSQL.\n")
    return is_met and share <= MOST_OF_A_CORE


if __name__ == "__main__":
    main()
