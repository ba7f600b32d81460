"""A step of the rollout: the question, then one call of a service, then its outcome."""

from dataclasses import replace
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.http import Http404

from bookings.admin.rollout.forms import ModeForm, NoteForm, PercentForm, ReasonForm
from bookings.models import RolloutChange
from bookings.selectors.modes import get_enforcement_standing
from bookings.selectors.rollout import RolloutPlan, plan_rollout_percent
from bookings.services import (
    add_rollout_note,
    resume_enforcement,
    roll_back_enforcement,
    set_restaurant_mode,
    set_rollout_percent,
)
from capacity.rollout_order import PERCENTAGES
from config.errors import DomainError
from tables.choices import EnforcementMode
from tables.models import Restaurant


class Step:
    """A step of an owner in the rollout, with a page of its own."""

    name: ClassVar[str]
    title: str
    question: str
    # On the button that does it.
    submit: str
    is_dangerous: ClassVar[bool] = False

    def form(self, data: Any = None) -> Any:
        """Return the form with the sent values."""
        return ReasonForm(data)

    def caution(self) -> str:
        """Return the sentence on the obstacles to the step, before it and after; empty where it acts."""
        return ""

    def refuse(self, form: Any, refusal: DomainError) -> None:
        """Show the service's refusal on the form."""
        form.add_refusal(refusal)

    def write(self, form: Any, actor: User) -> str:
        """Call the one service of the step, and return its outcome in words.

        Raises: `DomainError`, which stands on the form then.
        """
        raise NotImplementedError


class RollBack(Step):
    """The rollback of all restaurants at once."""

    name = "rollback"
    title = "Roll back enforcement"
    question = "From the next booking on, limits and missing tables refuse nobody, in any restaurant."
    submit = "Roll back now"
    is_dangerous = True

    def write(self, form: Any, actor: User) -> str:
        if roll_back_enforcement(reason=form.cleaned_data["reason"], actor=actor) is None:
            return "Enforcement was off already: nothing changed."
        return "Enforcement is off. Limits refuse nobody from the next booking on."


class Resume(Step):
    """The return of all restaurants to their modes at once."""

    name = "resume"
    title = "Resume enforcement"
    question = "From the next booking on, the mode of each restaurant decides. What is booked above a limit stays."
    submit = "Resume enforcement"

    def caution(self) -> str:
        # The switch is what it turns on.
        return replace(get_enforcement_standing(), is_switched_on=True).caution

    def write(self, form: Any, actor: User) -> str:
        if resume_enforcement(reason=form.cleaned_data["reason"], actor=actor) is None:
            return "Enforcement was on already: nothing changed."
        return "Enforcement is on again: the mode of each restaurant decides from the next booking on."


class SetMode(Step):
    """The change of one restaurant to the other mode."""

    name = "set"

    def __init__(self, restaurant_id: int) -> None:
        self.restaurant = find_restaurant(restaurant_id)
        is_enforcing = self.restaurant.enforcement == EnforcementMode.ENFORCE
        self.mode = EnforcementMode.SHADOW if is_enforcing else EnforcementMode.ENFORCE
        self.title = self.submit = f"Set {self.restaurant} to {self.mode.label.lower()}"
        self.question = (
            "From its next booking on, limits and missing tables are recorded and refuse nobody."
            if is_enforcing
            else "From its next booking on, limits and missing tables refuse. What is booked above a limit stays."
        )

    def caution(self) -> str:
        return get_enforcement_standing().caution if self.mode == EnforcementMode.ENFORCE else ""

    def form(self, data: Any = None) -> ModeForm:
        return ModeForm(data, initial={"mode": self.mode})

    def write(self, form: Any, actor: User) -> str:
        change = set_restaurant_mode(
            restaurant_id=self.restaurant.pk,
            mode=form.cleaned_data["mode"],
            reason=form.cleaned_data["reason"],
            actor=actor,
        )
        mode = form.cleaned_data["mode"]
        if change is None:
            return f"{self.restaurant} was set to {mode} already: nothing changed."
        return f"{self.restaurant} is set to {mode}."


class SetPercent(Step):
    """The change of the percentage; the restaurants that join and leave stand above the button."""

    name = "percent"

    def __init__(self, percent: int) -> None:
        if percent not in PERCENTAGES:
            raise Http404
        self.plan = plan_rollout_percent(percent)
        self.title = f"Enforce in {percent} % of the restaurants"
        self.question = f"{percent} % of {self.plan.total} active restaurants are {self.plan.wanted}."
        self.submit = f"Enforce in {percent} %"

    def caution(self) -> str:
        return get_enforcement_standing().caution

    def form(self, data: Any = None) -> PercentForm:
        return PercentForm(self.plan, data)

    def refuse(self, form: PercentForm, refusal: DomainError) -> None:
        """Show the refusal, the changes until then, and the restaurants still to join and leave."""
        before, self.plan = self.plan, plan_rollout_percent(self.plan.percent)
        form.add_refusal(refusal)
        form.show(self.plan, changed=_missing_from(self.plan, before))

    def write(self, form: Any, actor: User) -> str:
        percent, reason = self.plan.percent, form.cleaned_data["reason"]
        return _changed(percent, set_rollout_percent(percent=percent, reason=reason, actor=actor))


def _missing_from(now: RolloutPlan, before: RolloutPlan) -> list[Restaurant]:
    left = {*now.joining, *now.leaving}
    return [restaurant for restaurant in (*before.joining, *before.leaving) if restaurant not in left]


def _changed(percent: int, changes: tuple[RolloutChange, ...]) -> str:
    joined = sum(change.to_value == EnforcementMode.ENFORCE for change in changes)
    if not changes:
        return f"{percent} % were set to enforce already: nothing changed."
    return f"{percent} %: {joined} joined, {len(changes) - joined} left."


class AddNote(Step):
    """The support's note on one restaurant."""

    name = "note"
    question = (
        "The report on this restaurant counts the tickets of the notes of its span, its rollout page those of all."
    )
    submit = "Add the note"

    def __init__(self, restaurant_id: int) -> None:
        self.restaurant = find_restaurant(restaurant_id)
        self.title = f"Note on {self.restaurant}"

    def form(self, data: Any = None) -> NoteForm:
        return NoteForm(data)

    def write(self, form: Any, actor: User) -> str:
        note = add_rollout_note(restaurant_id=self.restaurant.pk, actor=actor, **form.cleaned_data)
        return f"Noted {note.tickets} support tickets of {self.restaurant}."


def find_restaurant(restaurant_id: int) -> Restaurant:
    """Find a restaurant, active or not.

    Raises: `Http404`.
    """
    found = Restaurant.objects.filter(pk=restaurant_id).first()
    if found is None:
        raise Http404
    return found
