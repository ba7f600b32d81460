"""YAML as nodes, with an end to how much one file can say.

A list of two characters an entry (`- *b`) repeats a mapping for ever: what a file comes to is counted as if everything
that it repeats were written out, and reading stops where that is too much.
"""

from typing import Any

import yaml

from bookings.restaurant_file.problems import Problem, RestaurantFileInvalid

# Far more than any restaurant has of one kind, and far less than costs a reader seconds.
MOST_ENTRIES = 2_000
MOST_VALUES = 50_000


class LimitedLoader(yaml.BaseLoader):
    """Compose a document; a list or mapping that is too long, or all that is too much, ends it.

    Raises: `RestaurantFileInvalid`, with the line and the field.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._path: list[str] = []
        # How many values each node comes to; a node that is repeated is composed once.
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
