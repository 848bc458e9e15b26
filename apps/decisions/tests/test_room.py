"""People approve nobody who is blocked by now, and nothing for which there is no room any more."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.applications import entries
from apps.applications import services as application_services
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.collateral import services as collateral
from apps.collateral.entries import LiabilityEntry
from apps.customers import services as customers
from apps.customers.models import BlockListEntry, Customer
from apps.customers.tests import factories as people
from apps.decisions import services
from apps.decisions.errors import (
    BorrowerBlocked,
    CoBorrowerBlocked,
    ExposureExceeded,
    GuarantorExceeded,
)
from apps.decisions.models import Decision, Override, ReviewCase
from apps.decisions.services import OverrideEntry, Terms, Verdict
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

NOW = factories.NOW
APPROVE = Verdict(outcome="approve", codes=("income_confirmed",))
POOR = {"employment": {"net_monthly_income": Decimal(50_000)}}
CAP = {
    "code": "exposure_cap",
    "sentence": "One borrower owes us at most 1,000,000.",
    "input": "exposure_with_us",
    "test": "at_most",
    "threshold": "1000000",
    "outcome": "decline",
}


@pytest.fixture
def carol(make_person: Callable[..., User]) -> User:
    """A second credit manager."""
    return make_person("Carol", "credit_manager")


def _block(charlie: User, application: Application) -> BlockListEntry:
    entry = people.block_entry(customer_number=application.customer.number)
    entity = application.branch.entity
    return customers.block(actor=charlie, entity=entity, entry=entry, now=NOW)


def _asked(alice: User, application: Application, amount: int) -> Override:
    terms = Terms(Decimal(amount), 24)
    entry = OverrideEntry(terms=terms, reason="security_offered", note="Gold is pledged.")
    return services.ask_override(actor=alice, application=application, entry=entry, now=NOW)


def _capped(*, threshold: str = "1000000") -> dict[str, Any]:
    written = factories.document()
    written["rules"].append({**CAP, "threshold": threshold})
    return written


def test_who_was_blocked_after_the_referral_is_not_approved(
    alice: User, charlie: User, carol: User, stage: ModelVersion
) -> None:
    case = factories.referred(alice, amount=850_000, term_months=60)
    services.claim(actor=charlie, case=case, now=NOW)
    listed = _block(charlie, case.application)

    with pytest.raises(BorrowerBlocked) as refusal:
        services.decide(actor=charlie, case=case, verdict=APPROVE, now=NOW)

    case.refresh_from_db()
    assert refusal.value.code == "borrower_blocked"
    assert (case.status, case.application.status) == ("claimed", "in_review")
    assert Decision.objects.count() == 1

    # Once another person has lifted the entry, the case can be approved.
    customers.lift(actor=carol, entry=listed, reason="Mistaken identity", now=NOW)
    services.decide(actor=charlie, case=case, verdict=APPROVE, now=NOW)
    assert Decision.objects.latest("number").outcome == "approve"


def test_no_machine_approves_who_is_blocked_where_the_policy_does_not_ask(
    alice: User, charlie: User, stage: ModelVersion
) -> None:
    application = factories.submitted(alice)
    _block(charlie, application)

    made = services.assess(application_id=application.pk, actor="system:test", now=NOW)

    assert (made.outcome, made.failure, made.letter) == ("refer", "borrower_blocked", None)
    assert ReviewCase.objects.get().causes == ["borrower_blocked"]
    assert services.replay(actor="system:test", decision=made, now=NOW).identical


def _with_a_co_borrower(alice: User, charlie: User, *, amount: int) -> Application:
    """Return a submitted application whose co-borrower was blocked after it was submitted."""
    taken = applications.application(
        alice, applications.borrower(alice.branch), amount=Decimal(amount), term_months=60
    )
    helper = applications.borrower(alice.branch)
    collateral.add_co_borrower(
        actor=alice,
        application=taken,
        customer=helper,
        entry=LiabilityEntry(liability="joint_and_several"),
        now=NOW,
    )
    application = application_services.submit(actor=alice, application=taken, now=NOW)
    entry = people.block_entry(customer_number=helper.number)
    customers.block(actor=charlie, entity=alice.branch.entity, entry=entry, now=NOW)
    return application


def test_no_machine_approves_a_loan_that_a_blocked_co_borrower_would_owe(
    alice: User, charlie: User, stage: ModelVersion
) -> None:
    application = _with_a_co_borrower(alice, charlie, amount=200_000)

    made = services.assess(application_id=application.pk, actor="system:test", now=NOW)

    assert (made.outcome, made.failure, made.letter) == ("refer", "co_borrower_blocked", None)
    assert services.replay(actor="system:test", decision=made, now=NOW).identical


def test_people_do_not_approve_a_loan_that_a_blocked_co_borrower_would_owe(
    alice: User, charlie: User, stage: ModelVersion
) -> None:
    application = _with_a_co_borrower(alice, charlie, amount=850_000)
    services.assess(application_id=application.pk, actor="system:test", now=NOW)
    case = ReviewCase.objects.get()
    services.claim(actor=charlie, case=case, now=NOW)

    with pytest.raises(CoBorrowerBlocked):
        services.decide(actor=charlie, case=case, verdict=APPROVE, now=NOW)

    assert Decision.objects.count() == 1


def test_a_blocked_borrower_can_still_be_declined(
    alice: User, charlie: User, stage: ModelVersion
) -> None:
    case = factories.referred(alice, amount=850_000, term_months=60)
    services.claim(actor=charlie, case=case, now=NOW)
    _block(charlie, case.application)
    decline = Verdict(
        outcome="decline",
        codes=("identity_not_confirmed", "override_facts_unseen"),
        note="Doubtful.",
    )

    services.decide(actor=charlie, case=case, verdict=decline, now=NOW)

    assert Decision.objects.latest("number").outcome == "decline"


def test_nobody_signs_for_who_was_blocked_since_the_verdict(
    alice: User, bob: User, charlie: User, stage: ModelVersion
) -> None:
    case = factories.referred(alice, amount=850_000, term_months=60)
    services.claim(actor=bob, case=case, now=NOW)
    services.decide(actor=bob, case=case, verdict=APPROVE, now=NOW)
    _block(charlie, case.application)

    with pytest.raises(BorrowerBlocked):
        services.countersign(actor=charlie, case=case, now=NOW)

    case = ReviewCase.objects.get()
    assert (case.status, case.application.status) == ("awaiting_second", "in_review")
    assert not Decision.objects.filter(kind="human").exists()


def test_no_exception_is_made_for_who_is_blocked(
    alice: User, charlie: User, stage: ModelVersion
) -> None:
    declined = factories.assessed(alice, amount=Decimal(790_000), borrower=POOR).application
    asked = _asked(alice, declined, 700_000)
    _block(charlie, declined)

    with pytest.raises(BorrowerBlocked):
        services.authorise_override(actor=charlie, override=asked, now=NOW)

    asked.refresh_from_db()
    declined.refresh_from_db()
    assert (asked.status, declined.status) == ("asked", "declined")


def test_an_exception_counts_what_was_approved_since_the_decline(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_capped())
    borrower = applications.borrower(pune, **POOR)
    found = []
    for amount in (790_000, 400_000):
        one = applications.submitted(alice, borrower, amount=Decimal(amount))
        services.assess(application_id=one.pk, actor="system:test", now=NOW)
        found.append(Application.objects.get(pk=one.pk))
    assert [one.status for one in found] == ["declined", "approved"]
    asked = _asked(alice, found[0], 700_000)

    with pytest.raises(ExposureExceeded) as refusal:
        services.authorise_override(actor=charlie, override=asked, now=NOW)

    assert "₹11,00,000.00" in str(refusal.value)
    asked.refresh_from_db()
    assert asked.status == "asked"


def test_an_exception_may_set_aside_the_cap_the_decline_named(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_capped(threshold="100000"))
    declined = factories.assessed(alice).application
    asked = _asked(alice, declined, 150_000)

    made = services.authorise_override(actor=charlie, override=asked, now=NOW)

    assert asked.decision.reason_codes == ["rule.exposure_cap"]
    assert (made.outcome, made.amount) == ("approve", 150_000)


GUARANTOR_CAP = {
    "code": "guarantor_cap",
    "sentence": "Nobody who answers for a loan answers for more than 300,000 in all.",
    "input": "guarantor_exposure",
    "test": "at_most",
    "threshold": "300000",
}


def _guaranteed_by(
    alice: User, guarantor: Customer, borrower: Customer | None = None, **changes: Any
) -> Application:
    """Return a submitted application for which a customer answers with 200,000."""
    borrower = borrower or applications.borrower(alice.branch)
    taken = applications.application(alice, borrower, **changes)
    entry = entries.GuarantorEntry(customer=guarantor, amount=Decimal(200_000))
    application_services.add_guarantor(actor=alice, application=taken, entry=entry)
    return application_services.submit(actor=alice, application=taken, now=NOW)


def _guarded(outcome: str) -> dict[str, Any]:
    written = factories.document()
    written["rules"].append({**GUARANTOR_CAP, "outcome": outcome})
    return written


@pytest.mark.parametrize("outcome", ["refer", "decline"])
def test_a_guarantor_answers_for_no_more_than_the_cap(
    alice: User, pune: Branch, rita: User, mark: User, outcome: str
) -> None:
    factories.stage(pune, rita, mark, document=_guarded(outcome))
    guarantor = applications.borrower(pune)
    both = [_guaranteed_by(alice, guarantor) for _ in range(2)]

    first, second = (
        services.assess(application_id=one.pk, actor="system:test", now=NOW) for one in both
    )

    assert (first.outcome, second.outcome) == ("approve", outcome)
    assert second.inputs["guarantor_exposure"] == "400000.00"
    assert second.reason_codes == ["rule.guarantor_cap"]
    assert services.replay(actor="system:test", decision=second, now=NOW).identical


def test_the_applicant_does_not_read_what_a_guarantor_owes(
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_guarded("decline"))
    guarantor = applications.borrower(pune)
    for one in [_guaranteed_by(alice, guarantor) for _ in range(2)]:
        made = services.assess(application_id=one.pk, actor="system:test", now=NOW)

    assert made.letter is not None
    facts: Any = made.letter.facts
    [told] = facts["reasons"]
    assert told["sentence"] == (
        "Somebody who would answer for this loan cannot answer for more with us. You may name"
        " another guarantor."
    )


def test_people_are_told_when_a_guarantor_has_no_room_any_more(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_guarded("decline"))
    guarantor = applications.borrower(pune)
    waiting = _guaranteed_by(alice, guarantor, amount=Decimal(850_000), term_months=60)
    services.assess(application_id=waiting.pk, actor="system:test", now=NOW)
    case = ReviewCase.objects.get()
    services.claim(actor=charlie, case=case, now=NOW)
    services.assess(
        application_id=_guaranteed_by(alice, guarantor).pk, actor="system:test", now=NOW
    )

    with pytest.raises(GuarantorExceeded) as refusal:
        services.decide(actor=charlie, case=case, verdict=APPROVE, now=NOW)

    assert "a guarantor would owe us or answer for ₹4,00,000.00" in str(refusal.value)
    case.refresh_from_db()
    assert case.status == "claimed"


@pytest.mark.django_db(transaction=True)
def test_two_who_answer_for_each_other_share_the_cap_and_wait_for_nobody(
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_guarded("decline"))
    for _round in range(4):
        one, other = applications.borrower(pune), applications.borrower(pune)
        both = [_guaranteed_by(alice, other, one), _guaranteed_by(alice, one, other)]
        gate = threading.Barrier(2)

        def assess(pk: object, gate: threading.Barrier = gate) -> Decision:
            try:
                gate.wait(timeout=10)
                return services.assess(application_id=str(pk), actor="system:test", now=NOW)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(assess, [application.pk for application in both]))

        # Each owes 200,000 once its own loan is approved, and would answer for as much again.
        assert sorted(decision.outcome for decision in found) == ["approve", "decline"]
        assert {decision.failure for decision in found} == {""}
