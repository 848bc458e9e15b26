"""Who is, or is close to, borrower or guarantor keeps out: in services and in the database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.accounts.models import User
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.collateral.models import CoBorrower
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.customers import fingerprints
from apps.decisions import independence, services
from apps.decisions.errors import Connected
from apps.decisions.models import Decision, DeclaredInterest, ReviewCase
from apps.decisions.services import InterestEntry, Verdict
from apps.desk import panel
from apps.desk import services as desk
from apps.desk.tests import factories

NOW = factories.NOW
APPROVE = Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")
Link = Callable[[User, ReviewCase], Any]


def _declares(actor: User, **entry: str) -> DeclaredInterest:
    values = {"relation": "relative", "reason": "My cousin.", **entry}
    return services.declare_interest(actor=actor, entry=InterestEntry(**values), now=NOW)


def _borrower_declared(actor: User, case: ReviewCase) -> None:
    _declares(actor, customer_number=case.application.customer.number)


def _guarantor_declared(actor: User, case: ReviewCase) -> None:
    guarantor = applications.borrower(actor.branch)
    factories.guaranteed_by(case, guarantor)
    _declares(actor, customer_number=guarantor.number)


def _co_borrower_declared(actor: User, case: ReviewCase) -> None:
    other = applications.borrower(actor.branch)
    CoBorrower.objects.create(
        application=case.application,
        customer=other,
        liability="joint_and_several",
        added_by=case.application.submitted_by,
    )
    _declares(actor, customer_number=other.number)


def _own_number(actor: User, case: ReviewCase) -> None:
    identity = case.application.customer.identities.get(kind="pan")
    _declares(actor, relation="self", kind="pan", number=identity.value)


def _own_email(actor: User, case: ReviewCase) -> None:
    customer = case.application.customer
    customer.email_index = fingerprints.email(actor.email)
    customer.save(update_fields=["email_index"])


LINKS = [
    _borrower_declared,
    _guarantor_declared,
    _co_borrower_declared,
    _own_number,
    _own_email,
]


@pytest.mark.parametrize("link", LINKS)
def test_it_refuses_to_claim(bob: User, case: ReviewCase, link: Link) -> None:
    link(bob, case)

    with pytest.raises(Connected):
        services.claim(actor=bob, case=case, now=NOW)

    case.refresh_from_db()
    assert (case.status, case.claimed_by) == ("open", None)


@pytest.mark.parametrize("link", LINKS)
def test_it_refuses_to_decide_what_was_claimed_before(
    bob: User, case: ReviewCase, link: Link
) -> None:
    services.claim(actor=bob, case=case, now=NOW)
    link(bob, case)

    with pytest.raises((Connected, DomainError)) as refusal:
        services.decide(actor=bob, case=case, verdict=APPROVE, now=NOW)

    assert refusal.value.code == "conflict_of_interest"
    assert Decision.objects.count() == 1


def test_it_refuses_to_sign_and_to_give_away(
    bob: User, beth: User, charlie: User, case: ReviewCase
) -> None:
    _borrower_declared(charlie, case)

    with pytest.raises(Connected):
        desk.assign(actor=charlie, case=case, person=beth, why="Take it.", now=NOW)
    ReviewCase.objects.filter(pk=case.pk).update(
        status="awaiting_second", verdict="decline", verdict_by=bob
    )
    with pytest.raises(Connected):
        services.countersign(actor=charlie, case=case, now=NOW)

    case.refresh_from_db()
    assert case.status == "awaiting_second"


def test_it_refuses_to_answer_an_escalation(bob: User, charlie: User, case: ReviewCase) -> None:
    raised = desk.escalate(actor=bob, case=case, to=charlie, why="Unclear.", now=NOW)
    _borrower_declared(charlie, case)

    with pytest.raises(Connected):
        desk.answer_escalation(actor=charlie, escalation=raised, answer="Approve it.", now=NOW)

    raised.refresh_from_db()
    assert raised.status == "open"
    assert not panel.of_case(charlie, case, now=NOW)["may_answer"]


def test_it_puts_back_what_one_holds_when_one_declares(
    bob: User, beth: User, case: ReviewCase
) -> None:
    services.claim(actor=bob, case=case, now=NOW)

    _borrower_declared(bob, case)

    case.refresh_from_db()
    assert (case.status, case.claimed_by) == ("open", None)
    services.claim(actor=beth, case=case, now=NOW)


@pytest.mark.parametrize("column", ["claimed_by", "verdict_by"])
@pytest.mark.parametrize("link", LINKS[:3])
def test_the_database_lets_nobody_connected_hold_or_judge(
    bob: User, beth: User, case: ReviewCase, link: Link, column: str
) -> None:
    link(bob, case)

    with pytest.raises(IntegrityError, match="connected"), transaction.atomic():
        ReviewCase.objects.filter(pk=case.pk).update(**{column: bob})

    assert ReviewCase.objects.filter(pk=case.pk).update(**{column: beth}) == 1


def test_the_database_lets_nobody_hold_their_own_submission(alice: User, case: ReviewCase) -> None:
    with pytest.raises(IntegrityError, match="submitted"), transaction.atomic():
        ReviewCase.objects.filter(pk=case.pk).update(claimed_by=alice)


@pytest.mark.parametrize("column", ["decided_by", "countersigned_by"])
def test_the_database_takes_no_decision_of_who_is_connected(
    bob: User, beth: User, case: ReviewCase, column: str
) -> None:
    _borrower_declared(bob, case)
    people = {"decided_by": beth, "countersigned_by": None, column: bob}
    decision = Decision(
        application=case.application,
        submitted_by=case.application.submitted_by,
        number=2,
        kind="human",
        outcome="decline",
        amount=case.application.amount,
        term_months=case.application.term_months,
        annual_rate=case.application.annual_rate,
        decided_at=NOW,
        **people,
    )

    with pytest.raises(IntegrityError, match="connected"), transaction.atomic():
        decision.save()

    assert Decision.objects.count() == 1


def test_another_person_ends_what_was_declared(bob: User, charlie: User, case: ReviewCase) -> None:
    interest = _declares(bob, customer_number=case.application.customer.number)

    services.end_interest(actor=charlie, interest=interest, reason="Divorced.", now=NOW)

    assert not independence.is_connected(bob, case.application)
    with pytest.raises(Conflict):
        services.end_interest(actor=charlie, interest=interest, reason="Again.", now=NOW)
    verbs = Event.objects.filter(verb__contains="interest").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "decisions.interest_declared",
        "decisions.interest_ended",
    ]


def test_nobody_ends_their_own_declaration(bob: User, charlie: User, case: ReviewCase) -> None:
    number = case.application.customer.number
    own, other = _declares(charlie, customer_number=number), _declares(bob, customer_number=number)

    with pytest.raises(NotPermitted):
        services.end_interest(actor=charlie, interest=own, reason="Over.", now=NOW)
    with pytest.raises(NotPermitted):
        services.end_interest(actor=bob, interest=other, reason="Over.", now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        DeclaredInterest.objects.filter(pk=own.pk).update(ended_by=charlie, ended_at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        own.delete()

    assert DeclaredInterest.objects.standing().count() == 2


def test_the_same_is_declared_once(bob: User, case: ReviewCase) -> None:
    number = case.application.customer.number

    assert _declares(bob, customer_number=number) == _declares(bob, customer_number=number.lower())
    assert DeclaredInterest.objects.count() == 1


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({}, "customer_number"),
        ({"customer_number": "C-1", "kind": "pan", "number": "x"}, "customer_number"),
        ({"customer_number": "C-NOBODY"}, "customer_number"),
        ({"customer_number": "C-1", "reason": "x" * 2001}, "reason"),
        ({"kind": "pan", "number": "nonsense"}, "number"),
        ({"kind": "kra_pin", "number": "A000000000B"}, "kind"),
        ({"kind": "phone", "number": "12"}, "number"),
        ({"kind": "email", "number": "nobody"}, "number"),
        ({"customer_number": "C-1", "relation": "rival"}, "relation"),
        ({"customer_number": "C-1", "reason": " "}, "reason"),
    ],
)
def test_a_declaration_that_lacks_something_is_refused(
    bob: User, entry: dict[str, str], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        _declares(bob, **entry)

    assert field in refusal.value.fields
    assert not DeclaredInterest.objects.exists()


def test_every_word_of_a_declaration_is_kept(bob: User, case: ReviewCase) -> None:
    said = "x" * 2000

    made = _declares(bob, customer_number=case.application.customer.number, reason=said)

    made.refresh_from_db()
    assert made.reason == said


def test_a_number_is_not_kept_in_clear(bob: User) -> None:
    made = _declares(bob, relation="self", kind="phone", number="+91 98230 12345")

    assert made.index == fingerprints.phone("+919823012345")
    assert "98230" not in str(vars(made))
    assert "98230" not in str(Event.objects.get(verb="decisions.interest_declared").facts)
