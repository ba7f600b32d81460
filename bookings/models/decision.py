"""The record of a decision: its question, its answer, and all the facts that it was made on."""

from django.db import models
from django.db.models import Q

from bookings.choices import BookingSource, DecisionMode, DecisionOperation, DecisionVerdict
from bookings.models.booking import Booking
from capacity.models import ServiceDay, ServicePeriod
from tables.models import Restaurant


class Decision(models.Model):
    """A decision about a party, without the identity of the guest. Rows are only ever added and pruned.

    References carry no foreign key constraint: checking one would lock a row that bookings write, and a decision is
    written after its transaction, when the named rows may be gone. `state` is the decided case, as
    `bookings.decision.record` encodes it.
    """

    restaurant = models.ForeignKey(
        Restaurant, on_delete=models.CASCADE, db_constraint=False, related_name="decisions", db_index=False
    )
    decided_at = models.DateTimeField(help_text="By the database's clock, under the lock.")
    operation = models.CharField(max_length=12, choices=DecisionOperation.choices)
    mode = models.CharField(max_length=8, choices=DecisionMode.choices)
    verdict = models.CharField(max_length=12, choices=DecisionVerdict.choices)
    error = models.CharField(max_length=40, blank=True, help_text="The code that the caller got.")
    party_size = models.PositiveIntegerField()
    business_date = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=BookingSource.choices)
    service_period = models.ForeignKey(
        ServicePeriod, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    service_day = models.ForeignKey(
        ServiceDay, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    booking = models.ForeignKey(
        Booking, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="decisions", db_index=False
    )
    request = models.JSONField(default=dict)
    reasons = models.JSONField(default=list, help_text="Every reason that held, also where it was waived.")
    limits = models.JSONField(default=list, help_text="Each limit that was met: rule, counter before and after.")
    alternatives = models.JSONField(default=list, help_text="The starts that were offered instead.")
    seating_step = models.CharField(max_length=12, blank=True)
    tables = models.JSONField(default=list)
    moves = models.JSONField(default=list)
    attempts = models.PositiveIntegerField(default=0)
    sqlstates = models.JSONField(default=list, help_text="Why attempts ran again.")
    lock_wait_ms = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    request_id = models.CharField(max_length=128, blank=True)
    state = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["restaurant", "decided_at"], name="decision_by_restaurant"),
            models.Index(fields=["booking"], name="decision_by_booking", condition=Q(booking__isnull=False)),
            # The order of the admin's list and of pruning, whose looks read no more than they show or delete.
            models.Index(fields=["decided_at", "id"], name="decision_in_order"),
            models.Index(
                fields=["restaurant", "business_date"],
                name="decision_refused_on",
                condition=Q(verdict=DecisionVerdict.REFUSED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.party_size} at {self.starts_at:%Y-%m-%d %H:%M}"
