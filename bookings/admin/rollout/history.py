"""The lists of changes of the rollout, and of the support's notes."""

from datetime import UTC

from django.contrib import admin

from bookings.admin.parts.bases import ReadOnlyAdmin
from bookings.admin.parts.columns import REASON, column
from bookings.admin.parts.owners import OwnersOnly
from bookings.admin.parts.shown import local_time
from bookings.models import RolloutChange, RolloutNote

VALUE_COLOURS = {"enforce": "success", "on": "success", "shadow": "warning", "off": "warning"}


@admin.register(RolloutChange)
class RolloutChangeAdmin(OwnersOnly, ReadOnlyAdmin):
    """The changes of modes and the turns of the switch, with person, time and reason."""

    list_display = ("created", "scope", "action", "before", "after", "percent", "who", REASON)
    list_filter = ("action", "restaurant", "to_value")
    list_select_related = ("restaurant",)
    search_fields = ("reason", "actor_label", "restaurant__name", "restaurant__slug")
    ordering = ("-created_at", "-pk")
    fields = ("created", "scope", "action", "before", "after", "percent", "who", REASON)
    readonly_fields = fields

    @column("When", ordering="created_at")
    def created(self, change: RolloutChange) -> str:
        return local_time(change.created_at, UTC)

    @column("Who", ordering="actor_label")
    def who(self, change: RolloutChange) -> str:
        return change.actor_label

    @column("Restaurant", ordering="restaurant__name")
    def scope(self, change: RolloutChange) -> str:
        return str(change.restaurant or "all restaurants")

    @column("From", ordering="from_value", label=VALUE_COLOURS)
    def before(self, change: RolloutChange) -> str:
        return change.from_value

    @column("To", ordering="to_value", label=VALUE_COLOURS)
    def after(self, change: RolloutChange) -> str:
        return change.to_value


@admin.register(RolloutNote)
class RolloutNoteAdmin(OwnersOnly, ReadOnlyAdmin):
    """The notes on a restaurant's tickets: their number and topic."""

    list_display = ("created", "restaurant", "tickets", "text", "who")
    list_filter = ("restaurant",)
    list_select_related = ("restaurant",)
    search_fields = ("text", "actor_label", "restaurant__name", "restaurant__slug")
    ordering = ("-created_at", "-pk")
    fields = ("created", "restaurant", "tickets", "text", "who")
    readonly_fields = fields

    @column("When", ordering="created_at")
    def created(self, note: RolloutNote) -> str:
        return local_time(note.created_at, UTC)

    @column("Who", ordering="actor_label")
    def who(self, note: RolloutNote) -> str:
        return note.actor_label
