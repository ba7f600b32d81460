"""E-mail addresses of guests."""

import pytest

from bookings.contacts import EmailInvalid, read_email

LOCAL = "The part before the @ must be of plain letters, a to z, digits and signs."
NO_ADDRESS = "Must be an e-mail address, like ada@example.com."
MISSPELT = "The part after the @ is no domain: a part of it is empty, too long or misspelt."
ELSEWHERE = "The part after the @ must be a domain of the Internet, like example.com."
CHARACTERS = "The part after the @ has characters that no domain has."
MACHINE = "The part after the @ must be a domain, not the number of a machine."


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "Ada.Lovelace+table@Example.CO.UK",
        "o'brien@example.ie",
        "a@xn--mnchen-3ya.de",
        "a@münchen.de",
        "a@straße.de",
        "a@例え.テスト",
        "a@उदाहरण.परीक्षा",
        "a" * 64 + "@example.com",
    ],
)
def test_an_address_is_kept_as_it_was_typed(address: str) -> None:
    assert read_email(f" {address} ") == address


def test_the_letters_of_a_domain_are_composed() -> None:
    assert read_email("a@mu\u0308nchen.de") == "a@m\u00fcnchen.de"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ada", NO_ADDRESS),
        ("@example.com", NO_ADDRESS),
        ("ada@", NO_ADDRESS),
        ("a..b@example.com", NO_ADDRESS),
        (".a@example.com", NO_ADDRESS),
        ("a.@example.com", NO_ADDRESS),
        ("a b@example.com", NO_ADDRESS),
        ("a@b@example.com", NO_ADDRESS),
        ("a@example.com.", NO_ADDRESS),
        ("a@-example.com", NO_ADDRESS),
        ("a@exa_mple.com", NO_ADDRESS),
        ("a@example..com", NO_ADDRESS),
        ("a@.example.com", NO_ADDRESS),
        ("a@xn--zz--.de", MISSPELT),
        ("a@ü..de", MISSPELT),
        ("a@" + "b" * 64 + ".com", NO_ADDRESS),
        ("x@localhost", ELSEWHERE),
        ("x@LOCALHOST", ELSEWHERE),
        ("x@mail.localhost", ELSEWHERE),
        ("x@printer.local", ELSEWHERE),
        ("x@com", ELSEWHERE),
        ("x@127.0.0.1", ELSEWHERE),
        ("x@[127.0.0.1]", MACHINE),
        ("x@[IPv6:::1]", MACHINE),
        ("x@example.com\u200b", CHARACTERS),
        ("x@exam\u200bple.com", CHARACTERS),
        ("x@example\u3002com", CHARACTERS),
        ("x@\uff45xample.com", CHARACTERS),
        ("x\u200b@example.com", LOCAL),
        ("müller@example.com", LOCAL),
        ("a" * 65 + "@example.com", "The part before the @ has at most 64 characters."),
    ],
)
def test_what_is_no_address_is_told_why(address: str, why: str) -> None:
    with pytest.raises(EmailInvalid) as caught:
        read_email(address)

    assert str(caught.value) == why
