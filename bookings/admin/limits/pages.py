"""The page of the limits of a restaurant: the week, or one date; what follows from a change is shown before it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.admin.limits.form import SHOWN, CellEdit, LimitsForm
from bookings.admin.limits.grids import (
    LimitCell,
    LimitGrid,
    LimitTable,
    list_narrower,
    make_date,
    make_week,
)
from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.consequences import MOST_ROWS
from bookings.admin.parts.outcomes import describe_outcome
from bookings.admin.parts.previews import CALLS, EDIT, confirmed_in, preview_context, serve_calls
from bookings.admin.parts.shown import long_date
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.rights import WRITE
from bookings.services import ChangeUnconfirmed, WrittenRule, set_limits
from capacity.calendar import ONE_DAY
from capacity.limits import LIMIT_FIELDS, LIMITS
from capacity.models import CapacityRule
from capacity.selectors import get_service_settings
from capacity.service_changes import NO_LIMIT
from config.errors import DomainError
from config.values import FIRST_DATE, LAST_DATE, ValueInvalid, counted, read_date
from tables.models import Restaurant

MAY_SET = tuple(f"capacity.{verb}_capacityrule" for verb in WRITE)
EDIT_HEAD = ("Where", "Limit", "Now", "Then")
INHERITED = "inherited"
MOST_NARROWER = 10
PLACE = "admin:capacity_capacityrule_limits"


def limits_url(restaurant: Restaurant, on_date: date | None = None) -> str:
    """Return the page of the limits of a week, or of a date."""
    query = {"restaurant": restaurant.slug} | ({"date": on_date.isoformat()} if on_date else {})
    return f"{reverse(PLACE)}?{urlencode(query)}"


def serve_limits(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Show the limits, or save them; with several restaurants ask first for the restaurant."""
    restaurant, restaurants = choose_restaurant(request, MAY_SET, only_active=False)
    if restaurant is None:
        return _render(admin, request, {"restaurants": restaurants})
    settings, on_date = get_service_settings(restaurant.pk), _read_date(request)
    grid = make_week(settings) if on_date is None else make_date(settings, on_date)
    form = LimitsForm(grid, request.POST if request.method == "POST" else None)
    if EDIT in request.POST:
        messages.info(request, "Nothing was saved. What you had filled in is still here.")
    elif form.is_valid() and (saved := _save(admin, request, form)) is not None:
        return saved
    return _render(admin, request, {"restaurant": restaurant, **_shown(request, form)})


def _read_date(request: HttpRequest) -> date | None:
    """Read the date of the address: what makes no sense is the week."""
    try:
        return read_date(request.GET.get("date", ""))
    except ValueInvalid:
        return None


def _save(admin: ModelAdmin[Any], request: HttpRequest, form: LimitsForm) -> HttpResponse | None:
    """Save the limits as they were confirmed, else show what follows; a refusal goes to the form."""
    edits, grid = form.list_edits(), form.grid
    if not edits:
        messages.info(request, "No number was changed: nothing was saved.")
        return None
    try:
        done = set_limits(
            restaurant_id=grid.settings.restaurant.pk,
            edits=[each.edit for each in edits],
            actor=actor_of(request),
            confirmed=confirmed_in(request),
        )
    except ChangeUnconfirmed as unconfirmed:
        return _preview(admin, request, form, edits, unconfirmed)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return None
    _log(actor_of(request), grid, done.rules)
    messages.success(request, f"{counted(len(edits), 'limit')} saved.")
    for level, message in describe_outcome(done.outcome, grid.settings.zone):
        messages.add_message(request, level, message)
    return HttpResponseRedirect(_address_of(request))


def _address_of(request: HttpRequest) -> str:
    """Return the address of the page with the limit that was looked at."""
    query = request.GET.copy()
    if request.POST.get(SHOWN) in LIMIT_FIELDS:
        query[SHOWN] = request.POST[SHOWN]
    return f"{request.path}?{query.urlencode()}"


def _preview(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    form: LimitsForm,
    edits: Sequence[CellEdit],
    unconfirmed: ChangeUnconfirmed,
) -> HttpResponse:
    if CALLS in request.POST:
        return serve_calls(admin, request, unconfirmed)
    found = preview_context(request, unconfirmed, sent=form.sent())
    rows = [_edit_row(form.grid, each) for each in edits[:MOST_ROWS]]
    more = max(len(edits) - MOST_ROWS, 0)
    own = {"title": "Limits as they are set", "headers": EDIT_HEAD, "rows": rows, "more": more}
    context = {
        **admin.admin_site.each_context(request),
        "title": "Before the limits are saved",
        "opts": admin.opts,
        "restaurant": unconfirmed.restaurant,
        "button": "Save as shown",
        "edit_name": EDIT,
        **found,
        "tables": [own, *found["tables"]],
    }
    return TemplateResponse(request, "admin/settings/preview.html", context)


def _edit_row(grid: LimitGrid, each: CellEdit) -> tuple[str, ...]:
    numbers = (each.cell.number, each.number)
    shown = (INHERITED if number is None else str(number) for number in numbers)
    return grid.describe(each.cell.scope, each.cell.scope.period_id), each.cell.limit.name, *shown


def _log(actor: User, grid: LimitGrid, written: Sequence[WrittenRule]) -> None:
    """Log who has set which limits, from what to what, in the history of each rule; 2 queries."""
    content_type = ContentType.objects.get_for_model(CapacityRule)
    LogEntry.objects.bulk_create(
        LogEntry(
            user=actor,
            content_type=content_type,
            object_id=str(each.rule.pk),
            object_repr=grid.describe(each.rule, each.rule.service_period_id),
            action_flag=ADDITION if each.is_new else DELETION if each.is_gone else CHANGE,
            change_message=" ".join(_changes(each)),
        )
        for each in written
    )


def _changes(written: WrittenRule) -> Iterator[str]:
    for limit in LIMITS:
        before, after = (numbers[limit.column] for numbers in (written.before, written.after))
        if before != after:
            was, is_now = ("nothing" if number is None else number for number in (before, after))
            yield f"{limit.name.capitalize()}: {was} to {is_now}."


# The page


def _shown(request: HttpRequest, form: LimitsForm) -> dict[str, Any]:
    grid = form.grid
    house, on_date, today = grid.settings.restaurant, grid.on_date, grid.settings.today
    tables = [_table(form, table) for table in grid.tables]
    narrower = [] if on_date else list_narrower(grid.settings)
    return {
        "form": form,
        "on_date": on_date,
        "date_in_words": long_date(on_date) if on_date else "",
        "tabs": [
            {"title": "Week", "url": limits_url(house), "is_chosen": on_date is None},
            {"title": "One date", "url": limits_url(house, on_date or today), "is_chosen": on_date is not None},
        ],
        "around": _around(house, on_date) if on_date else [],
        "tables": tables,
        "chosen": _chosen(request, tables),
        "narrower": narrower[:MOST_NARROWER],
        "more_narrower": max(len(narrower) - MOST_NARROWER, 0),
        "left_out": grid.left_out,
    }


def _around(restaurant: Restaurant, on_date: date) -> list[dict[str, Any]]:
    days = (("Day before", on_date - ONE_DAY), ("Day after", on_date + ONE_DAY))
    return [
        {"title": title, "url": limits_url(restaurant, day)} for title, day in days if FIRST_DATE <= day <= LAST_DATE
    ]


def _chosen(request: HttpRequest, tables: Sequence[dict[str, Any]]) -> str:
    """Return the limit whose table is shown: one with a wrong number, else that which was asked for."""
    wrong = tuple(table["column"] for table in tables if table["errors"])
    asked = request.POST.get(SHOWN) or request.GET.get(SHOWN, "")
    offered: tuple[str, ...] = wrong or LIMIT_FIELDS
    return asked if asked in offered else offered[0]


def _table(form: LimitsForm, table: LimitTable) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"name": row.name, "heading": row.heading, "cells": [cell and _cell(form, cell) for cell in row.cells]}
        for row in table.rows
    ]
    return {
        "column": table.limit.column if table.limit else "",
        "name": table.limit.name.capitalize() if table.limit else "",
        "columns": table.columns,
        "rows": rows,
        "errors": sum(bool(cell and cell["errors"]) for row in rows for cell in row["cells"]),
    }


def _cell(form: LimitsForm, cell: LimitCell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "label": f"{form.grid.describe(cell.scope, cell.scope.period_id)}: {cell.limit.name}",
        "takes_number": cell.name in form.cells,
        "is_offered": cell.is_offered,
        "value": form.shown(cell),
        "number": "" if cell.number is None else cell.number,
        "besides": NO_LIMIT if cell.number_besides is None else cell.number_besides,
        "source": cell.source,
        "is_beaten": cell.is_beaten,
        "errors": form.errors.get(cell.name, ()),
    }


def _render(admin: ModelAdmin[Any], request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    shared = {**admin.admin_site.each_context(request), "title": "Limits", "opts": admin.opts}
    return TemplateResponse(request, "admin/limits/page.html", {**shared, **context})
