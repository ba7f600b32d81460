"""A proposal: a restaurant file, whole or in part; the parts that it does not name stay as the restaurant has them."""

from collections.abc import Iterator
from dataclasses import replace

import yaml

from bookings.restaurant_file.canonical import to_canonical
from bookings.restaurant_file.checking import check_file
from bookings.restaurant_file.document import Value, read_document
from bookings.restaurant_file.entries import RestaurantFile
from bookings.restaurant_file.kinds import Unreadable
from bookings.restaurant_file.problems import Problem, Problems, RestaurantFileInvalid
from bookings.restaurant_file.schema import EntryOf
from bookings.restaurant_file.writing import write_restaurant_file

Members = dict[str, tuple[yaml.Node, yaml.Node]]

RESTAURANT = "restaurant"
# Another restaurant, or other instants, would not be what happened.
SAME = ("slug", "timezone")


def read_proposal(content: bytes, current: RestaurantFile) -> RestaurantFile:
    """Return the restaurant as a file (UTF-8) would have it, in canonical form; `current` is the restaurant now.

    Where the file names tables, combinations that it does not name and that lack a table go with it.

    Raises: `RestaurantFileInvalid` with every problem, its line and its field.
    """
    document = read_document(content)
    problems = Problems()
    if not document.is_mapping:
        problems.add(document.line, "", "must be a mapping of keys to values")
        problems.raise_if_any()
    filled = _fill_in(document, _without_lost_combinations(document, current))
    try:
        file = EntryOf(RestaurantFile).read(document, problems)
        _require_same(file, current, problems)
        check_file(file, problems)
    except Unreadable:
        pass
    _raise_problems(problems, filled, document.line)
    return to_canonical(file)


def _raise_problems(problems: Problems, filled: frozenset[str], line: int) -> None:
    """Raise the problems of a proposal; one in a part that was filled in has no line of the file."""
    if problems.found:
        raise RestaurantFileInvalid(_placed(problem, filled, line) for problem in problems.found)


def _placed(problem: Problem, filled: frozenset[str], line: int) -> Problem:
    member = problem.field.partition(".")[0].partition("[")[0]
    if member not in filled:
        return problem
    message = f"{problem.message}; this is of the restaurant as it is: name {member} in the file as well"
    return Problem(line, problem.field, message)


def _fill_in(document: Value, current: RestaurantFile) -> frozenset[str]:
    """Add to the document the parts that it does not name, and return their names."""
    there = _members(read_document(write_restaurant_file(current).encode()).node)
    given = {word: pair for word, pair in _members(document.node).items() if not Value(pair[1], word, 0).is_empty}
    restaurant = given.get(RESTAURANT)
    if restaurant is not None and isinstance(restaurant[1], yaml.MappingNode):
        _add_missing(restaurant[1], _members(there[RESTAURANT][1]))
    document.node.value = [pair for pair in document.node.value if not Value(pair[1], "", 0).is_empty]
    _add_missing(document.node, there)
    return frozenset(there.keys() - given.keys())


def _add_missing(node: yaml.Node, members: Members) -> None:
    node.value.extend(pair for word, pair in members.items() if word not in _members(node))


def _members(node: yaml.Node) -> Members:
    return {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _without_lost_combinations(document: Value, current: RestaurantFile) -> RestaurantFile:
    tables = _members(document.node).get("tables")
    if tables is None or not isinstance(tables[1], yaml.SequenceNode):
        return current
    numbers = set(_numbers(tables[1]))
    kept = tuple(combination for combination in current.combinations if numbers.issuperset(combination.tables))
    return replace(current, combinations=kept)


def _numbers(tables: yaml.SequenceNode) -> Iterator[str]:
    for entry in tables.value:
        if isinstance(entry, yaml.MappingNode) and "number" in _members(entry):
            yield str(_members(entry)["number"][1].value)


def _require_same(file: RestaurantFile, current: RestaurantFile, problems: Problems) -> None:
    if not file.is_sound(RESTAURANT):
        return
    for name in SAME:
        said, there = getattr(file.restaurant, name), getattr(current.restaurant, name)
        if file.restaurant.is_sound(name) and said != there:
            file.restaurant.report(problems, name, f'must be "{there}", the restaurant that is asked about')
