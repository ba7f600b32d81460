"""The footer of the timeline: how full each slot is by its limits, and who was refused there."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from django.utils.safestring import SafeString

from bookings.admin.parts.shown import NEARLY_FULL_PERCENT, short_time
from bookings.admin.timeline.axis import Columns, TimeAxis
from bookings.models import Decision
from bookings.selectors.excess import LimitKey
from bookings.selectors.timeline import EveningTables
from capacity.calendar import iso_utc
from capacity.limits import LIMIT_OF, SLOT_LIMITS, Limit, LimitKind, LimitUnit
from capacity.policy import LimitUse, ServiceState, SlotState
from capacity.wording import recorded_reason

# As markup, since a template takes several times as long.
CELL = """
<div class="tl-cell tl-{level}" style="--t: {line}; --a: {first}; --b: {last}" title="{sentence}">
{figures}{above}</div>"""
ABOVE = '<span aria-hidden="true">▲</span>'

Clock = Callable[[datetime], str]
KINDS = {LimitKind.PACING: "Starting", LimitKind.OCCUPANCY: "Present"}


@dataclass(frozen=True)
class Cell:
    """The use of one limit in one slot; `authorised` is what was allowed above it."""

    columns: Columns
    use: LimitUse
    authorised: int
    at: str

    @property
    def figures(self) -> str:
        """Return the numbers, "5/10", the use alone where there is no limit."""
        return str(self.use.used) if self.use.limit is None else f"{self.use.used}/{self.use.limit}"

    @property
    def level(self) -> str:
        """Return how full it is, by a word that the style and the sentence share."""
        if self.use.excess > self.authorised:
            return "overbooked"
        if self.use.excess:
            return "over"
        percent = self.use.percent
        if self.use.limit is None or percent is None:
            return "free"
        return "full" if percent >= 100 else "near" if percent >= NEARLY_FULL_PERCENT else "free"

    @property
    def sentence(self) -> str:
        """Return the use in words."""
        name, limit = LIMIT_OF[self.use.code].name, self.use.limit
        ends = {
            "overbooked": f", {self.use.excess - self.authorised} overbooked",
            "over": f", {self.use.excess} over the limit, authorised",
            "full": ", full",
            "near": ", nearly full",
        }
        used = f"{self.use.used} of {limit}" if limit is not None else f"{self.use.used}, no limit"
        return f"{self.at}: {name} {used}{ends.get(self.level, '')}"

    def markup(self, line: int) -> str:
        """Return the cell on a line of the footer."""
        level, columns = self.level, self.columns
        return CELL.format(
            level=level,
            line=line,
            first=columns.first,
            last=columns.last,
            sentence=escape(self.sentence),
            figures=self.figures,
            above=ABOVE if level in ("over", "overbooked") else "",
        )


@dataclass(frozen=True)
class Track:
    """A limit over the evening, on a line of the footer."""

    limit: Limit
    cells: tuple[Cell, ...]
    line: int

    @property
    def name(self) -> str:
        """Return what is counted: "Starting, covers"."""
        return KINDS[self.limit.kind]

    @property
    def unit(self) -> str:
        return self.limit.unit.value

    @property
    def markup(self) -> SafeString:
        """Return its cells."""
        return SafeString("".join(cell.markup(self.line) for cell in self.cells))


@dataclass(frozen=True)
class Refusal:
    """A refused request, in words."""

    decision: Decision
    words: str


@dataclass(frozen=True)
class Mark:
    """The refused requests of one start; `columns` is None where the evening has no such time."""

    starts_at: datetime
    columns: Columns | None
    at: str
    refusals: tuple[Refusal, ...]

    @property
    def key(self) -> str:
        """Return the start as an address names it."""
        return iso_utc(self.starts_at)

    @property
    def sentence(self) -> str:
        """Say all of the requests."""
        return ". ".join(refusal.words for refusal in self.refusals)


@dataclass(frozen=True)
class Footer:
    """The limits that say something in some slot, covers always; and the marks of refused requests."""

    tracks: tuple[Track, ...]
    marks: tuple[Mark, ...]

    @property
    def elsewhere(self) -> tuple[Refusal, ...]:
        """Return the refused requests of times that the evening does not have."""
        return tuple(refusal for mark in self.marks if mark.columns is None for refusal in mark.refusals)


def lay_out_footer(evening: EveningTables, axis: TimeAxis, clock: Clock) -> Footer:
    """Return the use of the limits of each slot, and the refused requests of each start."""
    uses = ((limit, tuple(_cells(evening, axis, clock, limit))) for limit in SLOT_LIMITS)
    shown = (each for each in uses if _says_something(*each))
    tracks = (Track(limit, cells, line) for line, (limit, cells) in enumerate(shown, start=1))
    return Footer(tuple(tracks), tuple(_marks(evening, axis, clock)))


def _says_something(limit: Limit, cells: Iterable[Cell]) -> bool:
    return limit.unit is LimitUnit.COVERS or any(cell.use.limit is not None for cell in cells)


def _cells(evening: EveningTables, axis: TimeAxis, clock: Clock, limit: Limit) -> Iterator[Cell]:
    for service, slot in _slots(evening.services):
        columns = axis.columns_of(slot.starts_at, slot.ends_at)
        if columns is not None:
            use = LimitUse.of(slot, limit)
            yield Cell(columns, use, _authorised(evening, service, slot, limit), clock(slot.starts_at))


def _slots(services: Iterable[ServiceState]) -> Iterator[tuple[ServiceState, SlotState]]:
    return ((service, slot) for service in services for slot in service.slots)


def _authorised(evening: EveningTables, service: ServiceState, slot: SlotState, limit: Limit) -> int:
    if service.service_day_id is None:
        return 0
    return evening.authorised.get(LimitKey(service.service_day_id, slot.starts_at, limit.code), 0)


def _marks(evening: EveningTables, axis: TimeAxis, clock: Clock) -> Iterator[Mark]:
    slot = timedelta(minutes=evening.settings.restaurant.slot_minutes)
    by_start: defaultdict[datetime, list[Decision]] = defaultdict(list)
    for decision in evening.refusals:
        by_start[decision.starts_at].append(decision)
    for starts_at, decisions in by_start.items():
        said = (Refusal(decision, _in_words(decision, evening, clock)) for decision in decisions)
        yield Mark(starts_at, axis.columns_of(starts_at, starts_at + slot), clock(starts_at), tuple(said))


def _in_words(decision: Decision, evening: EveningTables, clock: Clock) -> str:
    reasons = "; ".join(recorded_reason(reason) for reason in decision.reasons) or decision.error
    asked = f"{decision.get_source_display().lower()}, {short_time(decision.decided_at, evening.settings.zone)}"
    return f"Party of {decision.party_size} at {clock(decision.starts_at)} ({asked}): {reasons}"
