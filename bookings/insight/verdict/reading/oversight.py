"""The auditor's findings of a restaurant, its authorisations, the changes of its mode, the notes of the support."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import F, Func, JSONField, Max, Q, Sum

from bookings.insight.verdict.facts import Above, ModeChange, Ticket
from bookings.models import AuditRun, CapacityOverride, RolloutChange, RolloutNote


class _EachOf(Func):
    """The elements of an array, a row each."""

    function = "jsonb_array_elements"
    output_field = JSONField()
    set_returning = True


# What tells two overbookings apart, whatever the numbers were when a run saw them.
_IDENTITY = ("kind", "businessDate", "serviceDayId", "startsAt", "table", "assignmentId")


def list_overbookings(slug: str, since: datetime) -> list[str]:
    """List the overbookings that runs of the auditor found, each once however many runs saw it, in 1 query."""
    runs = AuditRun.objects.filter(
        finished_at__gte=since, has_overbooking=True, report__overbookings__contains=[{"restaurant": slug}]
    )
    found = runs.annotate(finding=_EachOf(F("report__overbookings"))).values_list("finding")
    latest: dict[tuple[Any, ...], str] = {}
    # What a later run said of the same overbooking replaces what an earlier one did.
    for finding, _ in found.annotate(seen_at=Max("finished_at")).order_by("seen_at"):
        if finding["restaurant"] == slug:
            latest[tuple(str(finding.get(name)) for name in _IDENTITY)] = finding["message"]
    return sorted(latest.values())


def list_above(restaurant_id: int, since: datetime) -> list[Above]:
    """List the excess above limits, by source and limit, in 1 query.

    The excess of several changes of settings above one limit adds up. A stay is above a limit of occupancy in many
    slots: it counts once, with its worst.
    """
    overrides = CapacityOverride.objects.filter(restaurant_id=restaurant_id, created_at__gte=since).order_by()
    slots = overrides.values_list("source", "limit", "booking_id", "service_day_id", "slot_starts_at")
    worst: defaultdict[tuple[str, str, int | None, int], int] = defaultdict(int)
    for *stay, _, amount in slots.annotate(sum=Sum("amount")):
        source, limit, booking_id, service_day_id = stay
        worst[source, limit, booking_id, service_day_id] = max(worst[source, limit, booking_id, service_day_id], amount)
    amounts: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for (source, limit, _, _), amount in worst.items():
        amounts[source, limit].append(amount)
    return [Above(source, limit, len(each), sum(each)) for (source, limit), each in sorted(amounts.items())]


def list_mode_changes(restaurant_id: int, since: datetime) -> list[ModeChange]:
    """List changes of the mode of a restaurant, or of all of them, in 1 query."""
    changes = RolloutChange.objects.filter(Q(restaurant_id=restaurant_id) | Q(restaurant=None), created_at__gte=since)
    return [
        ModeChange(row.created_at, row.restaurant_id is None, row.from_value, row.to_value, row.actor_label, row.reason)
        for row in changes.order_by("created_at", "pk")
    ]


def list_tickets(restaurant_id: int, since: datetime) -> list[Ticket]:
    """List the notes of the support in 1 query."""
    notes = RolloutNote.objects.filter(restaurant_id=restaurant_id, created_at__gte=since)
    return [
        Ticket(row.created_at, row.tickets, row.text, row.actor_label) for row in notes.order_by("created_at", "pk")
    ]
