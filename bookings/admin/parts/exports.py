"""Lists that go out as CSV, as they are filtered, and come in; who exported how many rows is in the house's history."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.bases import FilterNotUnderstood, RestaurantRows
from bookings.admin.parts.csv_files import CSV_VARIANTS, csv_response
from bookings.admin.parts.house import PARAMETER, house_of
from bookings.admin.parts.log_entries import log_rows
from bookings.selectors.memberships import list_restaurant_ids
from config.values import counted
from tables.models import Restaurant

if TYPE_CHECKING:
    Base = RestaurantRows
else:
    Base = object

ROWS_AT_ONCE = 500


class CsvExport(Base):
    """A list of rows of restaurants that is exported as it is filtered, and perhaps has an import."""

    export_name: ClassVar[str]
    export_head: ClassVar[Sequence[str]]
    # The right to take rows out, beside that to see them.
    export_right: ClassVar[str | None] = None
    # Foreign keys that a line reads.
    export_related: ClassVar[Sequence[str]] = ("restaurant",)
    # The rights to bring rows in by a file; without any there is no import.
    import_rights: ClassVar[Sequence[str]] = ()

    def export_line(self, row: Any) -> Sequence[Any]:
        """Return a row as a line of the file."""
        raise NotImplementedError

    def serve_import(self, request: HttpRequest) -> HttpResponse:
        """Answer the page on which a file is imported."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        """Add the exports, and the import where there is one."""
        name, view = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [path("export/<str:variant>/", view(self.export), name=f"{name}_export")]
        if self.import_rights:
            own.append(path("import/", view(self.import_csv), name=f"{name}_import_csv"))
        return [*own, *super().get_urls()]

    def may_export(self, request: HttpRequest) -> bool:
        """Say whether the user may take rows out: of the restaurant that is looked at, or of any."""
        right = self.export_right
        may_see: bool = self.has_view_permission(request)
        return may_see and (right is None or request.user.has_perm(right, house_of(request)))

    def may_import(self, request: HttpRequest) -> bool:
        """Say whether the user may bring rows in: to the restaurant that is looked at, or to any."""
        return bool(self.import_rights) and request.user.has_perms(self.import_rights, house_of(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may = {"may_export": self.may_export(request), "may_import": self.may_import(request)}
        return super().changelist_view(request, {**(extra_context or {}), **may})

    def import_csv(self, request: HttpRequest) -> HttpResponse:
        """Answer the import to who may."""
        if not self.may_import(request):
            raise PermissionDenied
        return self.serve_import(request)

    def export(self, request: HttpRequest, variant: str) -> HttpResponseBase:
        """Return the list as it is filtered as CSV, for a spreadsheet with a byte order mark."""
        if not self.may_export(request):
            raise PermissionDenied
        if variant not in CSV_VARIANTS:
            raise Http404
        try:
            rows = self._rows(request)
        except FilterNotUnderstood:
            messages.warning(request, "This list cannot be narrowed so, and was not exported.")
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        self._log(request, rows)
        lines = map(self.export_line, rows.iterator(chunk_size=ROWS_AT_ONCE))
        return csv_response(f"{self.export_name}.csv", self.export_head, lines, variant=variant)

    def _rows(self, request: HttpRequest) -> QuerySet[Any]:
        changelist = self.get_changelist_instance(request)
        rows: QuerySet[Any] = changelist.get_queryset(request).select_related(*self.export_related)
        ids = None if self.export_right is None else list_restaurant_ids(request.user, self.export_right)
        return rows if ids is None else rows.filter(restaurant__in=ids)

    def _log(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Log the export in the history of each restaurant, before a line of it is sent; 4 queries."""
        counts = self.model._default_manager.filter(pk__in=rows.order_by().values("pk")).order_by()
        found = dict(counts.values_list("restaurant").annotate(rows=Count("pk")))
        # What was looked for may be a guest.
        narrowed = sorted(name for name in request.GET if name != PARAMETER)
        how = f", narrowed by {', '.join(narrowed)}"[:200] if narrowed else ""
        houses = Restaurant.objects.filter(pk__in=found)
        noun = str(self.opts.verbose_name)
        said = ((house, f"Exported {counted(found[house.pk], noun)} as CSV{how}.") for house in houses)
        log_rows(actor_of(request), said)
