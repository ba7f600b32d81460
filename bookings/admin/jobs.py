"""The screen of jobs by state: waiting, running, done, dead; a dead job may be tried again."""

import json
from datetime import UTC
from typing import Any

import procrastinate.contrib.django.admin  # noqa: F401 - registers the screen in whose place the one here comes
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import CharField, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.html import format_html
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from procrastinate.jobs import Status

from bookings.admin.parts.bases import ReadOnlyAdmin, ReadOnlyInline
from bookings.admin.parts.columns import column, list_action
from bookings.admin.parts.shown import local_time
from bookings.services.upkeep.jobs import RetriedJobs, retry_dead_jobs

# The states of procrastinate, and the words of people for them.
STATES = {
    Status.TODO.value: "waiting",
    Status.DOING.value: "running",
    Status.SUCCEEDED.value: "done",
    Status.FAILED.value: "dead",
    Status.CANCELLED.value: "cancelled",
    Status.ABORTED.value: "given up",
}
COLOURS = {"waiting": "info", "running": "warning", "done": "success", "dead": "danger"}


class StateFilter(SimpleListFilter):
    """The filter of jobs by state."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.replace(" ", "-"), state.capitalize()) for state in STATES.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for status, state in STATES.items():
            if self.value() == state.replace(" ", "-"):
                return queryset.filter(status=status)
        return queryset


class EventInline(ReadOnlyInline):
    """The events of a job."""

    model = ProcrastinateEvent
    fields = readonly_fields = ("what", "when")
    ordering = ("pk",)
    verbose_name_plural = "history"

    @column("What")
    def what(self, event: ProcrastinateEvent) -> str:
        return event.type.replace("_", " ")

    @column("When (UTC)")
    def when(self, event: ProcrastinateEvent) -> str:
        return local_time(event.at, UTC)


# procrastinate brings a screen of its own: editable nowhere, retries without a permission, a query a row.
admin.site.unregister(ProcrastinateJob)


@admin.register(ProcrastinateJob)
class JobAdmin(ReadOnlyAdmin):
    """The jobs that are kept."""

    # Jobs are of all restaurants: an owner sees them, and whoever an owner gives the permission.
    restaurant_path = None
    list_display = (
        "task_name",
        "state",
        "queue_name",
        "attempts",
        "scheduled",
        "last_event",
        "request_id",
        "arguments",
    )
    list_filter = (StateFilter, "queue_name", "task_name")
    search_fields = ("task_name", "args__request_id")
    search_help_text = "Name of a task, or the X-Request-ID of the request that wanted the job"
    ordering = ("-pk",)
    fields = ("task_name", "state", "queue_name", "attempts", "scheduled", "request_id", "arguments", "worker")
    readonly_fields = fields
    inlines = (EventInline,)
    actions = ("retry",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProcrastinateJob]:
        jobs: QuerySet[ProcrastinateJob] = super().get_queryset(request)
        # A time that is planned is no event yet.
        events = ProcrastinateEvent.objects.filter(job=OuterRef("pk")).exclude(type="scheduled").order_by("-pk")
        return jobs.annotate(
            # An enum of the database, which a text would not be compared with.
            last_type=Subquery(events.annotate(text=Cast(F("type"), CharField())).values("text")[:1]),
            last_at=Subquery(events.values("at")[:1]),
        )

    @column("State", ordering="status", label=COLOURS)
    def state(self, job: ProcrastinateJob) -> str:
        return STATES.get(job.status, job.status)

    @column("Not before (UTC)", ordering="scheduled_at")
    def scheduled(self, job: ProcrastinateJob) -> str:
        return local_time(job.scheduled_at, UTC)

    @column("Last event (UTC)", ordering="last_at")
    def last_event(self, job: Any) -> str:
        return f"{job.last_type.replace('_', ' ')}, {local_time(job.last_at, UTC)}" if job.last_type else "-"

    @column("Request")
    def request_id(self, job: ProcrastinateJob) -> str:
        return str(job.args.get("request_id", "-"))

    @column("Arguments")
    def arguments(self, job: ProcrastinateJob) -> str:
        own = {name: value for name, value in job.args.items() if name != "request_id"}
        return format_html("<code>{}</code>", json.dumps(own)) if own else "-"

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("procrastinate.change_procrastinatejob")

    @list_action("Retry dead jobs", permissions=("retry",))
    def retry(self, request: HttpRequest, queryset: QuerySet[ProcrastinateJob]) -> None:
        """Let the chosen jobs that are dead run again."""
        chosen = list(queryset.values_list("pk", flat=True))
        for level, sentence in _said(retry_dead_jobs(job_ids=chosen), len(chosen)):
            self.message_user(request, sentence, level)


def _said(outcome: RetriedJobs, chosen: int) -> list[tuple[int, str]]:
    said = []
    if outcome.retried:
        said.append((messages.SUCCESS, f"{outcome.retried} of {chosen} chosen jobs wait for one more attempt."))
    if outcome.superseded:
        said.append((messages.WARNING, f"{outcome.superseded} not retried: an equal job waits already."))
    if others := chosen - outcome.retried - outcome.superseded:
        said.append((messages.WARNING, f"{others} not retried: only dead jobs are."))
    return said
