"""The entries of a restaurant file. Field names are those of the models, with the words of the file beside them."""

from dataclasses import dataclass
from datetime import date, time
from typing import Annotated

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from bookings.contacts import EmailInvalid, read_email
from bookings.restaurant_file.document import Value
from bookings.restaurant_file.kinds import (
    DAYS,
    CalendarDate,
    Choice,
    DayOfWeek,
    Flag,
    ListOf,
    Text,
    TimeZone,
    WallTime,
    WholeNumber,
)
from bookings.restaurant_file.problems import Problems
from bookings.restaurant_file.schema import LISTED, Entry, EntryOf, Word
from capacity.choices import ClosureChannel, SeatingMode
from config.values import FARTHEST_COORDINATE, LARGEST_NUMBER, LARGEST_PARTY, LONGEST_SIDE, SHORTEST_SIDE
from tables.choices import Audience, EnforcementMode, SeatingType, TableShape, TableStatus
from tables.models import FULL_TURN, LONGEST_FREEZE_MINUTES, LONGEST_OVERRUN_MINUTES
from tables.seating import natural_key

SMALL = WholeNumber(0, 32_767)
LIMIT = WholeNumber(0, LARGEST_NUMBER)
COORDINATE = WholeNumber(-FARTHEST_COORDINATE, FARTHEST_COORDINATE)
SIDE = WholeNumber(SHORTEST_SIDE, LONGEST_SIDE)
PARTY = WholeNumber(1, LARGEST_PARTY)
NOTE = Text(200, may_be_empty=True)
TABLE_NUMBER = Text(20)
NAME_OF_SECTION = Text(80)
NAME_OF_PERIOD = Text(60)
EVERYBODY = tuple(Audience.values)


def _check_slug(text: str) -> None:
    try:
        validate_slug(text)
    except ValidationError as error:
        raise ValueError("must consist of letters, digits, hyphens and underscores") from error


def _check_email(text: str) -> None:
    try:
        read_email(text)
    except EmailInvalid as error:
        raise ValueError(f'must be an e-mail address, not "{text}"') from error


EMAIL = Text(254, may_be_empty=True, check=_check_email)


def _joined(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class PartySizeEntry(Entry):
    """The sizes of parties that may book online."""

    min: Annotated[int, PARTY, LISTED] = 1
    max: Annotated[int, PARTY, LISTED] = 8


@dataclass(frozen=True, kw_only=True)
class RestaurantEntry(Entry):
    """The restaurant's own settings; its buffer stands beside them in the file."""

    slug: Annotated[str, Text(63, check=_check_slug)]
    name: Annotated[str, Text(120)]
    timezone: Annotated[str, TimeZone()]
    slot_minutes: Annotated[int, WholeNumber(5, 240), LISTED] = 15
    enforcement: Annotated[str, Choice(EnforcementMode.values), LISTED] = EnforcementMode.ENFORCE.value
    party_size: Annotated[PartySizeEntry, EntryOf(PartySizeEntry), LISTED] = PartySizeEntry()
    min_notice_minutes: Annotated[int, LIMIT, LISTED] = 0
    max_days_ahead: Annotated[int, SMALL, LISTED] = 365
    active: Annotated[bool, Flag()] = True
    phone: Annotated[str, Text(32, may_be_empty=True)] = ""
    email: Annotated[str, EMAIL] = ""
    address: Annotated[str, Text(255, may_be_empty=True)] = ""
    cancel_cutoff_minutes: Annotated[int, LIMIT] = 0
    grace_minutes: Annotated[int, SMALL] = 15
    overrun_grace_minutes: Annotated[int | None, WholeNumber(0, LONGEST_OVERRUN_MINUTES)] = None
    reseat_freeze_minutes: Annotated[int, WholeNumber(0, LONGEST_FREEZE_MINUTES)] = 30
    beta_partner: Annotated[bool, Flag()] = False
    shows_tables: Annotated[bool, Flag()] = False
    buffer_minutes: int = 0

    def __str__(self) -> str:
        return self.slug


@dataclass(frozen=True, kw_only=True)
class PeriodName(Entry):
    """The name of a service period in other entries: special hours have their date as well."""

    name: Annotated[str, NAME_OF_PERIOD]
    on_date: Annotated[date | None, CalendarDate(), Word("date")] = None

    def __str__(self) -> str:
        return f"{self.name} on {self.on_date}" if self.on_date else self.name


class PeriodReference:
    """The name of a service period, or a mapping of its name and its date."""

    def read(self, value: Value, problems: Problems) -> PeriodName:
        """Return the name as given; a later look-up finds the period."""
        if value.is_mapping:
            return EntryOf(PeriodName).read(value, problems)
        return PeriodName(name=NAME_OF_PERIOD.read(value, problems))

    def write(self, value: PeriodName) -> str | dict[str, object]:
        """Return the bare name where it is enough."""
        return EntryOf(PeriodName).write(value) if value.on_date else value.name


Period = Annotated[PeriodName | None, PeriodReference()]


@dataclass(frozen=True, kw_only=True)
class TurnTimeEntry(Entry):
    """The time for which parties up to a size keep their table."""

    up_to: Annotated[int, WholeNumber(1, 32_767)]
    minutes: Annotated[int, WholeNumber(5, 24 * 60)]
    service_period: Period = None

    def __str__(self) -> str:
        return _joined(self.service_period, f"up to {self.up_to}")


@dataclass(frozen=True, kw_only=True)
class SectionEntry(Entry):
    """A group of tables; `rank` is its place in the order of the file."""

    name: Annotated[str, NAME_OF_SECTION]
    rank: int = 0

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class PositionEntry(Entry):
    """The place of a table on the floor plan."""

    x: Annotated[int | None, COORDINATE] = None
    y: Annotated[int | None, COORDINATE] = None


@dataclass(frozen=True, kw_only=True)
class SizeEntry(Entry):
    """The size of a table on the floor plan."""

    width: Annotated[int | None, SIDE] = None
    depth: Annotated[int | None, SIDE] = None


@dataclass(frozen=True, kw_only=True)
class TableEntry(Entry):
    """A table; without `max_party_size` it takes as many as it has seats."""

    number: Annotated[str, TABLE_NUMBER]
    capacity: Annotated[int, PARTY]
    min_party_size: Annotated[int, PARTY, LISTED] = 1
    max_party_size: Annotated[int | None, PARTY] = None
    section: Annotated[str | None, NAME_OF_SECTION] = None
    seating_type: Annotated[str, Choice(SeatingType.values), LISTED] = SeatingType.INDOOR.value
    position: Annotated[PositionEntry, EntryOf(PositionEntry)] = PositionEntry()
    shape: Annotated[str, Choice(TableShape.values)] = TableShape.SQUARE.value
    size: Annotated[SizeEntry, EntryOf(SizeEntry)] = SizeEntry()
    rotation: Annotated[int, WholeNumber(0, FULL_TURN - 1)] = 0
    priority: Annotated[int, WholeNumber(-32_768, 32_767)] = 0
    audience: Annotated[tuple[str, ...], ListOf(Choice(EVERYBODY), order=EVERYBODY.index)] = EVERYBODY
    status: Annotated[str, Choice(TableStatus.values)] = TableStatus.ACTIVE.value

    def __str__(self) -> str:
        return self.number


@dataclass(frozen=True, kw_only=True)
class CombinationEntry(Entry):
    """A combination of tables that are used as one."""

    tables: Annotated[tuple[str, ...], ListOf(TABLE_NUMBER, order=natural_key)]
    min_party_size: Annotated[int, PARTY]
    max_party_size: Annotated[int, PARTY]

    def __str__(self) -> str:
        return " + ".join(self.tables)


@dataclass(frozen=True, kw_only=True)
class PeriodEntry(Entry):
    """A service period: on weekdays, or with `date` the special hours of that date; no file has a retired one."""

    name: Annotated[str, NAME_OF_PERIOD]
    weekdays: Annotated[tuple[int, ...] | None, ListOf(DayOfWeek(), order=int), Word("days")] = None
    on_date: Annotated[date | None, CalendarDate(), Word("date")] = None
    start_time: Annotated[time, WallTime(), Word("start")]
    last_seating: Annotated[time, WallTime()]
    end_time: Annotated[time, WallTime(), Word("end")]
    seating_mode: Annotated[str, Choice(SeatingMode.values), LISTED] = SeatingMode.TABLES.value
    valid_from: Annotated[date | None, CalendarDate()] = None
    valid_to: Annotated[date | None, CalendarDate()] = None
    is_retired: bool = False

    def __str__(self) -> str:
        return str(PeriodName(name=self.name, on_date=self.on_date))


@dataclass(frozen=True, kw_only=True)
class SpanEntry(Entry):
    """The dates, one or from-to, and times of day of a rule or a closure."""

    service_period: Period = None
    on_date: Annotated[date | None, CalendarDate(), Word("date")] = None
    from_date: Annotated[date | None, CalendarDate(), Word("from")] = None
    to_date: Annotated[date | None, CalendarDate(), Word("to")] = None
    from_time: Annotated[time | None, WallTime(), Word("time_from")] = None
    to_time: Annotated[time | None, WallTime(), Word("time_to")] = None

    def __str__(self) -> str:
        dates = sorted({day for day in (self.on_date, self.from_date, self.to_date) if day})
        # Midnight is a time as well.
        times = [f"{wall:%H:%M}" for wall in (self.from_time, self.to_time) if wall is not None]
        return _joined(self.service_period, " to ".join(map(str, dates)), " to ".join(times))


@dataclass(frozen=True, kw_only=True)
class RuleEntry(SpanEntry):
    """The limits for a scope; other rules decide a limit that is left out."""

    weekday: Annotated[int | None, DayOfWeek(), Word("day")] = None
    max_covers: Annotated[int | None, LIMIT] = None
    max_parties: Annotated[int | None, LIMIT] = None
    pacing_covers: Annotated[int | None, LIMIT] = None
    pacing_parties: Annotated[int | None, LIMIT] = None
    occupancy_covers: Annotated[int | None, LIMIT] = None
    occupancy_parties: Annotated[int | None, LIMIT] = None
    note: Annotated[str, NOTE] = ""

    def __str__(self) -> str:
        return _joined(super().__str__(), DAYS[self.weekday - 1] if self.weekday else "") or "every service"


@dataclass(frozen=True, kw_only=True)
class ClosureEntry(SpanEntry):
    """A span without new bookings."""

    channel: Annotated[str, Choice(ClosureChannel.values)] = ClosureChannel.ALL.value
    note: Annotated[str, NOTE] = ""


@dataclass(frozen=True, kw_only=True)
class RestaurantFile(Entry):
    """The whole file; the restaurant has nothing beside its entries."""

    restaurant: Annotated[RestaurantEntry, EntryOf(RestaurantEntry)]
    turn_times: Annotated[tuple[TurnTimeEntry, ...], ListOf(EntryOf(TurnTimeEntry))] = ()
    buffer_minutes: Annotated[int, WholeNumber(0, 240), LISTED] = 0
    sections: Annotated[tuple[SectionEntry, ...], ListOf(EntryOf(SectionEntry))] = ()
    tables: Annotated[tuple[TableEntry, ...], ListOf(EntryOf(TableEntry))] = ()
    combinations: Annotated[tuple[CombinationEntry, ...], ListOf(EntryOf(CombinationEntry))] = ()
    service_periods: Annotated[tuple[PeriodEntry, ...], ListOf(EntryOf(PeriodEntry))] = ()
    capacity_rules: Annotated[tuple[RuleEntry, ...], ListOf(EntryOf(RuleEntry))] = ()
    closures: Annotated[tuple[ClosureEntry, ...], ListOf(EntryOf(ClosureEntry))] = ()
