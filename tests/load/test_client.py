"""The client of `make bench`, against a server that answers over a real socket, in two pieces."""

import socketserver
import threading
from collections.abc import Iterator
from itertools import repeat

import pytest

from tests.load.client import ServerSilent, ask_once, get, post, run

REFUSED = b'{"error": "CAPACITY_EXCEEDED", "message": "full"}'


class Guestbook(socketserver.ThreadingTCPServer):
    """Books the first two requests that it gets, and refuses all others; of `/gone` it closes the connection."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Waiter)
        self.lock = threading.Lock()
        self.received: list[str] = []

    def answer(self, line: str) -> bytes:
        with self.lock:
            self.received.append(line)
            status, body = ("201 Created", b"{}") if len(self.received) <= 2 else ("409 Conflict", REFUSED)
        return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


class Waiter(socketserver.StreamRequestHandler):
    server: Guestbook

    def handle(self) -> None:
        while line := self.rfile.readline().decode().strip():
            length = 0
            while header := self.rfile.readline().strip():
                if header.lower().startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            self.rfile.read(length)
            if "/gone" in line:
                return
            answer = self.server.answer(line)
            # A client may be woken by less than a whole answer.
            self.wfile.write(answer[:20])
            self.wfile.flush()
            self.wfile.write(answer[20:])


@pytest.fixture
def guestbook() -> Iterator[Guestbook]:
    with Guestbook() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=10)


def port_of(server: Guestbook) -> int:
    return int(server.server_address[1])


def test_every_request_is_sent_once_and_every_answer_counted(guestbook: Guestbook) -> None:
    requests = [post("/api/bookings", {"name": f"Guest {number}"}, key=f"{number}") for number in range(7)]

    measured = run(port_of(guestbook), requests, clients=3)

    assert guestbook.received == ["POST /api/bookings HTTP/1.1"] * 7
    assert measured.answers == {"201": 2, "409 CAPACITY_EXCEEDED": 5}
    assert len(measured.waits) == 7
    assert max(measured.waits) <= measured.seconds


def test_more_clients_than_requests_leave_nobody_waiting(guestbook: Guestbook) -> None:
    measured = run(port_of(guestbook), [get("/api/availability", partySize=2)], clients=5)

    assert guestbook.received == ["GET /api/availability?partySize=2 HTTP/1.1"]
    assert measured.answers == {"201": 1}


def test_a_run_ends_with_its_time_and_no_request_without_an_answer(guestbook: Guestbook) -> None:
    measured = run(port_of(guestbook), repeat(get("/")), clients=2, seconds=0.05)

    assert len(measured.waits) == len(guestbook.received) == measured.answers.total() >= 2


def test_one_answer_comes_with_its_body(guestbook: Guestbook) -> None:
    run(port_of(guestbook), [get("/")] * 2, clients=1)

    assert ask_once(port_of(guestbook), get("/")) == ("409 CAPACITY_EXCEEDED", REFUSED)


def test_a_connection_that_is_closed_ends_the_run(guestbook: Guestbook) -> None:
    with pytest.raises(ServerSilent, match="closed a connection"):
        run(port_of(guestbook), [get("/gone")], clients=1)
