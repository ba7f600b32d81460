"""The transactions of decisions: where they may run, and what ends them."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from django.db import IntegrityError, connection, transaction

from config.errors import BookingConflict
from config.transactions import (
    LockTooSmall,
    TransactionRequired,
    booking_terms,
    require_atomic,
    running,
    settings_transaction,
)

T = TypeVar("T")

pytestmark = pytest.mark.django_db(transaction=True)


def capacity_transaction(call: Callable[[], T]) -> Callable[[], T]:
    """Let a call run as a write of bookings does, without service days."""

    def run() -> T:
        with running(booking_terms(call.__name__, {})) as attempts:
            while True:
                with attempts.attempt(), attempts.transaction():
                    return call()

    return run


def run(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


@pytest.mark.parametrize("isolation", ["serializable", "read committed"])
def test_a_booking_runs_at_the_isolation_that_is_set(settings: Any, isolation: str) -> None:
    settings.BOOKING_ISOLATION = isolation

    @capacity_transaction
    def show_isolation() -> Any:
        return run("SHOW transaction_isolation")

    assert show_isolation() == (isolation,)


def test_a_change_of_settings_runs_at_read_committed(settings: Any) -> None:
    settings.BOOKING_ISOLATION = "serializable"

    assert settings_transaction(lambda: run("SHOW transaction_isolation"))() == ("read committed",)


def test_a_statement_that_runs_out_of_time_is_a_conflict_and_not_a_failure(settings: Any) -> None:
    settings.BOOKING_DEADLINE_SECONDS = 0.1

    @capacity_transaction
    def wait_for_ever() -> Any:
        return run("SELECT pg_sleep(60)")

    with pytest.raises(BookingConflict):
        wait_for_ever()


def test_a_call_that_has_run_a_thousand_times_runs_again(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The number of attempts is what is looked at, not how fast a machine makes them.
    settings.BOOKING_DEADLINE_SECONDS = 600
    monkeypatch.setattr("config.transactions.LONGEST_PAUSE_SECONDS", 0.0)
    attempts = iter(range(1100))

    @capacity_transaction
    def need_patience() -> str:
        if next(attempts, None) is not None:
            raise LockTooSmall
        return "done"

    assert need_patience() == "done"


def contention_of(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, Any]]]:
    names = ("operation", "attempts", "sqlstates", "gave_up", "sqlstate", "attempt")
    return [
        (each.getMessage(), {name: getattr(each, name) for name in names if hasattr(each, name)})
        for each in caplog.records
        if each.name == "config.transactions"
    ]


def test_a_call_that_ran_again_says_so_at_each_attempt_and_once_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "config.transactions")
    attempts = iter(["SELECT pg_sleep(60)", "SELECT 1"])

    @capacity_transaction
    def run_out_of_time_once() -> Any:
        run("SELECT set_config('statement_timeout', '20', true)")
        return run(next(attempts))

    assert run_out_of_time_once() == (1,)
    assert contention_of(caplog) == [
        ("attempt failed", {"sqlstate": "57014", "attempt": 1}),
        (
            "contention",
            {"operation": "run_out_of_time_once", "attempts": 2, "sqlstates": ["57014"], "gave_up": False},
        ),
    ]
    assert caplog.records[-1].levelname == "INFO"
    assert caplog.records[-1].milliseconds >= 20


def test_a_call_that_gives_up_says_so(caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    settings.BOOKING_DEADLINE_SECONDS = 0.05
    caplog.set_level(logging.INFO, "config.transactions")

    @capacity_transaction
    def never_fit() -> None:
        raise LockTooSmall

    with pytest.raises(BookingConflict):
        never_fit()
    _, said = contention_of(caplog)[-1]
    assert said["gave_up"] is True
    assert said["sqlstates"] == ["claim"]
    assert caplog.records[-1].levelname == "WARNING"


def test_a_call_that_nobody_was_in_the_way_of_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "config.transactions")

    capacity_transaction(lambda: None)()

    assert contention_of(caplog) == []


def test_a_constraint_that_nobody_expected_is_raised_at_once(settings: Any) -> None:
    attempts = []

    @capacity_transaction
    def break_a_constraint() -> Any:
        attempts.append(1)
        return run("INSERT INTO capacity_enforcementswitch VALUES (2, true, '', now(), null) RETURNING id")

    with pytest.raises(IntegrityError):
        break_a_constraint()
    assert len(attempts) == 1


def test_a_use_case_inside_a_transaction_of_its_caller_is_refused() -> None:
    @capacity_transaction
    def do_nothing() -> None:
        return None

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        do_nothing()


def test_a_row_lock_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionRequired):
        require_atomic()
    with transaction.atomic():
        require_atomic()
