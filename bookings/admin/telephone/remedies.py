"""The remedies for a refused party: other starts and levers, each a button or a link to what has to change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from bookings.admin.limit_links import limit_url
from bookings.admin.operations import MAY_CHANGE, OPERATIONS, operation_url
from bookings.admin.telephone.availability import start_value
from bookings.admin.telephone.form import TelephoneForm
from bookings.errors import RequestRefused
from bookings.insight.explain import Explanation, Lever, LeverKind, explain_availability
from bookings.models import Booking
from capacity.calendar import local_wall_time
from capacity.calendar.wall_clock import shown_time
from capacity.limits import LIMIT_OF, LimitKind
from capacity.policy import IN_HOUSE
from capacity.scopes import LimitScope
from tables.models import Table


@dataclass(frozen=True)
class Change:
    """Another booking that is taken: the button that books it; `value` are the fields that it changes."""

    text: str
    value: str


@dataclass(frozen=True)
class Setting:
    """Something else that would have to change first, and where; no address without the right to change it."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Remedies:
    """All that would take the party: starts nearby, other bookings, other settings."""

    starts: tuple[Change, ...]
    changes: tuple[Change, ...]
    settings: tuple[Setting, ...]


def find_remedies(request: HttpRequest, form: TelephoneForm, refusal: RequestRefused) -> Remedies:
    """Find the smallest changes that make room, each tried on the decision itself."""
    explained = _explain(form)
    levers = explained.levers
    zone = form.restaurant.zone
    starts = [Change(shown_time(start.starts_at, zone), _start(form, start)) for start in refusal.alternatives]
    return Remedies(
        starts=tuple(starts),
        changes=tuple(_changes(levers, has_starts=bool(starts))),
        settings=tuple(setting for lever in levers for setting in _settings(request, explained, lever)),
    )


def _explain(form: TelephoneForm) -> Explanation:
    values = form.booking
    return explain_availability(
        restaurant_id=values["restaurant_id"],
        business_date=values["business_date"],
        party_size=values["party_size"],
        wall_time=values["wall_time"],
        starts_at=values["starts_at"],
        seating=values["seating"],
        channel=IN_HOUSE,
        turn_minutes=values["turn_minutes"],
    )


def _start(form: TelephoneForm, start: Any) -> str:
    is_second = start.starts_at.astimezone(form.restaurant.zone).fold
    instant = f"&starts_at={start.starts_at:%Y-%m-%dT%H:%M:%SZ}" if is_second else "&starts_at="
    return f"wall_time={start.wall_time:%H:%M}{instant}"


def _changes(levers: Sequence[Lever], *, has_starts: bool) -> Iterator[Change]:
    for lever in levers:
        wish = lever.assessment.wish
        if lever.limits or (has_starts and lever.kind is LeverKind.OTHER_START):
            continue
        if lever.kind is LeverKind.SHORTER_STAY:
            yield Change(lever.text, urlencode({"minutes": lever.assessment.turn_minutes}))
        elif lever.kind is LeverKind.PARTY_SIZE:
            yield Change(lever.text, urlencode({"party_size": wish.party_size}))
        elif lever.kind is LeverKind.SEATING_WISH:
            yield Change(lever.text, urlencode({"seating": ""}))
        elif lever.kind is LeverKind.OTHER_START:
            yield Change(lever.text, start_value(lever.assessment))


def _settings(request: HttpRequest, explained: Explanation, lever: Lever) -> Iterator[Setting]:
    yield from _limits(request, explained, lever)
    if lever.kind is LeverKind.RELEASE:
        yield from _releases(request, lever)
    elif lever.kind in (LeverKind.AUDIENCE, LeverKind.UNBLOCK):
        yield from _tables(request, explained, lever)


def _limits(request: HttpRequest, explained: Explanation, lever: Lever) -> Iterator[Setting]:
    assessment, settings = lever.assessment, explained.settings
    if assessment.wish.period_id is None or lever.kind is not LeverKind.LIMITS:
        return
    for raised in lever.limits:
        limit = LIMIT_OF[raised.code]
        number = raised.limit + raised.more
        wish = assessment.wish
        slot = wish.period_id, wish.business_date, wish.wall_time
        place = LimitScope.of_slot(*slot, settings.restaurant.slot_minutes)
        if limit.kind is LimitKind.OCCUPANCY:
            place = replace(place, to_time=local_wall_time(assessment.ends_at, settings.zone))
        url = limit_url(settings.restaurant.pk, place, limit, number, settings.rules)
        url = _where_allowed(url, request, "capacity.add_capacityrule", settings.restaurant)
        yield Setting(f"Raise {limit.name} from {raised.limit} to {number}", url)


def _releases(request: HttpRequest, lever: Lever) -> Iterator[Setting]:
    found = Booking.objects.filter(reference__in=lever.references).prefetch_related("assignments")
    for booking in found.order_by("starts_at", "pk"):
        is_pinned = OPERATIONS["unpin"].is_offered(booking, booking.starts_at)
        name, verb = ("unpin", "Unpin") if is_pinned else ("assign", "Give other tables to")
        url = _where_allowed(operation_url(name, booking), request, MAY_CHANGE[0], booking)
        yield Setting(f"{verb} {booking.reference}, {booking.guest_name}, party of {booking.party_size}", url)


def _tables(request: HttpRequest, explained: Explanation, lever: Lever) -> Iterator[Setting]:
    if lever.kind is LeverKind.UNBLOCK:
        url = f"{reverse('admin:tables_tableblock_changelist')}?q={lever.tables[0]}"
        url = _where_allowed(url, request, "tables.view_tableblock", explained.settings.restaurant)
        yield Setting(_sentence(lever.text), url)
        return
    tables = Table.objects.filter(restaurant=explained.settings.restaurant, number__in=lever.tables)
    for table in tables.in_number_order():
        url = reverse("admin:tables_table_change", args=[table.pk])
        url = _where_allowed(url, request, "tables.change_table", table)
        yield Setting(f"Open {table.number} to bookings by the staff", url)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _where_allowed(url: str, request: HttpRequest, permission: str, row: Model) -> str:
    return url if request.user.has_perm(permission, row) else ""
