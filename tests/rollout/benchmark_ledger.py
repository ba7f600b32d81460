"""Measure what the ledger costs a booking: `python -m tests.rollout.benchmark_ledger [ROUNDS]`.

Rounds with and without it take turns in one run, on the same evenings, so that what else the machine does falls on
both. The limit is a ratio: a tenth of the throughput. Exit code 1 if it is passed.
"""

import os
import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import django

MOST_SHARE = 0.10
REQUESTS_A_ROUND = 60


def main() -> None:
    """Measure and print; see above."""
    parser = ArgumentParser(prog="python -m tests.rollout.benchmark_ledger", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=24, help="of each kind (default: %(default)s)")
    rounds = parser.parse_args().rounds
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "ERROR"}
    django.setup()
    with _test_database():
        costs, size = _measure(rounds)
    share = 1 - costs[False] / costs[True]
    sys.stdout.write(
        f"{rounds} rounds of {REQUESTS_A_ROUND} requests each way, taking turns\n"
        f"without the ledger: {1 / costs[False]:.1f} requests a second\n"
        f"with it:            {1 / costs[True]:.1f} requests a second\n"
        f"it costs {share:.1%} of the throughput, at most {MOST_SHARE:.0%}\n"
        f"{size:.0f} bytes a decision on disk, indexes and compression included\n"
    )
    sys.exit(share > MOST_SHARE)


@contextmanager
def _test_database() -> Iterator[None]:
    from django.test.utils import setup_databases, teardown_databases

    made = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def _measure(rounds: int) -> tuple[dict[bool, float], float]:
    """Return the median seconds of a request, with the ledger and without, and the bytes of a decision on disk."""
    from django.conf import settings

    from tests.rollout.twins import make_requests, open_dates, open_twins

    twins = open_twins()
    dates = open_dates(twins, rounds * REQUESTS_A_ROUND)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds):
        settings.DECISION_LEDGER = is_on = number % 2 == 0
        # Both kinds get the same requests, at a twin each that is in the same state.
        house = twins.enforcing if is_on else twins.waiving
        house.enforcement = "enforce"
        house.save()
        asked = make_requests(dates, REQUESTS_A_ROUND, seed=number // 2)
        started = perf_counter()
        for each in asked:
            each.ask_of(house)
        seconds[is_on].append((perf_counter() - started) / REQUESTS_A_ROUND)
    return {is_on: statistics.median(taken) for is_on, taken in seconds.items()}, _bytes_a_decision()


def _bytes_a_decision() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('bookings_decision')::float / count(*) FROM bookings_decision")
        size: float = cursor.fetchone()[0]
    return size


if __name__ == "__main__":
    main()
