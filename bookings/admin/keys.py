"""The screens of the keys to the staff's API: made and revoked here, and never shown again."""

from datetime import UTC
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.admin.parts.bases import RestaurantRows, SturdyAdmin
from bookings.admin.parts.columns import column, list_action
from bookings.admin.parts.shown import local_time
from bookings.models import ApiKey
from bookings.services.upkeep.api_keys import create_api_key, revoke_api_keys


@admin.register(ApiKey)
class ApiKeyAdmin(RestaurantRows, SturdyAdmin):
    """The keys by which systems of a restaurant call the staff's API."""

    list_display = ("name", "restaurant", "state", "created", "last_used")
    list_filter = ("restaurant", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("restaurant",)
    search_fields = ("name",)
    ordering = ("restaurant__name", "name", "-pk")
    actions: Any = ("revoke",)
    fieldsets = ((None, {"fields": ("restaurant", "name"), "description": "An earlier key of the name is revoked."}),)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Keep a key as it is: it is revoked from the list."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Keep revoked keys in sight, with their last use."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return super().get_fieldsets(request, obj) if obj is None else ((None, {"fields": self.list_display}),)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return () if obj is None else self.list_display

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key; its secret is on the next page alone."""
        issued = create_api_key(restaurant_id=obj.restaurant_id, name=obj.name)
        obj.__dict__.update(issued.api_key.__dict__)
        vars(request)["secret"] = issued.secret

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret once; it goes through no message, which a cookie would keep."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"The key {obj.name}",
            "opts": self.opts,
            "key": obj,
            "secret": vars(request)["secret"],
            "back": reverse("admin:bookings_apikey_changelist"),
        }
        return TemplateResponse(request, "admin/bookings/apikey/secret.html", context)

    @list_action("Revoke", permissions=("change",))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Let the chosen keys open nothing any more."""
        for key in queryset.filter(revoked_at=None):
            revoke_api_keys(restaurant_id=key.restaurant_id, name=key.name)
            self.log_change(request, key, "Revoked.")
            messages.success(request, f"The key {key.name} opens nothing any more.")

    @column("State", label={"works": "success", "revoked": "info"})
    def state(self, key: ApiKey) -> str:
        return "revoked" if key.revoked_at else "works"

    @column("Made (UTC)", ordering="created_at")
    def created(self, key: ApiKey) -> str:
        return local_time(key.created_at, UTC)

    @column("Last used (UTC)", ordering="last_used_at")
    def last_used(self, key: ApiKey) -> str:
        return local_time(key.last_used_at, UTC)
