"""The project's web application with one thing broken, named by the environment variable BROKEN."""

import os
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse

from config.wsgi import application

MEETING_SECONDS = 1.0
# The advisory lock of `hold_answers`.
HELD = 77


def break_promises(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Leave the reasons out of every refusal, and answer a replay as if it were the first time."""
    del answer.headers["Idempotency-Replayed"]
    if answer.status_code != 409:
        return answer
    return JsonResponse({"error": "CAPACITY_EXCEEDED", "message": "No capacity."}, status=409)


def lose_answers(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Let every second booking be committed, and its answer lost."""
    if answer.status_code == 201 and not answer.has_header("Idempotency-Replayed") and next(bookings) % 2:
        return JsonResponse({"error": "INTERNAL_ERROR", "message": "Lost."}, status=500)
    return answer


def hold_answers(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Keep the answers of a rush back, the bookings committed, while a test holds the advisory lock."""
    if answer.status_code == 201 and b'"Smoke Test ' in answer.content:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s), pg_advisory_unlock(%s)", [HELD, HELD])
    return answer


def remove_protections() -> None:
    """Take locks and constraints away, and let four guests meet before they write: none sees another."""
    from bookings.services import booking
    from capacity.models import ServiceDay
    from demo.rush import unprotected

    unprotected.remove_protections()
    meeting, write = threading.Barrier(4), booking.write_bookings

    def meet_and_write(*args: Any, **kwargs: Any) -> Any:
        try:
            meeting.wait(MEETING_SECONDS)
        except threading.BrokenBarrierError:
            # Too few came; the next ones may be more.
            meeting.reset()
        written = write(*args, **kwargs)
        # The lock would have: so that whoever looks sees it.
        ServiceDay.objects.filter(pk__in=[booking.service_day_id for booking in written]).update(
            version=F("version") + 1
        )
        return written

    vars(booking)["write_bookings"] = meet_and_write


bookings = count()
ALTERATIONS: dict[str, Callable[[HttpRequest, HttpResponse], HttpResponse]] = {
    "promises": break_promises,
    "answers": lose_answers,
    "hold": hold_answers,
}


def alter(change: Callable[[HttpRequest, HttpResponse], HttpResponse]) -> None:
    """Let a function have the last word about every answer."""
    handler: Any = application.application
    get_response = handler.get_response
    handler.get_response = lambda request: change(request, get_response(request))


if os.environ["BROKEN"] == "protections":
    remove_protections()
else:
    alter(ALTERATIONS[os.environ["BROKEN"]])

__all__ = ["application"]
