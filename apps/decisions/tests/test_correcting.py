"""A wrong step is put right by a new step with a reason; nothing on record changes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, NotPermitted, StaleRecord
from apps.decisions import policies, services
from apps.decisions.errors import Connected, OwnSubmission, VerdictRefused
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import InterestEntry, Verdict
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.scoring.models import ModelVersion
from tests.kept import kept

NOW = factories.NOW
LATER = NOW + timedelta(hours=1)
DECLINE = Verdict(outcome="decline", codes=("documents_incomplete",), note="Papers lacking.")
APPROVE = Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")
MakePerson = Callable[..., User]


@pytest.fixture
def proposed(alice: User, bob: User, stage: ModelVersion) -> ReviewCase:
    """A case of 900,000 on which Bob's verdict waits for a second signature."""
    case = factories.referred(alice, amount=900_000, term_months=60)
    services.claim(actor=bob, case=case, now=NOW)
    services.decide(actor=bob, case=case, verdict=APPROVE, now=NOW)
    case.refresh_from_db()
    return case


@pytest.fixture
@kept
def declined(_known_book: None, alice: User, bob: User, pune: Branch) -> ReviewCase:
    """A case of 200,000 that Bob declined by mistake."""
    factories.policy(pune.entity)
    case = factories.referred(alice)
    services.claim(actor=bob, case=case, now=NOW)
    services.decide(actor=bob, case=case, verdict=DECLINE, now=NOW)
    case.refresh_from_db()
    return case


def test_a_verdict_is_taken_back_before_it_is_signed(bob: User, proposed: ReviewCase) -> None:
    taken = services.take_back(actor=bob, case=proposed, note="Wrong case.", now=LATER)

    assert (taken.status, taken.claimed_by, taken.claim_until) == (
        "claimed",
        bob,
        LATER + services.claiming.LEASE,
    )
    assert (taken.verdict, taken.verdict_by, taken.verdict_note) == ("", None, "Wrong case.")
    facts = Event.objects.get(verb="decisions.verdict_taken_back").facts
    assert (facts["verdict"], facts["codes"]) == ("approve", ["income_confirmed"])
    assert Decision.objects.count() == 1


def test_only_its_giver_takes_a_verdict_back_and_says_why(
    bob: User, charlie: User, proposed: ReviewCase
) -> None:
    with pytest.raises(NotPermitted):
        services.take_back(actor=charlie, case=proposed, note="Wrong.", now=LATER)
    with pytest.raises(VerdictRefused):
        services.take_back(actor=bob, case=proposed, note=" ", now=LATER)
    with pytest.raises(StaleRecord):
        services.take_back(actor=bob, case=proposed, note="Wrong.", now=LATER, version="old")

    proposed.refresh_from_db()
    assert (proposed.status, proposed.verdict) == ("awaiting_second", "approve")


def test_a_signed_verdict_is_not_taken_back(bob: User, charlie: User, proposed: ReviewCase) -> None:
    services.countersign(actor=charlie, case=proposed, now=NOW)

    with pytest.raises(Conflict):
        services.take_back(actor=bob, case=proposed, note="Wrong.", now=LATER)

    assert Decision.objects.get(number=2).outcome == "approve"


def test_the_verdict_of_who_turns_out_to_be_close_is_only_sent_back(
    bob: User, charlie: User, proposed: ReviewCase
) -> None:
    number = proposed.application.customer.number
    entry = InterestEntry(relation="relative", reason="My cousin.", customer_number=number)
    services.declare_interest(actor=bob, entry=entry, now=LATER)

    with pytest.raises(Connected):
        services.take_back(actor=bob, case=proposed, note="My cousin.", now=LATER)
    with pytest.raises(Conflict, match="Bob is connected with the borrower or a guarantor"):
        services.countersign(actor=charlie, case=proposed, now=LATER)

    proposed.refresh_from_db()
    assert not policies.may_take_back(bob, proposed)
    assert (proposed.status, proposed.verdict) == ("awaiting_second", "approve")
    assert Decision.objects.count() == 1
    services.send_back(actor=charlie, case=proposed, note="Another person decides.", now=LATER)
    proposed.refresh_from_db()
    assert proposed.verdict_by is None


def test_a_mistaken_decline_is_taken_up_anew_and_approved(
    bob: User, charlie: User, declined: ReviewCase
) -> None:
    application = declined.application

    step = services.reopen(
        actor=charlie, application=application, note="The papers were there.", now=LATER
    )

    application.refresh_from_db()
    case = ReviewCase.objects.get(status="open")
    assert (step.number, step.kind, step.outcome, step.failure) == (3, "human", "refer", "reopened")
    assert (step.note, step.decided_by) == ("The papers were there.", charlie)
    assert (application.status, case.application, case.causes) == (
        "in_review",
        application,
        ["reopened"],
    )
    assert Event.objects.filter(verb="decisions.reopened").count() == 1

    services.claim(actor=bob, case=case, now=LATER)
    services.decide(actor=bob, case=case, verdict=APPROVE, now=LATER)

    application.refresh_from_db()
    assert application.status == "approved"
    assert list(Decision.objects.order_by("number").values_list("outcome", flat=True)) == [
        "refer",
        "decline",
        "refer",
        "approve",
    ]
    assert Letter.objects.count() == 2


def test_who_takes_a_decision_up_anew_does_not_sign_it_either(
    alice: User, bob: User, charlie: User, pune: Branch
) -> None:
    factories.policy(pune.entity)
    large = factories.referred(alice, amount=700_000)
    services.claim(actor=bob, case=large, now=NOW)
    services.decide(actor=bob, case=large, verdict=DECLINE, now=NOW)
    services.countersign(actor=charlie, case=large, now=NOW)
    services.reopen(actor=charlie, application=large.application, note="Wrong.", now=LATER)
    case = ReviewCase.objects.get(status="open")
    services.claim(actor=bob, case=case, now=LATER)
    services.decide(actor=bob, case=case, verdict=APPROVE, now=LATER)
    case.refresh_from_db()

    assert not policies.may_countersign(charlie, case)
    with pytest.raises(NotPermitted, match="You took this decision up anew yourself"):
        services.countersign(actor=charlie, case=case, now=LATER)

    case.refresh_from_db()
    assert (case.status, Decision.objects.count()) == ("awaiting_second", 3)
    step = Decision.objects.get(number=3)
    columns = ("application", "submitted_by", "amount", "term_months", "annual_rate")
    signed = Decision(
        **{name: getattr(step, name) for name in columns},
        number=4,
        kind="human",
        outcome="decline",
        decided_by=bob,
        countersigned_by=charlie,
        decided_at=LATER,
    )
    with pytest.raises(IntegrityError, match="took the decision up anew"), transaction.atomic():
        signed.save()


def test_who_takes_a_decision_up_anew_does_not_decide_it(
    charlie: User, declined: ReviewCase
) -> None:
    services.reopen(actor=charlie, application=declined.application, note="Wrong.", now=LATER)
    case = ReviewCase.objects.get(status="open")

    with pytest.raises(NotPermitted, match="You took this decision up anew yourself"):
        services.claim(actor=charlie, case=case, now=LATER)
    with pytest.raises(NotPermitted, match="You took this decision up anew yourself"):
        services.decide(actor=charlie, case=case, verdict=APPROVE, now=LATER)

    case.refresh_from_db()
    assert (case.status, case.claimed_by) == ("open", None)
    assert Decision.objects.count() == 3
    own = Decision.objects.get(number=3)
    again = Decision(
        application=own.application,
        submitted_by=own.submitted_by,
        number=4,
        kind="human",
        outcome="decline",
        amount=own.amount,
        term_months=own.term_months,
        annual_rate=own.annual_rate,
        decided_by=charlie,
        decided_at=LATER,
    )
    with pytest.raises(IntegrityError, match="took the decision up anew"), transaction.atomic():
        again.save()


def test_a_decision_is_taken_up_anew_by_a_manager_with_a_reason(
    alice: User, bob: User, charlie: User, declined: ReviewCase
) -> None:
    application = declined.application

    for person in (alice, bob):
        with pytest.raises(NotPermitted):
            services.reopen(actor=person, application=application, note="Wrong.", now=LATER)
    with pytest.raises(VerdictRefused):
        services.reopen(actor=charlie, application=application, note="", now=LATER)
    with pytest.raises(StaleRecord):
        services.reopen(
            actor=charlie, application=application, note="Wrong.", now=LATER, version="old"
        )

    application.refresh_from_db()
    assert (application.status, Decision.objects.count()) == ("declined", 2)


def test_what_waits_for_people_is_not_taken_up_anew(charlie: User, proposed: ReviewCase) -> None:
    with pytest.raises(Conflict):
        services.reopen(actor=charlie, application=proposed.application, note="Wrong.", now=LATER)

    assert Decision.objects.count() == 1


def test_nobody_takes_up_anew_what_they_submitted(
    declined: ReviewCase, make_person: MakePerson, charlie: User
) -> None:
    type(declined.application).objects.filter(pk=declined.application_id).update(taken_by=charlie)

    with pytest.raises(OwnSubmission):
        services.reopen(actor=charlie, application=declined.application, note="No.", now=LATER)

    assert Decision.objects.count() == 2


def test_a_decision_taken_up_anew_replays(charlie: User, declined: ReviewCase) -> None:
    step = services.reopen(
        actor=charlie, application=declined.application, note="Wrong.", now=LATER
    )

    result = services.replay(actor=charlie, decision=step, now=LATER)

    assert list(result.differences) == []


def test_the_database_keeps_people_from_referring_without_a_reason(
    charlie: User, declined: ReviewCase
) -> None:
    latest = Decision.objects.get(number=2)
    step = Decision(
        application=latest.application,
        submitted_by=latest.submitted_by,
        number=3,
        kind="human",
        outcome="refer",
        failure="reopened",
        amount=latest.amount,
        term_months=latest.term_months,
        annual_rate=latest.annual_rate,
        decided_by=charlie,
        decided_at=LATER,
    )

    with pytest.raises(IntegrityError, match="people_decide"), transaction.atomic():
        step.save()
