"""Parties without tables: those among them that every plan has to seat."""

from dataclasses import dataclass

from tables.seating.index import StateIndex, bits_of
from tables.seating.problem import TimeLeft
from tables.seating.question import Question
from tables.seating.steps import settle


@dataclass(frozen=True, slots=True)
class Placeable:
    """Masks of parties without tables: those that have to be seated, and those of which that is not known."""

    certain: int = 0
    unknown: int = 0


class Unseated:
    """The parties without tables that have to be seated; facts found are kept for the next question."""

    def __init__(self, index: StateIndex) -> None:
        self._index = index
        self._known: dict[int, Placeable] = {}

    def placeable(self, component: int, left: TimeLeft) -> Placeable:
        """Return the parties of a component that have to be seated, with any request.

        One after another by booking id, each party that can be seated with all that have seats and those kept before
        it. Groups that no party connects in time do not depend on each other.
        """
        certain = unknown = 0
        for _, group in self._index.groups:
            if group & component & self._index.unseated:
                found = self._of_group(group, left)
                certain |= found.certain
                unknown |= found.unknown
        return Placeable(certain, unknown)

    def _of_group(self, group: int, left: TimeLeft) -> Placeable:
        if group in self._known:
            return self._known[group]
        found = self._find(Question(self._index, (), group), left)
        if not found.unknown:
            self._known[group] = found
        return found

    def _find(self, question: Question, left: TimeLeft) -> Placeable:
        together = settle(question.placing(question.unseated), left)
        if together is not None and together.seating is not None:
            return Placeable(question.unseated)
        return self._one_by_one(question, left)

    def _one_by_one(self, question: Question, left: TimeLeft) -> Placeable:
        certain = 0
        for number in bits_of(question.unseated):
            settled = settle(question.placing(certain | 1 << number), left)
            if settled is None:
                # Whether later ones are kept depends on this one.
                return Placeable(certain, question.unseated & -(1 << number))
            if settled.seating is not None:
                certain |= 1 << number
        return Placeable(certain)
