"""A verdict is bound by the policy in force when it is given, not by that of the referral."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import ApprovalLimit, Branch, User
from apps.applications.tests import factories as applications
from apps.core.errors import Conflict, DomainError
from apps.decisions import services
from apps.decisions.errors import ExposureExceeded, VerdictRefused
from apps.decisions.models import Decision, Outcome, PolicyVersion, ReviewCase
from apps.decisions.services import OverrideEntry, Terms, Verdict
from apps.decisions.tests import factories

pytestmark = pytest.mark.usefixtures("stage")
SignedIn = Callable[[User], Client]
NOW = factories.NOW
LATER = NOW + timedelta(days=3)
BEGINS = date(2026, 11, 22)
APPROVE = Verdict(outcome="approve", codes=("income_confirmed",))
JUSTIFIED = Verdict(
    outcome="approve",
    codes=("income_confirmed", "override_new_evidence"),
    note="The employer confirms the raise.",
)
CAP = {
    "code": "exposure_cap",
    "sentence": "One borrower owes us at most the cap.",
    "input": "exposure_with_us",
    "test": "at_most",
    "threshold": "1000000",
    "outcome": "decline",
}


def _stricter(branch: Branch, **rule: Any) -> PolicyVersion:
    """Put another version into force between the referral and the verdict."""
    written = factories.document()
    stricter = {
        "code": "burden_cap",
        "sentence": "Obligations take at most a tenth of net income.",
        "input": "foir",
        "test": "at_most",
        "threshold": "0.10",
        "outcome": "decline",
    }
    written["rules"].append({**stricter, **rule})
    if not rule:
        written["rules"] = [one for one in written["rules"] if one["code"] != "foir_cap"]
    return factories.policy(branch.entity, effective_from=BEGINS, document=written)


def _held(alice: User, charlie: User, *, now: Any = LATER) -> ReviewCase:
    case = factories.referred(alice, amount=850_000, term_months=60)
    return services.claim(actor=charlie, case=case, now=now)


def test_the_verdict_keeps_the_version_in_force_at_its_time(
    alice: User, charlie: User, pune: Branch
) -> None:
    case = _held(alice, charlie)
    newer = _stricter(pune)

    services.decide(actor=charlie, case=case, verdict=JUSTIFIED, now=LATER)

    made = Decision.objects.get(application=case.application, number=2)
    assert (case.referral.policy.number, made.policy) == (1, newer)
    assert "burden_cap" in [one["code"] for one in made.trace["results"]]
    assert services.replay(actor="system:test", decision=made, now=LATER).identical
    assert services.replay(actor="system:test", decision=case.referral, now=LATER).identical


def test_what_departs_from_the_newer_version_needs_a_reason(
    alice: User, charlie: User, pune: Branch
) -> None:
    case = _held(alice, charlie)
    before = services.basis_of(case, now=LATER)
    _stricter(pune)

    with pytest.raises(VerdictRefused) as refusal:
        services.decide(actor=charlie, case=case, verdict=APPROVE, now=LATER)

    assert not services.must_justify("approve", before)
    assert set(refusal.value.fields) == {"note", "override_codes"}
    assert Decision.objects.count() == 1


def test_a_decline_rests_on_the_newer_version_too(alice: User, charlie: User, pune: Branch) -> None:
    case = _held(alice, charlie)
    newer = _stricter(pune)
    verdict = Verdict(outcome="decline", codes=("obligations_high_on_net_income",))

    services.decide(actor=charlie, case=case, verdict=verdict, now=LATER)

    made = Decision.objects.get(application=case.application, number=2)
    assert (made.outcome, made.policy) == ("decline", newer)
    assert made.trace["outcome"] == "decline"
    assert services.replay(actor="system:test", decision=made, now=LATER).identical


def test_the_cap_of_the_version_in_force_limits_what_people_approve(
    alice: User, charlie: User, pune: Branch
) -> None:
    case = _held(alice, charlie)
    _stricter(pune, **{**CAP, "threshold": "800000"})

    with pytest.raises(ExposureExceeded, match="₹8,50,000"):
        services.decide(actor=charlie, case=case, verdict=JUSTIFIED, now=LATER)

    assert Decision.objects.count() == 1


def test_a_verdict_of_before_is_not_signed_where_it_now_lacks_a_reason(
    alice: User, bob: User, charlie: User, pune: Branch
) -> None:
    case = factories.referred(alice, amount=850_000, term_months=60)
    services.claim(actor=bob, case=case, now=NOW)
    waiting = services.decide(actor=bob, case=case, verdict=APPROVE, now=NOW)
    assert waiting.status == "awaiting_second"
    _stricter(pune)

    with pytest.raises(Conflict) as refusal:
        services.countersign(actor=charlie, case=waiting, now=LATER)

    waiting.refresh_from_db()
    assert refusal.value.code == "policy_changed"
    assert (waiting.status, Decision.objects.count()) == ("awaiting_second", 1)
    # The day before it is signed as it was given.
    services.countersign(actor=charlie, case=waiting, now=NOW)
    assert Decision.objects.get(number=2).policy.number == 1


def test_an_exception_is_granted_under_the_version_in_force(
    alice: User, charlie: User, pune: Branch
) -> None:
    declined = factories.assessed(alice, amount=Decimal(790_000), term_months=12)
    entry = OverrideEntry(
        terms=Terms(Decimal(600_000), 24), reason="security_offered", note="Gold is pledged."
    )
    asked = services.ask_override(
        actor=alice, application=declined.application, entry=entry, now=NOW
    )
    newer = _stricter(pune)

    made = services.authorise_override(actor=charlie, override=asked, now=LATER)

    assert (declined.policy.number, made.policy) == (1, newer)
    assert services.replay(actor="system:test", decision=made, now=LATER).identical


def test_the_page_tells_that_the_policy_has_changed(
    alice: User, charlie: User, pune: Branch, signed_in: SignedIn
) -> None:
    case = _held(alice, charlie, now=NOW)
    ReviewCase.objects.filter(pk=case.pk).update(claim_until=NOW + timedelta(days=365))
    address = reverse("decisions:application_panel", args=[case.application_id])
    client = signed_in(charlie)
    before = client.get(address).content.decode()
    newer = _stricter(pune)

    after = client.get(address).content.decode()

    assert "The policy has changed" not in before
    assert f"Version {newer.number} came into force after this case was referred" in after
    assert f"By itself it says: {Outcome.DECLINE.label}." in after


@pytest.mark.django_db(transaction=True)
def test_two_cases_of_one_borrower_concluded_at_once_share_the_cap(
    alice: User, charlie: User, pune: Branch, make_person: Callable[..., User]
) -> None:
    written = factories.document()
    written["rules"].append({**CAP, "threshold": "1600000"})
    carol = make_person("Carol", "credit_manager")
    ApprovalLimit.objects.create(user=carol, currency="INR", amount=Decimal(5_000_000))
    factories.policy(pune.entity, effective_from=BEGINS, document=written)
    customer = applications.borrower(pune)
    cases = []
    for reviewer in (charlie, carol):
        taken = applications.submitted(alice, customer, amount=Decimal(850_000), term_months=60)
        services.assess(application_id=taken.pk, actor="system:test", now=NOW)
        case = ReviewCase.objects.get(application=taken)
        cases.append((reviewer, services.claim(actor=reviewer, case=case, now=LATER)))
    gate = threading.Barrier(2)

    def conclude(reviewer: User, case: ReviewCase) -> object:
        try:
            gate.wait(timeout=10)
            return services.decide(actor=reviewer, case=case, verdict=JUSTIFIED, now=LATER)
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda one: conclude(*one), cases))

    refused = [one for one in results if isinstance(one, DomainError)]
    concluded = [one.status for one in results if isinstance(one, ReviewCase)]
    assert concluded == ["closed"]
    assert [one.code for one in refused] == ["exposure_exceeded"]
    assert Decision.objects.filter(kind="human", outcome="approve").count() == 1
