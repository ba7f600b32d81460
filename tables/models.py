"""The restaurant and its floor: sections, tables, combinations and blocks."""

import uuid
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from config.values import FARTHEST_COORDINATE, LARGEST_NUMBER, LARGEST_PARTY, LONGEST_SIDE, SHORTEST_SIDE
from tables.choices import Audience, EnforcementMode, SeatingType, TableShape, TableStatus, default_audience
from tables.querysets import TableQuerySet
from tables.validators import validate_line, validate_timezone
from tables.zones import is_repeated, name_of_clock, zone_called

LONGEST_FREEZE_MINUTES = 24 * 60
LONGEST_OVERRUN_MINUTES = 240
PARTY_SIZES = [MinValueValidator(1), MaxValueValidator(LARGEST_PARTY)]
# The floor plan is measured in centimetres, x and y to the middle of a table.
COORDINATES = [MinValueValidator(-FARTHEST_COORDINATE), MaxValueValidator(FARTHEST_COORDINATE)]
SIDES = [MinValueValidator(SHORTEST_SIDE), MaxValueValidator(LONGEST_SIDE)]
FULL_TURN = 360
# The columns of a table that say where it stands, and nothing about who may sit there.
PLAN_COLUMNS = ("x", "y", "shape", "width", "depth", "rotation")


class Restaurant(models.Model):
    """A house that takes parties, with its booking window and its mode."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=120, validators=[validate_line])
    active = models.BooleanField(default=True)
    phone = models.CharField(max_length=32, blank=True, validators=[validate_line])
    email = models.EmailField(blank=True)
    address = models.CharField(max_length=255, blank=True, validators=[validate_line])
    timezone = models.CharField(max_length=64, validators=[validate_timezone])
    slot_minutes = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(5), MaxValueValidator(240)]
    )
    party_size_min = models.PositiveSmallIntegerField("smallest online party", default=1)
    party_size_max = models.PositiveSmallIntegerField("largest online party", default=8)
    min_notice_minutes = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(LARGEST_NUMBER)])
    max_days_ahead = models.PositiveSmallIntegerField(default=365)
    cancel_cutoff_minutes = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(LARGEST_NUMBER)])
    grace_minutes = models.PositiveSmallIntegerField(default=15)
    # From now on, while a party past its time still sits: so long its table is not offered online. None: one slot.
    overrun_grace_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(LONGEST_OVERRUN_MINUTES)]
    )
    buffer_minutes = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(240)])
    enforcement = models.CharField(max_length=8, choices=EnforcementMode.choices, default=EnforcementMode.ENFORCE)
    reseat_freeze_minutes = models.PositiveSmallIntegerField(
        "minutes without re-seating",
        default=30,
        validators=[MaxValueValidator(LONGEST_FREEZE_MINUTES)],
        help_text="So long before its start no party is moved to another table by itself.",
    )
    beta_partner = models.BooleanField(default=False)
    shows_tables = models.BooleanField("guests see their table", default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Raised by triggers with every write of these settings, of the floor or of the service: see docs/locking.md. Not a
    # number, which after a restored backup or a failover could come a second time for other settings.
    settings_version = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="restaurant_slot_minutes_in_range", condition=Q(slot_minutes__gte=5, slot_minutes__lte=240)
            ),
            models.CheckConstraint(
                name="restaurant_party_size_in_order",
                condition=Q(party_size_min__gte=1)
                & Q(party_size_max__gte=F("party_size_min"))
                & Q(party_size_max__lte=LARGEST_PARTY),
            ),
            models.CheckConstraint(
                name="restaurant_enforcement_known", condition=Q(enforcement__in=EnforcementMode.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which this restaurant's wall clock runs."""
        return zone_called(self.timezone)

    @property
    def overrun_minutes(self) -> int:
        """Return for how long from now on a seated party past its time keeps its table online."""
        return self.slot_minutes if self.overrun_grace_minutes is None else self.overrun_grace_minutes


class Section(models.Model):
    """A group of tables, as the staff names it."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="sections")
    name = models.CharField(max_length=80, validators=[validate_line])
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "name"], name="section_name_unique_in_restaurant"),
        ]

    def __str__(self) -> str:
        return self.name


class Table(models.Model):
    """One physical table."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="tables")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="tables", null=True, blank=True)
    number = models.CharField(
        max_length=20,
        validators=[RegexValidator(r"^\S(.*\S)?$", "No spaces at the ends.", code="number"), validate_line],
    )
    capacity = models.PositiveSmallIntegerField(validators=PARTY_SIZES)
    min_party_size = models.PositiveSmallIntegerField(default=1, validators=PARTY_SIZES)
    max_party_size = models.PositiveSmallIntegerField(blank=True, validators=PARTY_SIZES)
    priority = models.SmallIntegerField(default=0, help_text="Of equally good tables the lower number goes first.")
    seating_type = models.CharField(max_length=16, choices=SeatingType.choices, default=SeatingType.INDOOR)
    status = models.CharField(max_length=16, choices=TableStatus.choices, default=TableStatus.ACTIVE)
    audience = ArrayField(
        models.CharField(max_length=16, choices=Audience.choices), default=default_audience, blank=True
    )
    x = models.IntegerField(null=True, blank=True, validators=COORDINATES)
    y = models.IntegerField(null=True, blank=True, validators=COORDINATES)
    shape = models.CharField(max_length=16, choices=TableShape.choices, default=TableShape.SQUARE)
    # None: as its seats need.
    width = models.PositiveSmallIntegerField(null=True, blank=True, validators=SIDES)
    depth = models.PositiveSmallIntegerField(null=True, blank=True, validators=SIDES)
    rotation = models.PositiveSmallIntegerField(
        default=0, db_default=0, validators=[MaxValueValidator(FULL_TURN - 1)], help_text="Degrees, clockwise."
    )

    objects = TableQuerySet.as_manager()

    class Meta:
        db_table = "table_inventory"
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "number"], name="table_number_unique_in_restaurant"),
            models.CheckConstraint(name="table_capacity_positive", condition=Q(capacity__gt=0)),
            models.CheckConstraint(
                name="table_party_size_in_order",
                condition=Q(min_party_size__gte=1) & Q(max_party_size__gte=F("min_party_size")),
            ),
            models.CheckConstraint(name="table_status_known", condition=Q(status__in=TableStatus.values)),
            models.CheckConstraint(name="table_seating_type_known", condition=Q(seating_type__in=SeatingType.values)),
            models.CheckConstraint(name="table_shape_known", condition=Q(shape__in=TableShape.values)),
            # A column that is NULL passes a CHECK.
            models.CheckConstraint(
                name="table_position_in_range",
                condition=Q(x__range=(-FARTHEST_COORDINATE, FARTHEST_COORDINATE))
                & Q(y__range=(-FARTHEST_COORDINATE, FARTHEST_COORDINATE)),
            ),
            models.CheckConstraint(
                name="table_size_in_range",
                condition=Q(width__range=(SHORTEST_SIDE, LONGEST_SIDE)) & Q(depth__range=(SHORTEST_SIDE, LONGEST_SIDE)),
            ),
            models.CheckConstraint(name="table_rotation_in_range", condition=Q(rotation__range=(0, FULL_TURN - 1))),
        ]

    def __str__(self) -> str:
        return self.number


class TableCombination(models.Model):
    """Tables that are used as one, with a party size range of their own."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="combinations")
    tables = models.ManyToManyField(Table, related_name="combinations")
    min_party_size = models.PositiveSmallIntegerField(validators=PARTY_SIZES)
    max_party_size = models.PositiveSmallIntegerField(validators=PARTY_SIZES)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="combination_party_size_in_order",
                condition=Q(min_party_size__gte=1) & Q(max_party_size__gte=F("min_party_size")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.min_party_size} to {self.max_party_size} at combined tables"


class TableBlock(models.Model):
    """A table that is kept free of parties during `[starts_at, ends_at)`, in UTC."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="table_blocks")
    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="blocks")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="table_block_times_in_order", condition=Q(ends_at__gt=F("starts_at"))),
            # The second click of a double click finds the block of the first.
            models.UniqueConstraint(fields=["table", "starts_at", "ends_at"], name="table_block_unique_on_table"),
        ]
        indexes = [models.Index(fields=["restaurant", "ends_at"], name="table_block_by_end")]

    def __str__(self) -> str:
        zone = self.restaurant.zone
        starts_at, ends_at = self.starts_at.astimezone(zone), self.ends_at.astimezone(zone)
        last_day = "" if starts_at.date() == ends_at.date() else f"{ends_at:%-d %b %Y} "
        first, last = (f" {name_of_clock(at)}" if is_repeated(at) else "" for at in (starts_at, ends_at))
        return f"{self.table} blocked {starts_at:%-d %b %Y %H:%M}{first} to {last_day}{ends_at:%H:%M}{last}"
