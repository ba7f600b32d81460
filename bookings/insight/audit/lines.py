"""The lines of the recount: counted beside stored values, and the faults between them."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from typing import Any

from bookings.insight.audit.report import Finding, instant

# What a limit of each kind counts, for people.
MEANINGS = {
    "SERVICE_COVERS": "covers in the service",
    "SERVICE_PARTIES": "parties in the service",
    "PACING_COVERS": "covers starting in the slot",
    "PACING_PARTIES": "parties starting in the slot",
    "OCCUPANCY_COVERS": "covers present in the slot",
    "OCCUPANCY_PARTIES": "parties present in the slot",
}


@dataclass(frozen=True)
class Line:
    """One limit of one service day, or of one slot of it, as `sql/recount.sql` returns it.

    `counted` is the value that the counter must hold. Expired holds that are not freed yet belong to it,
    as freeing them takes them out. `live` counts only bookings that may still come. `authorised` goes
    with `counted`, `live_authorised` with `live`. Instants are UTC; `wall_time` is the restaurant's.
    """

    restaurant_id: int
    service_day_id: int
    period: str
    business_date: date
    slot_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    wall_time: time | None
    kind: str
    counter: int
    counted: int
    live: int
    stored_limit: int | None
    rule_limit: int | None
    follows_rules: bool
    excess: int
    authorised: int
    live_authorised: int

    @classmethod
    def of_row(cls, row: dict[str, Any], *, knows_wall_clock: bool) -> "Line":
        """Build a line from a row of the recount; without the wall clock the stored limit stands for the rule's."""
        line = cls(**{field.name: row[field.name] for field in fields(cls)})
        return line if knows_wall_clock else replace(line, rule_limit=line.stored_limit)

    @property
    def scope(self) -> str:
        """Return the kind of limit: "service", "pacing" or "occupancy"."""
        return self.kind.partition("_")[0].lower()

    @property
    def limit(self) -> int | None:
        """Return the limit in force: the rules', or the stored one once the service is over."""
        return self.rule_limit if self.follows_rules else self.stored_limit

    @property
    def above(self) -> int:
        """Return the amount by which the live bookings pass the limit."""
        return 0 if self.limit is None else max(0, self.live - self.limit)

    @property
    def beyond(self) -> int:
        """Return the amount by which the live bookings pass limit and authorisations together."""
        return max(0, self.above - self.live_authorised)

    @property
    def has_old_limit(self) -> bool:
        """Say whether the rules have changed since the service was over."""
        return not self.follows_rules and self.stored_limit != self.rule_limit

    def overbooking(self, bookings: list[dict[str, Any]]) -> Finding:
        """Return the overbooking of this line, with its live bookings in order of creation."""
        room = (self.limit or 0) + self.live_authorised
        crowd = list(_with_beyond(bookings, room, counts_covers=self.kind.endswith("COVERS")))
        return self._finding(
            self.kind,
            f"{self.live} {self._meaning}, limit {self.limit}, authorised above it {self.live_authorised}: "
            f"{self.beyond} too many",
            counted=self.live,
            limit=self.limit,
            authorised=self.live_authorised,
            beyond=self.beyond,
            bookings=crowd,
            is_overbooking=True,
        )

    def authorised_excess(self) -> Finding:
        """Return the part above the limit that overrides cover."""
        return self._finding(
            self.kind,
            f"{self.live} {self._meaning}, limit {self.limit}: {self.above - self.beyond} over the limit, authorised",
            counted=self.live,
            limit=self.limit,
            authorised=self.above - self.beyond,
        )

    def problems(self) -> Iterator[Finding]:
        """Yield the stored values that differ from the recount."""
        if self.counter != self.counted:
            yield self._drift(
                "COUNTER_DRIFT",
                f"{self._meaning}: stored {self.counter}, counted {self.counted}",
                stored=self.counter,
                counted=self.counted,
            )
        if self.follows_rules and self.stored_limit != self.rule_limit:
            yield self._drift(
                "LIMIT_DRIFT",
                f"limit of {self._meaning}: stored {_word(self.stored_limit)}, by the rules {_word(self.rule_limit)}",
                stored=self.stored_limit,
                byRules=self.rule_limit,
            )
        if self.excess > self.authorised:
            yield self._drift(
                "EXCESS_NOT_AUTHORISED",
                f"excess of {self._meaning}: stored {self.excess}, authorised {self.authorised}",
                stored=self.excess,
                authorised=self.authorised,
            )
        needed = 0 if self.stored_limit is None else max(0, self.counter - self.stored_limit)
        if self.excess != needed:
            yield self._drift(
                "EXCESS_DRIFT",
                f"excess of {self._meaning}: stored {self.excess}, above the limit {needed}",
                stored=self.excess,
                aboveLimit=needed,
            )

    @property
    def _meaning(self) -> str:
        return MEANINGS[self.kind]

    @property
    def _place(self) -> str:
        slot = f" {self.wall_time:%H:%M} ({instant(self.starts_at)})" if self.wall_time and self.starts_at else ""
        return f"{self.period} {self.business_date}{slot}"

    def _drift(self, kind: str, message: str, **facts: Any) -> Finding:
        return self._finding(kind, message, limitKind=self.kind, **facts)

    def _finding(self, kind: str, message: str, *, is_overbooking: bool = False, **facts: Any) -> Finding:
        slot = {"slotId": self.slot_id, "startsAt": self.starts_at, "time": self.wall_time} if self.slot_id else {}
        return Finding(
            restaurant_id=self.restaurant_id,
            kind=kind,
            message=f"{self._place}: {message}",
            facts={
                "businessDate": self.business_date,
                "period": self.period,
                "serviceDayId": self.service_day_id,
                **slot,
                **facts,
            },
            is_overbooking=is_overbooking,
            service_day_ids=(self.service_day_id,),
        )


def _with_beyond(bookings: list[dict[str, Any]], room: int, *, counts_covers: bool) -> Iterator[dict[str, Any]]:
    """Mark the bookings that, one after the other, found no room left."""
    taken = 0
    for booking in bookings:
        taken += booking["party_size"] if counts_covers else 1
        yield {
            "id": booking["id"],
            "reference": booking["reference"],
            "partySize": booking["party_size"],
            "isBeyond": taken > room,
        }


def _word(limit: int | None) -> str:
    return "none" if limit is None else str(limit)
