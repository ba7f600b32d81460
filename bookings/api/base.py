"""What the views have in common: guests without a session, staff with one or a key, and the time all of it took."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings.api.answers.privacy import without_capacity_numbers
from bookings.api.authentication import ApiKeyAuthentication, IsStaffOrKeyOfRestaurant


class ObservedView(APIView):
    """A view that can observe each of its answers, and the seconds it took, in one place."""

    # OPTIONS is the browser's question before a call from elsewhere; corsheaders answers it.
    http_method_names = ["get", "head", "post"]  # noqa: RUF012 - typed by the base class

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request, then observe the answer."""
        started = time.monotonic()
        response = None
        try:
            response = super().dispatch(request, *args, **kwargs)
            return response
        finally:
            self.observe(response, time.monotonic() - started)

    def observe(self, response: HttpResponseBase | None, seconds: float) -> None:
        """Observe an answer; None stands for an exception that nobody expected."""


class GuestView(ObservedView):
    """A call of a guest: no session, so no CSRF; no numbers where the house keeps them to itself."""

    authentication_classes = ()

    def get_throttle_scope(self) -> str:
        """Return what a throttle counts apart beside the address."""
        return ""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Hide the numbers of errors and answers alike, if they are not public."""
        if not settings.PUBLIC_CAPACITY_DETAILS:
            response.data = without_capacity_numbers(response.data)
        return super().finalize_response(request, response, *args, **kwargs)


class OpsView(ObservedView):
    """A call of the staff, by admin session or API key."""

    authentication_classes = (ApiKeyAuthentication, SessionAuthentication)
    permission_classes = (IsStaffOrKeyOfRestaurant,)
