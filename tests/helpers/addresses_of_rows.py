"""Every address of the admin and of the staff's API as the resolver knows it, filled with the rows of a restaurant."""

import re
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.helpers.factories import days_ahead
from tests.helpers.two_houses import Rows

NOWHERE = 999_999_999
# Addresses of Django that take no row: the names of their parameters, with a value.
PARAMETERS = {"percent": 10, "app_label": "tables", "url": "nothing/here", "content_type_id": 1, "variant": "csv"}
# Parameters that name a row, and the kind of row.
NAMES_ROW = {"restaurant_id": "tables.restaurant", "pause_id": "capacity.onlinepause", "booking_id": "bookings.booking"}
OPS = "api/ops/"
OPS_QUERY = {
    "capacity/utilization": {"date": "2027-03-01"},
    "capacity/tables": {"date": "2027-03-01"},
    "explain": {"date": "2027-03-01", "time": "19:00", "partySize": 2},
    "overruns": {},
}
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"')


def addresses(patterns: list[Any] | None = None, prefix: str = "") -> list[str]:
    found = []
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            found.append(path)
    return found


ADMIN_ADDRESSES = [path for path in addresses() if path.startswith("admin/")]
OPS_ADDRESSES = [path for path in addresses() if path.startswith(OPS)]


def label_of(path: str) -> str:
    """Return the kind of row that an address is about."""
    named = [label for name, label in NAMES_ROW.items() if f":{name}>" in path]
    if named or "slug:" in path:
        return (named or ["tables.restaurant"])[-1]
    return ".".join(path.split("/")[1:3])


def filled(path: str, rows: Rows | None = None, *, house: Rows | None = None) -> str:
    """Return the address of a row of a restaurant, without one that of no row; `house` may be another restaurant."""

    def pk(label: str) -> int:
        return rows[label].pk if rows and label in rows else NOWHERE

    named: Any = (house or rows or {}).get("tables.restaurant")
    values = {**PARAMETERS, **{name: pk(label) for name, label in NAMES_ROW.items()}}
    values |= {"object_id": pk(label_of(path)), "id": pk(label_of(path))}
    values |= {"slug": named.slug if named else "nowhere", "business_date": days_ahead().isoformat()}
    plain = re.sub(r"\^?\(\?P<(\w+)>[^)]*\)", r"<\1>", path).replace("$", "")
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), plain)


def told(answer: Any) -> str:
    """Return all that an answer says, but for its random tokens."""
    said = b"".join(answer) if answer.streaming else answer.content
    return CSRF.sub("", said.decode()) + answer.get("Location", "")
