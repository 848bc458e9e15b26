"""One error shape, whatever goes wrong under /api/."""

import json
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import User
from apps.applications.models import Application
from apps.customers.models import Customer

SignedIn = Callable[[User], Client]
JSON = "application/json"


@pytest.fixture(autouse=True)
def _unhurried() -> None:
    """Begin each test with nobody's attempts counted."""
    cache.clear()


def _shape(response: object, status: int) -> dict[str, object]:
    assert response.status_code == status, response.content[:300]
    assert response["Content-Type"].startswith(JSON)
    body = response.json()
    assert set(body) == {"code", "sentence", "fields"}
    assert isinstance(body["code"], str)
    assert body["sentence"]
    for name, sentences in body["fields"].items():
        assert isinstance(name, str)
        assert all(isinstance(sentence, str) for sentence in sentences)
    return body


@pytest.mark.parametrize("address", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/customers"])
def test_it_answers_for_unknown_addresses(client: Client, db: None, address: str) -> None:
    assert _shape(client.get(address), 404)["code"] == "not_found"


@pytest.mark.parametrize("address", ["/api/v1/customers", "/api/v1/applications", "/api/v1/schema"])
def test_it_asks_strangers_who_they_are(client: Client, db: None, address: str) -> None:
    response = client.get(address)

    assert _shape(response, 401)["code"] == "not_authenticated"
    assert response["WWW-Authenticate"]


def test_it_refuses_a_foreign_token(client: Client, db: None) -> None:
    response = client.get("/api/v1/customers", headers={"Authorization": "Bearer abc.def.ghi"})

    assert _shape(response, 401)["code"] == "token_not_valid"


def test_it_refuses_without_the_permission(mark: User, signed_in: SignedIn) -> None:
    body = _shape(signed_in(mark).get("/api/v1/customers"), 403)

    assert body["code"] == "permission_denied"


def test_it_refuses_other_methods(client: Client, alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).delete("/api/v1/health")

    assert _shape(response, 405)["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""]
)
def test_it_refuses_other_media_types(client: Client, db: None, content_type: str) -> None:
    response = client.post("/api/v1/token", "a=1", content_type=content_type)

    assert _shape(response, 415)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"email": NaN}',
        b"\xff\xfe\x00",
        b'{"email": "a", }',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"1" * 10_000,
        b'{"email": "\\ud800@lender.example"}',
        b'{"\\uDFFF": 1}',
    ],
)
def test_it_refuses_malformed_json(client: Client, db: None, body: bytes) -> None:
    _shape(client.post("/api/v1/token", body, content_type=JSON), 400)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", " It cannot be read at line 1, column 2."),
        (b'{"email": "a",\n "password"}', " It cannot be read at line 2, column 12."),
        (b'{"email": NaN}', ""),
        (b"\xff\xfe", ""),
    ],
)
def test_it_says_in_its_own_words_where_json_breaks_off(
    client: Client, db: None, body: bytes, said: str
) -> None:
    found = _shape(client.post("/api/v1/token", body, content_type=JSON), 400)

    assert (found["code"], found["sentence"]) == ("parse_error", f"The body is not JSON.{said}")


@pytest.mark.parametrize("body", ["null", "[]", '"text"', "7", "{}", '{"email": {"a": [1]}}'])
def test_it_refuses_json_of_another_shape(client: Client, db: None, body: str) -> None:
    found = _shape(client.post("/api/v1/token", body, content_type=JSON), 400)

    assert found["code"] == "invalid_input"
    assert found["fields"]


@pytest.mark.parametrize("charset", ["klingon", "zlib", "hex", "rot13", "utf-16", "undefined"])
def test_it_reads_json_as_utf8_whatever_it_is_called(
    client: Client, db: None, charset: str
) -> None:
    kind = f"{JSON}; charset={charset}"
    response = client.generic("POST", "/api/v1/token", b"{}", content_type=kind)

    assert _shape(response, 400)["code"] == "invalid_input"


def test_it_refuses_a_body_that_is_too_large(
    client: Client, db: None, settings: LazySettings
) -> None:
    body = json.dumps({"email": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE, "password": "x"})

    response = client.post("/api/v1/token", body, content_type=JSON)

    assert _shape(response, 413)["code"] == "too_large"


def test_it_refuses_media_it_does_not_speak(client: Client, db: None) -> None:
    _shape(client.get("/api/v1/health", headers={"Accept": "text/csv"}), 406)


def test_it_wants_protection_against_forgery_from_a_browser(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    response = browser.post("/api/v1/customers", "{}", content_type=JSON)

    assert _shape(response, 403)["code"] == "permission_denied"
    assert Customer.objects.count() == 0


@pytest.mark.parametrize("address", ["/api/v1/customers", "/api/v1/applications", "/api/v1/score"])
@pytest.mark.parametrize("body", ["null", "[]", "{}", '{"amount": "1e999", "customer": "\\u0000"}'])
def test_it_answers_absurd_bodies_everywhere(
    make_person: Callable[..., User], signed_in: SignedIn, address: str, body: str
) -> None:
    browser = signed_in(make_person("Robot", "integrator"))

    response = browser.post(address, body, content_type=JSON)

    _shape(response, 400)
    assert Customer.objects.count() == Application.objects.count() == 0
