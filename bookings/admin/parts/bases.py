"""The bases of every admin class: rows of the engine are shown, not edited."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from bookings.admin.parts.look import ModelAdmin, TabularInline


class NothingToEdit:
    """The permissions of rows that no person adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(NothingToEdit, ModelAdmin[Any]):
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
