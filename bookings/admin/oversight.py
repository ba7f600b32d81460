"""The screens of authorised excesses above a limit, and of the auditor's runs."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter

from bookings.admin.override_rows import EXPORTED_WITH, OVERRIDE_HEAD, ReasonFilter, override_line
from bookings.admin.parts.bases import ReadOnlyAdmin
from bookings.admin.parts.columns import REASON, column
from bookings.admin.parts.exports import CsvExport
from bookings.admin.parts.filters import ServiceFilter
from bookings.admin.parts.links import change_link
from bookings.admin.parts.shown import local_time, short_time
from bookings.models import AuditRun, CapacityOverride
from capacity.calendar.wall_clock import shown_time
from capacity.wording import reason_name

# The lists of a stored report, the worst first.
FINDINGS = ("overbookings", "problems", "authorisedExcess")


@admin.register(CapacityOverride)
class CapacityOverrideAdmin(CsvExport, ReadOnlyAdmin):
    """The authorised excesses: amount, limit, authoriser and reason."""

    list_display = (
        "created",
        "restaurant",
        "service",
        "slot",
        "what",
        "amount",
        "source",
        "actor",
        REASON,
        "booking",
    )
    list_filter = (
        "restaurant",
        "source",
        ReasonFilter,
        ("service_day__business_date", RangeDateFilter),
        ServiceFilter,
        ("actor", RelatedOnlyFieldListFilter),
    )
    list_before_template = "admin/export.html"
    export_name, export_head, export_related = "overrides", OVERRIDE_HEAD, EXPORTED_WITH
    list_select_related = ("restaurant", "service_day__service_period", "actor", "booking")
    search_fields = ("reason", "booking__reference")
    ordering = ("-created_at", "-pk")
    fields = ("restaurant", "service", "slot", "what", "amount", "source", "actor", REASON, "booking", "created")
    readonly_fields = fields

    def export_line(self, row: CapacityOverride) -> Sequence[Any]:
        return override_line(row)

    @column("When", ordering="created_at")
    def created(self, override: CapacityOverride) -> str:
        return short_time(override.created_at, override.restaurant.zone)

    @column("Service", ordering="service_day__business_date")
    def service(self, override: CapacityOverride) -> SafeString:
        day = override.service_day
        return change_link(day, f"{day.service_period}, {day.business_date:%-d %b %Y}")

    @column("Slot", ordering="slot_starts_at")
    def slot(self, override: CapacityOverride) -> str:
        starts_at = override.slot_starts_at
        return shown_time(starts_at, override.restaurant.zone) if starts_at else "whole service"

    @column("Limit", ordering="limit")
    def what(self, override: CapacityOverride) -> str:
        return reason_name(override.limit)


@admin.register(AuditRun)
class AuditRunAdmin(ReadOnlyAdmin):
    """The auditor's runs with their findings."""

    list_display = ("finished", "scope", "verdict", "overbookings", "problems", "authorised_excess")
    list_filter = ("has_overbooking", "restaurant")
    list_select_related = ("restaurant",)
    ordering = ("-finished_at", "-pk")
    fields = ("finished", "scope", "dates", "verdict", "overbookings", "problems", "authorised_excess", "found")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditRun]:
        runs: QuerySet[AuditRun] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        return runs.defer("report") if is_list else runs

    @column("Finished", ordering="finished_at")
    def finished(self, run: AuditRun) -> str:
        return local_time(run.finished_at, UTC)

    @column("Restaurant", ordering="restaurant__name")
    def scope(self, run: AuditRun) -> str:
        return str(run.restaurant or "all restaurants")

    @column("Dates")
    def dates(self, run: AuditRun) -> str:
        return f"{run.from_date or 'the beginning'} to {run.to_date or 'the end'}"

    @column("Overbooking", label={"overbooked": "danger", "problems": "warning", "none": "success"})
    def verdict(self, run: AuditRun) -> str:
        if run.has_overbooking:
            return "overbooked"
        return "problems" if run.problems else "none"

    @column("Findings")
    def found(self, run: AuditRun) -> SafeString | str:
        listed = format_html_join(
            "", "<li>{}{}</li>", (_finding(finding) for kind in FINDINGS for finding in run.report.get(kind, ()))
        )
        return format_html('<ul class="flex flex-col gap-2">{}</ul>', listed) if listed else "nothing"


def _finding(finding: dict[str, Any]) -> tuple[str, SafeString]:
    """Return the sentence of a finding, and its bookings as links."""
    links = format_html_join(
        "",
        ' <a class="text-primary-600 underline dark:text-primary-500" href="{}">{}</a>',
        (
            (reverse("admin:bookings_booking_change", args=[booking["id"]]), booking["reference"])
            for booking in finding.get("bookings", ())
        ),
    )
    return f"{finding['restaurant']}: {finding['message']}", links
