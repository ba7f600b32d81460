"""The search for bookings: by reference, name, e-mail address or phone number, however a person writes them."""

import re
import unicodedata
from collections.abc import Iterator

from django.db.models import Func, Q, QuerySet, TextField, Value

from bookings.contacts import PhoneNumberInvalid, region_of_zone, to_e164
from bookings.models import Booking
from bookings.models.booking import SEARCHED_CONTACT, SEARCHED_NAME
from tables.models import Restaurant

# Shorter words have no trigram of their own: only what begins with them is looked for.
_TRIGRAM = 3
# A list counts, sorts, pages and dates what was found: a name that thousands share is read once instead.
MOST_FOUND = 300
_BETWEEN_WORDS = re.compile(r"[\s\u2010-\u2015-]+")
_IN_CONTACT = re.compile(r"[a-z0-9]{3}|^ [a-z0-9]")
_AROUND_WORDS = ".,;:!?()\"'"
_PHONE = re.compile(r"(?:tel:)?(\+?[0-9(][0-9\s()./-]{2,})(?:(?:;ext=|ext\.?|x|#)\s*([0-9]+))?")
_NATIONAL_PREFIX = "(0)"


def find_latest(bookings: QuerySet[Booking], term: str) -> tuple[QuerySet[Booking], bool]:
    """Narrow bookings to those of the latest dates that a term finds, and say whether there are more; queries as below.

    1 query more finds them: all that is asked of the bookings afterwards concerns at most MOST_FOUND.
    """
    latest = search_bookings(bookings, term).order_by("-business_date", "-starts_at", "-pk")
    found = list(latest.values_list("pk", flat=True)[: MOST_FOUND + 1])
    return bookings.filter(pk__in=found[:MOST_FOUND]), len(found) > MOST_FOUND


def search_bookings(bookings: QuerySet[Booking], term: str) -> QuerySet[Booking]:
    """Narrow bookings to those in which every word of a term is found, or the phone number that it is.

    Adds no query; 1 where the term may be a national phone number.
    """
    text = unicodedata.normalize("NFKC", "".join(char for char in term if char.isprintable() or char.isspace())).strip()
    if phone := _PHONE.fullmatch(text.lower()):
        # A part of a reference or a name may be all digits.
        found = _holds(text) if text.isdigit() else Q()
        for number in dict.fromkeys(_numbers(phone)):
            found |= Q(searched_contact__contains=number)
    else:
        words = [word.strip(_AROUND_WORDS) for word in _BETWEEN_WORDS.split(text)]
        found = Q()
        for word in [word for word in words if word] or [text]:
            found &= _holds(word.lower())
    return bookings.alias(searched_name=SEARCHED_NAME, searched_contact=SEARCHED_CONTACT).filter(found)


def _holds(word: str) -> Q:
    looked_for = word if len(word) >= _TRIGRAM or not word.isascii() else f" {word}"
    in_name = Func(Value(looked_for), function="booking_search_fold", output_field=TextField())
    found = Q(searched_name__contains=in_name)
    # Without three plain characters in a row the index would be read as a whole.
    return found | Q(searched_contact__contains=looked_for) if _IN_CONTACT.search(looked_for) else found


def _numbers(phone: re.Match[str]) -> Iterator[str]:
    """Yield what stands in a stored number where the term is all of it, or a part of it."""
    number, extension = phone.groups()
    digits = re.sub(r"[^0-9]", "", number.replace(_NATIONAL_PREFIX, "")).lstrip("0")
    yield f"{digits or number};ext={extension}" if extension else digits or number
    for region in (None,) if number.startswith(("+", "00")) else _regions():
        try:
            yield to_e164(phone[0], region=region)
        except PhoneNumberInvalid:
            continue


def _regions() -> set[str]:
    """Return the countries of the restaurants."""
    zones = Restaurant.objects.order_by().values_list("timezone", flat=True).distinct()
    return {region for zone in zones if (region := region_of_zone(zone))}
