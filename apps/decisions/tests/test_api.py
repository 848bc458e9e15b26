from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core import withheld
from apps.decisions import services
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

SignedIn = Callable[[User], Client]


def test_it_decides_at_once_and_only_once(
    alice: User, stage: ModelVersion, signed_in: SignedIn
) -> None:
    application = factories.submitted(alice)
    client = signed_in(alice)
    address = reverse("api:application_decide", args=[application.pk])

    first, second = client.post(address), client.post(address)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    found = first.json()
    assert (found["outcome"], found["kind"], found["reasons"]) == ("approve", "automated", [])
    assert (found["amount"], found["annual_rate"]) == ("200000.00", "0.160000")
    assert found["score"]["model_sha256"] == stage.sha256
    assert Decision.objects.count() == 1


def test_it_reads_the_decision_with_its_reasons(
    alice: User, stage: ModelVersion, signed_in: SignedIn
) -> None:
    application = factories.submitted(alice, amount=Decimal(790_000), term_months=12)
    client = signed_in(alice)
    address = reverse("api:application_decision", args=[application.pk])
    assert client.get(address).status_code == 404

    client.post(reverse("api:application_decide", args=[application.pk]))

    found = client.get(address).json()
    assert found["outcome"] == "decline"
    assert found["reasons"][0]["code"] == "rule.foir_cap"
    assert "of your net income; the limit is 60.0" in found["reasons"][0]["sentence"]


def test_it_reads_until_when_an_offer_can_be_taken_up(
    alice: User, bob: User, stage: ModelVersion, signed_in: SignedIn
) -> None:
    case = factories.referred(alice, amount=900_000, term_months=60)
    services.claim(actor=bob, case=case, now=factories.NOW)
    offer = services.Verdict(
        outcome="approve",
        codes=("burden_confirmed_bearable",),
        amount=Decimal(300_000),
        term_months=36,
    )
    services.decide(actor=bob, case=case, verdict=offer, now=factories.NOW)
    address = reverse("api:application_decision", args=[case.application_id])

    read = signed_in(alice).get(address).json()

    assert (read["amount"], read["term_months"]) == ("300000.00", 36)
    assert read["valid_until"] == "2027-02-17T18:29:59.999999Z"


def test_a_draft_cannot_be_decided(alice: User, stage: ModelVersion, signed_in: SignedIn) -> None:
    application = factories.submitted(alice)
    application.move("withdraw")

    answer = signed_in(alice).post(reverse("api:application_decide", args=[application.pk]))

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_assess")
    assert not Decision.objects.exists()


def test_what_is_not_visible_is_not_there(
    alice: User,
    stage: ModelVersion,
    make_person: Callable[..., User],
    nashik: Branch,
    signed_in: SignedIn,
) -> None:
    application = factories.submitted(alice)
    nadia = make_person("Nadia", "loan_officer", branch=nashik)

    for pk in (application.pk, uuid4()):
        answer = signed_in(nadia).post(reverse("api:application_decide", args=[pk]))
        assert answer.status_code == 404
    assert not Decision.objects.exists()


def test_the_number_of_queries_does_not_grow(
    alice: User, stage: ModelVersion, signed_in: SignedIn, django_assert_num_queries: Any
) -> None:
    """Latency is queries: whoever adds one says so here."""
    client = signed_in(alice)
    waiting = [factories.submitted(alice) for _ in range(2)]
    addresses = [reverse("api:application_decide", args=[one.pk]) for one in waiting]
    client.post(addresses[0])

    with django_assert_num_queries(10):
        assert client.post(addresses[1]).json()["outcome"] == "approve"
    with django_assert_num_queries(7):
        client.post(addresses[1])


def test_a_case_granted_in_another_branch_can_be_decided(
    alice: User,
    stage: ModelVersion,
    make_person: Callable[..., User],
    nashik: Branch,
    signed_in: SignedIn,
) -> None:
    application = factories.submitted(alice)
    nadia = make_person("Nadia", "loan_officer", branch=nashik)
    assign_perm("applications.view_application", nadia, application)

    answer = signed_in(nadia).post(reverse("api:application_decide", args=[application.pk]))

    assert (answer.status_code, answer.json()["outcome"]) == (200, "approve")


def test_what_is_withheld_is_not_told_by_deciding_it_again(
    alice: User, stage: ModelVersion, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, open_to_all = factories.assessed(alice), factories.assessed(alice)
    rows = Application.objects.filter(pk=hidden.application_id).values("pk")
    monkeypatch.setattr(withheld, "_sources", [lambda _actor: [rows]])
    client = signed_in(alice)

    refused, told = (
        client.post(reverse("api:application_decide", args=[one.application_id]))
        for one in (hidden, open_to_all)
    )

    assert refused.status_code == 404
    assert (told.status_code, told.json()["id"]) == (200, str(open_to_all.pk))
