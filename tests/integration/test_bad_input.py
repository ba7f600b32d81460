"""Bad input gets the documented error in the documented shape, writes nothing, and is never a 500."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bookings.models import Booking
from tests.helpers.contract_client import ContractClient
from tests.helpers.endpoint_house import bistro, count_rows, order

# What is refused never reaches a use case, and its transactions.
pytestmark = pytest.mark.django_db
reaches_a_use_case = pytest.mark.django_db(transaction=True)

QUERY = {"restaurantId": "bistro", "date": "2090-06-14", "partySize": "4"}
DAYS_QUERY = {"restaurantId": "bistro", "partySize": "4", "from": "2090-06-14", "to": "2090-06-15"}
REQUIRED = ("restaurantId", "date", "time", "partySize", "name", "email", "phone")
OPTIONAL = ("seating", "notes", "allergies", "marketingOptIn", "startsAt")

# What no field takes, as JSON writes it.
NEVER_VALID = [
    "null",
    "[]",
    "{}",
    "[4]",
    '{"a": 1}',
    "1.5",
    "-1e400",
    "1e400",
    "-0.0",
    '"\\u0000"',
    '"\\u001b[31m"',
    '"\\ud800"',
]
WRONG: dict[str, list[str]] = {
    "restaurantId": ["1", "true", '""', '"   "', '"' + "x" * 64 + '"', '"a\\nb"'],
    "date": [
        "20900614",
        "true",
        '""',
        '"2090-6-14"',
        '"20900614"',
        '"2090-W24-3"',
        '"14/06/2090"',
        '"2090-06-14T19:00"',
        '"2090-02-30"',
        '"1999-12-31"',
        '"2101-01-01"',
        '"-2090-06-14"',
        '"2090-06-14 "',
        '"\\uff12\\uff10\\uff19\\uff10-06-14"',
        '"2090-06-14\\n"',
        '"tomorrow"',
    ],
    "time": [
        "1900",
        "19",
        "true",
        '""',
        '"7pm"',
        '"19"',
        '"19.00"',
        '"9:00"',
        '"24:00"',
        '"19:60"',
        '"19:00:00"',
        '"19:00Z"',
        '"19:00\\n"',
        '"\\uff11\\uff19:00"',
    ],
    "partySize": ['"4"', '""', "true", "4.0", "2.5", "0", "-1", "1001", "9" * 19, "9" * 400, "-" + "9" * 400],
    "name": [
        "4",
        "true",
        '""',
        '"  "',
        '"' + "x" * 121 + '"',
        '"Ada\\nLovelace"',
        '"Ada\\u2028"',
        '"\\u0085"',
        '"Ada\\u202e"',
        '"\\u2067Ada"',
        '"\\u200b"',
        '"\\u3164"',
        '"\\u0301"',
        # Composed it is twice as long.
        '"' + "\\u0958" * 120 + '"',
    ],
    "email": [
        "4",
        '""',
        '"ada"',
        '"ada@"',
        '"@example.com"',
        '"a b@example.com"',
        '"ada@example.com\\n."',
        f'"{"a" * 250}@e.uk"',
        '"x@localhost"',
        '"x@[127.0.0.1]"',
        '"x@example.com\\u200b"',
        '"x..y@example.com"',
        '"m\\u00fcller@example.com"',
    ],
    "phone": [
        "442079460000",
        '""',
        '"call me"',
        '"+"',
        '"123"',
        '"+44"',
        '"+9991234567"',
        '"+442079460000\\u0000"',
        '"' + "1" * 33 + '"',
        '"+44 20 7946 0000 0000 0000"',
    ],
    "seating": ["4", "true", '""', '"rooftop"', '"INDOOR"'],
    "notes": ["4", "true", '"' + "x" * 1001 + '"', '"a\\u0007b"', '"a\\u2029b"', '"a\\u202eb"'],
    "allergies": ["4", "true", '"' + "x" * 501 + '"', '"a\\u0007b"', '"a\\u202eb"'],
    "marketingOptIn": ["1", "0", '"true"', '"yes"', '""'],
    "startsAt": [
        "1912345678",
        '""',
        '"2090-06-14"',
        '"2090-06-14T18:00:00"',
        '"2090-06-14 18:00:00Z"',
        '"2090-06-14T25:00:00Z"',
        '"2090-06-14T18:00:00+25:00"',
        '"1999-12-31T18:00:00Z"',
        '"9999-12-31T23:59:59-23:59"',
        '"2090-06-14T18:00:00z"',
    ],
}


@pytest.fixture
def client() -> ContractClient:
    return ContractClient()


def with_raw(field: str, raw: str) -> bytes:
    """Return the body of a valid order in which the value of one field is this JSON text."""
    others = {name: value for name, value in order().items() if name != field}
    members = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in others.items()]
    return ("{" + ", ".join([*members, f"{json.dumps(field)}: {raw}"]) + "}").encode()


def post(client: Client, body: bytes | str, content_type: str = "application/json", **headers: str) -> Any:
    return client.post("/api/bookings", body, content_type=content_type, headers=headers)


def assert_refused(answer: Any, *fields: str, status: int = 400, error: str = "VALIDATION_ERROR") -> None:
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), answer.content
    for field in fields:
        assert body["details"][field], body
        assert all(set(problem) == {"code", "message"} for problem in body["details"][field])
    assert set(count_rows().values()) == {0}


# Bodies


@pytest.mark.parametrize("field", REQUIRED)
def test_a_field_that_is_missing_is_named(client: ContractClient, field: str) -> None:
    bistro()

    answer = post(client, json.dumps(order(**{field: None})))

    assert_refused(answer, field)
    assert answer.json()["details"] == {field: [{"code": "required", "message": "This field is required."}]}


def test_all_fields_that_are_missing_are_named_at_once(client: ContractClient) -> None:
    bistro()

    for body in ("{}", ""):
        answer = post(client, body)
        assert_refused(answer, *REQUIRED)
        assert set(answer.json()["details"]) == set(REQUIRED)


@pytest.mark.parametrize("field", WRONG)
def test_a_field_that_is_wrong_is_named(client: ContractClient, subtests: pytest.Subtests, field: str) -> None:
    bistro()

    for raw in [*WRONG[field], *NEVER_VALID]:
        with subtests.test(raw=raw):
            answer = post(client, with_raw(field, raw))
            assert_refused(answer, field)
            assert set(answer.json()["details"]) == {field}


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "nan", "undefined", "0x10", "'a'", "04"])
def test_what_is_no_json_is_refused_wherever_it_stands(
    client: ContractClient, subtests: pytest.Subtests, constant: str
) -> None:
    bistro()
    malformed = {"body": [{"code": "malformed_json", "message": "The body is not valid JSON."}]}

    for field in WRONG:
        with subtests.test(field=field):
            answer = post(client, with_raw(field, constant))
            assert_refused(answer)
            assert answer.json()["details"] == malformed


@pytest.mark.parametrize("field", WRONG)
def test_a_key_that_stands_twice_is_refused(client: ContractClient, field: str) -> None:
    bistro()
    body = with_raw(field, '"first"')[:-1] + f', "{field}": "second"}}'.encode()

    answer = post(client, body)

    assert_refused(answer)
    assert answer.json()["details"]["body"][0]["code"] == "duplicate_key"


@pytest.mark.parametrize("name", ["vip", "party_size", "PARTYSIZE", "id", "", "é", "\\ud800", "x" * 5000, "status"])
def test_a_field_that_is_not_known_is_refused(client: ContractClient, name: str) -> None:
    bistro()

    answer = post(client, json.dumps(order())[:-1] + f', "{name}": 1}}')

    assert_refused(answer)
    [(reported, problems)] = answer.json()["details"].items()
    assert (len(reported) <= 64, problems[0]["code"]) == (True, "unknown_field")


def test_an_answer_does_not_repeat_a_body_full_of_nonsense(client: ContractClient) -> None:
    bistro()

    answer = post(client, json.dumps({f"field{n}": n for n in range(3000)}))

    assert_refused(answer, *REQUIRED)
    assert len(answer.json()["details"]) == len(REQUIRED) + 20


def test_every_wrong_field_is_named_at_once(client: ContractClient) -> None:
    bistro()
    wrong = {"partySize": "four", "time": "7pm", "date": "soon", "name": 4, "email": "ada", "phone": "-", "vip": True}

    answer = post(client, json.dumps({"restaurantId": "bistro", **wrong}))

    assert_refused(answer, *wrong)
    assert set(answer.json()["details"]) == set(wrong)


@pytest.mark.parametrize("body", ["[]", "4", '"order"', "null", "true", "[{}]"])
def test_a_body_that_is_no_object_is_refused(client: ContractClient, body: str) -> None:
    bistro()

    assert_refused(post(client, body), "body")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"\xef\xbb\xbf{}", b"[" * 60_000, b"{}x", b"\x00", b'{"a":"\x01"}'])
def test_a_body_that_is_no_json_is_refused(client: ContractClient, body: bytes) -> None:
    bistro()

    assert_refused(post(client, body), "body")


@pytest.mark.parametrize("size", [65 * 1024, 1024 * 1024, 5 * 1024 * 1024])
def test_a_body_that_is_too_large_is_refused(client: ContractClient, size: int) -> None:
    bistro()

    answer = post(client, json.dumps(order(notes="x" * size)))

    assert_refused(answer, status=413, error="PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "json",
        "",
    ],
)
def test_another_content_type_is_refused(client: ContractClient, content_type: str) -> None:
    bistro()

    answer = post(client, json.dumps(order()), content_type)

    assert_refused(answer, status=415, error="UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("key", ["", " ", "é", "a\tb", "x" * 256, "a\x7f"])
def test_an_idempotency_key_that_is_none_is_refused(client: ContractClient, key: str) -> None:
    bistro()

    assert_refused(post(client, json.dumps(order()), **{"idempotency-key": key}), "Idempotency-Key")


def test_a_booking_takes_no_query_parameters(client: ContractClient) -> None:
    bistro()

    answer = client.post("/api/bookings?dryRun=1", order(), content_type="application/json")

    assert_refused(answer, "dryRun")


@reaches_a_use_case
@pytest.mark.parametrize(
    "name",
    [
        "李小龙",
        "Ünï Çødé",
        "👩‍👩‍👧‍👦",
        "محمد",
        "x" * 120,
        "Robert'); DROP TABLE bookings_booking;--",
        "<script>alert(1)</script>",
    ],
)
def test_any_name_that_people_have_is_taken_as_it_is(client: ContractClient, name: str) -> None:
    bistro()

    answer = post(client, json.dumps(order(name=name)))

    assert (answer.status_code, answer.json()["booking"]["name"]) == (201, name)


@reaches_a_use_case
def test_allergies_are_kept_apart_from_notes(client: ContractClient) -> None:
    bistro()

    answer = post(client, json.dumps(order(allergies="Nuts,\nsesame", notes="Window", phone="020 7946 0018 x12")))

    booking = Booking.objects.get()
    assert answer.status_code == 201
    assert (booking.allergies, booking.notes) == ("Nuts,\nsesame", "Window")
    assert booking.guest_phone == "+442079460018;ext=12"


@reaches_a_use_case
def test_a_phone_number_that_cannot_be_one_is_told_why(client: ContractClient) -> None:
    bistro()

    answer = post(client, json.dumps(order(phone="+44 20")))

    assert answer.json()["details"]["phone"] == [
        {"code": "invalid_phone", "message": "This is too short for a number with the country code +44."}
    ]


@reaches_a_use_case
def test_the_largest_valid_body_is_taken(client: ContractClient) -> None:
    bistro()
    body = order(
        name="😀" * 120, notes="😀" * 1000, seating="any", marketingOptIn=False, startsAt="2090-06-14T18:00:00Z"
    )

    assert post(client, json.dumps(body)).status_code == 201


# Query strings


WRONG_IN_QUERIES = [
    *(("partySize", value) for value in ["4.0", "four", "", "0", "-4", "1001", "9" * 5000, "\u0664", "NaN", "4\x00"]),
    *(("restaurantId", value) for value in ["", "x" * 64, "a\x00b"]),
    ("seating", "rooftop"),
    ("vip", "1"),
    ("", "1"),
]


@pytest.mark.parametrize(("path", "query"), [("/api/availability", QUERY), ("/api/availability/days", DAYS_QUERY)])
def test_a_query_parameter_that_is_wrong_is_named(
    client: ContractClient, subtests: pytest.Subtests, path: str, query: dict[str, str]
) -> None:
    bistro()

    for field, value in WRONG_IN_QUERIES:
        with subtests.test(field=field, value=value):
            answer = client.get(path, {**query, field: value})
            assert_refused(answer, field)
            assert set(answer.json()["details"]) == {field}


@pytest.mark.parametrize("field", ["date", "time", "startsAt"])
def test_a_date_or_time_in_a_query_is_read_as_strictly(
    client: ContractClient, subtests: pytest.Subtests, field: str
) -> None:
    bistro()

    for value in (json.loads(raw) for raw in WRONG[field] if raw.startswith('"')):
        with subtests.test(value=value):
            assert_refused(client.get("/api/availability", {**QUERY, field: value}), field)


def test_the_plus_of_an_offset_that_became_a_space_is_told_how_to_be_written(client: ContractClient) -> None:
    bistro()

    answer = client.get(
        "/api/availability?restaurantId=bistro&date=2090-06-14&partySize=4&startsAt=2090-06-14T18:00+00:00"
    )

    assert_refused(answer, "startsAt")
    assert "%2B" in answer.json()["details"]["startsAt"][0]["message"]


@pytest.mark.parametrize("field", ["restaurantId", "date", "partySize"])
def test_a_query_parameter_that_is_missing_is_named(client: ContractClient, field: str) -> None:
    bistro()
    query = {name: value for name, value in QUERY.items() if name != field}

    assert_refused(client.get("/api/availability", query), field)


@pytest.mark.parametrize("field", ["restaurantId", "date", "partySize", "vip"])
def test_a_query_parameter_that_stands_twice_is_refused(client: ContractClient, field: str) -> None:
    bistro()

    answer = client.get("/api/availability", {**QUERY, field: ["4", "4"]})

    assert_refused(answer, field)
    assert answer.json()["details"][field][0]["code"] == "repeated"


def test_a_query_of_thousands_of_parameters_is_refused(client: ContractClient) -> None:
    bistro()

    assert_refused(client.get("/api/availability?" + "&".join(f"p{n}=1" for n in range(2000))))


@pytest.mark.parametrize(
    "path",
    [
        "/api/restaurants?page=2",
        "/api/restaurants?limit=0",
        "/api/restaurants?limit=101",
        "/api/restaurants/bistro?x=1",
    ],
)
def test_restaurants_are_asked_for_as_strictly(client: ContractClient, path: str) -> None:
    bistro()

    assert_refused(client.get(path))


@pytest.mark.parametrize(
    "path",
    [
        "/api/restaurants/%00",
        "/api/restaurants/%ff",
        "/api/restaurants/" + "x" * 5000,
        "/api/restaurants/caf%c3%a9",
        "/api/bookings/%00",
        "/api/bookings/" + "A" * 5000,
        "/api/bookings/%e4%bd%a0",
        "/api//restaurants",
        "/api/restaurants//",
        "/api/%0d%0aX-Evil:1",
    ],
)
def test_an_address_that_names_nothing_is_not_found(path: str) -> None:
    answer = Client().get(path)

    assert (answer.status_code, answer.json()) == (404, {"error": "NOT_FOUND", "message": "There is no such record."})


# Whatever comes


@pytest.fixture
def house() -> None:
    bistro()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=5,
)
wrong_orders = st.dictionaries(st.sampled_from([*REQUIRED, *OPTIONAL]) | st.text(), json_values, max_size=4)

# The database is not asked for most of these, and nothing is written by any: it may stay for all examples.
fuzz = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.usefixtures("house")
@pytest.mark.fuzz
@fuzz
@given(changes=wrong_orders)
@example(changes={"notes": "\ud800"})
def test_no_body_is_too_strange(changes: dict[str, Any]) -> None:
    # A body that is valid by chance names a restaurant that is not there.
    body = {**order(restaurantId="nowhere"), **changes}

    answer = post(ContractClient(), json.dumps(body))

    assert answer.status_code in (400, 404), answer.content
    assert set(count_rows().values()) == {0}


@pytest.mark.usefixtures("house")
@pytest.mark.fuzz
@fuzz
@given(body=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    answer = post(ContractClient(), body)

    assert answer.status_code == 400, answer.content
    assert set(count_rows().values()) == {0}


@pytest.mark.usefixtures("house")
@pytest.mark.fuzz
@fuzz
@given(
    path=st.sampled_from(["/api/availability", "/api/availability/days", "/api/restaurants"]),
    query=st.dictionaries(
        st.sampled_from([*QUERY, *DAYS_QUERY, "time", "startsAt", "seating", "after", "limit"]) | st.text(),
        st.text() | st.sampled_from(["bistro", "2090-06-14", "19:00", "4", "2090-06-14T18:00:00Z"]),
        max_size=6,
    ),
)
def test_no_query_is_too_strange(path: str, query: dict[str, str]) -> None:
    encodable = {
        name.encode(errors="replace").decode(): value.encode(errors="replace").decode() for name, value in query.items()
    }

    answer = ContractClient().get(path, encodable)

    assert answer.status_code in (200, 400, 404, 422), answer.content


@pytest.mark.fuzz
@given(
    token=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=60),
    reference=st.from_regex(r"[-A-Za-z0-9_]{1,30}", fullmatch=True),
)
def test_no_token_and_no_reference_open_anything(token: str, reference: str) -> None:
    answers = [
        ContractClient().get(f"/api/bookings/{reference}", headers={"x-manage-token": token}),
        ContractClient().post(f"/api/bookings/{reference}/cancel", headers={"x-manage-token": token}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
