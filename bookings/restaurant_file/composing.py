"""The composer of YAML nodes, with a bound on the size of one file.

A list of two characters an entry (`- *b`) repeats a mapping for ever. The count of a file's values takes every
repetition as written out, and reading stops where that is too much.
"""

from typing import Any

import yaml

from bookings.restaurant_file.problems import Problem, RestaurantFileInvalid

# Far more than any restaurant has of one kind, and far less than costs a reader seconds.
MOST_ENTRIES = 2_000
MOST_VALUES = 50_000


class LimitedLoader(yaml.BaseLoader):
    """A loader that composes a document; too long a list or mapping, or too large a file, ends it.

    Raises: `RestaurantFileInvalid`, with the line and the field.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._path: list[str] = []
        # The number of values of each node; a node that is repeated is composed once.
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a value at a place of its parent: a number in a list, the node of its key in a mapping."""
        if isinstance(parent, yaml.CollectionNode) and len(parent.value) >= MOST_ENTRIES:
            self._stop(f"at most {MOST_ENTRIES:,} entries")
        self._path.append(_step(index))
        node = super().compose_node(parent, index)
        if node is not None:
            self._count(node, parent)
        self._path.pop()
        return node

    def _count(self, node: yaml.Node, parent: yaml.Node | None) -> None:
        size = self._sizes.setdefault(id(node), 1)
        if parent is None:
            return
        self._sizes[id(parent)] = self._sizes.get(id(parent), 1) + size
        if self._sizes[id(parent)] > MOST_VALUES:
            self._stop(f"at most {MOST_VALUES:,} values in all, with those that are repeated")

    def _stop(self, message: str) -> None:
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        raise RestaurantFileInvalid([Problem(line, "".join(self._path).lstrip("."), message)])


def _step(index: Any) -> str:
    if isinstance(index, yaml.ScalarNode):
        return f".{index.value}"
    return f"[{index}]" if isinstance(index, int) else ""
