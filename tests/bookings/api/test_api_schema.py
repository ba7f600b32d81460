"""The schema says what the API does: every call, every refusal, every shape."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from bookings.api import serializers
from bookings.api.urls import urlpatterns
from bookings.contract.guests import Answer
from capacity.policy import ReasonCode
from config.api import STATUS_OF_CODE
from tests.helpers.contract_client import published_schema
from tests.helpers.inventory import all_subclasses


def operations() -> dict[str, dict[str, Any]]:
    """Return every operation by its id."""
    paths = published_schema()["paths"].values()
    return {operation["operationId"]: operation for path in paths for operation in path.values()}


def codes_of(operation: dict[str, Any]) -> dict[int, set[str]]:
    """Return the documented error codes of an operation by status."""
    documented: dict[int, set[str]] = {}
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            schema = response["content"]["application/json"]["schema"]
            documented[int(status)] = set(schema["properties"]["error"]["enum"])
    return documented


def test_the_schema_is_valid_and_nothing_in_it_is_guessed() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_every_address_of_the_api_is_described() -> None:
    addresses = {str(pattern.pattern).replace("<slug:", "{").replace(">", "}") for pattern in urlpatterns}

    assert set(published_schema()["paths"]) == {f"/api/{address}" for address in addresses}


def test_every_documented_error_has_the_status_of_the_table() -> None:
    for operation in operations().values():
        for status, codes in codes_of(operation).items():
            assert {STATUS_OF_CODE[code] for code in codes} == {status}


def test_every_code_of_the_table_can_be_met_somewhere() -> None:
    documented = {
        code for operation in operations().values() for codes in codes_of(operation).values() for code in codes
    }

    # No call of its own: the address has no such method at all.
    assert documented == set(STATUS_OF_CODE) - {"METHOD_NOT_ALLOWED"}


def test_a_booking_documents_every_refusal() -> None:
    documented = codes_of(operations()["createBooking"])

    assert documented[409] == {"CAPACITY_EXCEEDED", "BOOKING_CONFLICT"}
    assert documented[422] == {
        "OPERATING_HOURS_CLOSED",
        "OUTSIDE_BOOKING_WINDOW",
        "PARTY_SIZE_NOT_ACCEPTED",
        "NONEXISTENT_TIME",
        "IDEMPOTENCY_KEY_REUSED",
    }
    assert set(documented) == {400, 404, 406, 409, 413, 415, 422, 429, 500, 503}


def test_only_the_staff_has_to_say_who_it_is() -> None:
    for operation in operations().values():
        is_for_staff = operation["tags"] == ["ops"]
        assert ({401, 403} <= set(codes_of(operation))) == is_for_staff
        assert operation["security"] == ([{"apiKey": []}, {"cookieAuth": []}] if is_for_staff else [{}])


@pytest.mark.parametrize(
    ("operation", "status", "header"),
    [
        ("createBooking", "201", "ETag"),
        ("createBooking", "201", "Idempotency-Replayed"),
        ("createBooking", "429", "Retry-After"),
        ("createBooking", "503", "Retry-After"),
        ("createBooking", "409", "Retry-After"),
        ("getBooking", "200", "ETag"),
        ("getAvailability", "200", "ETag"),
        ("getAvailability", "304", "ETag"),
        ("getUtilization", "401", "WWW-Authenticate"),
    ],
)
def test_the_headers_that_a_caller_needs_are_described(operation: str, status: str, header: str) -> None:
    assert header in operations()[operation]["responses"][status]["headers"]


def test_inputs_take_no_other_fields() -> None:
    schemas = published_schema()["components"]["schemas"]

    assert schemas["BookingInput"]["additionalProperties"] is False
    assert set(schemas["BookingInput"]["properties"]) == set(serializers.BookingInput().fields)


def test_shapes_name_every_reason() -> None:
    schemas = published_schema()["components"]["schemas"]

    assert any(schema.get("enum") == [code.value for code in ReasonCode] for schema in schemas.values())


def test_shapes_have_the_fields_of_the_structs_that_render_them() -> None:
    schemas = published_schema()["components"]["schemas"]
    answers = {
        name: answer for answer in all_subclasses(Answer) if (name := answer.__name__[: -len("Answer")]) in schemas
    }

    assert {"Booking", "TimeAvailability", "Utilization", "Explanation", "Overruns", "TableCounts"} <= set(answers)
    for name, answer in answers.items():
        assert list(schemas[name]["properties"]) == list(answer.__struct_encode_fields__)
        assert set(schemas[name]["required"]) == set(answer.__struct_encode_fields__)
