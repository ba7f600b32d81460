"""The writing of a restaurant file, from its entries to its text: one entry a line, as people write it."""

from collections.abc import Collection
from typing import Any

import yaml
from yaml.representer import SafeRepresenter

from bookings.restaurant_file.canonical import to_written
from bookings.restaurant_file.entries import RestaurantFile
from bookings.restaurant_file.schema import EntryOf

NEVER_FOLD = 1_000_000


def write_restaurant_file(file: RestaurantFile, *, only: Collection[str] | None = None) -> str:
    """Write the text of a canonical file; reading it gives the same entries again.

    Quotes mark text that a YAML reader would take for something else (17:00, no). `only` names the parts to write: all
    are there then, in that order, also where they are empty.
    """
    members = EntryOf(RestaurantFile).write(to_written(file))
    wanted = {word: members.get(word, []) for word in only} if only is not None else members
    return "\n".join(_member_text(word, value) for word, value in wanted.items())


def _member_text(word: str, value: Any) -> str:
    node = SafeRepresenter(default_flow_style=False, sort_keys=False).represent_data({word: value})
    for _, member in node.value:
        for entry in member.value if isinstance(member, yaml.SequenceNode) else [member]:
            _put_on_one_line(entry)
    text: str = yaml.serialize(node, Dumper=yaml.SafeDumper, width=NEVER_FOLD, allow_unicode=True)
    return text


def _put_on_one_line(node: yaml.Node) -> None:
    if isinstance(node, yaml.CollectionNode):
        node.flow_style = True
        for part in node.value:
            for inner in part if isinstance(part, tuple) else (part,):
                _put_on_one_line(inner)
