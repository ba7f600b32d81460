"""The zones that a restaurant may have."""

from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from tables.validators import validate_timezone
from tables.zones import canonical_zone, zone_called, zone_names


@pytest.mark.parametrize("name", ["Europe/London", "GB", "US/Eastern", "Asia/Calcutta", "Etc/UTC", "UTC", "CET"])
def test_a_name_of_the_iana_list_is_a_zone_an_old_one_too(name: str) -> None:
    validate_timezone(name)


@pytest.mark.parametrize(
    "name",
    ["localtime", "Factory", "posixrules", "europe/london", "posix/Europe/London", "right/UTC", "BST", "Mars/Phobos"],
)
def test_any_other_name_is_none(name: str) -> None:
    with pytest.raises(ValidationError):
        validate_timezone(name)


@pytest.mark.parametrize(
    ("name", "present"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("US/Eastern", "America/New_York"),
        ("GB", "Europe/London"),
        # Its clock is that of Abidjan, its country is not.
        ("Iceland", "Atlantic/Reykjavik"),
        ("Europe/London", "Europe/London"),
        ("CET", "CET"),
        ("Mars/Phobos", "Mars/Phobos"),
    ],
)
def test_an_old_name_has_a_present_one(name: str, present: str) -> None:
    assert canonical_zone(name) == present


def test_every_name_is_known_to_python_and_its_present_name_too() -> None:
    for name in zone_names():
        assert zone_called(name) == ZoneInfo(name)
        assert canonical_zone(name) in zone_names()


def test_a_name_of_before_names_were_checked_has_the_clock_of_utc() -> None:
    assert zone_called("localtime") == ZoneInfo("UTC")
