"""`manage.py replay_decisions`: decide what was decided again, from what was stored, and compare."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from bookings.insight.replay.decisions import DecisionScope, ReplayedDecision, count_decisions, replay_decisions
from bookings.insight.replay.replay import Replayed, Verdict
from bookings.management.arguments import business_date, find_restaurants
from config.values import counted

MOST_LISTED = 20
WITHOUT_STATE = "nothing stored to decide on"
UNREADABLE = "not readable"
UNDECIDABLE = "cannot be decided again"
UNEXAMINED = "never examined: the shadow decision failed"
WORST_FIRST = (Verdict.DIFFERS, Verdict.WITHOUT_PLANNER, Verdict.AGREES)


class Command(BaseCommand):
    """Replay, count, name what differs and what cannot be decided again; exit 1 if anything does."""

    help = (
        "Decide the decisions of the ledger again, each from nothing but what was stored with it, and compare: a "
        "decision of today's code that differs is a change of behaviour, or a defect. Reads only. Exit code 1 if any "
        "differs, or cannot be read or decided again. "
        "Example: manage.py replay_decisions --restaurant demo-bar --from 2026-11-01 --both-modes"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice of decisions."""
        parser.add_argument("--restaurant", metavar="SLUG", help="default: all")
        parser.add_argument(
            "--from", dest="from_date", type=business_date, metavar="DATE", help="decided on or after it (UTC)"
        )
        parser.add_argument(
            "--to", dest="to_date", type=business_date, metavar="DATE", help="decided on or before it (UTC)"
        )
        parser.add_argument(
            "--both-modes",
            action="store_true",
            help="decide each also in the other mode: shadow and enforce must find the same reasons",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay."""
        _require_order(options["from_date"], options["to_date"])
        scope = DecisionScope(
            restaurant_id=_restaurant_id(options["restaurant"]),
            from_at=_midnight(options["from_date"]),
            to_at=_midnight(options["to_date"], days=1),
        )
        replayed = replay_decisions(scope, in_both_modes=options["both_modes"])
        bar = tqdm(replayed, total=count_decisions(scope), unit="decision", disable=None, leave=False)
        counts, differing = _take_stock(bar)
        self.stdout.write("\n".join(_lines(counts, differing)))
        if differing:
            sys.exit(1)


def _require_order(from_date: date | None, to_date: date | None) -> None:
    # No decision at all would pass for decisions that agree.
    if from_date and to_date and to_date < from_date:
        raise CommandError(f"--to {to_date} is before --from {from_date}: there is no decision between them")


def _restaurant_id(slug: str | None) -> int | None:
    return find_restaurants(slug)[0].pk if slug else None


def _midnight(on: date | None, *, days: int = 0) -> datetime | None:
    return datetime.combine(on + timedelta(days=days), time.min, tzinfo=UTC) if on else None


def _take_stock(found: Iterable[ReplayedDecision]) -> tuple[Counter[str], list[str]]:
    counts: Counter[str] = Counter()
    differing: list[str] = []
    for each in found:
        counts[_outcome(each)] += 1
        if each.problem:
            differing.append(f"decision {each.decision.pk}: {each.problem}")
        differing.extend(_differences(each))
    return counts, differing


def _outcome(each: ReplayedDecision) -> str:
    if each.replayed is None:
        if each.problem:
            return UNDECIDABLE if each.is_readable else UNREADABLE
        return WITHOUT_STATE if each.is_examined else UNEXAMINED
    verdicts = {replayed.verdict for replayed in (each.replayed, each.in_other_mode) if replayed}
    return next(verdict for verdict in WORST_FIRST if verdict in verdicts)


def _differences(each: ReplayedDecision) -> Iterator[str]:
    decision = each.decision
    asked = f"{decision.party_size} at {decision.starts_at:%Y-%m-%d %H:%M} UTC, {decision.restaurant.slug}"
    for name, replayed in (("again", each.replayed), ("in the other mode", each.in_other_mode)):
        if replayed is not None and replayed.verdict is Verdict.DIFFERS:
            then = _codes(reason["code"] for reason in decision.reasons)
            yield f"decision {decision.pk} ({asked}): {then} then, {_codes(_reasons(replayed))} {name}"


def _reasons(replayed: Replayed) -> Iterator[str]:
    return (str(reason.code) for reason in replayed.reasons)


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(codes) or "no reason to refuse"


def _lines(counts: Counter[str], differing: list[str]) -> Iterator[str]:
    yield f"Decided {counted(counts.total(), 'decision')} again:"
    for outcome in (*Verdict, UNDECIDABLE, UNREADABLE, UNEXAMINED, WITHOUT_STATE):
        if counts[outcome] or outcome in (Verdict.AGREES, Verdict.DIFFERS):
            yield f"  {counts[outcome]} {outcome}"
    yield from (f"  {line}" for line in differing[:MOST_LISTED])
    if len(differing) > MOST_LISTED:
        yield f"  and {len(differing) - MOST_LISTED} more"
