"""The problems of a restaurant file, each with its line and its field."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from config.errors import InputInvalid


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake to correct. Lines count from 1; `field` is a path such as `tables[3].capacity`."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}"
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


@dataclass
class Problems:
    """The problems collected while a file is read on, so that one run names them all."""

    found: list[Problem] = field(default_factory=list)

    def add(self, line: int, path: str, message: str) -> None:
        """Note one problem."""
        self.found.append(Problem(line, path, message))

    def raise_if_any(self) -> None:
        """Raise `RestaurantFileInvalid` if anything was noted."""
        if self.found:
            raise RestaurantFileInvalid(self.found)


class RestaurantFileInvalid(InputInvalid):
    """The restaurant file has mistakes; nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        details: dict[str, list[dict[str, str]]] = {}
        for problem in self.problems:
            entry = {"code": "invalid", "message": f"line {problem.line}: {problem.message}"}
            details.setdefault(problem.field, []).append(entry)
        super().__init__(details, "\n".join(str(problem) for problem in self.problems))
