"""The closed sets of values of the bookings app, in the words of the API."""

from django.db import models

from capacity.policy import IN_HOUSE, ONLINE, WALK_IN


class BookingStatus(models.TextChoices):
    """The status of a booking."""

    HELD = "held", "Held"
    CONFIRMED = "confirmed", "Confirmed"
    ARRIVED = "arrived", "Arrived"
    SEATED = "seated", "Seated"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No-show"
    EXPIRED = "expired", "Expired"


# A booking in one of these is in the counters; a hold only until it expires.
COUNTING_STATUSES = (
    BookingStatus.HELD,
    BookingStatus.CONFIRMED,
    BookingStatus.ARRIVED,
    BookingStatus.SEATED,
    BookingStatus.COMPLETED,
)
# Not yet at a table: a plan seats such a party where it has none.
AWAITED_STATUSES = (BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.ARRIVED)
CANCELLABLE_STATUSES = (BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.ARRIVED)


class BookingSource(models.TextChoices):
    """The way in of a booking."""

    WEB = "web", "Web"
    PHONE = "phone", "Phone"
    WALK_IN = "walk_in", "Walk-in"
    PARTNER = "partner", "Partner"


# The way in, as policy and planner know it.
CHANNELS = {
    BookingSource.WEB: ONLINE,
    BookingSource.PARTNER: ONLINE,
    BookingSource.PHONE: IN_HOUSE,
    BookingSource.WALK_IN: WALK_IN,
}


class EventKind(models.TextChoices):
    """The kind of an event in a booking's history."""

    CREATED = "created", "Created"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"
    MOVED_TO_SERVICE = "moved_to_service", "Moved to another service"
    RESEATED = "reseated", "Moved to other tables by the planner"
    ASSIGNED = "assigned", "Given tables by a person"
    SWAPPED = "swapped", "Tables swapped"
    PINNED = "pinned", "Pinned to its tables"
    UNPINNED = "unpinned", "Unpinned"
    UNSEATED = "unseated", "Lost its tables"
    CHANGED = "changed", "Changed"
    KEPT = "kept", "Kept as it is"
    CORRECTED = "corrected", "Guest's details corrected"
    ARRIVED = "arrived", "Arrived"
    SEATED = "seated", "Seated"
    EXTENDED = "extended", "Stays until another time"
    LEFT = "left", "Left"
    NO_SHOW = "no_show", "No-show"
    UNDONE = "undone", "Undone"
    ZONE_CHANGED = "zone_changed", "Kept its wall clock in another zone"


class OverrideSource(models.TextChoices):
    """The source of an authorised excess: a person or a mode."""

    SHADOW = "shadow", "Shadow mode"
    SETTINGS = "settings", "Change of settings"
    STAFF = "staff", "Staff"


class DecisionOperation(models.TextChoices):
    """The operation that a decision is about."""

    CREATE = "create", "New booking"
    CHANGE = "change", "Change of a booking"
    STAY = "stay", "Longer stay"


class DecisionMode(models.TextChoices):
    """The mode of a decision: limits could refuse or not."""

    ENFORCE = "enforce", "Enforced"
    SHADOW = "shadow", "Shadow"


class DecisionVerdict(models.TextChoices):
    """The verdict on a request."""

    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    WAIVED = "waived", "Would be refused, waived"
    OVERRIDDEN = "overridden", "Above a limit, authorised"
    UNEXAMINED = "unexamined", "Accepted, the shadow decision failed"
    UNDECIDED = "undecided", "Not decided in time"


# The verdicts that lead to a booking.
BOOKED_VERDICTS = (
    DecisionVerdict.ACCEPTED,
    DecisionVerdict.WAIVED,
    DecisionVerdict.OVERRIDDEN,
    DecisionVerdict.UNEXAMINED,
)


class RolloutAction(models.TextChoices):
    """The action that changed a mode."""

    SET = "set", "Restaurant set"
    PERCENT = "percent", "Percentage of restaurants"
    ROLLBACK = "rollback", "Rollback of all"
    RESUME = "resume", "Enforcement resumed"


class Role(models.TextChoices):
    """The role of a user in a restaurant; `bookings/rights.py` says what each may do."""

    HOST = "host", "Host"
    MANAGER = "manager", "Manager"
    OWNER = "owner", "Owner"
    ENGINEER = "engineer", "Engineer"
    CUSTOM = "custom", "Custom: the permissions of the account alone"
