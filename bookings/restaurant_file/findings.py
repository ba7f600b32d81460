"""The findings of the checks between values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bookings.restaurant_file.problems import Problems
from bookings.restaurant_file.schema import Entry


@dataclass(frozen=True)
class Finding:
    """A problem of one field of an entry; of the whole entry where `name` is empty."""

    entry: Entry
    name: str
    message: str

    def report(self, problems: Problems) -> None:
        """Note the finding with its line and path."""
        self.entry.report(problems, self.name, self.message)


def find_repeated(entries: Sequence[Entry], *names: str) -> Iterator[Finding]:
    """Yield entries that agree in these fields with an earlier one."""
    first: dict[tuple[Any, ...], Entry] = {}
    for entry in entries:
        if not entry.is_sound(*names):
            continue
        identity = tuple(getattr(entry, name) for name in names)
        earlier = first.setdefault(identity, entry)
        if earlier is not entry:
            said = " ".join(str(part) for part in identity if part is not None)
            yield Finding(entry, names[0], f"{said} is given twice, first on line {earlier.place.line}")
