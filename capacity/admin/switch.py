"""The switch of enforcement, for all restaurants at once."""

from datetime import UTC
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from bookings.services import set_enforcement
from capacity.models import EnforcementSwitch
from config.admin.actor import actor_of
from config.admin.columns import column
from config.admin.durable import DurableAdmin
from config.admin.shown import local_time

SWITCH_ID = 1


class SwitchForm(forms.ModelForm[EnforcementSwitch]):
    """On or off, and why: the reason of the last change is none for the next."""

    class Meta:
        help_texts: ClassVar[dict[str, str]] = {
            "enforced": "Off: every restaurant records its decisions and refuses nobody for lack of room.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["reason"] = ""
        if "reason" in self.fields:
            self.fields["reason"].required = True


@admin.register(EnforcementSwitch)
class EnforcementSwitchAdmin(DurableAdmin):
    """One row, there or not: a switch that nobody ever touched is on. Superusers only."""

    form = SwitchForm
    fields = ("enforced", "reason", "last_change")
    readonly_fields = ("last_change",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Go to the one row."""
        return HttpResponseRedirect(reverse("admin:capacity_enforcementswitch_change", args=[SWITCH_ID]))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> EnforcementSwitch | None:
        """Return the switch as it stands, on if its row was never written."""
        if object_id != str(SWITCH_ID):
            return None
        found = EnforcementSwitch.objects.select_related("changed_by").filter(pk=SWITCH_ID).first()
        return found or EnforcementSwitch(pk=SWITCH_ID)

    def save_model(self, request: HttpRequest, obj: EnforcementSwitch, form: Any, change: bool) -> None:
        """Turn the switch through the service."""
        set_enforcement(enforced=obj.enforced, reason=obj.reason, actor=actor_of(request))

    @column("Last change")
    def last_change(self, switch: EnforcementSwitch) -> str:
        if switch._state.adding:
            return "never turned"
        state = "on" if switch.enforced else "off"
        who, when = switch.changed_by or "a command", local_time(switch.changed_at, UTC)
        return f"{state} by {who}, {when}: {switch.reason or '-'}"
