"""A late request or an old page never decides what its author has not seen or does not hold."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications import services as application_services
from apps.applications.tests import factories as applications
from apps.core.errors import DomainError, StaleRecord
from apps.decisions import services
from apps.decisions.models import Decision, PolicyVersion, ReviewCase
from apps.decisions.services import Verdict, verdicts
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

NOW = factories.NOW
APPROVE = Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")
DECLINE = Verdict(
    outcome="decline",
    codes=("documents_incomplete", "override_facts_unseen"),
    note="Two are missing.",
)

SignedIn = Callable[[User], Client]


def _meanwhile(action: Callable[[], object]) -> threading.Thread:
    """Start an action on a connection of its own; what is refused is refused."""

    def run() -> None:
        try:
            action()
        except DomainError:
            pass
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _after_the_check(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> list[Any]:
    """Start `action` when a verdict was checked and is not written yet."""
    started: list[threading.Thread] = []
    check = verdicts.check

    def slow(verdict: Verdict, case: ReviewCase, basis: services.Basis, **known: Any) -> None:
        check(verdict, case, basis, **known)
        started.append(_meanwhile(action))
        started[0].join(timeout=1)

    monkeypatch.setattr(verdicts, "check", slow)
    return started


@pytest.mark.django_db(transaction=True)
def test_nobody_takes_over_a_case_that_is_being_decided(
    alice: User, bob: User, charlie: User, pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.policy(pune.entity)
    case = factories.referred(alice)
    services.claim(actor=bob, case=case, now=NOW)
    after = NOW + timedelta(minutes=31)
    others = _after_the_check(
        monkeypatch, lambda: services.claim(actor=charlie, case=case, now=after)
    )

    services.decide(
        actor=bob, case=case, verdict=APPROVE, now=NOW + timedelta(minutes=29, seconds=59)
    )

    others[0].join(timeout=30)
    case.refresh_from_db()
    assert (case.status, case.claimed_by, case.verdict_by) == ("closed", bob, bob)


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_waits_for_the_decision_that_has_begun(
    alice: User, bob: User, pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.policy(pune.entity)
    case = factories.referred(alice)
    services.claim(actor=bob, case=case, now=NOW)
    others = _after_the_check(
        monkeypatch,
        lambda: application_services.withdraw(
            actor=alice, application=case.application, reason="customer_asked", now=NOW
        ),
    )

    services.decide(actor=bob, case=case, verdict=APPROVE, now=NOW)

    others[0].join(timeout=30)
    case.refresh_from_db()
    # An approved application can still be withdrawn; the decision stands beside it.
    assert (case.status, case.application.status) == ("closed", "withdrawn")
    assert Decision.objects.filter(kind="human").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_applications_of_one_borrower_share_one_limit(
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    document = factories.document()
    document["rules"].append(
        {
            "code": "exposure_cap",
            "sentence": "At most 300,000 in all.",
            "input": "exposure_with_us",
            "test": "at_most",
            "threshold": "300000",
            "outcome": "decline",
        }
    )
    factories.stage(pune, rita, mark, document=document)
    borrower = applications.borrower(pune)
    both = [applications.submitted(alice, borrower) for _ in range(2)]
    gate = threading.Barrier(2)

    def assess(pk: object) -> None:
        gate.wait(timeout=10)
        services.assess(application_id=str(pk), actor="system:test", now=NOW)

    threads = [_meanwhile(lambda pk=one.pk: assess(pk)) for one in both]
    for thread in threads:
        thread.join(timeout=60)

    found = sorted(Decision.objects.values_list("outcome", "amount"))
    assert found == [("approve", Decimal(200_000)), ("decline", Decimal(200_000))]


@pytest.fixture
def proposed(alice: User, bob: User, stage: ModelVersion) -> ReviewCase:
    """A case above Bob's limit which he proposed to approve."""
    case = factories.referred(alice, amount=900_000, term_months=60)
    now = timezone.now()
    services.claim(actor=bob, case=case, now=now)
    return services.decide(actor=bob, case=case, verdict=APPROVE, now=now)


def test_nobody_signs_another_verdict_than_the_one_on_the_page(
    proposed: ReviewCase, bob: User, charlie: User
) -> None:
    seen, now = proposed.version, timezone.now()
    services.send_back(actor=charlie, case=proposed, note="Why?", now=now)
    services.claim(actor=bob, case=proposed, now=now)
    services.decide(actor=bob, case=proposed, verdict=DECLINE, now=now)

    with pytest.raises(StaleRecord):
        services.countersign(actor=charlie, case=proposed, now=now, version=seen)

    proposed.refresh_from_db()
    assert (proposed.status, proposed.verdict) == ("awaiting_second", "decline")
    assert not Decision.objects.filter(kind="human").exists()


def test_the_page_carries_the_version_it_shows(
    proposed: ReviewCase, charlie: User, signed_in: SignedIn
) -> None:
    client = signed_in(charlie)
    page = reverse("decisions:application_panel", args=[proposed.application_id])
    sign = reverse("decisions:countersign", args=[proposed.pk])

    assert f'name="version" value="{proposed.version}"' in client.get(page).content.decode()
    client.post(sign, {"version": "2026-01-01T00:00:00+00:00"})
    assert not Decision.objects.filter(kind="human").exists()
    client.post(sign, {"version": proposed.version})
    assert Decision.objects.get(kind="human").countersigned_by == charlie


@pytest.mark.parametrize("note", ["Not \x00 so.", "x" * 2001])
def test_a_note_that_cannot_be_kept_sends_nothing_back(
    proposed: ReviewCase, charlie: User, signed_in: SignedIn, note: str
) -> None:
    address = reverse("decisions:send_back", args=[proposed.pk])

    answer = signed_in(charlie).post(address, {"note": note, "version": proposed.version})

    proposed.refresh_from_db()
    assert answer.status_code == 302
    assert proposed.status == "awaiting_second"


def test_a_note_that_is_too_long_is_not_dropped(
    alice: User, bob: User, pune: Branch, signed_in: SignedIn
) -> None:
    factories.policy(pune.entity)
    case = factories.referred(alice)
    services.claim(actor=bob, case=case, now=timezone.now())
    given = {
        "outcome": "decline",
        "decline-codes": ["documents_incomplete"],
        "decline-note": "x" * 2001,
    }

    answer = signed_in(bob).post(reverse("decisions:decide", args=[case.pk]), given)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "x" * 2001 in text
    assert "at most 2000 characters" in text
    assert not Decision.objects.filter(kind="human").exists()


def test_the_day_a_policy_begins_is_never_moved(pune: Branch) -> None:
    version = factories.policy(pune.entity)

    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(effective_from="2025-01-01")

    version.refresh_from_db()
    assert version.effective_from.isoformat() == "2026-01-01"


def test_a_verdict_sent_twice_is_taken_once_and_refused_by_nothing(
    alice: User, bob: User, pune: Branch, signed_in: SignedIn
) -> None:
    factories.policy(pune.entity)
    case = factories.referred(alice)
    services.claim(actor=bob, case=case, now=timezone.now())
    given = {
        "outcome": "decline",
        "decline-codes": ["documents_incomplete"],
        "decline-note": "Two are missing.",
    }
    other = {**given, "decline-note": "Three are missing."}
    client, address = signed_in(bob), reverse("decisions:decide", args=[case.pk])

    client.post(address, given)
    again = client.post(address, given, follow=True).content.decode()
    changed = client.post(address, other, follow=True).content.decode()

    assert "The decision stands and its letter is being prepared." in again
    assert "You do not hold this case" not in again
    assert "You do not hold this case" in changed
    assert Decision.objects.get(kind="human").note == "Two are missing."
