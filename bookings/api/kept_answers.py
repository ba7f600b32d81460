"""Answers about availability, kept in the process while nothing that they were made on has changed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from cachetools import LRUCache
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from bookings.api.base import without_capacity_numbers
from bookings.contract.answer import Answer, render
from bookings.decision.freshness import Freshness


class Dated(Protocol):
    """What a selector found, and how long it holds; None for what is not kept."""

    @property
    def freshness(self) -> Freshness | None: ...


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A rendered answer."""

    content: bytes
    freshness: Freshness | None

    @property
    def entity_tag(self) -> str:
        """Return the ETag: of the same content it is the same in every process."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


# An answer is 0.5 to 10 kB.
_kept: LRUCache[tuple[str, str, bool], KeptAnswer] = LRUCache(maxsize=2048)
_keeping = Lock()


def kept_answer(request: Request, find: Callable[[Request], tuple[Dated, Answer]]) -> KeptAnswer:
    """Return the answer to a question: as it was made before, if it holds still (1 query), else made by `find`.

    The question is the address as it was sent. It may name a restaurant by a slug that is another's later: that is a
    change of settings, and ends the answer.

    Raises: the errors of `find`.
    """
    key = (request.path_info, request.META["QUERY_STRING"], settings.PUBLIC_CAPACITY_DETAILS)
    with _keeping:
        kept = _kept.get(key)
    if kept is not None and kept.freshness is not None and kept.freshness.lasts():
        bind_contextvars(restaurant_id=kept.freshness.restaurant_id)
        return kept
    found, shaped = find(request)
    answer = render(shaped)
    public = answer if settings.PUBLIC_CAPACITY_DETAILS else without_capacity_numbers(answer)
    kept = KeptAnswer(JSONRenderer().render(public), found.freshness)
    if kept.freshness is not None:
        with _keeping:
            _kept[key] = kept
    return kept


def response_of(answer: KeptAnswer) -> HttpResponse:
    """Return an answer as it is sent."""
    return HttpResponse(answer.content, content_type="application/json")


def conditional_response_of(answer: KeptAnswer, request: Request) -> HttpResponseBase:
    """Return an answer with its ETag: 304 without it where the caller has it already."""
    response = response_of(answer)
    response["ETag"] = answer.entity_tag
    # Whoever has it asks whether it holds; nobody keeps it for others.
    response["Cache-Control"] = "no-cache, private"
    conditional = get_conditional_response(request._request, etag=answer.entity_tag, response=response)
    return conditional or response
