"""The database backend; Django finds its class by the name of this module (ENGINE is `config.postgresql`)."""

import time
from typing import Any

from django.db.backends.postgresql import base

from config import metrics


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is observed while it is waited for."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection of the pool, or a new one; a wait for the pool that came to nothing counts too."""
        if self.pool is None:
            return super().get_new_connection(conn_params)
        started = time.monotonic()
        try:
            return super().get_new_connection(conn_params)
        finally:
            metrics.booking_pool_wait.observe(time.monotonic() - started)
