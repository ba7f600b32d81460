"""Phone numbers of guests, as people write them."""

import pytest

from bookings.contacts import PhoneNumberInvalid, region_of_zone, shown_phone, to_e164


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
    ("text", "region", "number"),
    [
        ("020 7946 0018 x12", "GB", "+442079460018;ext=12"),
        ("020 7946 0018 #12", "GB", "+442079460018;ext=12"),
        ("+44 20 7946 0018 extension 12", None, "+442079460018;ext=12"),
        ("tel:+44-20-7946-0018;ext=12", None, "+442079460018;ext=12"),
        ("+1 202 555 0123,,55#", None, "+12025550123;ext=55"),
    ],
)
def test_an_extension_stays_behind_its_number(text: str, region: str | None, number: str) -> None:
    assert to_e164(text, region=region) == number
    assert to_e164(number, region=None) == number


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+52 1 55 1234 5678", None, "+525512345678"),
        ("+52 55 1234 5678", None, "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("01 55 1234 5678", "MX", "+525512345678"),
        ("+54 9 11 2345 6789", None, "+5491123456789"),
        ("+54 11 15 2345 6789", None, "+5491123456789"),
        ("011 15 2345 6789", "AR", "+5491123456789"),
        ("0 15 11 91234-5678", "BR", "+5511912345678"),
    ],
)
def test_a_former_prefix_of_mobile_numbers_is_left_out(text: str, region: str | None, number: str) -> None:
    assert to_e164(text, region=region) == number


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("0044 20 7946 0018", "US", "+442079460018"),
        ("0044 20 7946 0018", None, "+442079460018"),
        ("(0044) 20 7946 0018", None, "+442079460018"),
        ("00 44 (0)20 7946 0018", "US", "+442079460018"),
        ("011 44 20 7946 0018", "US", "+442079460018"),
        ("+\uff14\uff14 \uff12\uff10 \uff17\uff19\uff14\uff16 \uff10\uff10\uff11\uff18", None, "+442079460018"),
        ("\u202a+44 20 7946 0018\u202c", None, "+442079460018"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("+39 06 1234567", None, "+39061234567"),
        ("07 07 12 34 56", "CI", "+2250707123456"),
    ],
)
def test_a_number_is_read_as_people_of_any_country_write_it(text: str, region: str | None, number: str) -> None:
    assert to_e164(text, region=region) == number


@pytest.mark.parametrize(
    ("text", "region", "why"),
    [
        ("", "GB", "This is no phone number."),
        ("call me", "GB", "This is no phone number."),
        ("+44 20 7946 0018 / +44 20 7946 0019", None, "This is no phone number."),
        ("123", "GB", "This is too short for a number with the country code +44."),
        ("020 7946", "GB", "This is too short for a number with the country code +44."),
        ("+44 20 7946 00001", None, "This is too long for a number with the country code +44."),
        ("+44 20 7946 0000 0000 0000", None, "This is too long for a phone number."),
        ("+1 555 0123", None, "The area code is missing."),
        ("15 2345 6789", "AR", "The area code is missing."),
        ("+999 1234567", "GB", "No country has the code that this number begins with."),
        ("020 7946 0000", None, "Write it with + and the country code, like +44 20 7946 0000."),
        ("011", "US", "The number ends after the prefix of calls abroad."),
        ("+44 20 7946 0018 ext. 123456789012345", None, "The extension is too long: it has at most 11 digits."),
    ],
)
def test_a_number_that_cannot_be_one_is_told_why(text: str, region: str | None, why: str) -> None:
    with pytest.raises(PhoneNumberInvalid) as caught:
        to_e164(text, region=region)

    assert str(caught.value) == why


def test_a_stored_number_is_shown_as_people_read_it() -> None:
    assert shown_phone("+442079460018") == "+442079460018"
    assert shown_phone("+442079460018;ext=12") == "+442079460018 ext. 12"


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("GB", "GB"),
        ("US/Eastern", "US"),
        ("Asia/Calcutta", "IN"),
        ("Europe/Kiev", "UA"),
        ("America/Buenos_Aires", "AR"),
        ("Asia/Saigon", "VN"),
        # These are links to zones of other countries.
        ("Iceland", "IS"),
        ("Atlantic/Reykjavik", "IS"),
        ("America/Virgin", "VI"),
        ("CET", None),
        ("GMT", None),
    ],
)
def test_an_old_name_of_a_zone_names_the_same_country(zone: str, region: str | None) -> None:
    assert region_of_zone(zone) == region


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
