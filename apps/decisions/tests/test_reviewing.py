from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Branch, User
from apps.applications import services as application_services
from apps.audit.models import Event
from apps.core.errors import Conflict, NotPermitted, NotVisible, StaleRecord
from apps.decisions import services
from apps.decisions.errors import NotHolder, OwnSubmission, VerdictRefused
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import Verdict
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.scoring.models import ModelVersion
from tests.kept import kept

NOW = factories.NOW
APPROVE = Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")
DECLINE = Verdict(outcome="decline", codes=("work_too_recent", "documents_incomplete"))


@pytest.fixture
@kept
def case(_known_book: None, alice: User, pune: Branch) -> ReviewCase:
    """A case of 200,000 in review because there is no model."""
    factories.policy(pune.entity)
    return factories.referred(alice)


@pytest.fixture
@kept
def large_case(alice: User, stage: ModelVersion) -> ReviewCase:
    """A scored case of 900,000 in review by rule: above Bob's limit of 300,000."""
    return factories.referred(alice, amount=900_000, term_months=60)


def _claimed(bob: User, case: ReviewCase) -> ReviewCase:
    return services.claim(actor=bob, case=case, now=NOW)


def _later(case: ReviewCase) -> ReviewCase:
    """Return a case opened a minute after the others."""
    ReviewCase.objects.filter(pk=case.pk).update(opened_at=NOW + timedelta(minutes=1))
    case.refresh_from_db()
    return case


def _is_untouched(case: ReviewCase) -> bool:
    case.refresh_from_db()
    return case.status != "closed" and Decision.objects.count() == 1 and not Letter.objects.exists()


def test_a_reviewer_claims_and_approves_within_the_limit(case: ReviewCase, bob: User) -> None:
    _claimed(bob, case)

    services.decide(actor=bob, case=case, verdict=APPROVE, now=NOW)

    case.refresh_from_db()
    decision = Decision.objects.get(number=2)
    assert (case.status, case.application.status) == ("closed", "approved")
    assert (decision.kind, decision.outcome) == ("human", "approve")
    assert (decision.decided_by, decision.countersigned_by) == (bob, None)
    assert decision.note == "Payslips seen."
    assert decision.letter is not None
    assert decision.letter.facts["automated"] is False


def test_a_human_decline_writes_its_codes_with_own_values(case: ReviewCase, bob: User) -> None:
    _claimed(bob, case)

    services.decide(actor=bob, case=case, verdict=DECLINE, now=NOW)

    letter = Letter.objects.get()
    assert [reason["sentence"] for reason in letter.facts["reasons"]] == [
        "You have been in your present work for 60 months, which is too short for this loan.",
        "The documents needed to assess your application were not complete.",
    ]
    assert letter.kind == "declined"


def test_two_cannot_hold_one_case(case: ReviewCase, bob: User, charlie: User) -> None:
    _claimed(bob, case)

    with pytest.raises(StaleRecord):
        services.claim(actor=charlie, case=case, now=NOW)

    case.refresh_from_db()
    assert case.claimed_by == bob


def test_a_claim_lapses_and_another_takes_over(case: ReviewCase, bob: User, charlie: User) -> None:
    _claimed(bob, case)
    later = NOW + timedelta(minutes=30)

    services.claim(actor=charlie, case=case, now=later)

    case.refresh_from_db()
    assert case.claimed_by == charlie
    with pytest.raises(NotHolder):
        services.decide(actor=bob, case=case, verdict=APPROVE, now=later)
    assert _is_untouched(case)
    assert Event.objects.filter(verb="decisions.case_lapsed").count() == 1


def test_lapsed_claims_are_released_and_others_kept(case: ReviewCase, bob: User) -> None:
    _claimed(bob, case)

    assert services.release_lapsed(now=NOW + timedelta(minutes=29)) == 0
    assert services.release_lapsed(now=NOW + timedelta(minutes=30)) == 1

    case.refresh_from_db()
    assert (case.status, case.claimed_by) == ("open", None)


def test_only_the_holder_releases(case: ReviewCase, bob: User, charlie: User) -> None:
    _claimed(bob, case)

    with pytest.raises(NotHolder):
        services.release(actor=charlie, case=case, now=NOW)
    services.release(actor=bob, case=case, now=NOW)

    case.refresh_from_db()
    assert case.status == "open"


def test_one_must_hold_the_case_to_decide(case: ReviewCase, bob: User) -> None:
    with pytest.raises(NotHolder):
        services.decide(actor=bob, case=case, verdict=APPROVE, now=NOW)

    assert _is_untouched(case)


def test_an_officer_and_another_branch_cannot_review(
    case: ReviewCase, alice: User, make_person: object, nashik: Branch
) -> None:
    olga = make_person("Olga", "loan_officer")  # type: ignore[operator]
    ned = make_person("Ned", "credit_reviewer", branch=nashik)  # type: ignore[operator]

    with pytest.raises(NotPermitted):
        services.claim(actor=olga, case=case, now=NOW)
    with pytest.raises(NotVisible):
        services.claim(actor=ned, case=case, now=NOW)

    assert _is_untouched(case)


def test_nobody_reviews_the_own_submission(pune: Branch, make_person: object) -> None:
    factories.policy(pune.entity)
    eve = make_person("Eve", "loan_officer", "credit_reviewer")  # type: ignore[operator]
    case = factories.referred(eve)

    with pytest.raises(OwnSubmission):
        services.claim(actor=eve, case=case, now=NOW)

    assert _is_untouched(case)


def test_the_database_refuses_a_decision_on_the_own_submission(
    case: ReviewCase, alice: User
) -> None:
    insert = """
        INSERT INTO decisions_decision (id, application_id, number, kind, outcome, failure,
            inputs, trace, reasons, reason_codes, recommendation, note, amount, term_months,
            annual_rate, submitted_by_id, decided_by_id, decided_at)
        SELECT gen_random_uuid(), application_id, 2, 'human', 'approve', '', '{}', '{}', '[]',
            '{}', '[]', '', amount, term_months, annual_rate, %s, %s, decided_at
        FROM decisions_decision
    """
    attempts = [
        (alice.pk, "decisions_decision_not_own_submission"),
        # Naming nobody as the one who submitted does not help either.
        (None, "decisions_decision_true_submitter"),
    ]
    for submitter, constraint in attempts:
        with (
            pytest.raises(IntegrityError, match=constraint),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(insert, [submitter, alice.pk])

    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("verdict", "field"),
    [
        (Verdict(outcome="approve", codes=(), note="x"), "codes"),
        (Verdict(outcome="approve", codes=("late_payments",), note="x"), "codes"),
        (Verdict(outcome="decline", codes=("nonsense",)), "codes"),
        (Verdict(outcome="postpone", codes=("late_payments",)), "outcome"),
        # The applicant's own report shows none of these.
        (Verdict(outcome="decline", codes=("documents_incomplete", "bankruptcy")), "codes"),
        # Nothing was scored: an approval must be justified in words.
        (Verdict(outcome="approve", codes=("income_confirmed",), note="  "), "note"),
        (
            Verdict(
                outcome="decline",
                codes=(
                    "late_payments",
                    "bankruptcy",
                    "many_enquiries",
                    "work_too_recent",
                    "credit_history_short",
                ),
            ),
            "codes",
        ),
    ],
)
def test_an_incomplete_verdict_is_refused(
    case: ReviewCase, bob: User, verdict: Verdict, field: str
) -> None:
    _claimed(bob, case)

    with pytest.raises(VerdictRefused) as refusal:
        services.decide(actor=bob, case=case, verdict=verdict, now=NOW)

    assert list(refusal.value.fields) == [field]
    assert _is_untouched(case)


def test_a_reason_that_met_the_policy_is_refused(large_case: ReviewCase, charlie: User) -> None:
    services.claim(actor=charlie, case=large_case, now=NOW)
    false = Verdict(
        outcome="decline",
        codes=(
            "obligations_high_on_net_income",
            "work_too_recent",
            "override_facts_unseen",
        ),
        note="Too much.",
    )

    with pytest.raises(VerdictRefused) as refusal:
        services.decide(actor=charlie, case=large_case, verdict=false, now=NOW)

    assert refusal.value.fields == {
        "codes": "The record does not bear this reason: it met the policy's limit."
        " Choose another. (Obligations too high for net income)"
    }
    assert _is_untouched(large_case)


def test_departing_from_the_recommendation_needs_a_note_and_a_reason_that_allows_it(
    large_case: ReviewCase, charlie: User
) -> None:
    services.claim(actor=charlie, case=large_case, now=NOW)

    with pytest.raises(VerdictRefused) as refusal:
        services.decide(actor=charlie, case=large_case, verdict=DECLINE, now=NOW)

    assert set(refusal.value.fields) == {"note", "override_codes"}
    assert _is_untouched(large_case)


def test_above_the_limit_a_second_person_signs(
    large_case: ReviewCase, bob: User, charlie: User
) -> None:
    _claimed(bob, large_case)

    services.decide(actor=bob, case=large_case, verdict=APPROVE, now=NOW)

    large_case.refresh_from_db()
    assert (large_case.status, large_case.verdict) == ("awaiting_second", "approve")
    assert _is_untouched(large_case)
    assert large_case.application.status == "in_review"

    services.countersign(actor=charlie, case=large_case, now=NOW)

    large_case.refresh_from_db()
    decision = Decision.objects.get(number=2)
    assert (large_case.status, large_case.application.status) == ("closed", "approved")
    assert (decision.decided_by, decision.countersigned_by) == (bob, charlie)
    assert decision.score_run == large_case.referral.score_run
    assert Letter.objects.get().kind == "approved"


def test_nobody_signs_twice_or_above_the_own_limit(
    large_case: ReviewCase, bob: User, charlie: User, make_person: object
) -> None:
    dora = make_person("Dora", "credit_manager")  # type: ignore[operator]
    services.claim(actor=dora, case=large_case, now=NOW)
    services.decide(actor=dora, case=large_case, verdict=APPROVE, now=NOW)

    with pytest.raises(NotPermitted):
        services.countersign(actor=dora, case=large_case, now=NOW)
    with pytest.raises(NotPermitted):
        services.countersign(actor=bob, case=large_case, now=NOW)
    emil = make_person("Emil", "credit_manager")  # type: ignore[operator]
    with pytest.raises(NotPermitted) as refusal:
        services.countersign(actor=emil, case=large_case, now=NOW)

    assert refusal.value.code == "above_limit"
    assert _is_untouched(large_case)


def test_a_refused_signature_sends_the_case_back(
    large_case: ReviewCase, bob: User, charlie: User
) -> None:
    _claimed(bob, large_case)
    services.decide(actor=bob, case=large_case, verdict=APPROVE, now=NOW)
    with pytest.raises(VerdictRefused):
        services.send_back(actor=charlie, case=large_case, note=" ", now=NOW)

    services.send_back(actor=charlie, case=large_case, note="Collateral first.", now=NOW)

    assert _is_untouched(large_case)
    assert (large_case.status, large_case.verdict, large_case.claimed_by) == ("open", "", None)
    with pytest.raises(Conflict):
        services.countersign(actor=charlie, case=large_case, now=NOW)


def test_a_withdrawn_application_leaves_the_queue(case: ReviewCase, alice: User, bob: User) -> None:
    application_services.withdraw(
        actor=alice, application=case.application, reason="customer_asked", now=NOW
    )

    case.refresh_from_db()
    assert case.status == "cancelled"
    with pytest.raises((Conflict, NotHolder)):
        services.claim(actor=bob, case=case, now=NOW)
    assert not Letter.objects.exists()
