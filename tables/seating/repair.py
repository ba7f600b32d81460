"""The repair of a plan without another question: parties go back to their seat, or to a better free one."""

from tables.seating.index import Option, bits_of
from tables.seating.question import Question, Seating


def repair(question: Question, seating: Seating) -> Seating:
    """Put parties back that need not move, and give the others the best seat that is free, until nothing changes.

    Each round moves fewer parties or gives a better seat, so that there is a last one.
    """
    better = dict(seating)
    while _put_back(question, better) or _improve(question, better):
        pass
    return better


def _put_back(question: Question, seating: Seating) -> bool:
    back = False
    for number in sorted(seating):
        home = question.claim(number).home
        if home is not None and not home.tables & _taken_from(question, seating, number):
            del seating[number]
            back = True
    return back


def _improve(question: Question, seating: Seating) -> bool:
    improved = False
    for number in sorted(seating):
        best = _best_free(question, seating, number)
        if best.cost < seating[number].cost:
            seating[number] = best
            improved = True
    return improved


def _best_free(question: Question, seating: Seating, number: int) -> Option:
    taken = _taken_from(question, seating, number)
    return next(option for option in question.claim(number).options if not option.tables & taken)


def _taken_from(question: Question, seating: Seating, number: int) -> int:
    """Return the mask of the tables that others have while a party is there."""
    taken = 0
    seated = question.seated
    for other in bits_of(question.meets(number)):
        if other in seating:
            taken |= seating[other].tables
        elif seated >> other & 1:
            home = question.claim(other).home
            taken |= home.tables if home is not None else 0
    return taken
