"""The decorators of unfold with types."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from bookings.admin.parts.shown import as_typed

Method = TypeVar("Method", bound=Callable[..., Any])
Page = Callable[[Any, HttpRequest, str], HttpResponse]


def column(
    description: str,
    *,
    ordering: str | None = None,
    label: Mapping[Any, str] | None = None,
    boolean: bool | None = None,
) -> Callable[[Method], Method]:
    """Make a method a column or a read-only field; `label` gives colours by value."""
    decorate = display(description=description, ordering=ordering, label=label, boolean=boolean)
    return cast(Callable[[Method], Method], decorate)


def typed_column(attribute: str, description: str) -> Any:
    """Return a column or read-only field of text that a person typed: a dash for none.

    To the type checker it is anything, since the stubs take names alone for fields.
    """

    @column(description, ordering=attribute)
    def shown(row: Model) -> SafeString | str:
        return as_typed(getattr(row, attribute)) or "-"

    shown.__name__ = attribute
    return shown


REASON = typed_column("reason", "Reason")


def page_action(
    description: str, *, url_path: str, icon: str, permissions: tuple[str, ...]
) -> Callable[[Method], Method]:
    """Make a method a button above a list, under an address of its own."""
    decorate = action(description=description, url_path=url_path, icon=icon, permissions=permissions)
    return cast(Callable[[Method], Method], decorate)


def row_action(
    description: str, *, url_path: str, icon: str, permissions: tuple[str, ...]
) -> Callable[[Callable[[Any, HttpRequest, Any], HttpResponse]], Page]:
    """Make a method a button on the page of a row, under an address of its own; it is given the row, 404 without."""
    decorate = page_action(description, url_path=url_path, icon=icon, permissions=permissions)

    def make(method: Callable[[Any, HttpRequest, Any], HttpResponse]) -> Page:
        @wraps(method)
        def page(admin: ModelAdmin[Any], request: HttpRequest, object_id: str) -> HttpResponse:
            row = admin.get_object(request, unquote(object_id))
            if row is None:
                raise Http404
            if not all(getattr(admin, f"has_{name}_permission")(request, row) for name in permissions):
                raise PermissionDenied
            return method(admin, request, row)

        return decorate(page)

    return make


def list_action(description: str, *, permissions: tuple[str, ...]) -> Callable[[Method], Method]:
    """Make a method an action on chosen rows of a list."""
    return cast(Callable[[Method], Method], action(description=description, permissions=permissions))
