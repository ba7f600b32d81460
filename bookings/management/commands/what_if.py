"""`manage.py what_if`: a period decided again under other rules, tables or turn times."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from bookings.insight.what_if import PartyDifference, WhatIf, run_what_if, wording
from bookings.insight.what_if.answer import what_if_answer
from bookings.management.arguments import business_date, find_restaurants
from bookings.restaurant_file import RestaurantFileInvalid
from config.errors import InputInvalid
from config.values import counted

BAR_WIDTH = 50
WRONG_ARGUMENTS = 2
MOST_NAMED = 20


class Command(BaseCommand):
    """Simulate the period twice and print both beside each other."""

    help = (
        "Decide the accepted and refused requests of a period again, by business date: under the settings as they are "
        "and as a restaurant file would have them, whole or in part. Says covers gained and lost, refusals by reason, "
        "and how full every service gets. Reads only; exit code 1 if the file has mistakes, 2 for wrong arguments. "
        "Example: manage.py what_if --restaurant demo-bistro --from 2026-11-01 --to 2026-11-30 --rules rules.yaml"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the period, the file and the form of the answer."""
        parser.add_argument("--restaurant", required=True, metavar="SLUG")
        parser.add_argument("--from", dest="first", required=True, type=business_date, metavar="DATE")
        parser.add_argument("--to", dest="last", required=True, type=business_date, metavar="DATE", help="inclusive")
        parser.add_argument("--rules", required=True, type=Path, metavar="FILE", help="a restaurant file, or a part")
        parser.add_argument("--json", dest="is_json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Simulate."""
        (restaurant,) = find_restaurants(options["restaurant"])
        path: Path = options["rules"]
        try:
            result = _run(restaurant.slug, options["first"], options["last"], _read(path))
        except RestaurantFileInvalid as error:
            problems = "\n".join(f"  {problem}" for problem in error.problems)
            count = counted(len(error.problems), "problem")
            raise CommandError(f"{path} has {count}:\n{problems}") from error
        except InputInvalid as error:
            raise CommandError(_said(error), returncode=WRONG_ARGUMENTS) from error
        if options["is_json"]:
            self.stdout.write(json.dumps(what_if_answer(result), indent=2))
        else:
            self.stdout.write("\n".join(_lines(result)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}") from error


def _run(slug: str, first: date, last: date, content: bytes) -> WhatIf:
    with ExitStack() as open_bars:

        def progress(total: int) -> Callable[[], object]:
            bar = tqdm(total=total, desc="Decisions", unit="decision", disable=None, leave=False)
            return open_bars.enter_context(bar).update

        return run_what_if(slug=slug, from_date=first, to_date=last, content=content, progress=progress)


def _said(error: InputInvalid) -> str:
    return " ".join(problem["message"] for problems in error.details.values() for problem in problems)


def _lines(result: WhatIf) -> Iterator[str]:
    yield f"{wording.headline(result)}."
    yield f"{wording.verdict(result)}."
    yield from _table("", wording.TOTALS_HEAD, list(wording.totals(result)))
    yield from _table(
        "Refused requests, by first reason and in all:", wording.REASONS_HEAD, list(wording.reasons(result))
    )
    yield "\nCovers taken:"
    yield from wording.chart_lines(result, BAR_WIDTH)
    yield from _table("How full each service got:", wording.PEAKS_HEAD, list(wording.peaks(result)))
    yield from _parties("Gained:", result.gained, result.timezone)
    yield from _parties("Lost:", result.lost, result.timezone)
    if said := wording.lost_at_most(result):
        yield f"{said}."
    yield from (f"\n{line}." for line in wording.there_anyway(result, MOST_NAMED))


def _table(title: str, head: wording.Row, rows: list[wording.Row]) -> Iterator[str]:
    if rows:
        yield f"\n{title}" if title else ""
        yield from wording.lines(head, rows)


def _parties(title: str, found: tuple[PartyDifference, ...], timezone: str) -> Iterator[str]:
    yield from _table(title, wording.PARTIES_HEAD, list(wording.parties(found[:MOST_NAMED], timezone)))
    if len(found) > MOST_NAMED:
        yield f"... and {len(found) - MOST_NAMED} more; --json names all."
