"""An OpenAPI document, and whether an answer is one that it describes."""

import json
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match


class Contract:
    """What an API has published of itself."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._validators: dict[str, Draft202012Validator] = {}

    def find_fault(self, method: str, path: str, status: int, body: Any) -> str | None:
        """Return what is not as documented in an answer, None if nothing is; `path` is as in the document."""
        operation = self._document["paths"].get(path, {}).get(method.lower())
        if operation is None:
            return "not in the published schema"
        response = operation["responses"].get(str(status))
        if response is None:
            return f"answered {status}, which the published schema does not have"
        schema = response["content"]["application/json"]["schema"]
        error = best_match(self._validator(json.dumps(schema)).iter_errors(body))
        return f"{error.json_path}: {error.message}" if error else None

    def _validator(self, schema: str) -> Draft202012Validator:
        if schema not in self._validators:
            whole = {**_without_nullable(json.loads(schema)), "components": self._components}
            self._validators[schema] = Draft202012Validator(whole)
        return self._validators[schema]

    @cached_property
    def _components(self) -> Any:
        return _without_nullable(self._document["components"])


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
