"""Whether a row is still as it was when its form was opened."""

import hashlib

from django.db.models import Model


def fingerprint_of(row: Model) -> str:
    """Return a short text that changes whenever an editable column of the row does."""
    values = [(field.attname, field.value_from_object(row)) for field in row._meta.concrete_fields if field.editable]
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
