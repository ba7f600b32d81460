"""The findings of an audit, as an object, as JSON and as text for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any


def instant(moment: datetime) -> str:
    """Return an instant in ISO 8601 UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Finding:
    """One finding: its kind, a sentence for people, its facts by their JSON names, and the service days that it is of.

    One that is of the restaurant as a whole names no service day.
    """

    restaurant_id: int
    kind: str
    message: str
    facts: dict[str, Any]
    is_overbooking: bool = False
    service_day_ids: tuple[int, ...] = ()

    def as_json(self, slugs: dict[int, str]) -> dict[str, Any]:
        """Return the finding ready for JSON."""
        facts = {name: _plain(value) for name, value in self.facts.items()}
        return {"kind": self.kind, "restaurant": slugs[self.restaurant_id], "message": self.message, **facts}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return value.isoformat() if isinstance(value, date) else value


@dataclass
class AuditReport:
    """The findings of one audit, of one snapshot of the database taken at `as_of`.

    `restaurants` and `names` hold slug and name of each restaurant by its id.
    """

    as_of: datetime
    finished_at: datetime
    restaurants: dict[int, str]
    names: dict[int, str]
    overbookings: list[Finding] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    authorised_excess: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    @property
    def has_overbooking(self) -> bool:
        """Say whether a booking is beyond limit and authorisations, or on a taken table."""
        return bool(self.overbookings)

    @property
    def is_clean(self) -> bool:
        """Say whether there is nothing to repair; authorised excess and notes need no repair."""
        return not self.overbookings and not self.problems

    @property
    def seconds(self) -> float:
        """Return the duration of the audit."""
        return (self.finished_at - self.as_of).total_seconds()

    @property
    def findings(self) -> list[Finding]:
        """Return all findings, of every kind of list."""
        return [*self.overbookings, *self.problems, *self.authorised_excess, *self.notes]

    def add(self, later: "AuditReport") -> None:
        """Add the report of other restaurants, looked at later."""
        self.finished_at = later.finished_at
        self.restaurants |= later.restaurants
        self.names |= later.names
        self.overbookings += later.overbookings
        self.problems += later.problems
        self.authorised_excess += later.authorised_excess
        self.notes += later.notes
        self.count(later.checked)

    def count(self, figures: dict[str, int]) -> None:
        """Add to the numbers of rows examined."""
        for name, number in figures.items():
            self.checked[name] = self.checked.get(name, 0) + number

    def as_json(self, *, most: int | None = None) -> dict[str, Any]:
        """Return the report ready for JSON, with at most `most` findings in each list."""
        lists = {
            "overbookings": self.overbookings,
            "problems": self.problems,
            "authorisedExcess": self.authorised_excess,
            "notes": self.notes,
        }
        return {
            "hasOverbooking": self.has_overbooking,
            "isClean": self.is_clean,
            "asOf": instant(self.as_of),
            "seconds": round(self.seconds, 3),
            "checked": self.checked,
            "totals": {name: len(findings) for name, findings in lists.items()},
            **{
                name: [found.as_json(self.restaurants) for found in findings[:most]] for name, findings in lists.items()
            },
        }

    def as_lines(self) -> Iterator[str]:
        """Yield the report as text, restaurant by restaurant."""
        yield f"hasOverbooking: {str(self.has_overbooking).lower()}"
        for restaurant_id, slug in self.restaurants.items():
            lines = list(self._lines_of(restaurant_id))
            if lines:
                yield f"{self.names[restaurant_id]} ({slug})"
                yield from lines
        looked_at = ", ".join(f"{number} {_words(name)}" for name, number in self.checked.items())
        yield f"Checked {looked_at} in {self.seconds:.2f} s."

    def _lines_of(self, restaurant_id: int) -> Iterator[str]:
        for title, findings in (
            ("OVERBOOKED", self.overbookings),
            ("PROBLEM", self.problems),
            ("authorised", self.authorised_excess),
            ("note", self.notes),
        ):
            for finding in findings:
                if finding.restaurant_id == restaurant_id:
                    yield f"  {title} {finding.kind}: {finding.message}"
                    yield from _booking_lines(finding.facts.get("bookings", ()))


def _booking_lines(bookings: Iterable[dict[str, Any]]) -> Iterator[str]:
    for booking in bookings:
        mark = "  <- beyond" if booking.get("isBeyond") else ""
        yield f"    {booking['reference']} (id {booking['id']}, party of {booking['partySize']}){mark}"


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
