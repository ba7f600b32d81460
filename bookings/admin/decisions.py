"""The screen of decision records: each with its question, its answer and its grounds."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.paginator import InfinitePaginator

from bookings.admin.parts.bases import ReadOnlyAdmin
from bookings.admin.parts.columns import column
from bookings.admin.parts.links import change_link
from bookings.admin.parts.shown import short_time
from bookings.choices import EventKind
from bookings.models import Booking, Decision
from capacity.models import CapacityRule
from capacity.wording import limit_name, recorded_reason

VERDICT_LABELS = {
    "Accepted": "success",
    "Refused": "danger",
    "Would be refused, waived": "warning",
    "Above a limit, authorised": "warning",
    "Accepted, the shadow decision failed": "warning",
    "Not decided in time": "info",
}


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """The decisions with their reasons; guests are not named."""

    list_display = ("decided", "restaurant", "what", "start", "party_size", "verdict_shown", "why", "booking_shown")
    list_filter = ("verdict", "mode", "operation", "source", "restaurant")
    list_select_related = ("restaurant", "booking")
    search_fields = ("request_id",)
    ordering = ("-decided_at", "-pk")
    # There are more decision records than anybody wants counted at each look.
    paginator = InfinitePaginator
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("restaurant", "decided", "what", "verdict_shown", "mode", "why", "booking_shown")}),
        ("Asked", {"fields": ("party_size", "business_date", "start", "end", "source", "asked")}),
        ("Limits", {"fields": ("limits_shown",)}),
        ("Tables", {"fields": ("seating_step", "tables_shown", "moves_shown")}),
        ("Offered instead", {"fields": ("alternatives_shown",)}),
        ("Cost", {"fields": ("attempts", "retries", "lock_wait_ms", "duration_ms", "request_id")}),
    )
    readonly_fields = (
        *("restaurant", "decided", "what", "verdict_shown", "mode", "why", "booking_shown", "party_size"),
        *("business_date", "start", "end", "source", "asked", "limits_shown", "seating_step", "tables_shown"),
        *("moves_shown", "alternatives_shown", "attempts", "retries", "lock_wait_ms", "duration_ms", "request_id"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        decisions: QuerySet[Decision] = super().get_queryset(request)
        return decisions.defer("state")

    @column("Decided", ordering="decided_at")
    def decided(self, decision: Decision) -> str:
        return short_time(decision.decided_at, decision.restaurant.zone)

    @column("What", ordering="operation")
    def what(self, decision: Decision) -> str:
        happening = decision.request.get("happening")
        return EventKind(happening).label if happening else decision.get_operation_display()

    @column("For", ordering="starts_at")
    def start(self, decision: Decision) -> str:
        return short_time(decision.starts_at, decision.restaurant.zone)

    @column("Until")
    def end(self, decision: Decision) -> str:
        return short_time(decision.ends_at, decision.restaurant.zone)

    @column("Verdict", ordering="verdict", label=VERDICT_LABELS)
    def verdict_shown(self, decision: Decision) -> str:
        return decision.get_verdict_display()

    @column("Reasons")
    def why(self, decision: Decision) -> str:
        return ", ".join(recorded_reason(reason) for reason in decision.reasons) or "-"

    @column("Booking")
    def booking_shown(self, decision: Decision) -> SafeString | str:
        # Without a foreign key constraint the booking may be gone.
        return change_link(decision.booking) if decision.booking else "-"

    @column("Asked besides")
    def asked(self, decision: Decision) -> str:
        return ", ".join(f"{name} {value}" for name, value in decision.request.items() if name != "happening") or "-"

    @column("Limits that were met")
    def limits_shown(self, decision: Decision) -> SafeString | str:
        return _listed(_limit(met, decision) for met in decision.limits if met["limit"] is not None)

    @column("Tables")
    def tables_shown(self, decision: Decision) -> str:
        return " + ".join(decision.tables) or "-"

    @column("Moved to make room")
    def moves_shown(self, decision: Decision) -> SafeString | str:
        return _listed(
            format_html(
                "{}: {} -> {}",
                change_link(Booking(pk=move["bookingId"]), "booking"),
                " + ".join(move["from"]) or "no table",
                " + ".join(move["to"]),
            )
            for move in decision.moves
        )

    @column("Other starts")
    def alternatives_shown(self, decision: Decision) -> str:
        return ", ".join(decision.alternatives) or "-"

    @column("Ran again for")
    def retries(self, decision: Decision) -> str:
        return ", ".join(decision.sqlstates) or "-"


def _limit(met: dict[str, Any], decision: Decision) -> SafeString:
    rule = ""
    if met["ruleId"] is not None:
        name = f"rule {met['ruleId']}, version {met['ruleVersion']}"
        rule = format_html(", by {}", change_link(CapacityRule(pk=met["ruleId"]), name))
    counter = f"{met['before']}, then {met['after']}" if met["after"] != met["before"] else f"{met['before']}"
    return format_html("{}: {} of {}{}", limit_name(met["code"]), counter, met["limit"], rule)


def _listed(lines: Any) -> SafeString | str:
    items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
    return format_html('<ul class="flex flex-col gap-2">{}</ul>', items) if items else "-"
