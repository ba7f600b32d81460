"""The hours, limits and turn times of service, and the counters that say how full each service is."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from capacity.choices import ClosureChannel, SeatingMode, Weekday
from capacity.limits import SERVICE_LIMITS, SLOT_LIMITS, Limit
from capacity.scopes import describe_scope, describe_span
from config.values import LARGEST_NUMBER, counted
from tables.models import Restaurant
from tables.validators import validate_date, validate_line

LONGEST_TURN = 24 * 60
LIMITS = [MaxValueValidator(LARGEST_NUMBER)]


def within_limit(limit: Limit, name: str) -> models.CheckConstraint:
    """Say that a counter is not negative and passes its limit by no more than its authorised excess."""
    below = Q(**{f"{limit.column}__isnull": True}) | Q(**{f"{limit.counter}__lte": F(limit.column) + F(limit.excess)})
    return models.CheckConstraint(
        name=name, condition=Q(**{f"{limit.counter}__gte": 0, f"{limit.excess}__gte": 0}) & below
    )


class ServicePeriod(models.Model):
    """A named span when guests are seated; `on_date` makes it the special hours of that date."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="service_periods")
    name = models.CharField(max_length=60, validators=[validate_line])
    weekdays = ArrayField(models.PositiveSmallIntegerField(choices=Weekday.choices), default=list, blank=True, size=7)
    start_time = models.TimeField("start")
    last_seating = models.TimeField()
    end_time = models.TimeField("end")
    seating_mode = models.CharField(max_length=8, choices=SeatingMode.choices, default=SeatingMode.TABLES)
    valid_from = models.DateField(null=True, blank=True, validators=[validate_date])
    valid_to = models.DateField(null=True, blank=True, validators=[validate_date])
    on_date = models.DateField("special hours on", null=True, blank=True, validators=[validate_date])
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant", "name", "on_date"],
                name="service_period_name_unique_in_restaurant",
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="service_period_dates_in_order",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="service_period_times_are_whole_minutes",
                condition=Q(start_time__second=0, last_seating__second=0, end_time__second=0),
            ),
            models.CheckConstraint(
                name="service_period_weekdays_are_iso",
                condition=Q(weekdays__contained_by=[day.value for day in Weekday]),
            ),
            models.CheckConstraint(
                name="service_period_seating_mode_known", condition=Q(seating_mode__in=SeatingMode.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TurnTime(models.Model):
    """The minutes that a party up to a size keeps its table, for one period or the whole restaurant."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="turn_times")
    service_period = models.ForeignKey(
        ServicePeriod, on_delete=models.CASCADE, related_name="turn_times", null=True, blank=True
    )
    up_to = models.PositiveSmallIntegerField("parties up to", validators=[MinValueValidator(1)])
    minutes = models.PositiveSmallIntegerField(validators=[MinValueValidator(5), MaxValueValidator(LONGEST_TURN)])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant", "service_period", "up_to"],
                name="turn_time_band_unique_in_scope",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="turn_time_in_range",
                condition=Q(up_to__gte=1, minutes__gte=5, minutes__lte=LONGEST_TURN),
            ),
        ]

    def __str__(self) -> str:
        return f"up to {self.up_to}: {counted(self.minutes, 'minute')}"


class CapacityRule(models.Model):
    """Limits for a scope; an empty limit says nothing. `capacity.limits` resolves them field by field."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="capacity_rules")
    service_period = models.ForeignKey(
        ServicePeriod, on_delete=models.CASCADE, related_name="capacity_rules", null=True, blank=True
    )
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, null=True, blank=True)
    from_date = models.DateField(null=True, blank=True, validators=[validate_date])
    to_date = models.DateField(null=True, blank=True, validators=[validate_date])
    from_time = models.TimeField(null=True, blank=True)
    to_time = models.TimeField(null=True, blank=True)
    max_covers = models.PositiveIntegerField("covers per service", null=True, blank=True, validators=LIMITS)
    max_parties = models.PositiveIntegerField("parties per service", null=True, blank=True, validators=LIMITS)
    pacing_covers = models.PositiveIntegerField("covers starting per slot", null=True, blank=True, validators=LIMITS)
    pacing_parties = models.PositiveIntegerField("parties starting per slot", null=True, blank=True, validators=LIMITS)
    occupancy_covers = models.PositiveIntegerField("covers present", null=True, blank=True, validators=LIMITS)
    occupancy_parties = models.PositiveIntegerField("parties present", null=True, blank=True, validators=LIMITS)
    note = models.CharField(max_length=200, blank=True, validators=[validate_line])
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        db_table = "restaurant_capacity_rules"
        constraints = [
            models.CheckConstraint(
                name="capacity_rule_dates_in_order",
                condition=Q(from_date__isnull=True, to_date__isnull=True)
                | Q(from_date__isnull=False, to_date__isnull=False, to_date__gte=F("from_date")),
            ),
            models.CheckConstraint(
                name="capacity_rule_times_come_in_pairs",
                condition=Q(from_time__isnull=True, to_time__isnull=True)
                | Q(from_time__isnull=False, to_time__isnull=False),
            ),
            models.CheckConstraint(
                name="capacity_rule_weekday_is_iso",
                condition=Q(weekday__isnull=True) | Q(weekday__gte=1, weekday__lte=7),
            ),
            models.CheckConstraint(
                name="capacity_rule_service_limits_have_no_time",
                condition=Q(from_time__isnull=True)
                | Q(**{f"{limit.column}__isnull": True for limit in SERVICE_LIMITS}),
            ),
        ]

    def __str__(self) -> str:
        return describe_scope(self, str(self.service_period) if self.service_period else None)


class Closure(models.Model):
    """A span with no new bookings; existing bookings stay."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="closures")
    service_period = models.ForeignKey(
        ServicePeriod, on_delete=models.CASCADE, related_name="closures", null=True, blank=True
    )
    from_date = models.DateField(validators=[validate_date])
    to_date = models.DateField(validators=[validate_date])
    from_time = models.TimeField(null=True, blank=True)
    to_time = models.TimeField(null=True, blank=True)
    channel = models.CharField(max_length=8, choices=ClosureChannel.choices, default=ClosureChannel.ALL)
    note = models.CharField(max_length=200, blank=True, validators=[validate_line])

    class Meta:
        constraints = [
            models.CheckConstraint(name="closure_dates_in_order", condition=Q(to_date__gte=F("from_date"))),
            models.CheckConstraint(
                name="closure_times_come_in_pairs",
                condition=Q(from_time__isnull=True, to_time__isnull=True)
                | Q(from_time__isnull=False, to_time__isnull=False),
            ),
            models.CheckConstraint(name="closure_channel_known", condition=Q(channel__in=ClosureChannel.values)),
        ]
        indexes = [models.Index(fields=["restaurant", "to_date"], name="closure_by_restaurant_and_end")]

    def __str__(self) -> str:
        service = [str(self.service_period)] if self.service_period else []
        return f"Closed {', '.join([*describe_span(self), *service])}"


class OnlinePause(models.Model):
    """A time in which guests book nothing online for one service of one date, whatever its start. It ends by itself.

    No closure: that is of start times, stands in the restaurant's file, and has nobody who lifts it.
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="online_pauses")
    service_period = models.ForeignKey(ServicePeriod, on_delete=models.CASCADE, related_name="online_pauses")
    business_date = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="online_pause_times_in_order", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="online_pause_reason_given", condition=~Q(reason="")),
        ]
        indexes = [models.Index(fields=["restaurant", "ends_at"], name="online_pause_by_end")]

    def __str__(self) -> str:
        return f"Online paused until {self.ends_at:%Y-%m-%d %H:%M} UTC"


class ServiceDay(models.Model):
    """One service period on one business date, with its limits and counters. Its row is the lock."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="service_days")
    service_period = models.ForeignKey(ServicePeriod, on_delete=models.RESTRICT, related_name="service_days")
    business_date = models.DateField()
    starts_at = models.DateTimeField(help_text="First slot.")
    ends_at = models.DateTimeField(help_text="Last possible end of a stay.")
    max_covers = models.PositiveIntegerField(null=True, blank=True)
    max_parties = models.PositiveIntegerField(null=True, blank=True)
    booked_covers = models.IntegerField(default=0)
    booked_parties = models.IntegerField(default=0)
    excess_covers = models.IntegerField(default=0)
    excess_parties = models.IntegerField(default=0)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant", "service_period", "business_date"],
                name="service_day_unique_in_restaurant",
            ),
            *(within_limit(limit, f"service_day_{limit.unit}_within_limit") for limit in SERVICE_LIMITS),
            models.CheckConstraint(name="service_day_times_in_order", condition=Q(ends_at__gte=F("starts_at"))),
        ]
        indexes = [
            models.Index(fields=["restaurant", "business_date"], name="service_day_by_date"),
            models.Index(fields=["restaurant", "ends_at"], name="service_day_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.business_date}"


class BookingSlot(models.Model):
    """One start time of a service day. `[starts_at, ends_at)` is its quarter hour."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="booking_slots")
    service_day = models.ForeignKey(ServiceDay, on_delete=models.CASCADE, related_name="slots")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    bookable = models.BooleanField(default=True)
    pacing_covers = models.PositiveIntegerField(null=True, blank=True)
    pacing_parties = models.PositiveIntegerField(null=True, blank=True)
    occupancy_covers = models.PositiveIntegerField(null=True, blank=True)
    occupancy_parties = models.PositiveIntegerField(null=True, blank=True)
    starting_covers = models.IntegerField(default=0)
    starting_parties = models.IntegerField(default=0)
    present_covers = models.IntegerField(default=0)
    present_parties = models.IntegerField(default=0)
    excess_pacing_covers = models.IntegerField(default=0)
    excess_pacing_parties = models.IntegerField(default=0)
    excess_occupancy_covers = models.IntegerField(default=0)
    excess_occupancy_parties = models.IntegerField(default=0)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        db_table = "booking_slots"
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "starts_at"], name="slot_start_unique_in_restaurant"),
            *(within_limit(limit, f"slot_{limit.counter}_within_limit") for limit in SLOT_LIMITS),
        ]

    def __str__(self) -> str:
        return self.starts_at.isoformat()


class EnforcementSwitch(models.Model):
    """The restaurant-independent switch of enforcement: one row, read under the lock of every booking."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    enforced = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "enforcement switch"
        constraints = [models.CheckConstraint(name="enforcement_switch_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return "enforced" if self.enforced else "not enforced"
