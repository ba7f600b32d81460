"""CSV files of a list of the admin: one that its export gives, and one that its import takes."""

import csv
import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client


def exported(client: Client, address: str, variant: str = "csv", query: str = "") -> str:
    """Return the export of the list at an address."""
    answer = client.get(f"{address}export/{variant}/{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def rows_of(content: str) -> list[dict[str, str]]:
    """Return the lines of a file by the names of its columns."""
    return list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"), newline="")))


def send(client: Client, address: str, content: str | bytes, name: str) -> Any:
    """Send a file to the import at an address, and return the page that follows."""
    sent = content.encode() if isinstance(content, str) else content
    return client.post(address, {"file": SimpleUploadedFile(name, sent)}, follow=True)
