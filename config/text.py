"""What may stand in a text that somebody types and somebody else reads."""

import unicodedata
from collections.abc import Collection

# Controls, halves of characters, and the separators of lines and paragraphs: each can forge what a screen shows.
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def has_control_characters(text: str, *, but: Collection[str] = ()) -> bool:
    """Say whether a text has a control character, a line break or a half character, but for some."""
    return any(unicodedata.category(char) in _CONTROL_CATEGORIES and char not in but for char in text)
