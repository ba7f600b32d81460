"""Phone numbers of guests, as people write them."""

import pytest

from bookings.phones import PhoneNumberInvalid, region_of_zone, to_e164


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+44 20 7946 0000", None, "+442079460000"),
        ("+44 (0)20 7946-0000", None, "+442079460000"),
        ("tel:+351-912-345-678", None, "+351912345678"),
        ("020 7946 0000", "GB", "+442079460000"),
        ("0044 20 7946 0000", "PT", "+442079460000"),
        ("912 345 678", "PT", "+351912345678"),
        ("+1 202 555 0123", "GB", "+12025550123"),
        # No table of ranges in use decides: this one is only ever used in films.
        ("+1 555 123 4567", None, "+15551234567"),
    ],
)
def test_a_number_is_read_as_it_is_called_from_abroad(text: str, region: str | None, number: str) -> None:
    assert to_e164(text, region=region) == number


@pytest.mark.parametrize(
    ("text", "region"),
    [("", "GB"), ("call me", "GB"), ("123", "GB"), ("020 7946 0000", None), ("+999 1234567", "GB"), ("+44", None)],
)
def test_anything_else_is_none(text: str, region: str | None) -> None:
    with pytest.raises(PhoneNumberInvalid):
        to_e164(text, region=region)


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("Europe/London", "GB"),
        ("Europe/Lisbon", "PT"),
        ("America/New_York", "US"),
        ("GB", "GB"),
        ("US/Eastern", "US"),
        ("Asia/Calcutta", "IN"),
        ("Iceland", "IS"),
        ("CET", None),
        ("Etc/UTC", None),
        ("", None),
    ],
)
def test_a_zone_names_its_country_if_it_has_one(zone: str, region: str | None) -> None:
    assert region_of_zone(zone) == region
