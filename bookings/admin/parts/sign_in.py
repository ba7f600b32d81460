"""The limits on signing in: failures of one name from one address, and of one address under any name.

Counts stand in the database, where every process sees them. An owner away from the attacker's address gets in.
"""

from collections.abc import Iterator
from typing import Any

import structlog
from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.timezone import now
from django.utils.translation import ngettext
from unfold.forms import AuthenticationForm

from bookings.selectors.second_factor import lacks_second_factor
from bookings.services.upkeep.locks import lock_sign_in
from config.callers import caller_address

logger = structlog.stdlib.get_logger(__name__)

Credentials = dict[str, Any]
# What is typed as a name is at times the password.
UNKNOWN_NAME = "<unknown>"


class SignInBackend(AxesStandaloneBackend):  # type: ignore[misc]
    """The guard before the password is looked at; a call without a request comes through no door."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        if request is not None:
            super().authenticate(request, **credentials)


class SignInLimits(AxesDatabaseHandler):  # type: ignore[misc]
    """The two limits, and a line in the log for every failure and lockout."""

    def is_locked(self, request: HttpRequest, credentials: Credentials | None = None) -> bool:
        """Say whether a limit is reached; from then on no password is looked at, and no failure counted."""
        return seconds_to_wait(request, (credentials or {}).get("username", "")) > 0

    def user_login_failed(self, sender: Any, credentials: Credentials, request: Any = None, **kwargs: Any) -> None:
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is None:
            return
        if self.is_locked(request, credentials):
            request.axes_locked_out, request.axes_credentials = True, credentials
        event = "sign-in locked out" if request.axes_locked_out else "sign-in failed"
        name = credentials.get("username")
        known = User.objects.filter(username=name).exists()
        logger.warning(event, username=name if known else UNKNOWN_NAME, caller=caller_address(request))

    def user_logged_in(self, sender: Any, request: Any, user: User, **kwargs: Any) -> None:
        """Forget the failures once all is shown: else each right password would bring new tries of the code."""
        if not lacks_second_factor(user, request.session):
            super().user_logged_in(sender, request, user, **kwargs)


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """The form of the sign-in, which says when to try again after too many failures."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django sets the length for the browser alone, and what is longer cannot be counted.
        name = self.fields["username"]
        name.validators.append(MaxLengthValidator(name.max_length))

    def clean(self) -> Credentials:
        username = self.cleaned_data.get("username")
        if username is None:
            return super().clean()  # type: ignore[no-any-return]
        refusal = None
        with transaction.atomic():
            # Without it all of many tries at once pass before the first of them is counted.
            lock_sign_in(username, caller_address(self.request))
            try:
                super().clean()
            except ValidationError as error:
                # Raised within, it would take the count back with the transaction.
                refusal = error
        if getattr(self.request, "axes_locked_out", False):
            raise locked_out(self.request, username)
        if refusal is not None:
            raise refusal
        cleaned: Credentials = self.cleaned_data
        return cleaned


def locked_out(request: HttpRequest, username: str) -> ValidationError:
    """Return the refusal that says when a name may be tried again from the caller's address."""
    minutes = max(1, -(-seconds_to_wait(request, username) // 60))
    said = ngettext("Try again in %(minutes)d minute.", "Try again in %(minutes)d minutes.", minutes)
    again = said % {"minutes": minutes}
    return ValidationError(f"Too many failed attempts from your address. {again}", code="locked_out")


def answer_lockout(
    request: HttpRequest, response: HttpResponseBase, credentials: Credentials | None
) -> HttpResponseBase:
    """Answer 429 with the page of the form, and the seconds to wait."""
    response.status_code = 429
    response["Retry-After"] = str(max(1, seconds_to_wait(request, (credentials or {}).get("username", ""))))
    return response


def seconds_to_wait(request: HttpRequest, username: str) -> int:
    """Return the seconds until no limit holds any more for a name at the caller's address, in 2 queries."""
    cool_off, moment = get_cool_off(request), now()
    waits = [0]
    for attempts, limit in _limits(request, username):
        counted = attempts.filter(attempt_time__gt=moment - cool_off).aggregate(
            failures=Sum("failures_since_start"), latest=Max("attempt_time")
        )
        if (counted["failures"] or 0) >= limit:
            waits.append(-int((moment - cool_off - counted["latest"]).total_seconds() // 1))
    return max(waits)


def _limits(request: HttpRequest, username: str) -> Iterator[tuple[QuerySet[Any], int]]:
    at_address = AccessAttempt.objects.filter(ip_address=caller_address(request))
    yield at_address.filter(username=username), settings.AXES_FAILURE_LIMIT
    yield at_address, settings.LOGIN_ADDRESS_FAILURE_LIMIT
