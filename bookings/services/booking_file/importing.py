"""Make the bookings of a file, each as one by the staff: a line is a booking once, however often it is imported."""

from dataclasses import dataclass

from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.booking import create_booking_with_capacity_check
from bookings.services.booking_file.planning import BookingPlan, Fate, PlannedLine, asked_by
from config.errors import DomainError


@dataclass(frozen=True)
class ImportedBookings:
    """The bookings that were made, and the lines that somebody else was faster than, with their refusals."""

    booked: tuple[Booking, ...]
    refused: tuple[tuple[PlannedLine, DomainError], ...]


def import_bookings(*, plan: BookingPlan, actor: Actor = None) -> ImportedBookings:
    """Make the bookings that a plan has room for, one after the other, each decided under its own lock.

    A lock over a whole file would keep guests waiting until they are refused. A line that finds its place taken since
    the plan is left out. What was made stays, and the same file makes the rest: its lines are idempotent.
    """
    booked: list[Booking] = []
    refused: list[tuple[PlannedLine, DomainError]] = []
    for planned in plan.of(Fate.BOOK):
        try:
            asked = asked_by(planned.line, plan.restaurant)
            receipt = create_booking_with_capacity_check(**asked, idempotency_key=planned.line.key, actor=actor)
        except DomainError as refusal:
            refused.append((planned, refusal))
        else:
            booked.append(receipt.booking)
    return ImportedBookings(tuple(booked), tuple(refused))
