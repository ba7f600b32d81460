"""Text that somebody else typed, to be read by others: nothing in it may forge what a screen or terminal shows. Pure.

Every door has its own words for the problem; `PROBLEMS` has those of guests and hosts.
"""

import re
import unicodedata
from collections.abc import Collection

LINE_BREAKS = frozenset("\n\r\t")
CONTROL_CHARACTERS = "control_characters"
INVISIBLE = "invisible"
PROBLEMS = {
    CONTROL_CHARACTERS: "Control characters are not allowed, nor those that turn the direction of text around.",
    INVISIBLE: "Must have a character that can be seen.",
}
# Controls, halves of characters, and the separators of lines and paragraphs.
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# The direction of what follows is turned by these, beyond the end of their own text; the deprecated ones beside them
# and the annotations hide text. Joiners, marks of direction and the tags of flags stay: names and emoji need them.
_FORGING = re.compile("[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]")
# Of these categories is what can be seen: letters, numbers, punctuation, symbols, and what Unicode had not named yet.
_VISIBLE_CATEGORIES = ("L", "N", "P", "S", "Cn")
# Blank all the same: fillers of Hangul, Braille without a dot, and what Unicode keeps for signs that show nothing.
_BLANK = re.compile("[\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]")
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"


class TextInvalid(ValueError):
    """The text has characters that show nothing or forge what is shown; `code` is a key of `PROBLEMS`."""

    def __init__(self, code: str) -> None:
        super().__init__(PROBLEMS[code])
        self.code = code


def read_text(text: str, *, but: Collection[str] = ()) -> str:
    """Return a text as it is stored: composed, without the spaces around it, and free of control characters but some.

    Raises: `TextInvalid`.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    if has_control_characters(text, but=but):
        raise TextInvalid(CONTROL_CHARACTERS)
    return unicodedata.normalize("NFC", text).strip()


def read_name(text: str) -> str:
    """Return a line of text that a person can point at.

    Raises: `TextInvalid`.
    """
    name = read_text(text)
    if not any(is_visible(char) for char in name):
        raise TextInvalid(INVISIBLE)
    return name


def has_control_characters(text: str, *, but: Collection[str] = ()) -> bool:
    """Say whether a text has a control character, a line break, half a character or a turn of direction, but some."""
    if text.isascii() and text.isprintable():
        return False
    return bool(_FORGING.search(text)) or any(_is_control(char) and char not in but for char in text)


def without_format_characters(text: str) -> str:
    """Return a text without the characters that only direct how others are shown."""
    return text if text.isascii() else "".join(char for char in text if unicodedata.category(char) != "Cf")


def is_visible(char: str) -> bool:
    """Say whether a character has a picture of its own: no mark on another, no space, no filler."""
    return unicodedata.category(char).startswith(_VISIBLE_CATEGORIES) and not _BLANK.match(char)


def isolated(text: str) -> str:
    """Return a text for a place without markup: its direction ends where it ends."""
    return text if text.isascii() else f"{_ISOLATE}{text}{_END_OF_ISOLATE}"


def _is_control(char: str) -> bool:
    # The last two code points of every plane are no characters, in Unicode as in the first plane.
    return unicodedata.category(char) in _CONTROL_CATEGORIES or ord(char) & 0xFFFE == 0xFFFE
