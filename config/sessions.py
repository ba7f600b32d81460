"""Sessions as Django stores them, found by a prepared statement: every screen asks for its own every few seconds."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import DateTimeField, QuerySet, TextField
from django.utils.timezone import now

from config.statements import Parameter, Statement


class SessionStore(db.SessionStore):
    """The sessions of the database."""

    def load(self) -> dict[str, Any]:
        """Return what a session holds, nothing where it is over or was never there; 1 query."""
        # A cookie may spell any character, and the database refuses to look for some.
        is_sane = (self.session_key or "").isprintable()
        found = _LIVE.run(session_key=self.session_key, now=now()) if is_sane else []
        if not found:
            # As Django has it: what is kept from here on is kept under a key of its own.
            self._session_key = None
            return {}
        held: dict[str, Any] = self.decode(found[0][0])
        return held


def _live_session() -> QuerySet[Session, tuple[str]]:
    key, moment = Parameter("session_key", TextField()), Parameter("now", DateTimeField())
    return Session.objects.filter(session_key=key, expire_date__gt=moment).values_list("session_data")


_LIVE = Statement.of("live_session", _live_session)
