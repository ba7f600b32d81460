"""The page of a rollout report."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.admin.parts.links import setting_url
from bookings.admin.parts.owners import is_owner
from bookings.admin.parts.shown import long_date, short_time
from bookings.choices import BookingSource, DecisionMode, DecisionVerdict, OverrideSource
from bookings.insight.verdict import Advised, RolloutReport
from bookings.insight.verdict.facts import WouldBe
from bookings.insight.verdict.lines import above_amount, answered_amount, span_notes
from bookings.insight.verdict.reading import DEFAULT_DAYS, MOST_DAYS, get_rollout_report
from capacity.wording import reason_name
from tables.models import Restaurant

SPANS = (7, 14, DEFAULT_DAYS, 90)
COLOURS = {
    Advised.PROMOTE: "success",
    Advised.KEEP: "success",
    Advised.WAIT: "info",
    Advised.FIX: "warning",
    Advised.ROLL_BACK: "danger",
}


@dataclass(frozen=True)
class Part:
    """A part of a bar: its number, its label, and the class of its colour."""

    name: str
    number: int
    percent: float
    colour: str


def serve_report(admin: ModelAdmin[Any], request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show the report on a restaurant over the last `days` business dates."""
    days = _days(request.GET.get("days", ""))
    report = get_rollout_report(restaurant_id=restaurant.pk, days=days)
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Rollout report: {report.name}",
        "opts": admin.opts,
        "report": report,
        "back": reverse("admin:tables_restaurant_change", args=[restaurant.pk]),
        "colour": COLOURS[report.recommendation.advised],
        "spans": [{"days": span, "is_shown": span == days} for span in SPANS],
        **_shown(report, request, restaurant),
    }
    return TemplateResponse(request, "admin/rollout/report.html", context)


def _days(asked: str) -> int:
    """Return the span of the address; anything but a sensible number gives the usual span."""
    return int(asked) if asked.isdecimal() and len(asked) < 4 and 1 <= int(asked) <= MOST_DAYS else DEFAULT_DAYS


def _shown(report: RolloutReport, request: HttpRequest, restaurant: Restaurant) -> dict[str, Any]:
    zone = ZoneInfo(report.timezone)
    return {
        "first": long_date(report.period.first),
        "last": long_date(report.period.last),
        "span_notes": list(span_notes(report.period)),
        "answered": answered_amount(report),
        "modes": [
            (DecisionMode(span.mode).label, long_date(span.first), long_date(span.last), span.decisions)
            for span in report.modes
        ],
        "changes": [(short_time(change.at, zone), change) for change in report.changes],
        "seen": [(DecisionMode(row.key[0]).label, DecisionVerdict(row.key[1]).label, row) for row in report.seen],
        "sources": [(BookingSource(row.key[0]).label, row) for row in report.sources],
        "would_be": [(reason_name(row.code), row, list(_parts(row))) for row in report.would_be],
        "above": [
            (OverrideSource(row.source).label, reason_name(row.limit), row.times, above_amount(row))
            for row in report.above
        ],
        # Owners alone see the notes and the history, as in their own lists.
        "shows_words": is_owner(request),
        "error_share": f"{report.timing.error_share:.1%}",
        "tickets": [(short_time(ticket.at, zone), ticket) for ticket in report.tickets],
        "ticket_count": sum(ticket.tickets for ticket in report.tickets),
        "found": [(found, setting_url(request, found, restaurant)) for found in report.misconfigurations],
    }


def _parts(row: WouldBe) -> Iterator[Part]:
    for name, number, colour in (
        ("proved right", row.right, "bg-green-600"),
        ("not needed", row.not_needed, "bg-orange-600"),
        ("did not come", row.did_not_come, "bg-base-400"),
        ("open", row.open, "bg-primary-600"),
    ):
        if number:
            yield Part(name, number, 100 * number / row.decisions, colour)
