"""The reports page shows a restaurant's business over some dates: what came, what was lost, and why."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from bookings.admin.parts.charts import bar_chart
from bookings.admin.parts.forms import DayField
from bookings.admin.parts.shown import long_date
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.choices import OverrideSource
from bookings.selectors.reports import (
    MOST_DAYS,
    BusinessReport,
    LeadTime,
    get_business_report,
    latest_dates,
)
from capacity.choices import Weekday
from capacity.selectors import read_clock
from capacity.wording import limit_name, reason_name
from tables.models import Restaurant

MAY_READ = ("bookings.view_booking", "bookings.view_decision")
SPANS = (7, 28, 90)
USUAL_DAYS = 28
# A table of the page: its title, its head, its rows, and what it says where it has none.
Table = dict[str, Any]


class DatesForm(forms.Form):
    """The business dates of the report, both included."""

    first = DayField(label="From")
    last = DayField(label="To")

    def clean(self) -> dict[str, Any]:
        """Refuse a span that is empty or too long."""
        values = super().clean() or {}
        if not self.errors and not 0 <= (values["last"] - values["first"]).days < MOST_DAYS:
            raise forms.ValidationError(f"From is not after To, and there are at most {MOST_DAYS} dates between.")
        return values


def serve_reports(request: HttpRequest) -> HttpResponse:
    """Show the report on one restaurant and its dates, which the address names; with several ask which."""
    if not request.user.has_perms(MAY_READ):
        raise PermissionDenied
    restaurant, restaurants = choose_restaurant(request, MAY_READ, only_active=False)
    context = {**admin.site.each_context(request), "title": "Reports", "restaurant": restaurant}
    if restaurant is None:
        return TemplateResponse(request, "admin/reports.html", {**context, "restaurants": restaurants})
    today = read_clock().astimezone(restaurant.zone).date()
    first, last = latest_dates(today, USUAL_DAYS)
    is_asked = "first" in request.GET or "last" in request.GET
    form = DatesForm(request.GET if is_asked else None, initial={"first": first, "last": last})
    if form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    context |= {"form": form, "spans": [_span(restaurant, today, days) for days in SPANS]}
    if not form.errors:
        report = get_business_report(restaurant_id=restaurant.pk, from_date=first, to_date=last)
        context |= {"span": f"{long_date(first)} to {long_date(last)}", **_shown(report)}
    return TemplateResponse(request, "admin/reports.html", context)


def _span(restaurant: Restaurant, today: date, days: int) -> tuple[str, str]:
    first, last = latest_dates(today, days)
    return f"Last {days} days", f"?{urlencode({'restaurant': restaurant.slug, 'first': first, 'last': last})}"


def _shown(report: BusinessReport) -> dict[str, Any]:
    return {"totals": _totals(report), "charts": list(_charts(report)), "tables": list(_tables(report))}


def _totals(report: BusinessReport) -> list[tuple[str, str]]:
    seated = [row.seated for row in report.dates]
    covers, parties = sum(amount.covers for amount in seated), sum(amount.parties for amount in seated)
    absent = sum(row.no_shows.parties for row in report.dates)
    limited = [row for row in report.dates if row.max_covers]
    limit, taken = sum(row.max_covers or 0 for row in limited), sum(row.seated.covers for row in limited)
    expected = parties + absent
    return [
        ("Covers", f"{covers:,}"),
        ("Parties", f"{parties:,}"),
        ("Of the limits on covers", f"{taken / limit:.0%}" if limit else "no limit"),
        ("No-shows", f"{absent:,} ({absent / expected:.1%} of parties)" if expected else "0"),
        ("Lost covers", f"{sum(row.amount.covers for row in report.lost):,}"),
    ]


def _charts(report: BusinessReport) -> Iterator[dict[str, str]]:
    if report.dates:
        bars = {f"{row.business_date:%-d %b}": (row.seated.covers, row.no_shows.covers) for row in report.dates}
        said = "; ".join(f"{day} {covers} and {absent}" for day, (covers, absent) in bars.items())
        yield bar_chart(
            "Covers, by business date", f"Covers and no-shows: {said}.", ("Covers", "Covers of no-shows"), bars
        )
    if report.lost:
        lost = {reason_name(row.code): (row.amount.covers,) for row in report.lost}
        said = "; ".join(f"{reason} {covers}" for reason, (covers,) in lost.items())
        yield bar_chart("Lost covers, by first reason", f"Covers of refused requests: {said}.", ("Lost covers",), lost)


def _tables(report: BusinessReport) -> Iterator[Table]:
    yield _table(
        "Business dates",
        ("Date", "Parties", "Covers", "Limit", "Of the limit", "Walk-ins", "No-shows", "Cancelled"),
        (
            (
                *(long_date(row.business_date), row.seated.parties, row.seated.covers),
                *("none" if row.max_covers is None else row.max_covers, _percent(row.percent)),
                *(row.walk_ins.covers, row.no_shows.covers, row.cancelled.covers),
            )
            for row in report.dates
        ),
        "Nothing was booked.",
    )
    yield _table(
        "Covers that start, by hour and weekday, on average",
        ("Hour", *(weekday.label for weekday in Weekday)),
        ((f"{row.hour:02}:00", *(_average(covers) for covers in row.covers)) for row in report.hours),
        "Nothing was booked.",
    )
    yield _table(
        "How long before its date a booking is made",
        ("Days before", "Parties", "Covers"),
        ((_days(row), *row.amount) for row in report.lead_times),
        "Nothing was booked.",
    )
    yield _table(
        "Lost covers: refused requests by their first reason, the same request once",
        ("Reason", "Requests", "Covers"),
        ((reason_name(row.code), *row.amount) for row in report.lost),
        "Nobody was refused.",
    )
    yield _table(
        "Overrides: excess above a limit that was authorised",
        ("By", "Limit", "Times", "Covers or parties"),
        ((OverrideSource(row.source).label, limit_name(row.limit), row.times, row.amount) for row in report.overrides),
        "No limit was passed.",
    )


def _table(title: str, headers: tuple[str, ...], rows: Iterator[tuple[Any, ...]], none: str) -> Table:
    return {"title": title, "headers": headers, "rows": list(rows), "none": none}


def _percent(percent: int | None) -> str:
    return "" if percent is None else f"{percent} %"


def _average(covers: float | None) -> str:
    return "closed" if covers is None else f"{covers:.1f}"


def _days(row: LeadTime) -> str:
    if row.to_days is None:
        return f"{row.from_days} or more"
    return f"{row.from_days}" if row.from_days == row.to_days else f"{row.from_days} to {row.to_days}"
