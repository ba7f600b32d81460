"""The project's documents, taken apart: headings, tables, code, links, diagrams."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from config.env import BASE_DIR

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_NO_ANCHOR = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(BASE_DIR))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without fenced blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def inline_code(self) -> list[str]:
        return _INLINE_CODE.findall(self.prose)

    @cached_property
    def links(self) -> list[str]:
        return _LINK.findall(_INLINE_CODE.sub("", self.prose))

    @cached_property
    def anchors(self) -> set[str]:
        """The fragments by which headings are linked to, as code hosts make them."""
        return {_NO_ANCHOR.sub("", title.lower()).replace(" ", "-") for _, title in _HEADING.findall(self.prose)}

    def blocks(self, *languages: str) -> list[str]:
        """Return the fenced blocks in some languages."""
        return [body for _, language, body in _FENCE.findall(self.text) if language in languages]

    def section(self, title: str) -> str:
        """Return the text under a heading, up to the next one of its level or above."""
        found = re.search(rf"^(#+) {re.escape(title)}$", self.text, re.MULTILINE)
        assert found, f"{self} has no section {title!r}"
        rest = self.text[found.end() :]
        end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
        return rest[: end.start()] if end else rest

    @property
    def tables(self) -> list[list[list[str]]]:
        """The tables: of each its rows, of a row its cells; without their heads."""
        return _tables_in(self.prose)

    def table(self, title: str) -> Iterator[list[str]]:
        """Yield the cells of each row of the tables in a section, without their head."""
        for rows in _tables_in(self.section(title)):
            yield from rows


def _tables_in(text: str) -> list[list[list[str]]]:
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [[_cells_of(line) for line in block.splitlines()[2:]] for block in blocks]


def _cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def code_of(text: str) -> list[str]:
    """Return what stands in backticks."""
    return _INLINE_CODE.findall(text)


def list_documents() -> list[Document]:
    """List README, CHANGELOG and everything under docs/."""
    paths = [BASE_DIR / "README.md", BASE_DIR / "CHANGELOG.md", *sorted((BASE_DIR / "docs").rglob("*.md"))]
    return [Document(path) for path in paths]
