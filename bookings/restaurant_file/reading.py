"""The reading of a restaurant file, from its text to its entries, without a database."""

from bookings.restaurant_file.canonical import to_canonical
from bookings.restaurant_file.checking import check_file
from bookings.restaurant_file.document import read_document
from bookings.restaurant_file.entries import RestaurantFile
from bookings.restaurant_file.kinds import Unreadable
from bookings.restaurant_file.problems import Problems
from bookings.restaurant_file.schema import EntryOf


def read_restaurant_file(content: bytes) -> RestaurantFile:
    """Return the entries of a file (UTF-8) in canonical form.

    Raises: `RestaurantFileInvalid` with every problem, its line and its field.
    """
    problems = Problems()
    try:
        file = EntryOf(RestaurantFile).read(read_document(content), problems)
    except Unreadable:
        problems.raise_if_any()
        raise
    check_file(file, problems)
    problems.raise_if_any()
    return to_canonical(file)
