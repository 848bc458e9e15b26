"""Settlements after they were agreed: late money, bounces, who ends them, what may be given up."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, InternalError, transaction

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.collections import selectors, services, settlement_loss, settlement_page, settling
from apps.collections.models import Settlement
from apps.collections.services import Offer, judging_settlements
from apps.collections.settling import Part
from apps.collections.tests import factories
from apps.collections.tests.factories import TODAY, at, refused
from apps.letters.models import Letter
from apps.letters.tests import factories as letters
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.errors import TakenBackAlready
from apps.repayments.facts import Bucket, Charge
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors as servicing_selectors
from apps.servicing import services as servicing

D = Decimal


def _day(number: int) -> date:
    return TODAY + timedelta(days=number)


PARTS = (Part(_day(10), D(60_000)), Part(_day(40), D(40_000)))


@pytest.fixture
def late(lent: Loan) -> Loan:
    """A loan of 200,000 that is overdue."""
    factories.overdue(lent, 95, 60_000)
    return lent


def _propose(dev: User, loan: Loan, *, now: Any = None) -> Settlement:
    seen = settlement_loss.of_offer(loan, TODAY, D(100_000)).waived
    offer = Offer(parts=PARTS, reason="Lost the shop in the flood", seen=seen)
    return services.propose_settlement(actor=dev, loan=loan, offer=offer, now=now or at(TODAY))


def _approve(charlie: User, made: Settlement, *, now: Any = None) -> Settlement:
    now = now or at(TODAY)
    seen = settlement_loss.of_offer(made.loan, now.date(), made.amount).waived
    return services.approve_settlement(actor=charlie, settlement=made, seen=seen, now=now)


@pytest.fixture
def agreed(late: Loan, dev: User, charlie: User) -> Settlement:
    """60,000 in ten days and 40,000 in forty, for all of the loan."""
    return _approve(charlie, _propose(dev, late))


def _kept(agreed: Settlement, alice: User) -> AccountEvent:
    """Pay both parts in time, and let the rest be given up; return the second payment."""
    repaid.pay(alice, agreed.loan, _day(10), 60_000)
    last = repaid.pay(alice, agreed.loan, _day(40), 40_000)
    assert services.judge_settlements(now=at(_day(40))) == 1
    agreed.refresh_from_db()
    assert agreed.status == "kept"
    return last


def _written_off(loan: Loan) -> list[AccountEvent]:
    return list(AccountEvent.objects.filter(loan=loan, kind="write_off", status="live"))


# --- money that is entered late -----------------------------------------------------------------
def test_money_dated_in_the_grace_and_entered_after_keeps_what_had_broken(
    agreed: Settlement, alice: User
) -> None:
    repaid.pay(alice, agreed.loan, _day(10), 60_000)
    assert services.judge_settlements(now=at(_day(44))) == 1
    agreed.refresh_from_db()
    assert (agreed.status, agreed.ended_at) == ("broken", at(_day(44)))

    repaid.pay(alice, agreed.loan, _day(43), 40_000, now=at(_day(44)) + timedelta(hours=9))
    assert services.judge_settlements(now=at(_day(44)) + timedelta(hours=10)) == 1

    agreed.refresh_from_db()
    assert (agreed.status, agreed.relief is not None) == ("kept", True)
    assert len(_written_off(agreed.loan)) == 1


def test_a_first_part_entered_late_lets_it_go_on(agreed: Settlement, alice: User) -> None:
    services.judge_settlements(now=at(_day(14)))
    agreed.refresh_from_db()
    assert agreed.status == "broken"

    repaid.pay(alice, agreed.loan, _day(13), 60_000, now=at(_day(14)))
    services.judge_settlements(now=at(_day(14)))

    agreed.refresh_from_db()
    assert (agreed.status, agreed.ended_at) == ("approved", None)
    judged = Event.objects.filter(verb="collections.settlement_judged").order_by("pk").last()
    assert judged is not None
    assert (judged.facts["stands"], judged.facts["given_up"]) == ("approved", "0")


def test_what_broke_stays_broken_while_another_one_is_open_and_after_sixty_days(
    agreed: Settlement, alice: User, dev: User
) -> None:
    services.judge_settlements(now=at(_day(14)))
    other = services.propose_settlement(
        actor=dev,
        loan=agreed.loan,
        offer=Offer(
            parts=(Part(_day(30), D(90_000)),),
            reason="Another try",
            seen=settlement_loss.of_offer(agreed.loan, _day(14), D(90_000)).waived,
        ),
        now=at(_day(14)),
    )
    repaid.pay(alice, agreed.loan, _day(13), 100_000, now=at(_day(14)))

    assert services.judge_settlements(now=at(_day(14))) == 0
    services.withdraw_settlement(
        actor=dev, settlement=other, reason="Paid in time", now=at(_day(15))
    )
    assert services.judge_settlements(now=at(_day(75))) == 0
    assert services.judge_settlements(now=at(_day(74))) == 1


def test_money_paid_before_the_approval_and_entered_after_counts(
    late: Loan, alice: User, dev: User, charlie: User
) -> None:
    made = _propose(dev, late)
    _approve(charlie, made, now=at(_day(1)))

    repaid.pay(alice, late, TODAY, 60_000, now=at(_day(2)))

    assert selectors.came_towards(made) == [(TODAY, D(60_000))]


def test_nothing_is_judged_without_parts() -> None:
    with pytest.raises(ValueError, match="without parts"):
        settling.verdict([], [], grace=3, day=TODAY)


# --- who ends what two agreed -------------------------------------------------------------------
def test_who_proposed_it_does_not_end_what_two_agreed(late: Loan, dev: User, charlie: User) -> None:
    dev.user_permissions.add(Permission.objects.get(codename="approve_settlement"))
    both = User.objects.get(pk=dev.pk)
    made = _approve(charlie, _propose(both, late))

    refusal = refused(
        lambda: services.withdraw_settlement(
            actor=both, settlement=made, reason="Not enough", now=at(TODAY)
        )
    )
    assert refusal.code == "agreed_by_two"
    assert not settlement_page.may_withdraw(both, made)
    assert settlement_page.may_withdraw(charlie, made)
    row = Settlement.objects.get(pk=made.pk)
    row.status, row.withdrawn_by, row.withdrawn_reason = "withdrawn", both, "Not enough"
    with pytest.raises(InternalError), transaction.atomic():
        row.save()
    services.withdraw_settlement(actor=charlie, settlement=made, reason="Not enough", now=at(TODAY))
    made.refresh_from_db()
    assert (made.status, made.withdrawn_by) == ("withdrawn", charlie)


def test_one_whose_parts_all_came_is_not_ended(
    agreed: Settlement, alice: User, charlie: User
) -> None:
    repaid.pay(alice, agreed.loan, _day(10), 100_000)

    refusal = refused(
        lambda: services.withdraw_settlement(
            actor=charlie, settlement=agreed, reason="Too little", now=at(_day(10))
        )
    )

    assert refusal.code == "all_paid"


# --- the database -------------------------------------------------------------------------------
def test_the_database_wants_two_people_a_letter_and_the_lifecycle(
    agreed: Settlement, alice: User, bob: User
) -> None:
    rows = Settlement.objects.filter(pk=agreed.pk)
    fresh = Settlement.objects.get(pk=agreed.pk)
    fresh.pk, fresh._state.adding = None, True
    rows.update(status="broken", ended_at=at(TODAY))
    for act in (
        lambda: rows.update(status="refused"),
        lambda: rows.update(status="proposed"),
        lambda: rows.update(answered_by=bob),
        lambda: rows.update(answered_at=at(_day(1))),
        lambda: rows.update(answered_on=_day(1)),
        lambda: rows.update(letter=None),
        lambda: rows.update(most_given_up=D(1)),
        lambda: fresh.save(force_insert=True),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()
    agreed.refresh_from_db()
    assert agreed.answered_by_id != bob.pk


def test_the_database_takes_no_approval_without_a_letter_or_a_limit(
    late: Loan, dev: User, charlie: User
) -> None:
    made = _propose(dev, late)
    answered = {
        "status": "approved",
        "answered_by": charlie,
        "answered_at": at(TODAY),
        "answered_on": TODAY,
    }

    letter = letters.frozen(charlie, charlie.branch)
    for changes in (answered, {**answered, "most_given_up": D(1)}, {"letter": letter}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Settlement.objects.filter(pk=made.pk).update(**changes)


# --- keeping ------------------------------------------------------------------------------------
def test_the_rest_is_given_up_though_who_proposed_it_no_longer_reaches_the_loan(
    agreed: Settlement,
    alice: User,
    dev: User,
    charlie: User,
    nashik: Branch,
    make_person: Callable[..., User],
) -> None:
    repaid.pay("system:test", agreed.loan, _day(10), 60_000)
    moved = servicing.propose_transfer(
        actor=alice,
        loan=agreed.loan,
        to_branch=nashik,
        reason="The borrower moved to Nashik",
        now=at(_day(12)),
    )
    reviewer = make_person("Omar", "credit_reviewer", branch=nashik)
    servicing.approve_transfer(actor=reviewer, transfer=moved, now=at(_day(12)))
    repaid.pay("system:test", agreed.loan, _day(40), 40_000)
    assert not Settlement.objects.visible_to(dev).exists()

    assert services.judge_settlements(now=at(_day(40))) == 1

    [event] = _written_off(agreed.loan)
    assert (event.made_by, event.approved_by) == (dev, charlie)


def test_what_was_given_up_is_on_record(agreed: Settlement, alice: User) -> None:
    repaid.pay(alice, agreed.loan, _day(10), 100_000)
    owed = settlement_loss.of_offer(agreed.loan, _day(10)).owed

    services.judge_settlements(now=at(_day(10)))

    facts = Event.objects.get(verb="collections.settlement_judged").facts
    assert (facts["stands"], facts["given_up"]) == ("kept", str(owed))


def test_more_than_was_agreed_is_not_given_up_but_waits_visibly(
    agreed: Settlement, alice: User, bob: User, charlie: User
) -> None:
    loan = agreed.loan
    fee = Charge(day=_day(5), amount=D(30_000), bucket=Bucket.FEE, code="court", due_on=_day(5))
    repayments.enter(actor="system:test", loan=loan, fact=fee, reference="Court", now=at(_day(5)))
    repaid.pay(alice, loan, _day(10), 100_000)

    assert services.judge_settlements(now=at(_day(10))) == 0

    agreed.refresh_from_db()
    assert (agreed.status, _written_off(loan)) == ("approved", [])
    [row] = settlement_page.of_loan(charlie, loan, _day(10))["settlements"]
    assert "two people agreed to at most" in row["waits"]

    waits = servicing.propose(
        actor=alice,
        loan=loan,
        relief=servicing.Relief(kind="write_off", reason="Settled, with the costs of court"),
        now=at(_day(11)),
    )
    servicing.approve(actor=bob, proposal=waits, now=at(_day(11)))
    assert services.judge_settlements(now=at(_day(11))) == 1
    agreed.refresh_from_db()
    assert (agreed.status, agreed.relief) == ("kept", waits)
    assert selectors.is_settled(loan)


def test_one_that_fails_holds_up_no_other(
    agreed: Settlement, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    repaid.pay(alice, agreed.loan, _day(10), 100_000)
    broken = _broken(judging_settlements.servicing.give_up_rest)
    monkeypatch.setattr(judging_settlements.servicing, "give_up_rest", broken)

    assert services.judge_settlements(now=at(_day(10))) == 0
    agreed.refresh_from_db()
    assert agreed.status == "approved"
    assert services.judge_settlements(now=at(_day(10))) == 1


def _broken(act: Any) -> Any:
    """Return an act that fails once, with what is no refusal."""
    left = [1]

    def once(**told: Any) -> Any:
        if left:
            left.pop()
            raise RuntimeError("out of order")
        return act(**told)

    return once


# --- money that is taken back after -------------------------------------------------------------
def test_a_person_takes_no_money_back_that_a_kept_settlement_counted(
    agreed: Settlement, alice: User, make_person: Callable[..., User]
) -> None:
    last, gita = _kept(agreed, alice), make_person("Gita", "credit_manager")

    refusal = refused(
        lambda: repayments.take_back(actor=gita, event=last, reason="Bounced", now=at(_day(45)))
    )
    assert refusal.code == "settlement_kept"

    [event] = _written_off(agreed.loan)
    loan = Loan.objects.get(pk=agreed.loan_id)
    assert selectors.is_settled(loan)
    servicing.undo(actor=gita, event=event, reason="A part bounced", now=at(_day(45)))
    assert not selectors.is_settled(loan)
    repayments.take_back(actor=gita, event=last, reason="Bounced", now=at(_day(45)))
    assert services.judge_settlements(now=at(_day(45))) == 1
    agreed.refresh_from_db()
    loan.refresh_from_db()
    assert (agreed.status, agreed.relief, loan.status) == ("broken", None, "active")


def test_a_returned_debit_breaks_what_was_kept_and_nothing_stays_given_up(
    agreed: Settlement, alice: User
) -> None:
    last = _kept(agreed, alice)

    taken = repayments.take_back(
        actor="system:debits", event=last, reason="The bank took it back", now=at(_day(45))
    )

    agreed.refresh_from_db()
    loan = Loan.objects.get(pk=agreed.loan_id)
    assert (taken.status, agreed.status, agreed.relief) == ("reversed", "broken", None)
    assert (loan.status, _written_off(loan)) == ("active", [])
    assert not selectors.is_settled(loan)
    assert [one for one in repaid.offenders() if one.loan_id] == []
    with pytest.raises(TakenBackAlready):
        repayments.take_back(actor="system:debits", event=last, reason="Again", now=at(_day(45)))


def test_it_is_kept_once_more_where_the_part_comes_again_in_time(
    agreed: Settlement, alice: User
) -> None:
    last = _kept(agreed, alice)
    repayments.take_back(
        actor="system:debits", event=last, reason="The bank took it back", now=at(_day(41))
    )
    agreed.refresh_from_db()
    assert (agreed.status, agreed.ended_at) == ("approved", None)

    repaid.pay(alice, agreed.loan, _day(42), 40_000, reference="Again")
    assert services.judge_settlements(now=at(_day(42))) == 1

    agreed.refresh_from_db()
    assert agreed.status == "kept"
    assert agreed.relief is not None
    assert agreed.relief.reference == f"settlement:{agreed.pk}:2"
    assert len(_written_off(agreed.loan)) == 1


def test_money_of_before_that_is_returned_grows_no_write_off(
    lent: Loan, alice: User, dev: User, charlie: User
) -> None:
    factories.overdue(lent, 95, 60_000)
    before = repaid.pay("system:test", lent, TODAY, 30_000, now=at(TODAY))
    made = _approve(charlie, _propose(dev, lent))
    _kept(made, alice)

    repayments.take_back(
        actor="system:debits", event=before, reason="The bank took it back", now=at(_day(41))
    )

    made.refresh_from_db()
    assert (made.status, _written_off(lent)) == ("approved", [])
    assert services.judge_settlements(now=at(_day(41))) == 0
    [row] = settlement_page.of_loan(charlie, lent, _day(41))["settlements"]
    assert "two people agreed to at most" in row["waits"]


def _given_up_by_others(loan: Loan, alice: User, bob: User, day: date) -> AccountEvent:
    """Let two other people write off what is left; return the write-off."""
    waits = servicing.propose(
        actor=alice,
        loan=loan,
        relief=servicing.Relief(kind="write_off", reason="Nothing to be had"),
        now=at(day),
    )
    servicing.approve(actor=bob, proposal=waits, now=at(day))
    [event] = _written_off(loan)
    return event


def test_a_recovery_that_is_taken_back_ends_what_it_kept_and_the_loss_of_others_stays(
    agreed: Settlement, alice: User, bob: User, make_person: Callable[..., User]
) -> None:
    loan, gita = agreed.loan, make_person("Gita", "credit_manager")
    repaid.pay(alice, loan, _day(10), 60_000)
    lost = _given_up_by_others(loan, alice, bob, _day(20))
    money = servicing.Money(
        day=_day(40), amount=D(40_000), channel="cheque", external_reference="Q7"
    )
    last = servicing.recover(actor=alice, loan=loan, money=money, now=at(_day(40)))
    assert services.judge_settlements(now=at(_day(40))) == 1
    assert selectors.is_settled(loan)

    repayments.take_back(actor=gita, event=last, reason="Bounced", now=at(_day(45)))

    agreed.refresh_from_db()
    assert (agreed.status, agreed.relief, _written_off(loan)) == ("broken", None, [lost])
    assert not selectors.is_settled(loan)
    again = servicing.Money(day=_day(46), amount=D(5_000), channel="cash", external_reference="R46")
    assert servicing.recover(actor=alice, loan=loan, money=again, now=at(_day(46))).amount == 5_000


def test_one_that_left_nothing_to_give_up_ends_with_the_money_that_closed_the_loan(
    agreed: Settlement, alice: User, make_person: Callable[..., User]
) -> None:
    loan, gita = agreed.loan, make_person("Gita", "credit_manager")
    repaid.pay(alice, loan, _day(10), 60_000)
    owed = servicing_selectors.payoff_on(loan, _day(12)).total
    money = servicing.Money(day=_day(12), amount=owed, channel="cheque", external_reference="Q8")
    last = servicing.pay_off(actor=alice, loan=loan, money=money, now=at(_day(12)))
    assert services.judge_settlements(now=at(_day(12))) == 1
    agreed.refresh_from_db()
    loan = Loan.objects.get(pk=loan.pk)
    assert (agreed.status, agreed.relief, loan.status) == ("kept", None, "closed")
    assert selectors.is_settled(loan)

    repayments.take_back(actor=gita, event=last, reason="Bounced", now=at(_day(13)))

    agreed.refresh_from_db()
    loan = Loan.objects.get(pk=loan.pk)
    assert (agreed.status, loan.status) == ("approved", "active")
    assert not selectors.is_settled(loan)
    assert services.judge_settlements(now=at(_day(44))) == 1
    agreed.refresh_from_db()
    assert agreed.status == "broken"


# --- approving ----------------------------------------------------------------------------------
def test_who_approves_has_seen_the_loss(late: Loan, dev: User, charlie: User) -> None:
    made = _propose(dev, late)

    refusal = refused(
        lambda: services.approve_settlement(
            actor=charlie, settlement=made, seen=D(1), now=at(TODAY)
        )
    )

    assert refusal.code == "loss_not_seen"


def test_what_was_paid_since_it_was_proposed_is_not_asked_for_once_more(
    late: Loan, alice: User, dev: User, charlie: User
) -> None:
    made = _propose(dev, late)
    repaid.pay(alice, late, TODAY, 20_000, now=at(TODAY) + timedelta(minutes=5))

    refusal = refused(lambda: _approve(charlie, made, now=at(TODAY) + timedelta(minutes=6)))

    assert refusal.code == "paid_since"
    assert "20,000" in str(refusal.sentence)
    assert not Letter.objects.filter(kind=Letter.Kind.SETTLEMENT).exists()
