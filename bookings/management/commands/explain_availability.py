"""`manage.py explain_availability`: why a party is taken or refused, and what would make room."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.contract.guests import render
from bookings.insight.explain import Explanation, Lever, explain_availability
from bookings.insight.explain.answer import explanation_answer
from bookings.insight.explain.explaining import COMPARISONS
from bookings.insight.explain.wording import comparison_text, seat_text, summary_text
from bookings.management.arguments import business_date, find_restaurants, wall_time, whole_number
from capacity.wording import reason_text
from config.errors import DomainError, InputInvalid
from config.values import LARGEST_PARTY
from tables.choices import Audience, SeatingType


class Command(BaseCommand):
    """Ask the decision, print every reason, what holds each table, and the smallest levers."""

    help = (
        "Explain why a party is taken or refused: every reason, what holds each table that could take it, and the "
        "smallest changes that would make room, each tried on the decision itself. Reads only; exit code 0 for both "
        "answers. Example: manage.py explain_availability --restaurant demo-bistro --date 2026-11-27 --time 19:30 "
        "--party-size 6 --compare first-fit"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the question and the form of the answer."""
        parser.add_argument("--restaurant", required=True, metavar="SLUG")
        parser.add_argument("--date", required=True, type=business_date, help="business date, also after midnight")
        parser.add_argument("--time", required=True, type=wall_time, help="on the restaurant's wall, as 19:30")
        parser.add_argument("--party-size", required=True, type=whole_number(1, LARGEST_PARTY), metavar="N")
        parser.add_argument("--seating", choices=SeatingType.values, help="where the party wants to sit; default: any")
        parser.add_argument(
            "--channel", choices=Audience.values, default=Audience.ONLINE.value, help="way in; default: online"
        )
        parser.add_argument("--compare", choices=COMPARISONS, help="also say what such a system would have said")
        parser.add_argument("--json", dest="is_json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Explain."""
        (restaurant,) = find_restaurants(options["restaurant"])
        try:
            explanation = explain_availability(
                restaurant_id=restaurant.pk,
                business_date=options["date"],
                wall_time=options["time"],
                party_size=options["party_size"],
                seating=options["seating"],
                channel=options["channel"],
                compare=options["compare"],
            )
        except DomainError as error:
            raise CommandError(_said(error)) from error
        if options["is_json"]:
            self.stdout.write(json.dumps(render(explanation_answer(explanation)), indent=2))
        else:
            self.stdout.write("\n".join(_lines(explanation)))


def _said(error: DomainError) -> str:
    if not isinstance(error, InputInvalid):
        return f"{error.message}."
    return " ".join(problem["message"] for problems in error.details.values() for problem in problems)


def _lines(explanation: Explanation) -> Iterator[str]:
    yield f"{summary_text(explanation)}."
    decision = explanation.assessment.decision
    for reason in (*decision.reasons, *decision.waived):
        yield f"  {reason_text(reason)}"
    if explanation.seats:
        yield "Tables that could take it, the best first:"
        for seat in explanation.seats:
            yield f"  {seat_text(seat, explanation.names)}"
    yield from _lever_lines(explanation)
    if explanation.comparison:
        yield comparison_text(explanation)


def _lever_lines(explanation: Explanation) -> Iterator[str]:
    if explanation.levers:
        yield "What would make room, the smallest change first:"
    elif not explanation.assessment.is_available:
        yield "No single change was found that would make room."
    for lever in explanation.levers:
        yield f"  {_lever_text(lever)}"
    if not explanation.has_all_levers:
        yield "  (time ran out: there may be more)"


def _lever_text(lever: Lever) -> str:
    return f"{lever.text}: {lever.plan.text}" if lever.plan else lever.text
