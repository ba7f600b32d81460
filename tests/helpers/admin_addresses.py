"""Every address of the admin as the resolver knows it, and what may wrongly stand in one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

ADMIN = "/admin/"
HUGE = "9" * 23
NUL = "\0"
WRONG_IDS = ("abc", "0", "-1", HUGE, NUL, "_5F", "a/b")
# What may stand in each part of an address. A part that is not named here wants to be thought about.
WRONG_PARTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("object_id", "id", "content_type_id", "restaurant_id", "percent"), WRONG_IDS),
    **dict.fromkeys(("booking_id", "pause_id"), WRONG_IDS),
    **dict.fromkeys(("slug", "variant"), ("abc", "-1", NUL, "a/b", "x" * 300)),
    "business_date": ("abc", "9999-12-31", "0001-01-01", "2026-02-30", NUL),
    "app_label": ("abc", "bookings", NUL),
    "url": ("abc", "abc/", NUL, "x" * 300),
}
_PART = re.compile(r"<(?:\w+:)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True)
class AdminAddress:
    """An address with its name and the names of its open parts."""

    path: str
    name: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return self.path

    def filled(self, **parts: str) -> str:
        """Return the address with text in its open parts."""
        return re.sub(r"{(\w+)}", lambda part: quote(parts[part[1]], safe="/"), self.path)

    def wrongly_filled(self) -> Iterator[str]:
        """Yield the address with everything wrong in its open parts."""
        for texts in product(*(WRONG_PARTS[name] for name in self.parts)):
            yield self.filled(**dict(zip(self.parts, texts, strict=True)))


def list_admin_addresses() -> list[AdminAddress]:
    """List what the resolver answers below /admin/."""
    return [found for found in _walk("/", get_resolver().url_patterns) if found.path.startswith(ADMIN)]


def _walk(prefix: str, patterns: list[Any]) -> Iterator[AdminAddress]:
    for pattern in patterns:
        written = _PART.sub(r"{\1}", _GROUP.sub(r"{\1}", str(pattern.pattern)))
        path = prefix + written.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
        if isinstance(pattern, URLResolver):
            yield from _walk(path, pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield AdminAddress(path, pattern.name or "", tuple(re.findall(r"{(\w+)}", path)))


def list_models() -> list[Any]:
    """List the models that have a list in the admin."""
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


# What may wrongly stand behind the question mark of a list

WRONG_QUERIES = (
    *(
        "p=abc",
        "p=0",
        "p=-1",
        f"p={HUGE}",
        "p=",
        "o=abc",
        "o=-",
        "o=99",
        "o=-99.1.x",
        f"o={HUGE}",
        "o=%00",
        "all=",
        "all=x",
    ),
    *("e=1", "e=1&id__regex=(", "_popup=1", "_popup=%00", "_to_field=id", "_to_field=abc", "_to_field=password"),
    *(
        "_facets=1",
        "_facets=1&id=abc",
        "_changelist_filters=a%0d%0ab",
        "q=%00",
        "q=(((((",
        "q=%25%5C",
        "q=%22",
        "%00=1",
    ),
    *(
        "abc=1",
        "abc__def=1",
        "__=1",
        "=1",
        "pk=abc",
        f"pk={HUGE}",
        "pk__in=",
        "pk__in=1,,x",
        "id__id__id=1",
        "id=1&id=x",
    ),
)
_VALUES = ("abc", "", NUL, "-1", HUGE, "(", "1", "1,x", "[", "99999-01-01", "9999-12-31", "\\")
_LOOKUPS = (
    "",
    "exact",
    "in",
    "range",
    "isnull",
    "gt",
    "contains",
    "regex",
    "iregex",
    "iexact",
    "year",
    "year__gt",
    "date",
)
_ODD_LOOKUPS = (
    "len",
    "0",
    HUGE,
    "overlap",
    "contained_by",
    "startswith",
    "has_key",
    "search",
    "unaccent",
    "trigram_similar",
)


def wrong_lookups_of(model: Any) -> Iterator[str]:
    """Yield queries on one field of each kind that a model has: every lookup of it, by a value that rarely suits."""
    by_kind = {type(field): field for field in model._meta.fields}
    for kind, field in enumerate(by_kind.values()):
        own = ("password__startswith",) if field.is_relation else ()
        for place, lookup in enumerate((*_LOOKUPS, *_ODD_LOOKUPS, *own)):
            value = _VALUES[(5 * place + kind) % len(_VALUES)]
            yield f"{quote('__'.join(filter(None, (field.name, lookup))))}={quote(value)}"
        yield from (f"{field.name}={quote(value)}" for value in _VALUES)


_SUFFIXES = ("", "__exact", "__id__exact", "__isnull", "__isempty", "_from", "_to")


def wrong_filters_of(model_admin: Any) -> Iterator[str]:
    """Yield queries by the parameters of a list's own filters."""
    names = {getattr(found, "parameter_name", None) or _field_of(found) for found in model_admin.list_filter}
    for place, (name, suffix) in enumerate(product(sorted(names), _SUFFIXES)):
        yield from (f"{name}{suffix}={quote(value)}" for value in ("abc", (NUL, HUGE, "", "1,2")[place % 4]))
    if hierarchy := model_admin.date_hierarchy:
        for year, month, day in product(("9999", "0", "99999", "abc"), ("", "2", "13"), ("", "31")):
            given = {"year": year, "month": month, "day": day}
            yield "&".join(f"{hierarchy}__{part}={value}" for part, value in given.items() if value)
        yield from (f"{hierarchy}__month=abc", f"{hierarchy}__day=%00")


def _field_of(found: Any) -> str:
    return str(found[0] if isinstance(found, tuple) else found)
