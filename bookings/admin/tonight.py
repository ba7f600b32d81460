"""Two decisions of the floor about tonight: pause online booking, close a section. Each with who, why and an end."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from bookings.admin.operations import MAY_CHANGE
from bookings.admin.operations.base import RefusableForm
from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.outcomes import Said, describe_reseating
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.admin.sentences import clock
from bookings.selectors.memberships import restaurants_of
from bookings.services import block_section, lift_pause, pause_online
from capacity.calendar import this_minute
from capacity.models import OnlinePause
from capacity.selectors import ServiceSettings, get_service_settings
from config.errors import DomainError, RecordNotFound
from tables.choices import TableStatus
from tables.models import Section

REST = "rest"
REASON_LENGTH = 200


class TonightForm(RefusableForm):
    """The reason of a decision about tonight, on the settings of a restaurant as they are now."""

    reason = forms.CharField(label="Why", max_length=REASON_LENGTH, widget=UnfoldAdminTextInputWidget)
    fields_of_service: ClassVar[dict[str, str]] = {"reason": "reason"}

    def __init__(self, settings: ServiceSettings, data: Any = None) -> None:
        super().__init__(data)
        self.settings = settings
        self.prepare()

    def prepare(self) -> None:
        """Fill in the fields that depend on the restaurant."""


class PauseForm(TonightForm):
    """How long guests book nothing online."""

    length = forms.ChoiceField(
        label="For how long",
        choices=[("30", "30 minutes"), ("60", "60 minutes"), (REST, "The rest of the service")],
        initial="30",
        widget=UnfoldAdminRadioSelectWidget,
    )
    field_order = ("length", "reason")
    fields_of_service: ClassVar[dict[str, str]] = {"reason": "reason", "minutes": "length"}


class SectionForm(TonightForm):
    """The section that is closed until the end of tonight."""

    section = forms.TypedChoiceField(label="Section", coerce=int, widget=UnfoldAdminSelectWidget)
    field_order = ("section", "reason")
    fields_of_service: ClassVar[dict[str, str]] = {"reason": "reason", "sectionId": "section"}

    def prepare(self) -> None:
        in_use = Section.objects.filter(restaurant=self.settings.restaurant, tables__status=TableStatus.ACTIVE)
        field: Any = self.fields["section"]
        field.choices = in_use.distinct().order_by("name").values_list("pk", "name")


class TonightPage:
    """A page that asks for one decision about tonight, and calls one service."""

    name: ClassVar[str]
    title: ClassVar[str]
    submit: ClassVar[str]
    form_class: ClassVar[type[TonightForm]]

    def question(self, settings: ServiceSettings) -> str:
        """Return what the decision does."""
        raise NotImplementedError

    def write(self, form: Any, actor: User) -> Iterator[Said]:
        """Call the service, and yield (message level, sentence).

        Raises: `DomainError`, which stands on the form then.
        """
        raise NotImplementedError


class PauseOnline(TonightPage):
    """Guests book nothing online for a while."""

    name = "pause_online"
    title = "Pause online booking"
    submit = "Pause online"
    form_class = PauseForm

    def question(self, settings: ServiceSettings) -> str:
        return (
            "Guests are refused at once, whatever start of the service that runs (or comes next today) they ask for. "
            "Bookings stay, other dates stay open, and you can still book and seat. It ends by itself."
        )

    def write(self, form: PauseForm, actor: User) -> Iterator[Said]:
        length, restaurant = form.cleaned_data["length"], form.settings.restaurant
        pause = pause_online(
            restaurant_id=restaurant.pk,
            minutes=None if length == REST else int(length),
            reason=form.cleaned_data["reason"],
            actor=actor,
        )
        until = clock(pause.ends_at, restaurant.zone)
        yield messages.SUCCESS, f"Online booking for {pause.service_period} is paused until {until}."


class CloseSection(TonightPage):
    """The tables of a section take no party for the rest of tonight."""

    name = "close_section"
    title = "Close section tonight"
    submit = "Close the section"
    form_class = SectionForm

    def question(self, settings: ServiceSettings) -> str:
        ends_at = end_of_tonight(settings)
        if ends_at is None:
            return "No service is left today."
        return (
            f"Its tables take no new party until {clock(ends_at, settings.zone)}. Parties that are to come there get "
            "other tables where there are any; the others are named, and keep theirs. Blocks gives the tables back."
        )

    def write(self, form: SectionForm, actor: User) -> Iterator[Said]:
        settings = form.settings
        outcome = block_section(
            restaurant_id=settings.restaurant.pk,
            section_id=form.cleaned_data["section"],
            starts_at=this_minute(settings.now),
            ends_at=end_of_tonight(settings) or settings.now,
            reason=form.cleaned_data["reason"],
            actor=actor,
        )
        numbers = ", ".join(block.table.number for block in outcome.blocks)
        until = clock(outcome.blocks[0].ends_at, settings.zone)
        yield messages.SUCCESS, f"Closed until {until}: {numbers}."
        yield from describe_reseating(outcome.moves, outcome.left)


def end_of_tonight(settings: ServiceSettings) -> datetime | None:
    """Return the end of the last service that is not over; None where none is left today."""
    return max((service.closes_at for service in settings.services_left()), default=None)


def serve_evening_page(admin: ModelAdmin[Any], request: HttpRequest, page: TonightPage) -> HttpResponse:
    """Ask once, do it once; with several restaurants ask first for the restaurant."""
    restaurant, restaurants = choose_restaurant(request, MAY_CHANGE)
    if restaurant is None:
        return _render(admin, request, {"page": page, "restaurants": restaurants})
    settings = get_service_settings(restaurant.pk)
    form = page.form_class(settings, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            for level, sentence in page.write(form, actor_of(request)):
                messages.add_message(request, level, sentence)
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            return HttpResponseRedirect(reverse("admin:index"))
    context = {"page": page, "restaurant": restaurant, "form": form, "question": page.question(settings)}
    return _render(admin, request, context)


def serve_lift(request: HttpRequest, pause_id: int) -> HttpResponse:
    """Lift a pause, and go back to the page with the banner."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    own = OnlinePause.objects.filter(restaurant__in=restaurants_of(request.user, *MAY_CHANGE))
    try:
        pause = lift_pause(pause_id=own.get(pk=pause_id).pk, actor=actor_of(request))
        messages.success(request, f"Guests book {pause.service_period} at {pause.restaurant} online again.")
    except (OnlinePause.DoesNotExist, RecordNotFound):
        messages.warning(request, "That pause is not there any more.")
    return HttpResponseRedirect(reverse("admin:index"))


def _render(admin: ModelAdmin[Any], request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    shared = {
        **admin.admin_site.each_context(request),
        "title": context["page"].title,
        "opts": admin.opts,
        "back": reverse("admin:index"),
    }
    return TemplateResponse(request, "admin/bookings/booking/tonight.html", {**shared, **context})
