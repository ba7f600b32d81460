"""The page on which a CSV file is chosen, its problems by line and column, and the same file again to confirm it."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.restaurant_file import Problem, RestaurantFileInvalid
from bookings.restaurant_file.csv_lines import MOST_BYTES
from config.errors import DomainError
from tables.models import Restaurant

FILE, CONTENT, NAME = "file", "content", "file_name"
MOST_PROBLEMS = 50
LONGEST_NAME = 100
NO_FILE = "Choose a file first."


@dataclass(frozen=True)
class Upload:
    """A file that a person chose, or the same that the page of its preview sends again."""

    name: str
    content: bytes

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Return the fields by which the next page sends it again, byte by byte."""
        return [(NAME, self.name), (CONTENT, base64.b64encode(self.content).decode())]


def _read_upload(request: HttpRequest) -> Upload | None:
    """Return the file of a form, None without one."""
    chosen = request.FILES.get(FILE)
    if isinstance(chosen, UploadedFile):
        return Upload(_shown(chosen.name or ""), chosen.read(MOST_BYTES + 1))
    try:
        content = base64.b64decode(request.POST.get(CONTENT, ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Upload(_shown(request.POST.get(NAME, "")), content) if content else None


def _shown(name: str) -> str:
    return "".join(char for char in name if char.isprintable())[:LONGEST_NAME] or "the file"


@dataclass(frozen=True)
class ImportPage:
    """The page of an import: what it says beside its form, and its answer to a file.

    `answer` reads the file, shows what it would do, and does it once that is confirmed.
    """

    title: str
    # What a line does, and what it does not.
    about: str
    columns: Sequence[str]
    required: Sequence[str]
    answer: Callable[[ModelAdmin[Any], HttpRequest, Restaurant, Upload], HttpResponse]

    def serve(
        self,
        admin: ModelAdmin[Any],
        request: HttpRequest,
        restaurant: Restaurant | None,
        restaurants: Sequence[Restaurant],
    ) -> HttpResponse:
        """Ask for a file, without a restaurant for that first, and answer it; what is wrong with it is said here."""
        if restaurant is None or request.method != "POST":
            return self._ask(admin, request, restaurant, restaurants=restaurants)
        upload = _read_upload(request)
        if upload is None:
            return self._ask(admin, request, restaurant, problems=[NO_FILE])
        try:
            return self.answer(admin, request, restaurant, upload)
        except RestaurantFileInvalid as invalid:
            return self._ask(admin, request, restaurant, problems=invalid.problems, upload=upload)
        except DomainError as refusal:
            return self._ask(admin, request, restaurant, problems=[f"{refusal.message}."], upload=upload)

    def _ask(
        self,
        admin: ModelAdmin[Any],
        request: HttpRequest,
        restaurant: Restaurant | None,
        *,
        restaurants: Sequence[Restaurant] = (),
        problems: Iterable[Problem | str] = (),
        upload: Upload | None = None,
    ) -> HttpResponse:
        said = [said_problem(problem) for problem in problems]
        context = {
            **admin.admin_site.each_context(request),
            "title": self.title,
            "opts": admin.opts,
            "page": self,
            "restaurant": restaurant,
            "restaurants": restaurants,
            "problems": said[:MOST_PROBLEMS],
            "more": max(len(said) - MOST_PROBLEMS, 0),
            "upload": upload,
            "back": reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_changelist"),
        }
        return TemplateResponse(request, "admin/csv_import.html", context)


def said_problem(problem: Problem | str) -> str:
    """Say where in a file a mistake is, and which."""
    if isinstance(problem, str):
        return problem
    # Of a list in a cell the whole cell is the place.
    column = problem.field.partition("[")[0]
    place = f"Line {problem.line}, column {column}" if column else f"Line {problem.line}"
    return f"{place}: {problem.message}."
