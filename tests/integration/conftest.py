"""What tests through the whole application use."""

from collections.abc import Iterator

import httpx
import pytest
from django.core.cache import caches

from tests.helpers.scratch_database import connected_to, migrated_database, scratch_database
from tests.helpers.web_servers import running_granian


@pytest.fixture(scope="session")
def granian(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of a running web server on the test database."""
    with running_granian() as base_url:
        yield base_url


@pytest.fixture
def browser(granian: str) -> Iterator[httpx.Client]:
    """Return a client of the running web server."""
    with httpx.Client(base_url=granian, timeout=30) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_caches() -> None:
    """Let no test count the requests of another."""
    for alias in ("default", "local"):
        caches[alias].clear()


@pytest.fixture
def own_database(transactional_db: None) -> Iterator[None]:
    """Run a test on a copy, whose tables and constraints it may drop."""
    with scratch_database(template=migrated_database()) as name, connected_to(name):
        yield
