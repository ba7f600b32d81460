"""Texts for people: the characters that a typed one may have, and a number with its noun."""

import unicodedata
from collections.abc import Collection

# Controls, halves of characters, and the separators of lines and paragraphs: each can forge what a screen shows.
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_PLURALS = {"party": "parties"}


def has_control_characters(text: str, *, but: Collection[str] = ()) -> bool:
    """Say whether a text has a control character, a line break or a half character, but for some."""
    return any(unicodedata.category(char) in _CONTROL_CATEGORIES and char not in but for char in text)


def counted(number: int, noun: str) -> str:
    """Return "1 cover", "2 covers", "3 parties"."""
    return f"{number} {noun}" if number == 1 else f"{number} {_PLURALS.get(noun, f'{noun}s')}"
