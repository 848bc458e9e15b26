"""A loan is opened over the API under the decision that binds, and only so."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.decisions import rulebook, sources
from apps.decisions.tests import factories
from apps.loans.models import Loan
from apps.scoring import champion

SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _known_book(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep loans only in the tests' own book, and nothing loaded from one test to the next."""
    monkeypatch.setattr(sources, "_sources", {"tests": factories.nobody_defaulted})
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
def approved(alice: User, pune: Branch, rita: User, mark: User) -> Application:
    """An approved application of 200,000 over 24 months at 16 %."""
    factories.stage(pune, rita, mark)
    return factories.assessed(alice).application


def _open(client: Client, pk: object, **body: Any) -> Any:
    day = timezone.now().date().isoformat()
    return client.post(
        reverse("api:open_loan", args=[pk]),
        json.dumps({"disbursed_date": day, **body}),
        content_type="application/json",
    )


def test_it_opens_what_was_decided_and_only_once(
    approved: Application, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)

    first, second = _open(client, approved.pk), _open(client, approved.pk)
    other = _open(client, approved.pk, principal="100000")

    assert (first.status_code, second.json()) == (200, first.json())
    found = first.json()
    assert (found["principal"], found["term_months"], found["annual_rate"]) == (
        "200000.00",
        24,
        "0.160000",
    )
    assert (other.status_code, other.json()["code"]) == (409, "loan_opened")
    assert Loan.objects.count() == 1


def test_it_opens_no_more_than_was_decided(
    approved: Application, alice: User, signed_in: SignedIn
) -> None:
    more = _open(signed_in(alice), approved.pk, principal="200000.01")
    early = _open(signed_in(alice), approved.pk, disbursed_date="2020-01-01")
    never = _open(signed_in(alice), approved.pk, disbursed_date="someday")

    assert (more.status_code, more.json()["code"]) == (409, "beyond_decision")
    assert (early.status_code, list(early.json()["fields"])) == (400, ["disbursed_date"])
    assert (never.status_code, list(never.json()["fields"])) == (400, ["disbursed_date"])
    assert not Loan.objects.exists()


def test_what_was_not_decided_is_not_lent(
    approved: Application, alice: User, amir: User, signed_in: SignedIn
) -> None:
    waiting = factories.submitted(alice)

    undecided = _open(signed_in(alice), waiting.pk)

    assert (undecided.status_code, undecided.json()["code"]) == (409, "not_decided")
    assert _open(signed_in(amir), approved.pk).status_code == 403
    assert _open(signed_in(alice), uuid4()).status_code == 404
    assert not Loan.objects.exists()
