"""The database backend; Django finds its class by the name of this module (ENGINE is `config.postgresql`)."""

import select
import time
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader
from psycopg_pool import ConnectionPool

from config import metrics


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is observed while it is waited for, and alive when it is handed out."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what a connection is made of, with the loader of instants below; a pool has asked once for all."""
        if self.alias in self._connection_pools:  # type: ignore[attr-defined]
            return {}
        params = super().get_connection_params()
        params["context"].adapters.register_loader("timestamptz", _loader_in(self.timezone))
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection of the pool, or a new one; a wait for the pool that came to nothing counts too."""
        if self.pool is None:
            return super().get_new_connection(conn_params)
        with metrics.booking_pool_wait.time():
            return self._get_live_connection(conn_params)

    def _get_live_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that its server has not ended, within the pool's timeout; dead ones are replaced."""
        deadline = time.monotonic() + self.pool.timeout
        connection = super().get_new_connection(conn_params)
        while not _is_alive(connection):
            self.pool.putconn(connection)
            connection = self.pool.getconn(timeout=deadline - time.monotonic())
        return connection


class InstantLoader(TimestamptzLoader):
    """A loader of instants that lets Python read what Python can: Django's takes thirty times as long for each."""

    timezone: Any = None

    def load(self, data: Buffer) -> datetime:
        """Return the instant in the zone of the connection."""
        try:
            found = datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            # Before Christ, or for ever.
            found = super().load(data)
        return found.astimezone(self.timezone)


@cache
def _loader_in(zone: Any) -> type[InstantLoader]:
    return type("InstantLoaderInZone", (InstantLoader,), {"timezone": zone})


def _is_alive(connection: "psycopg.Connection[Any]") -> bool:
    """Say whether a connection can be used; asks the server only if that has said something unasked, as at an end."""
    heard = select.poll()
    try:
        heard.register(connection, select.POLLIN)
        if heard.poll(0):
            ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True
