"""The one family of errors that a use case may raise. Knows no HTTP: `config.api` maps codes to statuses."""

from typing import ClassVar


class DomainError(Exception):
    """The request cannot be carried out."""

    code: ClassVar[str] = "DOMAIN_ERROR"

    def __init__(self, message: str | None = None) -> None:
        self.message = message or " ".join((type(self).__doc__ or self.code).split())
        super().__init__(self.message)


class RecordNotFound(DomainError):
    """There is no such record."""

    code = "NOT_FOUND"


class EditIsStale(DomainError):
    """The record has changed since it was read."""

    code = "STALE_EDIT"


class InputInvalid(DomainError):
    """The input is not valid."""

    code = "VALIDATION_ERROR"

    def __init__(self, details: dict[str, list[dict[str, str]]], message: str | None = None) -> None:
        super().__init__(message)
        self.details = details

    @classmethod
    def of_field(cls, field: str, code: str, message: str) -> "InputInvalid":
        """Build the error of one field."""
        return cls({field: [{"code": code, "message": message}]})


class BookingConflict(DomainError):
    """Too many people are booking this service at once. Please try again."""

    code = "BOOKING_CONFLICT"
    retry_after = 1
