"""People approve less than was asked for, and never more than a borrower may owe us."""

import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.core.errors import DomainError
from apps.decisions import services
from apps.decisions.errors import ExposureExceeded, NotBinding, VerdictRefused
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import Verdict
from apps.decisions.tests import factories
from apps.letters import rendering
from apps.letters.content import LetterFacts
from apps.letters.editions import CURRENT, edition
from apps.letters.models import Letter
from apps.scoring.models import ModelVersion

NOW = factories.NOW
CAP = 1_000_000


def _offer(amount: int | str, term: int, **more: Any) -> Verdict:
    return Verdict(
        outcome="approve",
        amount=Decimal(amount),
        term_months=term,
        **{"codes": ("burden_confirmed_bearable",), **more},
    )


@pytest.fixture
def case(alice: User, stage: ModelVersion) -> ReviewCase:
    """A scored case of 900,000 over 60 months, above Bob's limit of 300,000."""
    return factories.referred(alice, amount=900_000, term_months=60)


def _claimed(person: User, case: ReviewCase) -> ReviewCase:
    return services.claim(actor=person, case=case, now=NOW)


def test_within_the_own_limit_one_person_offers_less(case: ReviewCase, bob: User) -> None:
    _claimed(bob, case)

    services.decide(actor=bob, case=case, verdict=_offer(300_000, 36), now=NOW)

    made = Decision.objects.get(number=2)
    case.refresh_from_db()
    assert (made.amount, made.term_months, made.countersigned_by) == (300_000, 36, None)
    # Until the end of the 89th day in Pune, so that the notice goes out on the 90th.
    last = datetime(2027, 2, 17, 23, 59, 59, 999_999, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert (made.valid_until, made.is_counter_offer) == (last, True)
    assert (case.application.amount, case.application.term_months) == (900_000, 60)
    assert services.binding_decision(case.application, now=last) == made
    with pytest.raises(NotBinding) as refusal:
        services.binding_decision(case.application, now=last + timedelta(microseconds=1))
    assert refusal.value.code == "decision_expired"


def test_the_letter_states_what_was_asked_and_what_is_offered(case: ReviewCase, bob: User) -> None:
    _claimed(bob, case)
    services.decide(actor=bob, case=case, verdict=_offer(300_000, 36), now=NOW)

    facts: Any = Letter.objects.get().facts
    html = rendering.render(
        LetterFacts.from_dict(facts), language="en", edition=edition(CURRENT)
    ).html.decode()

    assert (facts["amount"], facts["term_months"]) == ("900000.00", 60)
    assert (facts["approval"]["amount"], facts["approval"]["term_months"]) == ("300000.00", 36)
    assert facts["approval"]["first_steps"][0] == (
        "Tell us by 17 February 2027 whether you take this offer; it lapses after that day."
    )
    assert "What we have approved differs from this" in html


def test_taking_up_the_offer_goes_on_to_bind(case: ReviewCase, bob: User, alice: User) -> None:
    _claimed(bob, case)
    services.decide(actor=bob, case=case, verdict=_offer(300_000, 36), now=NOW)

    taken = services.change_request(
        actor=alice,
        application=case.application,
        amount=Decimal(300_000),
        term_months=36,
        now=NOW + timedelta(days=3),
    )

    assert (taken.status, taken.amount, taken.term_months) == ("approved", 300_000, 36)
    assert Decision.objects.count() == 2


def test_above_the_own_limit_the_second_signs_the_same_offer(
    case: ReviewCase, bob: User, charlie: User
) -> None:
    _claimed(bob, case)
    services.decide(actor=bob, case=case, verdict=_offer(400_000, 48), now=NOW)
    case.refresh_from_db()
    assert (case.status, case.verdict_amount, case.verdict_term_months) == (
        "awaiting_second",
        400_000,
        48,
    )

    services.countersign(actor=charlie, case=case, now=NOW, version=case.version)

    made = Decision.objects.get(number=2)
    assert (made.amount, made.term_months) == (400_000, 48)
    assert (made.decided_by, made.countersigned_by) == (bob, charlie)


def test_what_is_sent_back_leaves_no_offer_behind(
    case: ReviewCase, bob: User, charlie: User
) -> None:
    _claimed(bob, case)
    services.decide(actor=bob, case=case, verdict=_offer(400_000, 48), now=NOW)

    services.send_back(actor=charlie, case=case, note="Too much.", now=NOW)

    case.refresh_from_db()
    assert (case.status, case.verdict_amount, case.verdict_term_months) == ("open", None, None)


def test_what_was_asked_for_is_no_counter_offer(case: ReviewCase, charlie: User) -> None:
    _claimed(charlie, case)

    services.decide(actor=charlie, case=case, verdict=_offer(900_000, 60), now=NOW)

    made = Decision.objects.get(number=2)
    case.refresh_from_db()
    assert (case.verdict_amount, made.is_counter_offer) == (None, False)
    # The product's thirty days, as for what a machine approves.
    last = datetime(2026, 12, 20, 23, 59, 59, 999_999, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert made.valid_until == last
    assert made.score_run == case.referral.score_run


@pytest.mark.parametrize(
    ("amount", "term", "field"),
    [
        (900_001, 60, "amount"),
        (24_999, 60, "amount"),
        ("300000.001", 60, "amount"),
        (300_000, 61, "term_months"),
        (300_000, 5, "term_months"),
    ],
)
def test_an_offer_beyond_request_or_product_is_refused(
    case: ReviewCase, bob: User, amount: int | str, term: int, field: str
) -> None:
    _claimed(bob, case)

    with pytest.raises(VerdictRefused) as refusal:
        services.decide(actor=bob, case=case, verdict=_offer(amount, term), now=NOW)

    case.refresh_from_db()
    assert set(refusal.value.fields) == {field}
    assert (case.status, Decision.objects.count()) == ("claimed", 1)


def test_an_offer_the_policy_declines_needs_a_note(
    alice: User, bob: User, stage: ModelVersion
) -> None:
    poor = {"employment": {"net_monthly_income": Decimal(40_000)}}
    case = factories.referred(alice, amount=900_000, term_months=60, borrower=poor)
    _claimed(bob, case)

    # 290,000 over 12 months take two thirds of 40,000 a month; 900,000 over 60 take 55 %.
    with pytest.raises(VerdictRefused) as refusal:
        services.decide(actor=bob, case=case, verdict=_offer(290_000, 12), now=NOW)
    exception = _offer(
        290_000, 12, note="Bonus.", codes=("smaller_amount_bearable", "override_new_evidence")
    )
    services.decide(actor=bob, case=case, verdict=exception, now=NOW)

    assert set(refusal.value.fields) == {"note", "override_codes"}
    made = Decision.objects.get(number=2)
    failed = [one["code"] for one in made.trace["results"] if one["result"] == "failed"]
    assert failed == ["foir_cap"]


def test_a_case_without_a_score_is_offered_at_the_list_rate(
    alice: User, bob: User, pune: Branch
) -> None:
    factories.policy(pune.entity)
    case = factories.referred(alice)
    _claimed(bob, case)

    services.decide(actor=bob, case=case, verdict=_offer(100_000, 24, note="Known."), now=NOW)

    made = Decision.objects.get(number=2)
    assert (made.amount, made.score_run, made.trace) == (100_000, None, [])
    assert (made.annual_rate, made.inputs["amount"]) == (Decimal("0.16"), "100000.00")


def test_the_database_refuses_a_decline_with_an_offer(case: ReviewCase) -> None:
    with (
        pytest.raises(IntegrityError, match="decisions_case_counter_offer_approves"),
        transaction.atomic(),
    ):
        ReviewCase.objects.update(verdict="decline", verdict_amount=1, verdict_term_months=1)


def _capped() -> dict[str, Any]:
    """Return the policy of the tests with a cap on what a borrower owes us."""
    written = copy.deepcopy(factories.document())
    written["rules"].append(
        {
            "code": "exposure_cap",
            "sentence": "One borrower owes us at most 1,000,000.",
            "input": "exposure_with_us",
            "test": "at_most",
            "threshold": str(CAP),
            "outcome": "decline",
        }
    )
    return written


def _two_cases(alice: User, **changes: Any) -> tuple[ReviewCase, ReviewCase]:
    """Return two cases of one borrower, 850,000 each, both referred by amount."""
    borrower = applications.borrower(alice.branch)
    found = []
    for _ in range(2):
        made = applications.submitted(alice, borrower, amount=Decimal(850_000), term_months=60)
        services.assess(application_id=made.pk, actor="system:test", now=NOW)
        found.append(ReviewCase.objects.get(application=made))
    return found[0], found[1]


def test_what_others_approved_meanwhile_counts(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_capped())
    first, second = _two_cases(alice)
    approve = Verdict(outcome="approve", codes=("income_confirmed",))
    services.decide(actor=charlie, case=_claimed(charlie, first), verdict=approve, now=NOW)
    _claimed(charlie, second)

    with pytest.raises(ExposureExceeded) as refusal:
        services.decide(actor=charlie, case=second, verdict=approve, now=NOW)

    second.refresh_from_db()
    assert "₹17,00,000.00" in str(refusal.value)
    assert "One borrower owes us at most 1,000,000." in str(refusal.value)
    assert (second.status, second.application.status) == ("claimed", "in_review")
    assert Decision.objects.filter(outcome="approve").count() == 1

    # What is left of the cap can still be offered, and the first counts with what it got.
    services.decide(actor=charlie, case=second, verdict=_offer(150_000, 60), now=NOW)
    assert Decision.objects.filter(outcome="approve").count() == 2


def test_a_second_signature_is_refused_when_the_room_is_gone(
    alice: User, bob: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_capped())
    first, second = _two_cases(alice)
    approve = Verdict(outcome="approve", codes=("income_confirmed",))
    services.decide(actor=bob, case=_claimed(bob, first), verdict=approve, now=NOW)
    services.decide(actor=charlie, case=_claimed(charlie, second), verdict=approve, now=NOW)

    with pytest.raises(ExposureExceeded):
        services.countersign(actor=charlie, case=first, now=NOW)

    first.refresh_from_db()
    assert first.status == "awaiting_second"
    # A decline needs no room.
    services.send_back(actor=charlie, case=first, note="No room.", now=NOW)


def test_without_a_score_the_policy_of_the_day_sets_the_cap(
    alice: User, charlie: User, pune: Branch
) -> None:
    factories.policy(pune.entity, document=_capped())
    first, second = _two_cases(alice)
    approve = Verdict(outcome="approve", codes=("income_confirmed",), note="Seen.")
    services.decide(actor=charlie, case=_claimed(charlie, first), verdict=approve, now=NOW)

    with pytest.raises(ExposureExceeded):
        services.decide(actor=charlie, case=_claimed(charlie, second), verdict=approve, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_one_finds_the_room_gone(
    alice: User, charlie: User, pune: Branch, make_person: Callable[..., User]
) -> None:
    factories.policy(pune.entity, document=_capped())
    cases = _two_cases(alice)
    for case in cases:
        _claimed(charlie, case)
    approve = Verdict(outcome="approve", codes=("income_confirmed",), note="Seen.")
    gate = threading.Barrier(2)

    def decide(case: ReviewCase) -> object:
        try:
            gate.wait(timeout=10)
            return services.decide(actor=charlie, case=case, verdict=approve, now=NOW)
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(decide, cases))

    assert sum(isinstance(one, ExposureExceeded) for one in results) == 1
    assert Application.objects.filter(status="approved").count() == 1
