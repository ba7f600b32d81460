"""The restaurant of a page that takes one."""

from collections.abc import Sequence

from django.http import Http404

from tables.models import Restaurant


def choose_restaurant(restaurants: Sequence[Restaurant], chosen: str) -> Restaurant | None:
    """Return the restaurant of the address, or the only one; None where a person has to choose.

    Raises: `Http404` for an unknown restaurant.
    """
    if not chosen:
        return restaurants[0] if len(restaurants) == 1 else None
    found = next((restaurant for restaurant in restaurants if str(restaurant.pk) == chosen), None)
    if found is None:
        raise Http404
    return found
