"""The admin of settings rows: one service call a save, and its outcome on the screen."""

from collections.abc import Sequence
from copy import copy
from datetime import time
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.postgres.fields import ArrayField
from django.db.models import DateField, ForeignKey, Model, QuerySet, TimeField
from django.http import HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminSelectWidget

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.bases import RestaurantRows
from bookings.admin.parts.durable import DurableAdmin, refusal_of
from bookings.admin.parts.forms import (
    AS_READ_INPUT,
    ClockField,
    ClockInput,
    DayInput,
    OwnedChoiceField,
    SettingsForm,
    checkbox_field,
)
from bookings.admin.parts.links import linked_message
from bookings.admin.parts.outcomes import describe_outcome
from bookings.admin.parts.previews import EDIT, confirmed_in, preview_context, serve_preview
from bookings.admin.parts.versions import fingerprint_of
from bookings.selectors.memberships import list_restaurant_ids
from bookings.services import (
    ASKING,
    ChangeUnconfirmed,
    SettingsOutcome,
    delete_settings_row,
    save_settings_row,
)
from config.errors import DomainError
from tables.models import Restaurant


class SettingsAdmin(RestaurantRows, DurableAdmin):
    """The settings by which a restaurant takes bookings; `bookings.services` alone writes them."""

    form = SettingsForm
    # Django deletes the rows of its bulk action by itself, past the service.
    actions: Any = None
    change_form_before_template = "admin/settings/form_top.html"
    delete_confirmation_template = "admin/settings/delete_confirmation.html"
    formfield_overrides: ClassVar[dict[type[Any], dict[str, Any]]] = {
        TimeField: {"form_class": ClockField, "widget": ClockInput},
        DateField: {"widget": DayInput},
    }
    # The other rows that go, or stay, with a row.
    delete_note: ClassVar[str] = ""
    # The effect of a delete on service days and bookings, where it is not the usual one.
    delete_effect: ClassVar[str] = ""
    # Foreign keys to rows of the same restaurant, and what leaving them empty means.
    owned_fields: ClassVar[dict[str, str]] = {"section": "No section", "service_period": "Every service"}

    # The form

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[SettingsForm]:
        """Return the form for the restaurants in which the user may save such a row, with the refusal after one."""
        form: type[Any] = super().get_form(request, obj, change=change, **kwargs)
        verb = "add" if obj is None else "change"
        ids = list_restaurant_ids(request.user, *self._permissions(verb))
        own = {"refusal": refusal_of(request), "is_put_back": EDIT in request.POST, "restaurant_ids": ids}
        return type(form.__name__, (form,), own)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Fix the restaurant of a stored row: bookings and service days depend on it."""
        fixed = ("restaurant",) if obj is not None and hasattr(obj, "restaurant_id") else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, ArrayField) and db_field.base_field.choices:
            return checkbox_field(db_field, label=kwargs.get("label"), help_text=kwargs.get("help_text"))
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.owned_fields:
            kwargs["form_class"] = OwnedChoiceField
            kwargs["queryset"] = self.get_owned_queryset(db_field.related_model)
            kwargs["empty_label"] = self.owned_fields[db_field.name]
            kwargs["widget"] = UnfoldAdminSelectWidget()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_owned_queryset(self, model: Any) -> Any:
        """Return the rows that an owned field offers, by restaurant and name."""
        return model.objects.select_related("restaurant").order_by("restaurant__name", "name")

    def list_advice(self, row: Any) -> Sequence[str]:
        """Return the advice on a row that is allowed but probably not meant."""
        return ()

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        """Show advice on the stored row, and remember its values at this read."""
        if obj is not None and request.method == "GET":
            context |= {"advice": self.list_advice(obj), "as_read": fingerprint_of(obj)}
        context.setdefault("as_read", request.POST.get(AS_READ_INPUT, ""))
        return super().render_change_form(request, context, add, change, form_url, obj)

    # Writes

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Save; where something follows from it, show that first. The form comes back as it was filled in."""
        if EDIT in request.POST:
            messages.info(request, "Nothing was saved. What you had filled in is still here.")
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ChangeUnconfirmed as unconfirmed:
            return serve_preview(self, request, unconfirmed, verb="saved")

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete; where something follows from it that the page has not shown, show that first."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except ChangeUnconfirmed as unconfirmed:
            return serve_preview(self, request, unconfirmed, verb="deleted", back=request.path)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.Form, change: bool) -> None:
        """Save through the service and report the outcome.

        Raises: `DomainError`, which `DurableAdmin` puts on the form.
        """
        outcome = self.save_row(request, obj, form)
        self.report(request, obj, outcome)
        if "_continue" not in request.POST:
            for advice in self.list_advice(obj):
                messages.warning(request, advice)

    def save_row(self, request: HttpRequest, row: Any, form: Any) -> SettingsOutcome:
        """Call the one service that writes the row."""
        return save_settings_row(row=row, actor=actor_of(request), confirmed=confirmed_in(request))

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Keep in the history of the row what each value was, and what it became."""
        if add or not form.changed_data:
            return super().construct_change_message(request, form, formsets, add)
        return " ".join(_changed(form, name) for name in form.changed_data)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write nothing more: the service wrote all of it in one transaction."""

    def report(self, request: HttpRequest, row: Any, outcome: SettingsOutcome) -> None:
        """Report the effect of a change on future service days, and the bookings that wait for a decision."""
        restaurant = row if isinstance(row, Restaurant) else row.restaurant
        for level, message in describe_outcome(outcome, restaurant.zone):
            messages.add_message(request, level, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Log nothing yet: Django asks before the delete, which may be refused."""

    def log_deleted(self, request: HttpRequest, row: Any) -> None:
        """Log a row that the service has deleted."""
        super().log_deletions(request, cast(QuerySet[Any], [row]))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through the service, log the delete, and report the outcome.

        Raises: `DomainError`, which `DurableAdmin` shows on the page.
        """
        outcome = delete_settings_row(row=obj, actor=actor_of(request), confirmed=confirmed_in(request))
        self.log_deleted(request, obj)
        self.report(request, obj, outcome)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """Show what follows before the click, or the refusal that would."""
        context |= {"delete_note": self.delete_note, "delete_effect": self.delete_effect}
        if refusal_of(request) is None:
            context |= self.preview_delete(request, context["object"])
        return super().render_delete_form(request, context)

    def preview_delete(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Run a delete, undo it, and return what the page shows of it."""
        try:
            delete_settings_row(row=copy(row), actor=actor_of(request), confirmed=ASKING)
        except ChangeUnconfirmed as unconfirmed:
            return preview_context(request, unconfirmed, sent=[("post", "yes")])
        except DomainError as refusal:
            return {"in_the_way": linked_message(refusal)}
        raise AssertionError("asking never deletes")

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Leave the decision on a delete to the service, and show its refusal."""
        refusal = refusal_of(request)
        return [str(row) for row in objs], {}, set(), [linked_message(refusal)] if refusal else []


def _changed(form: Any, name: str) -> str:
    field, became = form.fields[name], form.cleaned_data.get(name)
    return f"{field.label or name}: {_in_words(field, form.initial.get(name))} to {_in_words(field, became)}."


def _in_words(field: Any, value: Any) -> str:
    """Show a value of a form as its own choices do."""
    if value in (None, "") or value == []:
        return "nothing"
    if isinstance(value, QuerySet | list | tuple):
        return ", ".join(_in_words(field, item) for item in value)
    if isinstance(field, forms.ModelChoiceField):
        rows: Any = field.queryset
        return str(value if isinstance(value, Model) else rows.filter(pk=value).first() or value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    # Of grouped choices no value is a key here, and the value itself is shown.
    return str(dict(getattr(field, "choices", ())).get(value, value))
