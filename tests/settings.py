"""Settings of the test run: the project's own, on a throw-away server unless one is given.

They are set in the environment, so that a web server or command started by a test gets the
same ones.
"""

import os
import secrets

# What a developer keeps in .env must not change the outcome of a test.
os.environ["ENV_FILE"] = ""

from config import embedded
from config.env import BASE_DIR

if embedded.is_configured():
    # Not in the demo's directory: who removes the demo must not pull the server from under a test.
    directory = BASE_DIR / ".test-servers" / f"{os.getpid()}-{secrets.token_hex(4)}"
    server = embedded.Instance(directory, throw_away=True)
    embedded.join(server)
    os.environ["DATABASE_URL"] = server.url

# The processes of one run share a database to copy (tests/helpers/scratch_database.py).
os.environ.setdefault("TEST_RUN", secrets.token_hex(4))
os.environ.setdefault("SECRET_KEY", "used-by-tests-only")
os.environ["DATABASE_POOL_SIZE"] = "0"
os.environ["HTTPS_ONLY"] = "false"
os.environ["THROTTLE_BOOKINGS"] = os.environ["THROTTLE_AVAILABILITY"] = "off"

from demo.settings import *  # noqa: F403 - all of the settings under test, and the workshop

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
