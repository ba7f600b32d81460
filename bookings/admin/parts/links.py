"""The links between screens."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from capacity.misconfigurations import Misconfiguration
from config.errors import DomainError
from config.values import counted
from tables.models import Restaurant

MOST_LISTED = 10
APPS = {"capacityrule": "capacity", "turntime": "capacity", "table": "tables"}


def change_link(row: Any, text: object | None = None) -> SafeString:
    """Return a link to the page of a row."""
    opts = row._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
    return format_html('<a class="text-primary-600 underline dark:text-primary-500" href="{}">{}</a>', url, text or row)


def setting_url(request: HttpRequest, found: Misconfiguration, restaurant: Restaurant) -> str:
    """Return the address of a setting that is probably not meant, nothing without the permission to change it."""
    kind, pk = found.place.kind, found.place.pk
    app = APPS[kind]
    if not request.user.has_perm(f"{app}.{'change' if pk else 'add'}_{kind}", restaurant):
        return ""
    if pk is not None:
        return reverse(f"admin:{app}_{kind}_change", args=[pk])
    return f"{reverse(f'admin:{app}_{kind}_add')}?{urlencode({'restaurant': restaurant.pk})}"


def describe_booking(booking: Any) -> SafeString:
    """Return a booking as a link with its date, time and covers."""
    when = f"{booking.business_date:%a %-d %b} {booking.shown_start}"
    return format_html("{} ({}, {})", change_link(booking), when, counted(booking.party_size, "cover"))


def booking_list(bookings: Iterable[Any]) -> SafeString:
    """Name bookings with links, ten at most, and the number of the others."""
    known = list(bookings)
    listed = format_html_join(", ", "{}", ((describe_booking(booking),) for booking in known[:MOST_LISTED]))
    more = len(known) - MOST_LISTED
    return format_html("{} and {} more", listed, more) if more > 0 else listed


def linked_message(refusal: DomainError) -> SafeString:
    """Return the message of a refusal, line by line, with every booking that it names as a link."""
    lines = refusal.message.splitlines()
    # What has a line for each booking describes them there.
    describe = describe_booking if len(lines) == 1 else change_link
    described = {booking.reference: describe(booking) for booking in getattr(refusal, "bookings", ())}
    return format_html_join(mark_safe("<br>"), "{}", ((_linked(line, described),) for line in lines))


def _linked(line: str, described: dict[str, SafeString]) -> SafeString:
    if not described:
        return format_html("{}", line)
    parts = re.split(f"({'|'.join(map(re.escape, described))})", line)
    return format_html_join("", "{}", ((described.get(part, part),) for part in parts))
