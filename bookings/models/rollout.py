"""The models of the rollout: every change of a mode, and the notes of people meanwhile."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bookings.choices import RolloutAction
from tables.models import Restaurant


class RolloutChange(models.Model):
    """A change of a restaurant's mode, or of the switch for all: person, time, mode before and after, reason.

    Rows are only ever added. `percent` is the percentage that a change was a part of.
    """

    restaurant = models.ForeignKey(
        Restaurant, on_delete=models.CASCADE, null=True, blank=True, related_name="rollout_changes"
    )
    action = models.CharField(max_length=12, choices=RolloutAction.choices)
    from_value = models.CharField(max_length=12)
    to_value = models.CharField(max_length=12)
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField(max_length=80)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(name="rollout_change_reason_given", condition=~Q(reason=""))]
        indexes = [models.Index(fields=["restaurant", "-created_at"], name="rollout_change_latest")]

    def __str__(self) -> str:
        return f"{self.from_value} -> {self.to_value}"


class RolloutNote(models.Model):
    """The support's note on a restaurant's rollout: the number of tickets, and perhaps their topic."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="rollout_notes")
    tickets = models.PositiveIntegerField()
    text = models.CharField(max_length=500, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["restaurant", "-created_at"], name="rollout_note_latest")]

    def __str__(self) -> str:
        return f"{self.tickets} tickets"
