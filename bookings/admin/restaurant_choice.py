"""The restaurant of a page that takes one."""

from collections.abc import Collection, Sequence

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from bookings.admin.parts.house import house_of
from bookings.selectors.memberships import restaurants_of
from tables.models import Restaurant


def choose_restaurant(
    request: HttpRequest, permissions: Collection[str], *, only_active: bool = True
) -> tuple[Restaurant | None, Sequence[Restaurant]]:
    """Return the restaurant that the user looks at, or the only one; without one those to choose from.

    Raises: `Http404` for one that is not active, `PermissionDenied` where the user may not see the page there.
    """
    house = house_of(request)
    if house is not None:
        if only_active and not house.active:
            raise Http404
        if not request.user.has_perms(permissions, house):
            raise PermissionDenied
        return house, ()
    found = restaurants_of(request.user)
    active = found.filter(active=True) if only_active else found
    offered = [restaurant for restaurant in active if request.user.has_perms(permissions, restaurant)]
    return (offered[0], ()) if len(offered) == 1 else (None, offered)
