"""The headers by which a browser holds a page of ours to what it needs: by door, the strictest that it works with."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from csp.constants import HEADER, NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.requests import API_PREFIX

Policy = Mapping[str, list[Any]]

# An answer of the API, of a probe, of the metrics: no page, so it loads nothing, sends nothing and stands in no frame.
NO_PAGE: Policy = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
    "object-src": [NONE],
}
# Files of this server alone. Styles stand in attributes of pages: those of unfold, and widths of bars.
_PAGE: Policy = {
    **NO_PAGE,
    "connect-src": [SELF],
    "font-src": [SELF],
    "img-src": [SELF, "data:"],
    "style-src": [SELF, UNSAFE_INLINE],
}
POLICIES: Mapping[str, Policy] = {
    # Alpine makes functions of what stands in the attributes of a page; a script in the page itself needs the nonce.
    "/admin/": {**_PAGE, "form-action": [SELF], "script-src": [SELF, UNSAFE_EVAL, NONCE]},
    "/api/docs": {**_PAGE, "script-src": [SELF]},
}
_NO_PAGE_HEADER = build_policy(dict(NO_PAGE))
# No page asks for any of these.
_UNUSED = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
HEADERS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class BrowserLimits(CSPMiddleware):
    """Middleware that adds the policy of the door, and the headers that are the same at all of them.

    It stands before whatever answers by itself: probes, files and refused requests have the headers too.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the headers that nobody has set."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        # What has not changed keeps the policy that it came with; thirty screens ask for it every few seconds.
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return response
        if request.path_info.startswith(API_PREFIX) and policy_of(request.path_info) is NO_PAGE:
            # The library writes a policy anew for each answer, a tenth of what an empty one takes.
            response.headers.setdefault(HEADER, _NO_PAGE_HEADER)
            return response
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the policy of the address; files of the packages have none, they are no pages."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and not request.path_info.startswith(settings.STATIC_URL):
            parts.config = parts.config or dict(policy_of(request.path_info))
        return parts


def policy_of(path: str) -> Policy:
    """Return the policy of the door that an address belongs to."""
    return next((policy for door, policy in POLICIES.items() if path.startswith(door)), NO_PAGE)
