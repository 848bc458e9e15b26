"""Waivers, write-offs and refunds: one proposes, another approves; the database knows it, too."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.models import ApprovalLimit, User
from apps.audit.models import Event
from apps.ledger.chart import Account
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.facts import Bucket, Charge
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors, services
from apps.servicing.models import Proposal
from apps.servicing.tests import factories
from apps.servicing.tests.factories import at, waiver

D = Decimal


def _proposed(loan: Loan, alice: User, **changes: Any) -> Proposal:
    day = factories.late(loan, 5)
    return services.propose(actor=alice, loan=loan, relief=waiver(**changes), now=at(day))


def test_a_waiver_is_posted_when_another_person_approves_it(
    lent: Loan, alice: User, bob: User
) -> None:
    day = factories.late(lent, 5)
    proposal = _proposed(lent, alice, amount="500.00")
    assert AccountEvent.objects.count() == 0

    approved = services.approve(actor=bob, proposal=proposal, now=at(day), note="Agreed by phone")

    event = AccountEvent.objects.get()
    assert (event.kind, event.amount, event.day) == ("waiver", D("500.00"), day)
    assert (event.made_by, event.approved_by) == (alice, bob)
    assert (approved.status, approved.event, approved.answered_by) == ("approved", event, bob)
    assert selectors.balances(lent)[Account.WAIVER_EXPENSE] == 500
    assert lent.instalments.get(in_force=True, number=1).paid_interest == 500
    assert repaid.offenders() == []
    verbs = Event.objects.filter(verb__startswith="servicing.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "servicing.relief_proposed",
        "servicing.relief_approved",
    ]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("waiver", {}),
        ("write_off", {"bucket": "", "amount": None}),
        ("refund", {"bucket": "", "amount": D("10.00")}),
    ],
)
@pytest.mark.parametrize(
    "reason", ["debits.bounced:D-1", " repayments.interest_capped:", "debits.returned"]
)
def test_words_that_the_system_keeps_its_reasons_in_are_refused_when_proposed(
    lent: Loan, alice: User, kind: str, more: dict[str, Any], reason: str
) -> None:
    day = factories.late(lent, 5)
    if kind == "refund":
        repaid.pay(alice, lent, day, "30000.00")

    relief = replace(waiver(reason=reason), kind=kind, **more)

    refusal = factories.refused(
        lambda: services.propose(actor=alice, loan=lent, relief=relief, now=at(day))
    )

    assert refusal.fields == {
        "reason": "Say it in words of your own: this is how the system keeps its reasons."
    }
    assert not Proposal.objects.exists()


def test_nobody_answers_their_own_proposal(lent: Loan, charlie: User, make_person: Any) -> None:
    both = make_person("Dora", "loan_officer")
    both.user_permissions.add(Permission.objects.get(codename="approve_relief"))
    both = User.objects.get(pk=both.pk)
    day = factories.late(lent, 5)
    proposal = services.propose(actor=both, loan=lent, relief=waiver(), now=at(day))

    for act in (
        lambda: services.approve(actor=both, proposal=proposal, now=at(day)),
        lambda: services.refuse(actor=both, proposal=proposal, note="Not now", now=at(day)),
    ):
        assert factories.refused(act).code == "own_proposal"


def test_the_database_refuses_one_person_twice(lent: Loan, alice: User, bob: User) -> None:
    proposal = _proposed(lent, alice)
    day = factories.late(lent, 5)
    event = services.approve(actor=bob, proposal=proposal, now=at(day)).event

    with pytest.raises(IntegrityError, match="by_two_people"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(answered_by=alice)
    with pytest.raises(IntegrityError, match="answered_or_not"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(event=None)
    assert event is not None


def test_above_the_limit_somebody_else_approves(
    lent: Loan, alice: User, bob: User, charlie: User, make_person: Any
) -> None:
    rosa = make_person("Rosa", "credit_reviewer")
    proposal = _proposed(lent, alice, amount="500.00")
    day = factories.late(lent, 5)

    refusal = factories.refused(
        lambda: services.approve(actor=rosa, proposal=proposal, now=at(day))
    )

    assert refusal.code == "above_limit"
    assert services.approve(actor=bob, proposal=proposal, now=at(day)).status == "approved"


def test_a_write_off_takes_all_that_is_owed_off_the_books_and_recovery_is_income(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    day = factories.late(lent, 200)
    owed = selectors.quote(lent, day).owed
    proposal = services.propose(
        actor=alice,
        loan=lent,
        relief=services.Relief(kind="write_off", reason="The borrower cannot be found"),
        now=at(day),
    )

    services.approve(actor=charlie, proposal=proposal, now=at(day))

    lent.refresh_from_db()
    assert lent.status == "written_off"
    assert selectors.balances(lent).owed == 0
    assert selectors.balances(lent)[Account.WRITE_OFF_EXPENSE] == owed
    later = day + timedelta(days=30)
    repaid.pay(alice, lent, later, 1_000)
    assert selectors.balances(lent)[Account.RECOVERY_INCOME] == 1_000
    assert repaid.offenders() == []


def test_a_write_off_above_the_limit_is_refused(lent: Loan, alice: User, bob: User) -> None:
    day = factories.late(lent, 200)
    proposal = services.propose(
        actor=alice,
        loan=lent,
        relief=services.Relief(kind="write_off", reason="The borrower cannot be found"),
        now=at(day),
    )
    ApprovalLimit.objects.filter(user=bob).update(amount=D(100_000))

    refusal = factories.refused(lambda: services.approve(actor=bob, proposal=proposal, now=at(day)))

    assert refusal.code == "above_limit"


def test_neither_of_the_two_who_agreed_takes_it_back(
    lent: Loan, alice: User, bob: User, signed_in: Any
) -> None:
    day = factories.late(lent, 5)
    proposal = services.approve(actor=bob, proposal=_proposed(lent, alice), now=at(day))
    event = proposal.event
    assert event is not None
    for one in (alice, bob):
        one.user_permissions.add(Permission.objects.get(codename="reverse_repayment"))
        actor = User.objects.get(pk=one.pk)

        refusal = factories.refused(
            lambda actor=actor: services.undo(
                actor=actor, event=event, reason="Entered by mistake", now=at(day)
            )
        )

        assert refusal.code == "own_relief"
        event.refresh_from_db()
        assert event.status == "live"
        panel = signed_in(actor).get(
            reverse("servicing:loan_panel", args=[lent.pk]), headers={"hx-request": "true"}
        )
        assert reverse("servicing:undo", args=[event.pk]) not in panel.text


def test_taken_back_the_debt_stands_again(
    lent: Loan, alice: User, bob: User, charlie: User, signed_in: Any
) -> None:
    day = factories.late(lent, 5)
    before = lent.instalments.get(in_force=True, number=1).unpaid
    proposal = services.approve(actor=bob, proposal=_proposed(lent, alice), now=at(day))
    assert proposal.event is not None

    services.undo(actor=charlie, event=proposal.event, reason="Entered by mistake", now=at(day))
    services.undo(actor=charlie, event=proposal.event, reason="Entered by mistake", now=at(day))

    assert Event.objects.filter(verb="servicing.change_taken_back").count() == 1
    client = signed_in(alice)
    panel = client.get(
        reverse("servicing:loan_panel", args=[lent.pk]), headers={"hx-request": "true"}
    ).text
    assert "Taken back: <strong>Charlie</strong>" in panel
    assert "Entered by mistake" in panel
    assert lent.instalments.get(in_force=True, number=1).unpaid == before
    assert repaid.offenders() == []


def test_the_audit_trail_tells_no_illness(lent: Loan, alice: User, bob: User) -> None:
    day = factories.late(lent, 5)
    proposal = _proposed(lent, alice)
    services.refuse(actor=bob, proposal=proposal, note="He is not ill", now=at(day))
    pause = services.pause(
        actor=bob, loan=lent, starts_on=day, ends_on=day, reason="Ill again", now=at(day)
    )
    services.end_pause(actor=bob, pause=pause, reason="No longer ill", now=at(day))
    services.change(
        actor=bob,
        loan=lent,
        kind="reschedule",
        parameters={"instalments": 30},
        reason="Long ill",
        now=at(day),
    )

    told = Event.objects.filter(verb__startswith="servicing.")
    assert told.count() == 5
    assert "ill" not in "".join(str(one.facts) for one in told).casefold()


def test_nobody_takes_back_alone_what_two_people_would_waive(
    lent: Loan, charlie: User, signed_in: Any
) -> None:
    """What being late costs follows from the payments: it is waived, and no payment either."""
    day = factories.late(lent, 5)
    late = repayments.enter(
        actor="accrual",
        loan=lent,
        fact=Charge(
            day=day,
            amount=D("25.00"),
            bucket=Bucket.PENAL,
            code="late",
            due_on=day,
        ),
        reference="late:1",
        now=at(day),
    )
    path = f"/api/v1/servicing/events/{late.pk}/take-back"

    refusal = factories.refused(
        lambda: services.undo(actor=charlie, event=late, reason="A favour", now=at(day))
    )
    over_api = signed_in(charlie).post(path, {"reason": "A favour"}, "application/json")
    page = signed_in(charlie).get(reverse("servicing:undo", args=[late.pk]))

    assert refusal.code == "not_found"
    assert (over_api.status_code, page.status_code) == (404, 404)


def test_a_refusal_says_why_and_posts_nothing(lent: Loan, alice: User, bob: User) -> None:
    day = factories.late(lent, 5)
    proposal = _proposed(lent, alice)
    silent = factories.refused(
        lambda: services.refuse(actor=bob, proposal=proposal, note=" ", now=at(day))
    )

    refused = services.refuse(actor=bob, proposal=proposal, note="He can pay", now=at(day))

    assert silent.code == "reason_missing"
    assert (refused.status, refused.answer_note) == ("refused", "He can pay")
    assert AccountEvent.objects.count() == 0
    again = factories.refused(lambda: services.approve(actor=bob, proposal=proposal, now=at(day)))
    assert again.code == "action_not_possible"


def test_only_who_proposed_takes_it_back(lent: Loan, alice: User, make_person: Any) -> None:
    anna = make_person("Anna", "loan_officer")
    day = factories.late(lent, 5)
    proposal = _proposed(lent, alice)

    other = factories.refused(lambda: services.withdraw(actor=anna, proposal=proposal, now=at(day)))
    own = services.withdraw(actor=alice, proposal=proposal, now=at(day))

    assert other.code == "not_own_proposal"
    assert own.status == "withdrawn"


def test_what_does_not_fit_is_not_proposed(lent: Loan, alice: User) -> None:
    day = factories.late(lent, 5)
    row = lent.instalments.get(in_force=True, number=1)
    cases = [
        (waiver("0"), "amount_refused"),
        (waiver("-1"), "amount_refused"),
        (waiver("0.005"), "amount_refused"),
        (waiver("NaN"), "amount_refused"),
        (waiver(row.interest + D("0.01")), "more_than_due"),
        (waiver(bucket=""), "bucket_refused"),
        (waiver(bucket="everything"), "bucket_refused"),
        (waiver(kind="present"), "unknown_kind"),
        (waiver(reason="x"), "reason_missing"),
        (waiver(row.interest + D("0.01"), reason="x"), "reason_missing"),
        (waiver(kind="write_off", bucket="", amount=D(5)), "amount_refused"),
        (waiver(kind="refund", bucket="", amount=D(5)), "more_than_advances"),
    ]

    for relief, code in cases:
        refusal = factories.refused(
            lambda relief=relief: services.propose(
                actor=alice, loan=lent, relief=relief, now=at(day)
            )
        )
        assert refusal.code == code


@pytest.mark.parametrize("beside", ["amount", "bucket"])
def test_all_that_is_wrong_is_said_at_once(lent: Loan, alice: User, beside: str) -> None:
    wrong: dict[str, Any] = {"amount": D(999_999)} if beside == "amount" else {"bucket": ""}

    refusal = factories.refused(
        lambda: services.propose(
            actor=alice,
            loan=lent,
            relief=waiver(reason="x", **wrong),
            now=at(factories.late(lent, 5)),
        )
    )

    assert set(refusal.fields) == {"reason", beside}
    assert str(refusal.fields["reason"]) == "Say why, in 3 to 300 letters."


def test_one_of_a_kind_waits_at_a_time_and_a_reference_proposes_once(
    lent: Loan, alice: User
) -> None:
    first = _proposed(lent, alice, reference="W-1")

    assert _proposed(lent, alice, reference="W-1") == first
    other = factories.refused(lambda: _proposed(lent, alice, amount="7.00", reference="W-1"))
    second = factories.refused(lambda: _proposed(lent, alice, amount="7.00"))

    assert (other.code, second.code) == ("reference_taken", "proposal_waits")


def test_the_wrong_person_proposes_and_approves_nothing(
    lent: Loan, alice: User, bob: User, amir: User
) -> None:
    day = factories.late(lent, 5)
    proposal = _proposed(lent, alice)

    for act in (
        lambda: services.propose(
            actor=bob, loan=lent, relief=waiver(bucket="principal"), now=at(day)
        ),
        lambda: services.approve(actor=amir, proposal=proposal, now=at(day)),
        lambda: services.approve(actor=alice, proposal=proposal, now=at(day)),
    ):
        assert factories.refused(act).code == "not_permitted"


def test_what_was_paid_beyond_the_debt_goes_back_by_two_people(
    lent: Loan, alice: User, bob: User
) -> None:
    day = factories.late(lent, 0)
    repaid.pay(alice, lent, day, lent.instalments.get(in_force=True, number=1).due + 300)
    proposal = services.propose(
        actor=alice,
        loan=lent,
        relief=services.Relief(kind="refund", amount=D(300), reason="Paid too much"),
        now=at(day),
    )

    services.approve(actor=bob, proposal=proposal, now=at(day))

    assert selectors.balances(lent)[Account.ADVANCES] == 0
    event = AccountEvent.objects.get(kind="refund")
    assert (event.made_by, event.approved_by) == (alice, bob)
    assert repaid.offenders() == []
