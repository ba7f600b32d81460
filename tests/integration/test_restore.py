"""Backing up and restoring to a point in time, by the commands of operations.md, on real servers."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from bookings.models import Booking
from config.embedded import Instance, join, leave, remove
from config.embedded.account import get_server_account, make_private
from tests.helpers.polling import wait_until
from tests.helpers.race_houses import dinner_house
from tests.helpers.scratch_database import connected_to

SECONDS = 60.0


@pytest.fixture
def primary(tmp_path: Path) -> Iterator[Instance]:
    """Return a running server that archives its log beside its socket."""
    with running(Instance(tmp_path / "primary")) as instance:
        make_private(archive_of(instance))
        with connected_to("maitre", host=str(instance.runtime)):
            for setting in (
                "archive_mode = 'on'",
                f"archive_command = 'test ! -f {archive_of(instance)}/%f && cp %p {archive_of(instance)}/%f'",
            ):
                execute(f"ALTER SYSTEM SET {setting}")
        # archive_mode acts at a start.
        leave(instance)
        join(instance)
        yield instance


@contextmanager
def running(instance: Instance) -> Iterator[Instance]:
    join(instance)
    try:
        yield instance
    finally:
        leave(instance)
        remove(instance)


def archive_of(instance: Instance) -> Path:
    return instance.runtime / "archive"


def execute(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def run_as_server(*command: str) -> None:
    account = get_server_account()
    subprocess.run(
        command,
        cwd="/",
        check=True,
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=account and [],
    )


def archive_everything(instance: Instance) -> None:
    """Close the current piece of the log, and wait until the archive has it."""
    ((piece,),) = execute("SELECT pg_walfile_name(pg_switch_wal())")
    assert wait_until((archive_of(instance) / str(piece)).exists, seconds=SECONDS)


def take_base_backup(instance: Instance, target: Path) -> None:
    run_as_server(
        instance.program("pg_basebackup"),
        f"--dbname=postgresql://maitre@/postgres?host={instance.runtime}",
        f"--pgdata={target}",
        "--checkpoint=fast",
        "--wal-method=stream",
    )


def set_recovery(instance: Instance, source: Instance, until: datetime) -> None:
    """Tell a server that was copied from a backup to replay the archive of its source up to a moment."""
    settings = {
        "restore_command": f"cp {archive_of(source)}/%f %p",
        "recovery_target_time": until.isoformat(),
        "recovery_target_action": "promote",
        # Nobody is let in before it has come to the moment.
        "hot_standby": "off",
        # It must not write into the archive that it reads.
        "archive_mode": "off",
    }
    with (instance.data / "postgresql.auto.conf").open("a") as configuration:
        configuration.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    signal = instance.data / "recovery.signal"
    signal.touch()
    owner = instance.data.stat()
    os.chown(signal, owner.st_uid, owner.st_gid)


@pytest.mark.django_db(transaction=True)
def test_a_restore_to_a_moment_has_what_was_booked_before_it_and_nothing_after(
    primary: Instance, tmp_path: Path
) -> None:
    restored = Instance(tmp_path / "restored")
    with connected_to("maitre", host=str(primary.runtime)):
        call_command("migrate", verbosity=0)
        house = dinner_house(tables=2)
        restored.directory.mkdir()
        restored.make_runtime()
        take_base_backup(primary, restored.data)
        kept = house.booking()().booking.reference
        ((moment,),) = execute("SELECT clock_timestamp()")
        lost = house.booking()().booking.reference
        archive_everything(primary)

    assert isinstance(moment, datetime)
    set_recovery(restored, primary, moment)
    with running(restored), connected_to("maitre", host=str(restored.runtime)):
        found = set(Booking.objects.values_list("reference", flat=True))
        covers = house.days[0].booked_covers
        call_command("migrate", check_unapplied=True, verbosity=0)
        call_command("audit_capacity")
        house.booking()()

    assert (found, covers) == ({kept}, 4)
    assert lost not in found
