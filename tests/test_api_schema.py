"""The OpenAPI document validates, describes every address, and can be read in a viewer."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from apps.accounts.models import User
from tests.test_access import ADDRESSES

SignedIn = Callable[[User], Client]
VALIDATORS = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(alice: User, signed_in: SignedIn) -> dict[str, Any]:
    response = signed_in(alice).get("/api/v1/schema", headers={"Accept": "application/json"})
    assert response.status_code == 200
    return json.loads(response.content)


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_it_validates(document: dict[str, Any]) -> None:
    validator = VALIDATORS[document["openapi"][:3]]

    assert [error.message for error in validator(document).iter_errors()] == []


def test_it_is_made_without_warnings(
    alice: User, signed_in: SignedIn, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in(alice).get("/api/v1/schema")

    assert "Warning" not in capsys.readouterr().err


def test_it_describes_every_address(document: dict[str, Any]) -> None:
    served = {
        re.sub(r"<[^>]*>", "{}", f"/{address}")
        for address in ADDRESSES
        if address.startswith("api/v1/") and not address.endswith(("schema", "docs"))
    }

    assert {re.sub(r"{[^}]*}", "{}", path) for path in document["paths"]} == served


def test_it_gives_every_operation_a_name_words_and_errors(document: dict[str, Any]) -> None:
    operations = _operations(document)

    names = [operation["operationId"] for _, _, operation in operations]
    assert len(names) == len(set(names))
    for path, method, operation in operations:
        assert operation.get("description"), (method, path)
        refusals = {code for code in operation["responses"] if code.startswith(("4", "5"))}
        assert refusals or path.endswith("/health"), (method, path)


def test_it_describes_every_error_by_the_one_shape(document: dict[str, Any]) -> None:
    problem = document["components"]["schemas"]["Problem"]
    assert set(problem["properties"]) == {"code", "sentence", "fields"}

    for path, method, operation in _operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (method, path, status)


def test_it_writes_money_as_text(document: dict[str, Any]) -> None:
    found = [
        (name, field, values)
        for name, schema in document["components"]["schemas"].items()
        for field, values in schema.get("properties", {}).items()
        if field in {"amount", "annual_rate", "instalment"} and "type" in values
    ]

    assert found
    assert {values["type"] for _, _, values in found} == {"string"}


def test_it_is_shown_by_a_viewer_under_a_strict_policy(alice: User, signed_in: SignedIn) -> None:
    browser = signed_in(alice)

    page, script = browser.get("/api/v1/docs"), browser.get("/api/v1/docs?script=")

    assert page.status_code == 200
    assert "<style" not in page.content.decode()
    assert "/static/drf_spectacular_sidecar/" in page.content.decode()
    assert "unsafe-inline" not in page["Content-Security-Policy"].replace(
        "style-src-attr 'unsafe-inline'", ""
    )
    assert script["Content-Type"].startswith("application/javascript")
    assert b"SwaggerUIBundle" in script.content


def test_it_hides_the_document_from_strangers(client: Client, db: None) -> None:
    assert client.get("/api/v1/schema").status_code == 401
    assert client.get("/api/v1/docs").status_code == 302
