"""The words for the history of a booking."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from bookings.admin.parts.shown import long_date
from bookings.admin.sentences import clock
from bookings.choices import BookingStatus, EventKind
from bookings.services.rows.seating import shown_tables
from tables.choices import SeatingType

# These values serve an undo, or date and time say them.
_UNSAID = frozenset({"rows", "starts_at", "kept"})
# Where one of them tells of another start, the instant need not be said.
_SAY_THE_START = frozenset({"date", "time", "timezone"})


def in_words(value: Any, other: Any, zone: tzinfo) -> str:
    """Put one side of an entry into words: of two dictionaries only the differences, nothing as a dash."""
    if not isinstance(value, Mapping):
        return "-" if value is None else str(value)
    told = other if isinstance(other, Mapping) else {}
    different = {name: item for name, item in value.items() if name not in told or told[name] != item}
    if "starts_at" in different and not _SAY_THE_START & different.keys():
        different["start"] = different["starts_at"]
    if "time" in different and "starts_at" in value:
        shown = clock(datetime.fromisoformat(value["starts_at"]), zone)
        # The clock of the house may be another one since: then the time stands as it was said.
        different["time"] = shown if shown.startswith(different["time"]) else different["time"]
    # The database keeps no order of names.
    in_order = sorted(different, key=lambda name: (_ORDER.get(name, len(_ORDER)), name))
    return ", ".join(_say(name, different[name], zone) for name in in_order if name not in _UNSAID) or "-"


def _say(name: str, item: Any, zone: tzinfo) -> str:
    say = _WORDS.get(name)
    if say is None:
        return f"{name.replace('_', ' ')}: {item}"
    return say(item, zone)


def _status(status: Any, zone: tzinfo) -> str:
    return str(BookingStatus(status).label) if status in BookingStatus.values else str(status)


def _seating(seating: Any, zone: tzinfo) -> str:
    return str(SeatingType(seating).label) if seating in SeatingType.values else "no seating wish"


def _undone(undone: Any, zone: tzinfo) -> str:
    return f"“{EventKind(undone['kind']).label}” undone" if undone["kind"] in EventKind.values else "undone"


_WORDS: dict[str, Callable[[Any, tzinfo], str]] = {
    "undone": _undone,
    "status": _status,
    "start": lambda instant, zone: clock(datetime.fromisoformat(instant), zone),
    "date": lambda day, zone: long_date(date.fromisoformat(day)),
    "time": lambda time, zone: str(time),
    "ends_at": lambda instant, zone: f"until {clock(datetime.fromisoformat(instant), zone)}",
    "party_size": lambda size, zone: f"party of {size}",
    "seating": _seating,
    "timezone": lambda name, zone: f"by the clock of {name}",
    "guest_name": lambda name, zone: f"name: {name}",
    "guest_phone": lambda phone, zone: f"phone: {phone or 'none'}",
    "guest_email": lambda email, zone: f"email: {email or 'none'}",
    "notes": lambda notes, zone: f"notes: {notes or 'none'}",
    "allergies": lambda said, zone: f"allergies {said}",
    "tables": lambda numbers, zone: shown_tables(numbers),
    "problem": lambda problem, zone: str(problem),
    "kept_although": lambda why, zone: f"kept there although {why}",
    "pinned": lambda pinned, zone: "pinned" if pinned else "not pinned",
}
_ORDER = {name: place for place, name in enumerate(_WORDS)}
