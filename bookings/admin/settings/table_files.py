"""The tables of a restaurant as a CSV file: a line of the export, and the import with its preview."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import ADDITION, CHANGE
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.consequences import MOST_ROWS
from bookings.admin.parts.csv_imports import ImportPage, Upload
from bookings.admin.parts.log_entries import log_rows
from bookings.admin.parts.outcomes import describe_outcome
from bookings.admin.parts.previews import CALLS, CONFIRMED, confirmed_in, preview_context, serve_calls
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.restaurant_file import Action, Change
from bookings.restaurant_file.csv_lines import cells_of, required_of
from bookings.restaurant_file.csv_tables import TABLE_COLUMNS, read_table_lines
from bookings.restaurant_file.entries import TableEntry
from bookings.restaurant_file.rows import table_entry
from bookings.rights import USE_FILES
from bookings.services import ASKING, ChangeUnconfirmed
from bookings.services.settings.file_import import import_tables
from config.values import counted
from tables.choices import TableStatus
from tables.models import Restaurant, Table

MAY_IMPORT = (USE_FILES, "tables.add_table", "tables.change_table")
ADDED_HEAD = ("Table", "Seats", "Parties", "Section", "Status")
CHANGED_HEAD = ("Table", "What", "Now", "Then")
NOTHING_NEW = "All of this is there already: there is nothing to import."


def table_line(table: Table) -> Sequence[Any]:
    """Return a table as a line of the export, which the import takes back."""
    return (table.restaurant.slug, *cells_of(table_entry(table)))


def serve_table_import(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Ask for a file, show what it would do, and save that; with several restaurants ask first for the restaurant."""
    return PAGE.serve(admin, request, *choose_restaurant(request, MAY_IMPORT, only_active=False))


def _answer(admin: ModelAdmin[Any], request: HttpRequest, restaurant: Restaurant, upload: Upload) -> HttpResponse:
    lines = read_table_lines(upload.content, slug=restaurant.slug)
    # What a file does is shown even where nothing follows from it.
    confirmed = confirmed_in(request) if CONFIRMED in request.POST else ASKING
    try:
        outcome = import_tables(restaurant=restaurant, lines=lines, actor=actor_of(request), confirmed=confirmed)
    except ChangeUnconfirmed as unconfirmed:
        return _preview(admin, request, upload, unconfirmed)
    if outcome.settings is None:
        messages.info(request, NOTHING_NEW)
    else:
        messages.success(request, f"{upload.name} is imported: {' '.join(_summary(outcome.changes))}")
        for level, message in describe_outcome(outcome.settings, restaurant.zone):
            messages.add_message(request, level, message)
        _log(actor_of(request), restaurant, upload, outcome.changes)
    return HttpResponseRedirect(reverse("admin:tables_table_changelist"))


PAGE = ImportPage(
    title="Import tables",
    about=(
        "A line adds a table, or changes the one of that number in the columns that the file has. "
        "Tables that the file does not name stay as they are; one is retired by its status."
    ),
    columns=TABLE_COLUMNS,
    required=required_of(TableEntry),
    answer=_answer,
)


def _preview(
    admin: ModelAdmin[Any], request: HttpRequest, upload: Upload, unconfirmed: ChangeUnconfirmed
) -> HttpResponse:
    if CALLS in request.POST:
        return serve_calls(admin, request, unconfirmed)
    changes: Sequence[Any] = unconfirmed.rows
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Before {upload.name} is imported",
        "opts": admin.opts,
        "restaurant": unconfirmed.restaurant,
        "button": "Import as shown",
        "back": request.get_full_path(),
        "row_summary": list(_summary(changes)),
        "row_tables": [table for table in _shown(changes) if table["rows"]],
        **preview_context(request, unconfirmed, sent=upload.sent),
    }
    return TemplateResponse(request, "admin/settings/import_preview.html", context)


def _is_retired(change: Change) -> bool:
    before, after = change.before, change.after
    return (
        isinstance(before, TableEntry)
        and isinstance(after, TableEntry)
        and before.status != TableStatus.RETIRED
        and after.status == TableStatus.RETIRED
    )


def _summary(changes: Sequence[Change]) -> Iterator[str]:
    added = sum(change.action is Action.ADD for change in changes)
    retired = sum(_is_retired(change) for change in changes)
    counts = ((added, "added"), (len(changes) - added - retired, "changed"), (retired, "retired"))
    for count, verb in counts:
        if count:
            yield f"{counted(count, 'table')} {'is' if count == 1 else 'are'} {verb}."
    yield "All other tables stay as they are."


def _shown(changes: Sequence[Change]) -> Iterator[dict[str, Any]]:
    added = [change.after for change in changes if isinstance(change.after, TableEntry) and change.before is None]
    lines = [line for change in changes if change.before for line in _differences(change)]
    yield _table("Tables that are added", ADDED_HEAD, [_added(table) for table in added])
    yield _table("Tables that are changed or retired", CHANGED_HEAD, lines)


def _table(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {"title": title, "headers": headers, "rows": rows[:MOST_ROWS], "more": max(len(rows) - MOST_ROWS, 0)}


def _added(table: TableEntry) -> Sequence[Any]:
    parties = f"{table.min_party_size} to {table.max_party_size}"
    return table.number, table.capacity, parties, table.section or "-", TableStatus(table.status).label


def _differences(change: Change) -> Iterator[Sequence[Any]]:
    for word, before, after in change.differences():
        yield str(change.after), word.replace("_", " "), before, after


def _log(actor: User, restaurant: Restaurant, upload: Upload, changes: Sequence[Change]) -> None:
    """Log the file in the history of the restaurant, and each value that it changed in that of its table."""
    said = {str(change.after): change for change in changes}
    tables = list(restaurant.tables.filter(number__in=said))
    by_action = {flag: [table for table in tables if _flag(said[table.number]) == flag] for flag in (ADDITION, CHANGE)}
    for flag, found in by_action.items():
        log_rows(actor, ((table, _in_words(said[table.number], upload)) for table in found), flag=flag)
    log_rows(actor, [(restaurant, f"Imported {upload.name}: {' '.join(_summary(changes))}")])


def _flag(change: Change) -> int:
    return ADDITION if change.action is Action.ADD else CHANGE


def _in_words(change: Change, upload: Upload) -> str:
    differences = (f"{what.capitalize()}: {before} to {after}." for _, what, before, after in _differences(change))
    return " ".join((f"Imported from {upload.name}.", *differences))
