"""The bases of every admin class: lists answer whatever is asked and show the rows of the user's restaurants."""

from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.options import IS_POPUP_VAR, IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_permission_codename
from django.core.exceptions import FieldError, SuspiciousOperation, ValidationError
from django.db import DataError, NotSupportedError, ProgrammingError
from django.db.models import ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from bookings.admin.parts.house import PARAMETER, HouseFilter, house_of
from bookings.admin.parts.look import ModelAdmin, TabularInline
from bookings.selectors.memberships import list_restaurant_ids, restaurant_id_of, restaurants_of
from tables.models import Restaurant

if TYPE_CHECKING:
    Base = ModelAdmin[Any]
else:
    Base = object

logger = structlog.stdlib.get_logger(__name__)

NUL = "\0"
LONGEST_NAMED = 100
# Every way in which Django, psycopg and PostgreSQL refuse a field, a lookup or a value.
_NOT_UNDERSTOOD = (
    *(IncorrectLookupParameters, SuspiciousOperation, FieldError, ValidationError),
    *(ValueError, TypeError, LookupError, OverflowError, AttributeError),
    *(DataError, NotSupportedError, ProgrammingError),
)


class FilterNotUnderstood(Exception):
    """The address of a list has a filter, an order or a page that nothing can be made of."""


class ListWithAddresses(ChangeList):
    """A list that makes each of its addresses once: unfold asks for those of all headings again with every row."""

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return the address of the list with some filters more, and without others."""
        made: dict[str, str] = self.__dict__.setdefault("_addresses", {})
        asked = f"{new_params!r} {remove!r}"
        if asked not in made:
            made[asked] = super().get_query_string(new_params, remove)
        return made[asked]


class SturdyAdmin(ModelAdmin[Any]):
    """The lists of the admin: a filter that is not understood is left out, and the user is told."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ListWithAddresses

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, without its filters where they are not understood."""
        try:
            return super().changelist_view(request, extra_context)
        except FilterNotUnderstood:
            named = ", ".join(sorted(request.GET))[:LONGEST_NAMED].replace(NUL, "")
            messages.warning(request, f"This list cannot be narrowed so ({named}). It is shown as it is by itself.")
            popup = f"?{IS_POPUP_VAR}=1" if IS_POPUP_VAR in request.GET else ""
            return HttpResponseRedirect(f"{request.path}{popup}")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Read the list, its rows included.

        Raises: `FilterNotUnderstood`.
        """
        if not set(request.GET) - {IS_POPUP_VAR}:
            return super().get_changelist_instance(request)
        if any(NUL in text for name, values in request.GET.lists() for text in (name, *values)):
            raise FilterNotUnderstood
        try:
            # Outside a transaction: whatever the database says of the filter, the rest of the answer can be read.
            shown = super().get_changelist_instance(request)
            len(shown.result_list)
        except _NOT_UNDERSTOOD as error:
            logger.info("filter not understood", error=error)
            raise FilterNotUnderstood from error
        return shown

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow what Django does, but for patterns: one of them can keep the database busy for as long as it may."""
        is_pattern = lookup.endswith(("__regex", "__iregex"))
        return not is_pattern and super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """Find nothing by a term that no text of the database can contain."""
        if NUL in search_term:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    # The stubs have an argument more than Django.
    def response_action(  # type: ignore[override]
        self, request: HttpRequest, queryset: "QuerySet[Any]"
    ) -> HttpResponse | None:
        """Act on the chosen rows, on none of them where one is no row at all."""
        try:
            for chosen in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(chosen)
        except ValidationError:
            messages.warning(request, "Nothing was done: choose rows of this list.")
            return None
        return super().response_action(request, queryset)


class RestaurantRows(Base):
    """The rows of the restaurants in which a user may see them; those of others are as if they did not exist."""

    # From a row to its restaurant. None for rows of no restaurant: the permissions of the account decide alone.
    restaurant_path: ClassVar[str | None] = "restaurant"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        ids = list_restaurant_ids(request.user, *self._permissions("view", "change"))
        if self.restaurant_path is None or ids is None:
            return rows
        return rows.filter(**{f"{self.restaurant_path}__in": ids})

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Offer the user's restaurants alone."""
        filters = super().get_list_filter(request)
        if self.restaurant_path is None:
            return filters
        if "restaurant" not in filters:
            return (HouseFilter, *filters)
        return tuple(HouseFilter if item == "restaurant" else item for item in filters)

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the restaurants in which the user may save such a row."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        ids = list_restaurant_ids(request.user, *self._permissions("add", "change"))
        if field is not None and ids is not None and db_field.related_model is Restaurant:
            field.queryset = field.queryset.filter(pk__in=ids)
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Choose the restaurant that the user looks at, or the only one."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        house = house_of(request)
        if house is not None:
            return {**initial, PARAMETER: str(house.pk)}
        known = list(restaurants_of(request.user).values_list("pk", flat=True)[:2])
        return {**initial, PARAMETER: known[0]} if len(known) == 1 else initial

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        """Leave out of an action the rows of restaurants in which the user may not do it."""
        action = self.get_actions(request).get(request.POST.get("action", ""))
        verbs = getattr(action and action[0], "allowed_permissions", ("change",))
        ids = list_restaurant_ids(request.user, *self._permissions(*verbs))
        if self.restaurant_path is not None and ids is not None:
            queryset = queryset.filter(**{f"{self.restaurant_path}__in": ids})
        return super().response_action(request, queryset, *args)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "view", "change")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, None, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "delete")

    def _may(self, request: HttpRequest, row: Any, *verbs: str) -> bool:
        """Say whether the user may do one of some things to a row, without a row to any."""
        # A row that is not stored yet may have no restaurant: its form offers the right ones.
        of = row if self.restaurant_path is not None and restaurant_id_of(row) is not None else None
        return any(request.user.has_perm(permission, of) for permission in self._permissions(*verbs))

    def _permissions(self, *verbs: str) -> list[str]:
        return [f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}" for verb in verbs]

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404


class NothingToEdit:
    """The permissions of rows that no person adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(NothingToEdit, RestaurantRows, SturdyAdmin):
    """A list and a page of rows that the engine writes."""

    actions: Any = None
    list_per_page = 30
    list_fullwidth = True

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the row, without a button to the log that follows."""
        context = {**(extra_context or {}), "show_history": False}
        return super().changeform_view(request, object_id, form_url, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Go back to the page of the row: without edits here, Django's own log of it is empty."""
        opts = self.opts
        return HttpResponseRedirect(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[object_id]))


class ReadOnlyInline(NothingToEdit, TabularInline[Any, Any]):
    """Rows that the engine writes, on the page of the row they belong to."""

    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True
