"""Roll enforcement out and back: modes of restaurants, the switch for all of them, and the notes of people.

Each change is written with its entry in the history, its actor and reason, in one transaction. A setting that is so
already is no change and leaves no entry.
"""

from dataclasses import dataclass

from bookings.choices import RolloutAction
from bookings.models import RolloutChange, RolloutNote
from bookings.models.booking import LONGEST_LABEL, Actor
from bookings.selectors.modes import SOMEBODY
from bookings.selectors.rollout import plan_rollout_percent
from capacity.calendar import ONE_DAY
from capacity.locks import lock_enforcement_switch, lock_future_service_days
from capacity.models import EnforcementSwitch
from capacity.rollout_order import PERCENTAGES
from capacity.selectors import read_clock
from config.errors import InputInvalid, RecordNotFound
from config.transactions import settings_transaction
from config.values import has_control_characters
from tables.choices import EnforcementMode
from tables.locks import lock_restaurant_settings
from tables.models import Restaurant

# Service that began before this midnight may still be running.
DATES_STILL_RUNNING = ONE_DAY
LONGEST_REASON, LONGEST_TEXT = 200, 500
MOST_TICKETS = 100_000
ON, OFF = "on", "off"


@dataclass(frozen=True)
class Signature:
    """The actor of a change, and the reason."""

    reason: str
    actor_id: int | None
    actor_label: str


def set_restaurant_mode(
    *, restaurant_id: int, mode: str, reason: str, actor: Actor = None, label: str = ""
) -> RolloutChange | None:
    """Set the mode of one restaurant; acts at its next booking. Return the change, None if it is so already.

    Locks the restaurant row, then its service days from yesterday on. `label` names the actor from a shell.

    Raises: `RecordNotFound`, `InputInvalid`, `BookingConflict`.
    """
    if mode not in EnforcementMode.values:
        raise InputInvalid.of_field("mode", "invalid_choice", f"{mode!r} is no mode: shadow or enforce")
    signature = sign(reason=reason, actor=actor, label=label)
    return change_mode(restaurant_id, EnforcementMode(mode), action=RolloutAction.SET, signature=signature)


def set_rollout_percent(
    *, percent: int, reason: str, actor: Actor = None, label: str = ""
) -> tuple[RolloutChange, ...]:
    """Let that percentage of the active restaurants enforce; return the changes, none if it is so already.

    Each restaurant has a transaction of its own, one after the other, so that no guest waits for more than the change
    of one. After an error the changes so far stay, and a second call goes on from there.

    Raises: `InputInvalid`, `BookingConflict`.
    """
    if percent not in PERCENTAGES:
        known = ", ".join(map(str, PERCENTAGES))
        raise InputInvalid.of_field("percent", "invalid_choice", f"{percent} is no stage of the rollout: {known}")
    signature = sign(reason=reason, actor=actor, label=label)
    plan = plan_rollout_percent(percent)
    wanted = [(restaurant, EnforcementMode.ENFORCE) for restaurant in plan.joining]
    wanted += [(restaurant, EnforcementMode.SHADOW) for restaurant in plan.leaving]
    changes = [
        change_mode(restaurant.pk, mode, action=RolloutAction.PERCENT, signature=signature, percent=percent)
        for restaurant, mode in wanted
    ]
    return tuple(change for change in changes if change is not None)


@settings_transaction
def change_mode(
    restaurant_id: int,
    mode: EnforcementMode,
    *,
    action: RolloutAction,
    signature: Signature,
    percent: int | None = None,
) -> RolloutChange | None:
    """Set the mode of a restaurant and record it; None if it is so already.

    A mode changes no limit, grid or table, so no service day is fitted. Their versions rise, since at serializable a
    booking that waited with an older snapshot would decide by the mode before.
    """
    restaurant = lock_restaurant_settings(restaurant_id)
    if restaurant.enforcement == mode:
        return None
    today = read_clock().astimezone(restaurant.zone).date()
    lock_future_service_days(restaurant_id, from_date=today - DATES_STILL_RUNNING)
    before, restaurant.enforcement = restaurant.enforcement, mode
    restaurant.save(update_fields=["enforcement", "updated_at"])
    return record_mode_change(restaurant, before, signature, action=action, percent=percent)


def record_mode_change(
    restaurant: Restaurant,
    before: str,
    signature: Signature,
    *,
    action: RolloutAction = RolloutAction.SET,
    percent: int | None = None,
) -> RolloutChange:
    """Add an entry to the history, inside the transaction that changed the mode."""
    return RolloutChange.objects.create(
        restaurant=restaurant,
        action=action,
        from_value=before,
        to_value=restaurant.enforcement,
        percent=percent,
        **vars(signature),
    )


def roll_back_enforcement(*, reason: str, actor: Actor = None, label: str = "") -> RolloutChange | None:
    """Let limits refuse no party, in all restaurants; acts at the next transaction. None if it is so already.

    The switch is one row: it waits for no booking, and no booking waits for it.

    Raises: `InputInvalid`.
    """
    return turn_switch(is_on=False, signature=sign(reason=reason, actor=actor, label=label))


def resume_enforcement(*, reason: str, actor: Actor = None, label: str = "") -> RolloutChange | None:
    """Let the mode of each restaurant decide again; acts at the next transaction. None if it is so already.

    Raises: `InputInvalid`.
    """
    return turn_switch(is_on=True, signature=sign(reason=reason, actor=actor, label=label))


@settings_transaction
def turn_switch(*, is_on: bool, signature: Signature) -> RolloutChange | None:
    """Turn the switch and record it; None if it stands so already."""
    if is_on and not EnforcementSwitch.objects.exists():
        # Never turned: it is on, and looking at it is no turn.
        return None
    switch = lock_enforcement_switch()
    if switch.enforced == is_on:
        return None
    switch.enforced, switch.reason, switch.changed_by_id = is_on, signature.reason, signature.actor_id
    switch.save()
    return RolloutChange.objects.create(
        action=RolloutAction.RESUME if is_on else RolloutAction.ROLLBACK,
        from_value=OFF if is_on else ON,
        to_value=ON if is_on else OFF,
        **vars(signature),
    )


def add_rollout_note(
    *, restaurant_id: int, tickets: int, text: str = "", actor: Actor = None, label: str = ""
) -> RolloutNote:
    """Note the number of support tickets of a restaurant's rollout since the last note, and their subject.

    Raises: `RecordNotFound`, `InputInvalid`.
    """
    said = text.strip()
    if not 0 <= tickets <= MOST_TICKETS:
        raise InputInvalid.of_field("tickets", "out_of_range", f"Tickets are a number from 0 to {MOST_TICKETS}.")
    if not tickets and not said:
        raise InputInvalid.of_field("text", "required", "A note without tickets needs a text.")
    _require_line("text", said, LONGEST_TEXT)
    if not Restaurant.objects.filter(pk=restaurant_id).exists():
        raise RecordNotFound
    return RolloutNote.objects.create(
        restaurant_id=restaurant_id,
        tickets=tickets,
        text=said,
        actor_id=actor.pk if actor else None,
        actor_label=_name_of(actor, label),
    )


def sign(*, reason: str, actor: Actor, label: str = "") -> Signature:
    """Return the signature of an actor with the reason, for the history.

    Raises: `InputInvalid` where there is no reason.
    """
    said = reason.strip()
    if not said:
        raise InputInvalid.of_field("reason", "required", "Say why: the reason stays in the history.")
    _require_line("reason", said, LONGEST_REASON)
    return Signature(said, actor.pk if actor else None, _name_of(actor, label))


def _require_line(field: str, text: str, longest: int) -> None:
    """Raise `InputInvalid` for a text that is too long, or that would forge lines where it is printed."""
    if len(text) > longest:
        raise InputInvalid.of_field(field, "too_long", f"At most {longest} characters.")
    if has_control_characters(text):
        raise InputInvalid.of_field(field, "control_characters", "One line, without control characters.")


def _name_of(actor: Actor, label: str) -> str:
    said = label.strip()
    _require_line("label", said, LONGEST_LABEL)
    return (said or (actor.get_username() if actor else SOMEBODY))[:LONGEST_LABEL]
