"""The settings of the deployment: its callers, its secrets, and the framework's own checks."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.checks import ERROR, run_checks

from bookings.management.doctor.findings import Deployment, Finding, ok, problem, unless_demo, warning

NEW_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
SHORTEST_KEY = 50
FEWEST_CHARACTERS = 5
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Said by the checks below, each with what to do here.
SAID_HERE = {
    *("security.W004", "security.W008", "security.W012", "security.W016"),
    *("security.W009", "security.W018", "security.W020", "maitre.E001"),
}


def check_secret_key(deployment: Deployment) -> Iterator[Finding]:
    """Check that SECRET_KEY is too long to be guessed."""
    key = settings.SECRET_KEY
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS:
        said = f"SECRET_KEY has fewer than {SHORTEST_KEY} characters, or hardly different ones: sessions can be forged"
        yield problem("secret-key", said, f"Set SECRET_KEY to the output of: {NEW_KEY}")
    else:
        yield ok("secret-key", "SECRET_KEY is long enough")


def check_manage_token_key(deployment: Deployment) -> Iterator[Finding]:
    """Check that a change of SECRET_KEY keeps the links in guests' mailboxes alive."""
    if settings.MANAGE_TOKEN_KEY != settings.SECRET_KEY:
        yield ok("manage-token-key", "MANAGE_TOKEN_KEY is a key of its own")
        return
    found = warning(
        "manage-token-key",
        "manage links are signed by SECRET_KEY: changing it ends every link in a mailbox",
        "Before the first booking, set MANAGE_TOKEN_KEY to a key of its own; later, to the SECRET_KEY of today.",
    )
    yield unless_demo(deployment, found)


def check_debug(deployment: Deployment) -> Iterator[Finding]:
    """Check that no error page shows guests settings and local variables."""
    if settings.DEBUG:
        yield problem("debug", "DEBUG is on: errors show settings and guests to whoever meets them", "Set DEBUG=false.")
    else:
        yield ok("debug", "DEBUG is off")


def check_allowed_hosts(deployment: Deployment) -> Iterator[Finding]:
    """Check the names by which this site is called."""
    names = set(settings.ALLOWED_HOSTS)
    if "*" in names:
        yield problem("allowed-hosts", "any host name is believed", "Set ALLOWED_HOSTS to the site's own names.")
    elif names <= LOCAL_NAMES:
        found = warning(
            "allowed-hosts",
            "only this machine is served, other names are answered 400",
            "Set ALLOWED_HOSTS to the site's name, and to the one that Prometheus scrapes.",
        )
        yield unless_demo(deployment, found)
    else:
        yield ok("allowed-hosts", f"served as {', '.join(sorted(names))}")


def check_https(deployment: Deployment) -> Iterator[Finding]:
    """Check that guests come by https, and that the application knows it."""
    if not settings.HTTPS_ONLY:
        found = warning("https", "plain http is answered: tokens and sessions can be read", "Set HTTPS_ONLY=true.")
        yield unless_demo(deployment, found)
    elif settings.REST_FRAMEWORK["NUM_PROXIES"] == 0:
        yield warning(
            "https",
            "https alone, and no proxy that ends it: behind one every request is redirected for ever, and throttles "
            "count the proxy",
            "Set NUM_PROXIES to the number of proxies in front; leave it only if the web server itself speaks TLS.",
        )
    else:
        yield ok("https", f"https alone, behind {settings.REST_FRAMEWORK['NUM_PROXIES']} proxies")


def check_throttles(deployment: Deployment) -> Iterator[Finding]:
    """Check that no address can ask without end."""
    off = [name for name in ("THROTTLE_BOOKINGS", "THROTTLE_AVAILABILITY") if getattr(settings, name) == "off"]
    if off:
        found = warning("throttles", f"off: {', '.join(off)}", f"Set {' and '.join(f'{name}=60/min' for name in off)}.")
        yield unless_demo(deployment, found)
    else:
        rates = f"bookings {settings.THROTTLE_BOOKINGS}, availability {settings.THROTTLE_AVAILABILITY}"
        yield ok("throttles", rates)


def check_static_files(deployment: Deployment) -> Iterator[Finding]:
    """Check that the files of the admin were collected where STATIC_ROOT says so: without them no page of it opens."""
    if not settings.STATIC_ROOT:
        yield ok("static-files", "taken from the packages as they are")
    elif Path(settings.STATIC_ROOT, ManifestStaticFilesStorage.manifest_name).is_file():
        yield ok("static-files", "collected and compressed")
    else:
        saw = f"STATIC_ROOT is {settings.STATIC_ROOT}, and nothing was collected there"
        yield problem("static-files", saw, "Run: manage.py collectstatic, or leave STATIC_ROOT empty.")


def check_framework(deployment: Deployment) -> Iterator[Finding]:
    """Run `manage.py check --deploy` with the checks of the project."""
    said = [
        message
        for message in run_checks(include_deployment_checks=True)
        if not message.is_silenced() and message.id not in SAID_HERE
    ]
    for message in said:
        make = problem if message.level >= ERROR else warning
        yield make("framework", f"{message.id}: {message.msg}", message.hint or "See: manage.py check --deploy")
    if not said:
        yield ok("framework", "no other message of the system checks")
