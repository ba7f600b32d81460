"""The version of a row, to see whether it changed after its form was opened."""

import hashlib
from typing import Any

from django.db.models import Model


def values_of(row: Model) -> dict[str, Any]:
    """Return the columns of a row that a person may edit."""
    editable = (field for field in row._meta.concrete_fields if field.editable and not field.primary_key)
    return {field.attname: field.value_from_object(row) for field in editable}


def fingerprint_of(row: Model) -> str:
    """Return a short text that changes whenever an editable column of the row does."""
    return hashlib.sha256(repr(values_of(row)).encode()).hexdigest()[:16]
