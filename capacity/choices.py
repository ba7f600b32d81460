"""Closed sets of values of the capacity app, in the words of the API and of restaurant files."""

from django.db import models


class SeatingMode(models.TextChoices):
    """The measure of a service period: seats at tables, or numbers only."""

    TABLES = "tables", "Tables: accept if the party can be seated"
    COVERS = "covers", "Covers: numbers only"


class ClosureChannel(models.TextChoices):
    """The way in that a closure shuts."""

    ALL = "all", "All bookings"
    ONLINE = "online", "Online bookings"


class Weekday(models.IntegerChoices):
    """The ISO weekday: Monday is 1."""

    MONDAY = 1, "Monday"
    TUESDAY = 2, "Tuesday"
    WEDNESDAY = 3, "Wednesday"
    THURSDAY = 4, "Thursday"
    FRIDAY = 5, "Friday"
    SATURDAY = 6, "Saturday"
    SUNDAY = 7, "Sunday"
