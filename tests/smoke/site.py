"""The installation under test: asked over HTTP alone, and held to the schema that it publishes itself."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx

from tests.helpers.openapi_document import Contract

REQUEST_SECONDS = 30.0
# All waits that throttles ask for, of one run: two windows of a minute.
PATIENCE_SECONDS = 150.0
TOO_MANY_REQUESTS = 429

Say = Callable[[str], None]


class CheckFailed(Exception):
    """The installation does not do what it promises."""


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds. `body` is None where it is no JSON."""

    request: str
    status: int
    body: Any
    headers: httpx.Headers
    seconds: float

    @property
    def error(self) -> str | None:
        """The error code, None where there is none."""
        code = self.body.get("error") if isinstance(self.body, dict) else None
        return code if isinstance(code, str) else None

    def expect(self, status: int, error: str | None = None) -> Any:
        """Return the body; fail unless status and error code are these."""
        if (self.status, self.error) != (status, error):
            self.fail(f"expected {status} {error or ''}".rstrip())
        return self.body

    def expect_same(self, what: str, found: object, expected: object) -> None:
        """Fail unless two values are equal."""
        if found != expected:
            self.fail(f"{what}: expected {expected!r}, got {found!r}")

    def fail(self, why: str) -> NoReturn:
        """Fail with what was asked and answered."""
        raise CheckFailed(f"{self.request} answered {self.status} {self.error or ''}".rstrip() + f"; {why}")


class Site:
    """Sends requests; waits where a throttle says so, up to `PATIENCE_SECONDS` in all."""

    def __init__(self, client: httpx.Client, say: Say) -> None:
        self.client = client
        self._say = say
        self._contract: Contract | None = None
        self._patience = PATIENCE_SECONDS
        self._pause = threading.Event()

    def learn_contract(self, document: dict[str, Any]) -> None:
        """Hold every answer to this schema from now on."""
        self._contract = Contract(document)

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Return the answer, which is as the schema says; `values` fill the names in `path`.

        Raises: CheckFailed.
        """
        answer = self.ask_unchecked(method, path, **options)
        self.hold_to_contract(method, path, answer)
        return answer

    def ask_unchecked(self, method: str, path: str, **options: Any) -> Answer:
        """Return whatever is answered, once no throttle is in the way.

        Raises: CheckFailed.
        """
        answer = self.send(self.client, method, path, **options)
        while answer.status == TOO_MANY_REQUESTS:
            self._slow_down(answer)
            answer = self.send(self.client, method, path, **options)
        return answer

    def send(
        self, client: httpx.Client, method: str, path: str, *, values: Mapping[str, str] | None = None, **options: Any
    ) -> Answer:
        """Send one request over a client and take its time.

        Raises: CheckFailed.
        """
        started = time.monotonic()
        try:
            response = client.request(method, path.format(**(values or {})), **options)
        except httpx.HTTPError as error:
            raise CheckFailed(f"{method} {path} was not answered: {type(error).__name__} {error}") from error
        seconds = time.monotonic() - started
        if response.is_redirect:
            raise CheckFailed(f"{method} {path} leads to {response.headers.get('Location')}: give that address as BASE")
        return Answer(f"{method} {path}", response.status_code, _json_of(response), response.headers, seconds)

    def hold_to_contract(self, method: str, path: str, answer: Answer) -> None:
        """Fail unless an answer is as the schema says.

        Raises: CheckFailed.
        """
        if self._contract is None:
            raise CheckFailed("the published schema is not known")
        if fault := self._contract.find_fault(method, path, answer.status, answer.body):
            answer.fail(fault)

    def _slow_down(self, answer: Answer) -> None:
        header = answer.headers.get("Retry-After", "")
        if not header.isdigit():
            answer.fail(f"Retry-After is {header!r}")
        seconds = max(1, int(header))
        if seconds > self._patience:
            answer.fail(f"told to wait {seconds} s more; set the throttle to off, or come back later")
        self._patience -= seconds
        self._say(f"told to slow down: {answer.request} waits {seconds} s")
        self._pause.wait(seconds)


def _json_of(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
