"""The models of authorised excesses above a limit, and of the auditor's runs."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bookings.choices import OverrideSource
from bookings.models.booking import Booking
from capacity.models import ServiceDay
from tables.models import Restaurant


class CapacityOverride(models.Model):
    """The authorisation of covers or parties above a limit by a person or a mode, with number and reason.

    `limit` is the code of a limit; a person may also answer for a party out of hours, or without a table.
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="capacity_overrides")
    service_day = models.ForeignKey(ServiceDay, on_delete=models.PROTECT, related_name="overrides")
    slot_starts_at = models.DateTimeField(null=True, blank=True)
    limit = models.CharField(max_length=24)
    amount = models.PositiveIntegerField()
    source = models.CharField(max_length=8, choices=OverrideSource.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=200)
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, null=True, blank=True, related_name="overrides")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="override_amount_positive", condition=Q(amount__gte=1)),
            models.CheckConstraint(name="override_reason_given", condition=~Q(reason="")),
        ]
        indexes = [models.Index(fields=["service_day", "limit"], name="override_by_service_day")]
        permissions = [("override_capacity", "Can book beyond a limit, out of hours or without a table")]

    def __str__(self) -> str:
        return f"{self.amount} above {self.limit}"


class AuditRun(models.Model):
    """A run of the auditor with its findings."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True)
    whole_through = models.BigIntegerField(
        null=True, blank=True, help_text="The last restaurant that was looked at whole, changed or not."
    )
    has_overbooking = models.BooleanField()
    overbookings = models.PositiveIntegerField(default=0)
    problems = models.PositiveIntegerField(default=0)
    authorised_excess = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["-finished_at"], name="audit_run_latest")]

    def __str__(self) -> str:
        return f"Audit of {self.finished_at:%Y-%m-%d %H:%M}"


class AuditedDay(models.Model):
    """A service day in the version in which the auditor found nothing. A row that is gone is audited again.

    Without a foreign key constraint, as a decision: checking one would lock a row that bookings write.
    """

    service_day = models.OneToOneField(
        ServiceDay, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    version = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"service day {self.service_day_id} in version {self.version}"
