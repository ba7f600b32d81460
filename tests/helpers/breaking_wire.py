"""A line to the database that breaks at the worst moment: around COMMIT."""

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from tests.helpers.crowd import PATIENCE_SECONDS

# A simple query of PostgreSQL's protocol, which ends with NUL.
COMMIT = b"COMMIT\0"
CHUNK = 65536


class BreakingLine:
    """Forwards connections; the first COMMIT breaks its own, before the request arrives or before its answer does."""

    def __init__(self, *, loses_request: bool) -> None:
        self._loses_request = loses_request
        self._is_broken = False
        self._upstream = _address_of(connections[DEFAULT_DB_ALIAS].settings_dict)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        """Return the port of 127.0.0.1 where the line begins."""
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        """End the line, and see that nothing is left running."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        self._listener.close()
        assert not any(thread.is_alive() for thread in self._threads)

    def _accept(self) -> None:
        # Django connects anew as soon as a connection is lost.
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(client,), daemon=True))
                self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        family = socket.AF_UNIX if isinstance(self._upstream, str) else socket.AF_INET
        with client, socket.socket(family) as server:
            server.connect(self._upstream)
            self._forward(client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        other_end = {client: server, server: client}
        with selectors.DefaultSelector() as ready:
            for end in other_end:
                ready.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    end: socket.socket = key.fileobj  # type: ignore[assignment] # registered above
                    chunk = end.recv(CHUNK)
                    if not chunk or self._breaks_at(chunk, server):
                        return
                    other_end[end].sendall(chunk)

    def _breaks_at(self, chunk: bytes, server: socket.socket) -> bool:
        if self._is_broken or COMMIT not in chunk:
            return False
        self._is_broken = True
        if not self._loses_request:
            server.sendall(chunk)
            # Whatever comes now is the answer: the booking is there, and nobody hears of it.
            server.recv(CHUNK)
        return True


def _address_of(database: dict[str, Any]) -> str | tuple[str, int]:
    host, port = database["HOST"] or "localhost", int(database["PORT"] or 5432)
    return str(Path(host, f".s.PGSQL.{port}")) if host.startswith("/") else (host, port)


@contextmanager
def breaking_line(*, loses_request: bool) -> Iterator[BreakingLine]:
    """Hold a line ready."""
    line = BreakingLine(loses_request=loses_request)
    try:
        yield line
    finally:
        line.close()


def through(line: BreakingLine, act: Callable[[], Any]) -> Callable[[], Any]:
    """Return an act that reaches the database over a line; for a thread without a connection yet."""

    def act_over_the_line() -> Any:
        mine = connections[DEFAULT_DB_ALIAS]
        options = {**mine.settings_dict["OPTIONS"], "sslmode": "disable"}
        mine.settings_dict = {**mine.settings_dict, "HOST": "127.0.0.1", "PORT": line.port, "OPTIONS": options}
        try:
            return act()
        finally:
            mine.close()
            # The next act of this thread begins with a connection of its own.
            del connections[DEFAULT_DB_ALIAS]

    return act_over_the_line
