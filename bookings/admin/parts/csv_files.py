"""CSV files to download (RFC 4180): whatever a cell says, no spreadsheet runs it as a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from bookings.restaurant_file.csv_lines import inert

BYTE_ORDER_MARK = "\ufeff"
# Spreadsheets read UTF-8 only with a byte order mark; programs stumble over it.
CSV_VARIANTS = {"csv": "", "spreadsheet": BYTE_ORDER_MARK}


class _Line:
    """The file of a writer that hands each line on."""

    def write(self, line: str) -> str:
        return line


def csv_response(
    file_name: str, head: Sequence[str], rows: Iterable[Sequence[Any]], *, variant: str
) -> StreamingHttpResponse:
    """Return rows as a file to download, one line after the other."""
    return StreamingHttpResponse(
        _lines(head, rows, CSV_VARIANTS[variant]),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"},
    )


def _lines(head: Sequence[str], rows: Iterable[Sequence[Any]], beginning: str) -> Iterator[str]:
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield beginning + writer.writerow(head)
    for row in rows:
        yield writer.writerow([inert(cell) for cell in row])
