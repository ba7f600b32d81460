"""The what-if page decides a period again under other rules; nothing is written."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextareaWidget

from bookings.admin.operations.base import RefusableForm
from bookings.admin.parts.charts import bar_chart
from bookings.admin.parts.forms import DayField
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.insight.what_if import PartyDifference, TooManyRequests, WhatIf, run_what_if, wording
from bookings.restaurant_file import RestaurantFileInvalid, export_restaurant
from capacity.calendar import ONE_DAY
from capacity.selectors import read_clock
from config.errors import DomainError
from tables.models import Restaurant

MAY_ASK = ("bookings.view_decision", "capacity.view_capacityrule")
# A request takes some 5 ms of a processor that bookings want too: ten seconds are enough for a page.
MOST_REQUESTS = 2000
MOST_NAMED = 50
LOOKED_BACK = timedelta(days=30)
PREFILLED = ("capacity_rules", "turn_times", "tables")

MONOSPACED = "font-family: ui-monospace, monospace"
SERIES = ("Today's rules", "Proposed")


class WhatIfForm(RefusableForm):
    """The period, and the proposed settings."""

    first = DayField(label="From")
    last = DayField(label="To", help_text="Business dates, both included.")
    rules = forms.CharField(
        label="Proposal",
        # As it was typed: the lines of problems are counted in it.
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 20, "spellcheck": "false", "wrap": "off", "style": MONOSPACED}),
        help_text=(
            "A restaurant file, or a part of one. What it names replaces what the restaurant has: capacity_rules, "
            "turn_times, buffer_minutes, tables, combinations, sections, service_periods, closures, restaurant. "
            "All else stays as it is."
        ),
    )
    fields_of_service: ClassVar[dict[str, str]] = {"from": "first", "to": "last"}

    def __init__(self, restaurant: Restaurant, now: datetime, data: Any = None) -> None:
        self.restaurant = restaurant
        yesterday = now.astimezone(restaurant.zone).date() - ONE_DAY
        initial = {"first": yesterday - LOOKED_BACK + ONE_DAY, "last": yesterday}
        super().__init__(data, initial=initial)
        self.initial["rules"] = export_restaurant(slug=restaurant.slug, only=PREFILLED)
        self.fields["rules"].widget.attrs["class"] += " max-w-full! text-xs"

    def add_refusal(self, refusal: DomainError) -> None:
        """Show every problem of the file at the file, with its line and field."""
        if isinstance(refusal, RestaurantFileInvalid):
            for problem in refusal.problems:
                self.add_error("rules", ValidationError(str(problem), code=refusal.code))
        elif isinstance(refusal, TooManyRequests):
            self.add_error("last", ValidationError(self._too_many(refusal), code=refusal.code))
        else:
            super().add_refusal(refusal)

    def run(self) -> WhatIf:
        """Simulate the period under the proposal.

        Raises: as `run_what_if`.
        """
        return run_what_if(
            slug=self.restaurant.slug,
            from_date=self.cleaned_data["first"],
            to_date=self.cleaned_data["last"],
            content=self.cleaned_data["rules"].encode(),
            at_most=MOST_REQUESTS,
        )

    def _too_many(self, refusal: TooManyRequests) -> str:
        dates = f"--from {self.cleaned_data['first']} --to {self.cleaned_data['last']}"
        return (
            f"There are {refusal.found} requests in this period, and this page takes at most {refusal.at_most}. Choose "
            f"fewer dates, or run: manage.py what_if --restaurant {self.restaurant.slug} {dates} --rules FILE"
        )


def serve_what_if(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Ask for period and proposal, and show the result; with several restaurants ask first for the restaurant."""
    restaurant, restaurants = choose_restaurant(request, MAY_ASK, only_active=False)
    if restaurant is None:
        return _render(admin, request, {"restaurants": restaurants})
    form = WhatIfForm(restaurant, read_clock(), request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"restaurant": restaurant, "form": form, "most": MOST_REQUESTS}
    if form.is_valid():
        try:
            context["result"] = _shown(form.run())
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _render(admin, request, context)


def _render(admin: ModelAdmin[Any], request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    shared = {**admin.admin_site.each_context(request), "title": "What if", "opts": admin.opts}
    return TemplateResponse(request, "admin/what_if.html", {**shared, **context})


def _shown(result: WhatIf) -> dict[str, Any]:
    return {
        "headline": wording.headline(result),
        "verdict": wording.verdict(result),
        "totals": _table(wording.TOTALS_HEAD, wording.totals(result)),
        "charts": [_covers_chart(result), *_reasons_chart(result)],
        "reasons": _table(wording.REASONS_HEAD, wording.reasons(result)),
        "peaks": _table(wording.PEAKS_HEAD, wording.peaks(result)),
        "parties": [_parties("Gained", result.gained, result), _parties("Lost", result.lost, result)],
        "lost_at_most": wording.lost_at_most(result),
        "there_anyway": list(wording.there_anyway(result, MOST_NAMED)),
    }


def _table(head: wording.Row, rows: Any) -> dict[str, Any]:
    return {"headers": list(head), "rows": [list(row) for row in rows]}


def _parties(title: str, found: tuple[PartyDifference, ...], result: WhatIf) -> dict[str, Any]:
    table = _table(wording.PARTIES_HEAD, wording.parties(found[:MOST_NAMED], result.timezone))
    return {"title": title, "count": len(found), "left_out": max(0, len(found) - MOST_NAMED), "table": table}


def _covers_chart(result: WhatIf) -> dict[str, str]:
    today, proposed = result.today.covers_by_date, result.proposed.covers_by_date
    said = (f"{_day(day)} {today[day]} and {proposed[day]}" for day in today)
    return bar_chart(
        "Covers taken, by business date",
        f"Covers under today's rules and as proposed: {'; '.join(said)}.",
        SERIES,
        {_day(day): (today[day], proposed[day]) for day in today},
    )


def _reasons_chart(result: WhatIf) -> list[dict[str, str]]:
    bars = {row[0]: (int(row[1]), int(row[2])) for row in wording.reasons(result)}
    if not bars:
        return []
    said = (f"{reason} {today} and {proposed}" for reason, (today, proposed) in bars.items())
    text = f"Requests refused under today's rules and as proposed: {'; '.join(said)}."
    return [bar_chart("Refused requests, by first reason", text, SERIES, bars)]


def _day(day: date) -> str:
    return f"{day:%-d %b}"
