"""A real PgBouncer in transaction mode in front of the server of the test run."""

import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import psycopg
from django.db import connection

from config.embedded.account import get_server_account, make_private
from tests.helpers.polling import wait_until
from tests.helpers.web_servers import free_port

START_SECONDS = 30.0
# Far fewer than guests: a connection goes from hand to hand between the transactions of one guest.
SERVER_CONNECTIONS = 8


@contextmanager
def transaction_pooler() -> Iterator[str]:
    """Run PgBouncer; yield the address of the test's database through it."""
    # Not everybody has /usr/sbin in the path, where Debian puts it.
    program = which("pgbouncer") or "/usr/sbin/pgbouncer"
    directory = Path(tempfile.gettempdir(), f"maitre-pgbouncer-{secrets.token_hex(4)}")
    make_private(directory)
    port = free_port()
    configuration = directory / "pgbouncer.ini"
    configuration.write_text(_configuration(directory, port))
    (directory / "users.txt").write_text(f'"{connection.settings_dict["USER"]}" ""\n')
    account = get_server_account()
    with subprocess.Popen(
        [program, "--quiet", str(configuration)],
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=account and [],
    ) as process:
        try:
            url = f"postgresql://{connection.settings_dict['USER']}@127.0.0.1:{port}/{connection.settings_dict['NAME']}"
            assert wait_until(lambda: process.poll() is not None or _answers(url), seconds=START_SECONDS)
            assert process.poll() is None, f"PgBouncer ended with {process.returncode}"
            yield f"{url}?pgbouncer=true"
        finally:
            # Clients that are still there are cut off.
            process.terminate()
            shutil.rmtree(directory)


def _configuration(directory: Path, port: int) -> str:
    server = connection.settings_dict
    return f"""
[databases]
* = host={server["HOST"]} port={server["PORT"] or 5432}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {directory / "users.txt"}
pool_mode = transaction
default_pool_size = {SERVER_CONNECTIONS}
max_client_conn = 300
log_connections = 0
log_disconnections = 0
"""


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True
