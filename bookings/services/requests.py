"""A request to book, whichever door it comes through: its guest, its words, and the draft of its booking."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial

from bookings.choices import CHANNELS, BookingSource
from bookings.contacts import STORED_NUMBER, EmailInvalid, read_email
from bookings.decision import Assessment, LoadedDays, SolvedSeating, solved_seating
from bookings.models.booking import LONGEST_ALLERGIES, LONGEST_GUEST_NAME, LONGEST_NOTES, Actor
from bookings.services.recording import DecisionRecord
from bookings.services.rows.overrides import Override
from bookings.services.writes import Draft
from capacity.locks import Locked
from capacity.selectors import is_enforced
from config.errors import InputInvalid
from config.values import LINE_BREAKS, TextInvalid, read_name, read_text

LONGEST_EMAIL = 254
_LONGEST_WORDS = {"notes": LONGEST_NOTES, "allergies": LONGEST_ALLERGIES}


@dataclass(frozen=True)
class GuestDetails:
    """The guest of a booking, as it is stored; the phone number is in E.164, with an extension as RFC 3966 has it.

    Raises: `InputInvalid`.
    """

    name: str
    email: str = ""
    phone: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _read("name", self.name, read_name, LONGEST_GUEST_NAME))
        if self.email:
            object.__setattr__(self, "email", _read("email", self.email, read_email, LONGEST_EMAIL))
        if self.phone and not STORED_NUMBER.fullmatch(self.phone):
            raise InputInvalid.of_field("phone", "invalid_phone", "Must be in E.164, like +442079460000.")


def read_words(field: str, text: str) -> str:
    """Return notes or allergies as they are stored; lines may break.

    Raises: `InputInvalid`.
    """
    return _read(field, text, partial(read_text, but=LINE_BREAKS), _LONGEST_WORDS[field])


def _read(field: str, text: str, read: Callable[[str], str], longest: int) -> str:
    try:
        value = read(text)
    except TextInvalid as error:
        raise InputInvalid.of_field(field, error.code, str(error)) from error
    except EmailInvalid as error:
        raise InputInvalid.of_field(field, "invalid", str(error)) from error
    if len(value) > longest:
        raise InputInvalid.of_field(field, "max_length", f"At most {longest} characters.")
    return value


# Younger than the first bookings, whose fingerprints are stored: left out where a request leaves them out.
_LATER_FIELDS = frozenset({"allergies", "turn_minutes", "table_ids", "override"})


@dataclass(frozen=True)
class BookingRequest:
    """All fields of a booking request; its hash tells a retry from another request.

    Without date and time the party is to be seated now. A retry a minute later has the same hash.
    """

    restaurant_id: int
    business_date: date | None
    wall_time: time | None
    party_size: int
    guest: GuestDetails
    starts_at: datetime | None
    seating: str | None
    notes: str
    marketing_opt_in: bool
    source: BookingSource
    turn_minutes: int | None = None
    table_ids: tuple[int, ...] | None = None
    allergies: str = ""
    override: Override | None = None

    def __post_init__(self) -> None:
        for name in ("notes", "allergies"):
            object.__setattr__(self, name, read_words(name, getattr(self, name)))

    @property
    def is_for_now(self) -> bool:
        """Say whether a party has come, and is seated as it is booked."""
        return self.business_date is None

    @property
    def channel(self) -> str:
        """Return the way in, as policy and planner know it."""
        return CHANNELS[self.source]

    @property
    def hash(self) -> str:
        """Return the fingerprint of the whole request."""
        every = {**vars(self), "guest": vars(self.guest)}
        said = {name: value for name, value in every.items() if name not in _LATER_FIELDS or value}
        canonical = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class RequestDraft(Draft):
    """The decision of a request, which `actor` has made, on the state of its loaded days; noted in its record."""

    loaded: LoadedDays
    assessment: Assessment
    request: BookingRequest
    idempotency_key: str | None
    actor: Actor
    record: DecisionRecord

    def stands(self, locked: Mapping[int, Locked]) -> bool:
        """Say whether the locked service days, and the mode, are as they were loaded."""
        settings, versions = self.loaded.settings, self.loaded.versions
        return bool(locked) and all(
            versions.get(service_day_id) == day.version
            and is_enforced(settings.restaurant.enforcement, switch=day.switch) == settings.is_enforced
            for service_day_id, day in locked.items()
        )

    @property
    def solved(self) -> SolvedSeating | None:
        """Return the planner's question and answer."""
        return solved_seating(self.loaded, self.assessment)

    @property
    def override(self) -> Override | None:
        """Return the override by which a person answers for what speaks against the request, if anything does."""
        return self.request.override if self.assessment.is_refused else None

    @property
    def is_waived(self) -> bool:
        """Say whether shadow mode waives limits."""
        return not self.loaded.settings.is_enforced

    @property
    def goes_alone(self) -> bool:
        """Say whether it is written by itself: an excess is authorised for it alone, or parties move for it first."""
        return self.is_waived or self.override is not None or bool(self.assessment.plan and self.assessment.plan.moves)
