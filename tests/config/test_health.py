"""The probes answer whoever asks, and tell the truth about database and migrations."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/readyz", "/readyz/"])
def test_a_probe_by_address_is_answered_whatever_the_allowed_hosts(client: Client, path: str) -> None:
    answer = client.get(path, headers={"host": "10.0.0.7:8000"})

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_process_without_database_is_alive_but_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    alive, ready = client.get("/healthz"), client.get("/readyz")

    assert alive.status_code == 200
    assert (ready.status_code, ready.json()) == (503, {"status": "database away"})
    assert ready.headers["Retry-After"] == "5"


def test_a_process_whose_migrations_are_pending_is_not_ready(client: Client) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("sessions", "0001_initial")
    try:
        ready = client.get("/readyz")
    finally:
        recorder.record_applied("sessions", "0001_initial")

    assert (ready.status_code, ready.json()) == (
        503,
        {"status": "migrations pending", "migrations": ["sessions.0001_initial"]},
    )
