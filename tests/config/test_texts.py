"""Text that somebody typed, and others read."""

import pytest

from config.values import CONTROL_CHARACTERS, INVISIBLE, TextInvalid, isolated, read_name, read_text

# What turns the direction of text around, beyond the end of the name.
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ada Lovelace ", "Ada Lovelace"),
        ("Nguye\u0302\u0303n", "Nguy\u1ec5n"),
        ("O'Brien-Łęcki", "O'Brien-Łęcki"),
        ("محمد", "محمد"),
        ("ישראל ישראלי", "ישראל ישראלי"),
        ("می\u200cخو\u0627\u0647م", "می\u200cخو\u0627\u0647م"),
        ("👩\u200d👩\u200d👧\u200d👦", "👩\u200d👩\u200d👧\u200d👦"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("李小龙", "李小龙"),
        ("None", "None"),
        ("-", "-"),
        ("7", "7"),
    ],
)
def test_a_name_that_people_have_is_stored_as_they_write_it(typed: str, stored: str) -> None:
    assert read_name(typed) == stored


@pytest.mark.parametrize(
    "char",
    [
        *TURNING,
        "\x00",
        "\x1b",
        "\x85",
        "\n",
        "\t",
        "\u2028",
        "\u2029",
        "\ud800",
        "\ufffe",
        "\U0001ffff",
        "\ufdd0",
        "\ufff9",
        "\u206e",
    ],
)
def test_a_character_that_forges_what_is_shown_is_refused(char: str) -> None:
    for text in (f"Ada{char}Lovelace", f"Müller{char}", char):
        with pytest.raises(TextInvalid) as caught:
            read_name(text)
        assert caught.value.code == CONTROL_CHARACTERS


@pytest.mark.parametrize(
    "text",
    [
        "\u200b",
        "\u3164",
        "\u2800",
        "\u115f\u1160",
        "\uffa0",
        "\u0301\u0300",
        "\u200d",
        "\ufeff",
        "\u00ad",
        "\u3000",
        "\ufe0f",
        "\U000e0041",
        "\u2065",
        "",
        " ",
    ],
)
def test_a_name_in_which_nothing_can_be_seen_is_none(text: str) -> None:
    with pytest.raises(TextInvalid) as caught:
        read_name(text)

    assert caught.value.code == INVISIBLE


def test_lines_break_where_that_is_allowed() -> None:
    assert read_text("Nuts.\r\n\tWindow, é\n", but="\r\n\t") == "Nuts.\r\n\tWindow, é"
    with pytest.raises(TextInvalid):
        read_text("Nuts.\n\u202e", but="\r\n\t")


def test_text_without_markup_ends_its_own_direction() -> None:
    assert isolated("Ada") == "Ada"
    assert isolated("محمد") == "\u2068محمد\u2069"
