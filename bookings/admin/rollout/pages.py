"""The pages of the rollout, outside any transaction: the services open their own."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.owners import is_owner
from bookings.admin.parts.shown import local_time
from bookings.admin.rollout.forms import ReasonForm
from bookings.admin.rollout.steps import Resume, RollBack, Step
from bookings.models import RolloutChange
from bookings.selectors.rollout import RestaurantRollout, get_rollout_status
from capacity.rollout_order import PERCENTAGES
from config.errors import DomainError

View = Callable[..., HttpResponse]


def owners_view(view: View) -> View:
    """Let owners alone in; a visitor is asked to sign in."""

    def serve(request: HttpRequest, **target: int) -> HttpResponse:
        if not is_owner(request):
            raise PermissionDenied
        return view(request, **target)

    wrapped: View = admin.site.admin_view(serve)
    return wrapped


def serve_page(request: HttpRequest) -> HttpResponse:
    """Show the standing of every restaurant, as `manage.py rollout status` does."""
    status = get_rollout_status()
    return _render(
        request,
        "admin/rollout/page.html",
        {
            "title": "Rollout",
            "status": status,
            "switched_at": local_time(status.standing.changed_at, UTC) if status.standing.changed_at else None,
            "rows": [_row(restaurant) for restaurant in status.restaurants],
            "step": RollBack() if status.standing.is_switched_on else Resume(),
            "form": ReasonForm(),
            "percentages": PERCENTAGES,
        },
    )


def _row(at: RestaurantRollout) -> dict[str, Any]:
    return {"at": at, "changed": _change_text(at.last_change) if at.last_change else "never changed"}


def _change_text(change: RolloutChange) -> str:
    when, values = local_time(change.created_at, UTC), f"{change.from_value} to {change.to_value}"
    return f"{values}, {when}, by {change.actor_label}: {change.reason}"


def serve_step(step_class: Callable[..., Step]) -> View:
    """Return the view of a step: ask, do it once, and go back to the page with the outcome."""

    def serve(request: HttpRequest, **target: int) -> HttpResponse:
        step = step_class(**target)
        form = step.form(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                messages.success(request, step.write(form, actor_of(request)))
            except DomainError as refusal:
                step.refuse(form, refusal)
            else:
                if caution := step.caution():
                    messages.warning(request, caution)
                return HttpResponseRedirect(reverse("rollout:page"))
        return _render(request, "admin/rollout/step.html", {"title": step.title, "step": step, "form": form})

    return serve


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
