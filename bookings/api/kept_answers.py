"""Answers about availability, kept in the process while nothing that they were made on has changed."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from bookings.contract.guests import Answer, render
from bookings.decision.freshness import Freshness
from config.errors import DomainError
from config.group_commit import SharedWork


class Dated(Protocol):
    """The find of a selector, and how long it holds; None for one that is not kept."""

    @property
    def freshness(self) -> Freshness | None: ...


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A rendered answer; `comparing` asks whether it holds, once for all who want to know meanwhile."""

    content: bytes
    freshness: Freshness | None
    comparing: SharedWork[Freshness, bool] = field(default_factory=lambda: SharedWork(_compare), repr=False)

    @property
    def entity_tag(self) -> str:
        """Return the ETag: of the same content it is the same in every process."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


# An answer is 0.5 to 10 kB.
Question = tuple[str, str, bool]
_kept: LRUCache[Question, KeptAnswer] = LRUCache(maxsize=2048)
# The questions that are being answered: whoever asks one meanwhile waits for that answer.
_answering: dict[Question, Future[None]] = {}
_keeping = Lock()


def kept_answer(request: Request, find: Callable[[Request], tuple[Dated, Answer]]) -> KeptAnswer:
    """Return the answer to a question: as it was made before, if it holds still (1 query), else made by `find`, once.

    The question is the address as it was sent. It may name a restaurant by a slug that is another's later: that is a
    change of settings, and ends the answer.

    Raises: the errors of `find`.
    """
    key = (request.path_info, request.META["QUERY_STRING"], settings.PUBLIC_CAPACITY_DETAILS)
    kept = _find_kept(key)
    if kept is not None and _holds(kept):
        return kept
    with _keeping:
        running, own = _answering.get(key), Future[None]()
        if running is None:
            _answering[key] = own
    if running is None:
        with _telling(key, own):
            return _answer_anew(key, *find(request))
    error = running.exception()
    if error is not None and not isinstance(error, DomainError):
        # A database that is away is waited for once: one after the other they would wait longer and longer.
        raise error
    newer = _find_kept(key)
    # What was read before this call came is as good as new if it holds now.
    return newer if newer is not None and newer is not kept and _holds(newer) else _answer_anew(key, *find(request))


def _find_kept(key: Question) -> KeptAnswer | None:
    with _keeping:
        return _kept.get(key)


@contextmanager
def _telling(key: Question, own: Future[None]) -> Iterator[None]:
    """Let others wait for the answer to a question that the block makes, and tell them its end."""
    try:
        yield
    except BaseException as error:
        own.set_exception(error)
        raise
    else:
        own.set_result(None)
    finally:
        with _keeping:
            del _answering[key]


def _holds(kept: KeptAnswer) -> bool:
    if kept.freshness is None or not kept.comparing.ask(kept.freshness):
        return False
    bind_contextvars(restaurant_id=kept.freshness.restaurant_id)
    return True


def _compare(asked: Sequence[Freshness]) -> list[bool]:
    """Say whether an answer holds, to each who has asked."""
    return [asked[0].lasts()] * len(asked)


def _answer_anew(key: Question, found: Dated, shaped: Answer) -> KeptAnswer:
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
