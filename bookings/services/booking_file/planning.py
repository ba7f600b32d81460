"""The outcome of each line of a file of bookings, decided in their order; nothing is locked, written or recorded."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Prefetch, Q

from bookings.choices import BookingSource
from bookings.decision import Assessment, LoadedDays, Wish, assess, find_alternatives, needs_table
from bookings.decision.refusals import refusal_of
from bookings.decision.stored_days import SettingsOutdated
from bookings.decision.taken import with_taken
from bookings.errors import RequestRefused
from bookings.models import Booking, TableAssignment
from bookings.models.booking import Actor
from bookings.restaurant_file.problems import Problems
from bookings.services.booking import CreateBooking
from bookings.services.booking_file.lines import BookingLine, BookingLines, differences_of
from bookings.services.requests import BookingRequest, GuestDetails, RequestDraft
from capacity.calendar import ONE_DAY
from capacity.selectors import ServiceSettings, get_service_settings
from config.errors import BookingConflict, DomainError
from tables.models import Restaurant
from tables.querysets import number_order

OTHER_VALUES = ("the line", "other values", "as it was imported")


class Fate(StrEnum):
    """The outcome of a line."""

    BOOK = "book"
    THERE = "there"
    REFUSED = "refused"


@dataclass(frozen=True)
class PlannedLine:
    """A line and what becomes of it: `booking` is there already and stays, whatever the `differences`."""

    line: BookingLine
    fate: Fate
    booking: Booking | None = None
    differences: tuple[tuple[str, str, str], ...] = ()
    refusal: DomainError | None = None

    @property
    def number(self) -> int:
        """Return the line's place in the file."""
        return self.line.place.line


@dataclass(frozen=True)
class BookingPlan:
    """The lines of a file with what becomes of them."""

    restaurant: Restaurant
    lines: tuple[PlannedLine, ...]

    def of(self, fate: Fate) -> list[PlannedLine]:
        """Return the lines with a fate, in their order."""
        return [planned for planned in self.lines if planned.fate is fate]

    @property
    def fingerprint(self) -> str:
        """Return a text that is another one where anything else becomes of a line."""
        return hashlib.sha256(repr([_told(planned) for planned in self.lines]).encode()).hexdigest()[:32]


def _told(planned: PlannedLine) -> tuple[object, ...]:
    refusal = planned.refusal
    reasons = [reason.code for reason in refusal.reasons] if isinstance(refusal, RequestRefused) else ()
    booking = planned.booking.pk if planned.booking else None
    return planned.line, planned.fate, booking, planned.differences, refusal and refusal.code, reasons


def asked_by(line: BookingLine, restaurant: Restaurant) -> dict[str, Any]:
    """Return the booking that a line asks for, by the names of the service."""
    return {
        "restaurant_id": restaurant.pk,
        "business_date": line.business_date,
        "wall_time": line.wall_time,
        "starts_at": line.starts_at,
        "party_size": line.party_size,
        "guest": GuestDetails(name=line.name, email=line.email, phone=line.phone),
        "seating": line.seating,
        "notes": line.notes,
        "allergies": line.allergies,
        "marketing_opt_in": line.marketing_opt_in,
        "turn_minutes": line.turn_minutes,
        "source": BookingSource.PHONE,
    }


def plan_bookings(*, restaurant: Restaurant, file: BookingLines, actor: Actor = None) -> BookingPlan:
    """Decide each line of a file as a booking by the staff, after the lines before it.

    2 queries a line, beside those of the settings. Where the planner finds neither a seat nor a proof in time, the line
    counts as one to book: under the lock it has more.

    Raises: `RestaurantFileInvalid` for a reference that no booking of the restaurant has, `BookingConflict` where the
    settings are changed meanwhile.
    """
    known = _find_known(restaurant, file)
    _require_known(file, known)
    trial = _Trial(restaurant, get_service_settings(restaurant.pk), actor)
    return BookingPlan(restaurant, tuple(_plan(file, known, trial)))


def _find_known(restaurant: Restaurant, file: BookingLines) -> Mapping[str, Booking]:
    """Find the bookings that lines name, by reference and by key, in 2 queries."""
    references = {line.reference for line in file.lines if line.reference}
    keys = {line.key for line in file.lines if line.external_reference}
    tables = TableAssignment.objects.select_related("table").order_by(*number_order("table__number"))
    named = Booking.objects.filter(Q(reference__in=references) | Q(idempotency_key__in=keys), restaurant=restaurant)
    found = list(named.select_related("restaurant").prefetch_related(Prefetch("assignments", tables)))
    by_reference = {booking.reference: booking for booking in found}
    return by_reference | {booking.idempotency_key: booking for booking in found if booking.idempotency_key}


def _require_known(file: BookingLines, known: Mapping[str, Booking]) -> None:
    problems = Problems()
    for line in file.lines:
        if line.reference and line.reference not in known:
            message = "no booking of this restaurant has it: leave it empty for a new one"
            line.report(problems, "reference", message)
    problems.raise_if_any()


def _plan(file: BookingLines, known: Mapping[str, Booking], trial: "_Trial") -> Iterator[PlannedLine]:
    for place, line in enumerate(file.lines):
        if line.reference:
            booking = known[line.reference]
            yield PlannedLine(line, Fate.THERE, booking, tuple(differences_of(file, place, booking)))
        elif line.key in known:
            booking = known[line.key]
            is_same = trial.request_of(line).hash == booking.request_hash
            yield PlannedLine(line, Fate.THERE, booking, () if is_same else (OTHER_VALUES,))
        else:
            refusal = trial.refusal_of(line)
            yield PlannedLine(line, Fate.REFUSED if refusal else Fate.BOOK, refusal=refusal)


@dataclass
class _Trial:
    """The decisions on the lines of a file: each on the state as it is, with the parties of the lines before it."""

    restaurant: Restaurant
    settings: ServiceSettings
    actor: Actor
    taken: list[Assessment] = field(default_factory=list)

    def request_of(self, line: BookingLine) -> BookingRequest:
        return BookingRequest(**asked_by(line, self.restaurant))

    def refusal_of(self, line: BookingLine) -> DomainError | None:
        """Decide a line; a party that is not refused is taken."""
        create = CreateBooking(self.request_of(line), line.key, self.actor)
        create.presumed = self.settings
        try:
            draft = create.draft(create.at_first_sight, None)
        except SettingsOutdated as error:
            raise BookingConflict from error
        except DomainError as refusal:
            return refusal
        return self._decide(create, draft)

    def _decide(self, create: CreateBooking, draft: RequestDraft) -> RequestRefused | None:
        loaded, assessment = draft.loaded, draft.assessment
        on = assessment.wish.business_date
        near = [taken for taken in self.taken if abs(taken.wish.business_date - on) <= ONE_DAY]
        if near:
            loaded = with_taken(loaded, near)
            assessment = assess(loaded, assessment.wish)
        if not assessment.is_refused:
            self.taken.append(assessment)
            return None
        refusal = refusal_of(assessment)
        refusal.alternatives = self._alternatives(create, loaded, assessment)
        return refusal

    def _alternatives(self, create: CreateBooking, loaded: LoadedDays, assessment: Assessment) -> Sequence[Wish]:
        wish = assessment.wish
        if needs_table(loaded.settings, wish):
            return [other.wish for other in find_alternatives(loaded, wish, turn_minutes=wish.turn_minutes)]
        return create.list_alternatives()
