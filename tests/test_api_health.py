"""health says that the process is up; ready says whether it can work, and which part cannot."""

import pytest
from django.db import DatabaseError
from django.test import Client
from kombu.exceptions import OperationalError

from apps.accounts.models import Entity
from apps.dashboards import readiness
from apps.products.models import Product


@pytest.fixture
def product(india: Entity) -> Product:
    """An open product whose segment has no model."""
    return Product.objects.create(
        entity=india,
        code="personal",
        name="Personal loan",
        currency="INR",
        minimum_amount=1000,
        maximum_amount=100_000,
        minimum_term_months=3,
        maximum_term_months=60,
        annual_rate="0.15",
        schedule="emi",
        purposes=["other"],
        scoring_segment="personal-in",
        cooling_off_days=3,
    )


def test_it_is_up_without_asking_anybody(
    client: Client, django_assert_num_queries: object, db: None
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/api/v1/health")

    assert (response.status_code, response.json()) == (200, {"status": "up"})


def test_it_is_ready_when_everything_answers(client: Client, db: None) -> None:
    response = client.get("/api/v1/ready")

    assert (response.status_code, response.json()) == (200, {"status": "ready"})


def test_it_is_not_ready_without_a_model_for_what_is_offered(
    client: Client, product: Product
) -> None:
    response = client.get("/api/v1/ready")

    assert response.status_code == 503
    assert response.json() == {
        "code": "not_ready",
        "sentence": "Not ready: model personal-in.",
        "fields": {"model personal-in": ["Not ready."]},
    }


def test_it_needs_no_model_for_a_closed_product(client: Client, product: Product) -> None:
    product.is_open = False
    product.save()

    assert client.get("/api/v1/ready").status_code == 200


def test_it_is_not_ready_without_its_broker(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OperationalError("redis://user:secret@broker.example:6379/0 refused")

    monkeypatch.setattr("kombu.Connection.ensure_connection", fail)

    response = client.get("/api/v1/ready")

    assert response.status_code == 503
    assert response.json()["sentence"] == "Not ready: broker."
    assert "secret" not in response.content.decode()


def test_it_is_not_ready_without_its_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise DatabaseError("password authentication failed for user x")

    monkeypatch.setattr(readiness.connection, "cursor", fail)

    response = client.get("/api/v1/ready")

    assert response.status_code == 503
    assert response.json()["sentence"] == "Not ready: database."
    assert "password" not in response.content.decode()
