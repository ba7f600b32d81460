"""Closed sets of values of the tables app, in the words of the API and of restaurant files."""

from django.db import models


class EnforcementMode(models.TextChoices):
    """The effect of a decision: it refuses (enforce) or only records (shadow)."""

    ENFORCE = "enforce", "Enforce"
    SHADOW = "shadow", "Shadow"


class SeatingType(models.TextChoices):
    """The place where a table stands; a guest's seating wish names one of these."""

    INDOOR = "indoor", "Indoor"
    OUTDOOR = "outdoor", "Outdoor"
    BAR = "bar", "Bar"
    PATIO = "patio", "Patio"
    PRIVATE_ROOM = "private_room", "Private room"


class TableStatus(models.TextChoices):
    """The status of a table: whether it takes parties."""

    ACTIVE = "active", "Active"
    OUT_OF_SERVICE = "out_of_service", "Out of service"
    RETIRED = "retired", "Retired"


class TableShape(models.TextChoices):
    """The shape of a table on the floor plan."""

    ROUND = "round", "Round"
    SQUARE = "square", "Square"
    RECTANGLE = "rectangle", "Rectangle"


class Audience(models.TextChoices):
    """The ways in by which a table may be booked."""

    ONLINE = "online", "Online"
    IN_HOUSE = "in_house", "In-house"
    WALK_IN = "walk_in", "Walk-in"


def default_audience() -> list[str]:
    """Return every way in: a new table is open to all."""
    return [choice.value for choice in Audience]
