"""`manage.py rush`, with a crowd small enough for a test run."""

import os

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from demo.management.commands import rush

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = {"guests": 12, "covers": 8, "connections": 6}


def list_scratch_databases() -> list[str]:
    with connection.cursor() as cursor:
        # Those of this process: others of the run have theirs.
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"maitre_rush_{os.getpid()}_%"])
        return [name for (name,) in cursor.fetchall()]


def test_a_rush_books_exactly_what_there_is_room_for_and_says_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    call_command("rush", **SMALL)

    said = capfd.readouterr()
    protected, unprotected = said.out.split("\nUnprotected ...\n")
    assert "decided" not in said.err
    assert "12 parties of 4 at once for 8 covers: room for 2" in protected
    assert "    10 CAPACITY_EXCEEDED\n     2 booked\n" in protected
    assert "auditor: hasOverbooking false" in protected
    assert "booked" in unprotected
    assert list_scratch_databases() == []


def test_a_rush_that_is_not_exact_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # Both rushes unprotected, and so many guests that they cannot all miss each other.
    monkeypatch.setattr(rush, "PROTECTED", rush.UNPROTECTED)

    with pytest.raises(CommandError, match="not exact"):
        call_command("rush", guests=40, covers=4, connections=40)

    assert "hasOverbooking true" in capsys.readouterr().out
