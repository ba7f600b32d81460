"""The export of a restaurant as a file."""

from collections.abc import Collection

from bookings.restaurant_file.stored import load_stored, to_file
from bookings.restaurant_file.writing import write_restaurant_file


def export_restaurant(*, slug: str, only: Collection[str] | None = None) -> str:
    """Return a restaurant, active or not, or parts of it, as the text of a file that imports to the same rows.

    Raises: `RecordNotFound`.
    """
    return write_restaurant_file(to_file(load_stored(slug)), only=only)
