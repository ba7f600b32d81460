"""A client that holds every answer of the API against the schema that the API publishes."""

import json
import re
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator

from tests.helpers.openapi_document import Contract


class ContractClient(Client):
    """Send requests as Django's client does; fail on an answer that the schema does not describe."""

    def request(self, **environ: Any) -> Any:
        answer = super().request(**environ)
        if environ["PATH_INFO"].startswith("/api/"):
            check_answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], answer)
        return answer


def check_answer(method: str, path: str, answer: HttpResponse) -> None:
    """Fail unless the status of an answer is documented, and its body is as documented."""
    route = re.sub(r"<\w+:(\w+)>", r"{\1}", resolve(path.removesuffix("/")).route)
    fault = _contract().find_fault(method, f"/{route}", answer.status_code, json.loads(answer.content))
    assert fault is None, f"{method} {path} {answer.status_code}: {fault}: {answer.content!r}"


@cache
def published_schema() -> dict[str, Any]:
    """Return the schema as /api/schema publishes it."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(json.dumps(schema, default=str))


@cache
def _contract() -> Contract:
    return Contract(published_schema())
