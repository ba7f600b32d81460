"""Measure the planner and write its section of docs/benchmarks.md: `python -m tests.seating.benchmark [EVENINGS]`."""

import os
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime

import django
from tqdm import tqdm

from config.env import BASE_DIR
from tests.helpers.benchmark_pages import PAGE, write_section
from tests.seating.benchmark_evenings import measure
from tests.seating.benchmark_memory import measure_memory
from tests.seating.benchmark_page import Measured, page


def main() -> None:
    """Measure evenings, memory and availability, in this order; then write the page."""
    parser = ArgumentParser(prog="python -m tests.seating.benchmark", description=__doc__)
    default = int(os.environ.get("SEATING_EVENINGS", "200"))
    parser.add_argument("evenings", type=int, nargs="?", default=default, help="how many (default: %(default)s)")
    evenings = parser.parse_args().evenings
    figures = measure(tqdm(range(evenings), desc="Evenings", unit="evening", disable=None, leave=False))
    measured = Measured(figures, measure_memory(), _measure_availability())
    write_section("bench-seating", page(measured, datetime.now(UTC).date()))
    sys.stdout.write(f"Wrote {PAGE.relative_to(BASE_DIR)}\n")


def _measure_availability() -> dict[int, list[float]]:
    """Set Django up for tests, which starts a database, and only then import what needs it."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "ERROR"}
    django.setup()
    from tests.seating.benchmark_http import measure_availability

    return measure_availability()


if __name__ == "__main__":
    main()
