"""What changes the rollout: the question, then one call of a service, then what came of it."""

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
    """One thing that an owner does to the rollout, on a page of its own."""

    name: ClassVar[str]
    title: str
    question: str
    # On the button that does it.
    submit: str
    is_dangerous: ClassVar[bool] = False

    def form(self, data: Any = None) -> Any:
        """Return the form, filled in with what was sent."""
        return ReasonForm(data)

    def caution(self) -> str:
        """Say what keeps it from acting, before it is done and after; nothing where it acts."""
        return ""

    def refuse(self, form: Any, refusal: DomainError) -> None:
        """Show on the form why the service refused."""
        form.add_refusal(refusal)

    def write(self, form: Any, actor: User) -> str:
        """Call the one service that does it, and say what came of it.

        Raises: `DomainError`, which stands on the form then.
        """
        raise NotImplementedError


class RollBack(Step):
    """All restaurants, at once."""

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
    """All restaurants, at once."""

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
    """One restaurant, to the other mode."""

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
    """So many restaurants; who joins and who leaves stands above the button."""

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
        """Show why it stopped, what was changed until then, and who is still to join and leave."""
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
    """What the support noticed of one restaurant."""

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
