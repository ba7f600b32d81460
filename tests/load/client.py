"""A load generator of one thread: keep-alive connections, each with one request in flight.

It knows of HTTP what the web server answers: a status line, a `Content-Length`, a body. What it does not have to do
it does not do, since it runs on the cores of the server that it measures (docs/dependencies.md).
"""

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urlencode

import msgspec

from tests.load.figures import Measured

HOST = "127.0.0.1"
PATIENCE_SECONDS = 60.0
LARGEST_READ = 1 << 18
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_ERROR = re.compile(rb'"error": ?"(\w+)"')


class ServerSilent(Exception):
    """The web server has not answered for a minute, or has closed a connection."""


def get(path: str, **query: object) -> bytes:
    """Return a GET request as it goes over the wire."""
    target = f"{path}?{urlencode(query)}" if query else path
    return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def post(path: str, body: Mapping[str, object], *, key: str) -> bytes:
    """Return a POST request with a JSON body and an `Idempotency-Key`."""
    content = msgspec.json.encode(body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {key}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


@dataclass
class _Connection:
    """One client: its socket, the time at which it asked, what it has received since."""

    socket: socket.socket
    asked_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def ask(self, request: bytes) -> None:
        self.received.clear()
        self.asked_at = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Read what is there, and say whether the answer is complete."""
        chunk = self.socket.recv(LARGEST_READ)
        if not chunk:
            raise ServerSilent("the web server has closed a connection")
        self.received += chunk
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = _LENGTH.search(self.received, 0, head + 2)
        return len(self.received) - head - 4 >= (int(length[1]) if length else 0)

    def answer(self) -> str:
        """Return the status, and the code of the error if it is one: "201", "409 CAPACITY_EXCEEDED"."""
        status = self.received[9:12].decode()
        error = _ERROR.search(self.received) if status >= "400" else None
        return f"{status} {error[1].decode()}" if error else status

    @property
    def body(self) -> bytes:
        return bytes(self.received.partition(b"\r\n\r\n")[2])


def run(port: int, requests: Iterable[bytes], *, clients: int, seconds: float = PATIENCE_SECONDS) -> Measured:
    """Let clients ask, each its next request when the last is answered, for so long or until there is none left.

    All connections are made before the first request, and every request that was sent is answered: `seconds` of the
    outcome is the time of the last answer.

    Raises: `ServerSilent`.
    """
    with ExitStack() as stack:
        connections = [_Connection(stack.enter_context(_connect(port))) for _ in range(clients)]
        poll = stack.enter_context(selectors.DefaultSelector())
        for connection in connections:
            connection.socket.setblocking(False)
            poll.register(connection.socket, selectors.EVENT_READ, connection)
        return _take_turns(poll, connections, iter(requests), seconds)


def _take_turns(
    poll: selectors.BaseSelector, connections: list[_Connection], requests: Iterator[bytes], seconds: float
) -> Measured:
    waits: list[float] = []
    answers: Counter[str] = Counter()
    processor = time.process_time()
    started = time.perf_counter()
    waiting = 0
    for connection, request in zip(connections, islice(requests, len(connections)), strict=False):
        connection.ask(request)
        waiting += 1
    while waiting:
        ready = poll.select(PATIENCE_SECONDS)
        if not ready:
            raise ServerSilent(f"{waiting} requests were not answered within {PATIENCE_SECONDS:.0f} s")
        for key, _ in ready:
            connection = key.data
            if not connection.read():
                continue
            now = time.perf_counter()
            waits.append(now - connection.asked_at)
            answers[connection.answer()] += 1
            request = next(requests, b"") if now - started < seconds else b""
            if request:
                connection.ask(request)
            else:
                waiting -= 1
    return Measured(
        seconds=time.perf_counter() - started,
        waits=waits,
        answers=answers,
        client_seconds=time.process_time() - processor,
    )


def ask_once(port: int, request: bytes) -> tuple[str, bytes]:
    """Send one request; return its answer, and the body.

    Raises: `ServerSilent`.
    """
    with _connect(port) as wire:
        connection = _Connection(wire)
        connection.ask(request)
        while not connection.read():
            pass
        return connection.answer(), connection.body


def _connect(port: int) -> socket.socket:
    wire = socket.create_connection((HOST, port), timeout=PATIENCE_SECONDS)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire
