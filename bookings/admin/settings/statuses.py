"""The status of several tables, changed from their list: a page names the parties to move, then one service call."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.columns import list_action
from bookings.admin.parts.outcomes import describe_outcome
from bookings.admin.parts.previews import CALLS, confirmed_in, preview_context, serve_calls
from bookings.services import ASKING, ChangeUnconfirmed, set_table_status
from config.errors import DomainError
from tables.choices import TableStatus
from tables.models import Table

if TYPE_CHECKING:
    Base = ModelAdmin[Any]
else:
    Base = object

QUESTIONS = {
    TableStatus.OUT_OF_SERVICE: "Take {} out of service? Nobody is seated there before a return to service.",
    TableStatus.RETIRED: "Retire {}? Nobody is seated there any more. The history stays.",
    TableStatus.ACTIVE: "Return {} to service? Parties can be seated there at once.",
}
BUTTONS = {
    TableStatus.OUT_OF_SERVICE: "Take out of service",
    TableStatus.RETIRED: "Retire",
    TableStatus.ACTIVE: "Return to service",
}


class StatusActions(Base):
    """The actions of the list of tables."""

    actions: Any = ("take_out_of_service", "return_to_service", "retire")

    def get_actions(self, request: HttpRequest) -> Any:
        """Leave out Django's own delete, since it writes past the services."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @list_action("Take out of service", permissions=("change",))
    def take_out_of_service(self, request: HttpRequest, queryset: QuerySet[Table]) -> HttpResponse | None:
        return self._change_status(request, queryset, TableStatus.OUT_OF_SERVICE)

    @list_action("Return to service", permissions=("change",))
    def return_to_service(self, request: HttpRequest, queryset: QuerySet[Table]) -> HttpResponse | None:
        return self._change_status(request, queryset, TableStatus.ACTIVE)

    @list_action("Retire", permissions=("change",))
    def retire(self, request: HttpRequest, queryset: QuerySet[Table]) -> HttpResponse | None:
        return self._change_status(request, queryset, TableStatus.RETIRED)

    def _change_status(
        self, request: HttpRequest, queryset: QuerySet[Table], status: TableStatus
    ) -> HttpResponse | None:
        """Ask first, then change all tables in one service call, and show the outcome or the refusal."""
        tables = list(queryset)
        if len({table.restaurant_id for table in tables}) != 1:
            messages.error(request, "Choose tables of one restaurant.")
            return None
        asked: dict[str, Any] = {"restaurant_id": tables[0].restaurant_id, "table_ids": [table.pk for table in tables]}
        # The question is asked even where nothing follows: it is a click on a list.
        confirmed = confirmed_in(request) if "confirmed" in request.POST else ASKING
        try:
            outcome = set_table_status(status=status, actor=actor_of(request), confirmed=confirmed, **asked)
        except ChangeUnconfirmed as unconfirmed:
            return self._confirm(request, tables, status, unconfirmed)
        except DomainError as refusal:
            messages.error(request, f"Not changed: {refusal.message}")
            return None
        messages.success(request, f"{_named(tables)}: {status.label.lower()}.")
        for level, message in describe_outcome(outcome, tables[0].restaurant.zone):
            messages.add_message(request, level, message)
        for table in tables:
            self.log_change(request, table, f"{status.label}.")
        return None

    def _confirm(
        self, request: HttpRequest, tables: Sequence[Table], status: TableStatus, unconfirmed: ChangeUnconfirmed
    ) -> HttpResponse:
        if CALLS in request.POST:
            return serve_calls(self, request, unconfirmed)
        chosen = [(ACTION_CHECKBOX_NAME, str(table.pk)) for table in tables]
        sent = [("action", request.POST["action"]), ("confirmed", "yes"), *chosen]
        context = {
            **self.admin_site.each_context(request),
            "title": BUTTONS[status],
            "opts": self.opts,
            "question": QUESTIONS[status].format(_named(tables)),
            "button": BUTTONS[status],
            "is_dangerous": status != TableStatus.ACTIVE,
            **preview_context(request, unconfirmed, sent=sent),
        }
        return TemplateResponse(request, "admin/tables/table/status.html", context)


def _named(tables: Sequence[Table]) -> str:
    return ", ".join(table.number for table in tables)
