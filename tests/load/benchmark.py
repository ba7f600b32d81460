"""Measure bookings and availability over HTTP against what PostgreSQL and the web server can do at most.

`python -m tests.load.benchmark` measures all and writes its section of docs/benchmarks.md; with `--only=spread,hot
--rounds=1` it is a quick look, which prints and writes nothing. Exit code 1 if a bar is missed or a promise broken.
"""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError

import django
from django.core.management import call_command

from config.embedded import EmbeddedServerError
from demo.server import WebServerFailed
from tests.helpers.benchmark_pages import PAGE, write_section
from tests.load.bench_servers import ENVIRONMENT, database_server
from tests.load.client import ServerSilent
from tests.load.page import Report, section, summary
from tests.load.pgbench import PgbenchFailed

CASES = ("spread", "hot", "tables", "full", "time", "date", "days", "rush", "evening")


def main() -> None:
    """Measure, print, write the page; see above."""
    parser = ArgumentParser(prog="python -m tests.load.benchmark", description=__doc__)
    parser.add_argument("--only", type=_cases, default=frozenset(CASES), help=f"some of {','.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each case in a round; default: %(default)s")
    options = parser.parse_args()
    try:
        report = _measure(options.only, rounds=options.rounds, seconds=options.seconds)
    except (EmbeddedServerError, PgbenchFailed, ServerSilent, WebServerFailed) as error:
        parser.exit(2, f"{error}\n")
    sys.stdout.write(summary(report))
    if options.only == frozenset(CASES):
        write_section("bench", section(report))
        sys.stdout.write(f"\nWrote docs/{PAGE.name}\n")
    sys.exit(not report.is_passed)


def _cases(text: str) -> frozenset[str]:
    chosen = frozenset(text.split(","))
    if unknown := chosen - set(CASES):
        raise ArgumentTypeError(f"no case: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    return chosen


def _measure(only: frozenset[str], *, rounds: int, seconds: float) -> Report:
    """Set Django up on a server of its own, and only then import what needs it."""
    os.environ |= ENVIRONMENT
    with database_server():
        django.setup()
        call_command("migrate", verbosity=0)
        from tests.load.rounds import measure

        return measure(only, rounds=rounds, seconds=seconds)


if __name__ == "__main__":
    main()
