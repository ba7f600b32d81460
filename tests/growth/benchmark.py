"""Compare a small database with a large one: `python -m tests.growth.benchmark [RESTAURANTS]`.

Both are on one throw-away server, and each has a process of its own that asks over HTTP, one request after the other,
without sockets. The two take turns, so that what else the machine does falls on both. The bar is the ratio of their
medians: 1.25 for bookings and availability; for memory it is 200 MiB after every restaurant was asked for. Exit code
1 if one is missed.

Both processes are first asked of every restaurant in turn, as they are in a day. Each round asks of ten restaurants by
chance, of the same for every kind. For the first kind the process forgets before each question what it knows of any
restaurant, as one that has just started: like is compared with like, a question that reads the settings first with
another that does.
"""

import math
import os
import statistics
import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable
from time import perf_counter
from typing import Any

import django

from tests.growth.databases import (
    UNKNOWN,
    Size,
    ask_everywhere,
    audit_cycle,
    audit_whole,
    bytes_on_disk,
    copied_database,
    create_next_date,
    fill,
    measure,
    note_all_audited,
    process_on,
)

Ask = Callable[..., Any]

MOST_RATIO = 1.25
MOST_MEBIBYTES = 200
# What is asked for, and whether the bar is for it.
KINDS = {
    UNKNOWN: True,
    "availability of one time": True,
    "availability of a date": True,
    "availability of 62 dates": False,
    "booking": True,
}
ROUNDS, A_ROUND = 10, 10
# Restaurants of a night's share, and of one that is looked at whole.
NIGHT = 300
WHOLE = 100


def main() -> None:
    """Fill, measure and print; see above."""
    parser = ArgumentParser(prog="python -m tests.growth.benchmark", description=__doc__)
    parser.add_argument("restaurants", type=int, nargs="?", default=1000, help="of the large one (default: 1000)")
    parser.add_argument("--small", type=int, default=50, help="restaurants of the small one (default: 50)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of 10 requests of each kind (default: 10)")
    given = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "CRITICAL"}
    django.setup()
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    from tests.helpers.web_servers import test_database_url

    made = setup_databases(verbosity=0, interactive=False)
    try:
        url = test_database_url()
        connections.close_all()
        with copied_database(url, "growth_small") as small, copied_database(url, "growth_large") as large:
            worst = _compare((small, Size(given.small)), (large, Size(given.restaurants)), given.rounds)
    finally:
        teardown_databases(made, verbosity=0)
    sys.exit(worst > MOST_RATIO)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _compare(small: tuple[str, Size], large: tuple[str, Size], rounds: int) -> float:
    for url, size in (small, large):
        started = perf_counter()
        fill(url, size)
        disk = bytes_on_disk(url) / 2**30
        _say(f"{size.restaurants} restaurants filled in {perf_counter() - started:.0f} s, {disk:.1f} GB on disk")
    with process_on(small[0]) as ask_small, process_on(large[0]) as ask_large:
        ask_small(ask_everywhere, 2)
        is_small = _memory(ask_large)
        taken: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        # The first round warms up.
        for number in range(rounds + 1):
            for kind in KINDS:
                for name, ask in (("small", ask_small), ("large", ask_large)):
                    found = ask(measure, kind, A_ROUND, large[1].days, number)
                    taken[kind, name] += found if number else []
        worst = _judge(taken, rounds * A_ROUND)
        _night(ask_large, large[1])
        _audit(ask_large, large[1])
    return worst if is_small else math.inf


def _memory(ask: Ask) -> bool:
    asked, most = ask(ask_everywhere, 2)
    _say(f"a worker that {asked} restaurants were asked of in turn: {most:.0f} MiB resident of {MOST_MEBIBYTES}")
    return bool(most < MOST_MEBIBYTES)


def _judge(taken: dict[tuple[str, str], list[float]], count: int) -> float:
    _say(f"{'ms, median (p95) of ' + str(count):30}{'small':>18}{'large':>18}{'ratio':>8}")
    ratios = {}
    for kind in KINDS:
        small, large = taken[kind, "small"], taken[kind, "large"]
        ratios[kind] = statistics.median(large) / statistics.median(small)
        bar = f"{ratios[kind]:8.2f}" + ("" if KINDS[kind] else "  (no bar)")
        _say(f"{kind:30}{_figures(small):>18}{_figures(large):>18}{bar}")
    return max(ratio for kind, ratio in ratios.items() if KINDS[kind])


def _figures(milliseconds: list[float]) -> str:
    p95 = statistics.quantiles(milliseconds, n=20)[-1]
    return f"{statistics.median(milliseconds):.1f} ({p95:.1f})"


def _night(ask: Ask, size: Size) -> None:
    for connections, part in ((1, 0), (2, 1)):
        seconds, used, restaurants, slots = ask(
            create_next_date, min(NIGHT, size.restaurants), size.days + part, connections
        )
        whole = seconds / restaurants * 10_000 / 60
        _say(
            f"a night's date of {restaurants} restaurants, {connections} at once: {seconds:.1f} s, {slots} slots;"
            f" {whole:.1f} min for 10,000; {used / restaurants * 1000:.0f} ms of a core each, without PostgreSQL's"
        )


def _audit(ask: Ask, size: Size) -> None:
    seconds, checked, findings = ask(audit_whole, min(WHOLE, size.restaurants))
    _say(
        f"{checked['restaurants']} restaurants audited whole: {seconds:.1f} s,"
        f" {checked['slots']} slots, {findings} findings"
    )
    ask(note_all_audited)
    for _ in range(2):
        ask(measure, "booking", 100, size.days, 1000)
        seconds, checked, findings = ask(audit_cycle)
        _say(f"audit of a minute after 100 bookings: {seconds:.1f} s of 60, {checked}, {findings} findings")


if __name__ == "__main__":
    main()
