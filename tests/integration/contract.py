"""A client that holds every answer of the API against the schema that the API publishes."""

import json
import re
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator


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
    operation = published_schema()["paths"][f"/{route}"][method.lower()]
    documented = operation["responses"]
    assert str(answer.status_code) in documented, f"{method} {path} answered {answer.status_code}: {answer.content!r}"
    response = documented[str(answer.status_code)]
    _validator(json.dumps(response["content"]["application/json"]["schema"])).validate(json.loads(answer.content))


@cache
def published_schema() -> dict[str, Any]:
    """Return the schema as /api/schema publishes it."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(json.dumps(schema, default=str))


@cache
def _validator(schema: str) -> Draft202012Validator:
    components = _without_nullable(published_schema()["components"])
    return Draft202012Validator({**_without_nullable(json.loads(schema)), "components": components})


def _without_nullable(schema: Any) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema, which has a type for null, and closed to other properties."""
    if isinstance(schema, list):
        return [_without_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {name: _without_nullable(value) for name, value in schema.items() if name != "nullable"}
    if isinstance(converted.get("properties"), dict):
        converted.setdefault("additionalProperties", False)
    return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") is True else converted
