"""Settlements: two people, parts by their days, kept by money, broken by a part that is missed."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import ApprovalLimit, User
from apps.audit.models import Event
from apps.collections import selectors, services, settlement_loss, settling
from apps.collections.models import Rule, Settlement, SettlementPart
from apps.collections.rules import Code
from apps.collections.services import LegalEntry, Offer, RuleEntry
from apps.collections.settling import Part
from apps.collections.tests import factories
from apps.collections.tests.factories import TODAY, at, refused
from apps.core.errors import Conflict, NotPermitted, NotVisible
from apps.ledger.chart import Account
from apps.letters.models import Letter
from apps.letters.tests import factories as letters
from apps.loans.models import Loan
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors as servicing_selectors
from apps.servicing import services as servicing
from apps.servicing.models import Proposal

D = Decimal
ALL = Decimal(100_000)
Browser = Callable[[User], Client]


def _day(number: int) -> date:
    return TODAY + timedelta(days=number)


PARTS = (Part(_day(10), D(60_000)), Part(_day(40), D(40_000)))


@pytest.fixture
def late(lent: Loan) -> Loan:
    """A loan of 200,000 that is overdue."""
    factories.overdue(lent, 95, 60_000)
    return lent


def _loss(loan: Loan, amount: Decimal = ALL, day: date = TODAY) -> Decimal:
    return settlement_loss.of_offer(loan, day, amount).waived


def _propose(actor: User, loan: Loan, parts: Any = PARTS, **changes: Any) -> Settlement:
    amount = sum((one.amount for one in parts), D(0))
    values = {"parts": parts, "reason": "Lost the shop in the flood", "seen": _loss(loan, amount)}
    return services.propose_settlement(
        actor=actor, loan=loan, offer=Offer(**{**values, **changes}), now=at(TODAY)
    )


def _approve(actor: User, settlement: Settlement, **changes: Any) -> Settlement:
    seen = _loss(settlement.loan, settlement.amount)
    values = {"seen": seen, "now": at(TODAY), **changes}
    return services.approve_settlement(actor=actor, settlement=settlement, **values)


def _agreed(dev: User, charlie: User, loan: Loan) -> Settlement:
    made = _propose(dev, loan)
    return _approve(charlie, made, now=at(TODAY))


# --- the rule -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("came", "day", "expected"),
    [
        ([], 10, "open"),
        ([], 13, "open"),
        ([], 14, "broken"),
        ([(10, 60_000)], 14, "open"),
        ([(13, 60_000)], 14, "open"),
        ([(14, 60_000)], 14, "broken"),
        ([(5, 59_999)], 14, "broken"),
        ([(5, 100_000)], 5, "kept"),
        ([(10, 60_000), (43, 40_000)], 43, "kept"),
        ([(10, 60_000), (44, 40_000)], 44, "broken"),
        ([(10, 80_000), (40, 20_000)], 40, "kept"),
        ([(10, 60_000), (40, 39_999)], 43, "open"),
    ],
)
def test_it_is_kept_by_its_parts_and_broken_after_the_grace(
    came: list[tuple[int, int]], day: int, expected: str
) -> None:
    money = [(_day(number), D(amount)) for number, amount in came]

    assert settling.verdict(PARTS, money, grace=3, day=_day(day)) == expected


# --- proposing ----------------------------------------------------------------------------------
def test_what_is_given_up_is_shown_by_bucket(late: Loan) -> None:
    found = settlement_loss.of_offer(late, TODAY, D(100_000))

    assert found.owed == servicing_selectors.quote(late, TODAY).owed
    assert found.waived == found.owed - 100_000
    assert sum(one.paid for one in found.lines) == 100_000
    [principal] = [one for one in found.lines if one.bucket == Bucket.PRINCIPAL]
    assert principal.waived == 100_000


def test_a_settlement_is_proposed_and_nobody_is_told(late: Loan, dev: User) -> None:
    made = _propose(dev, late)

    assert (made.status, made.amount, made.grace_days) == ("proposed", D(100_000), 3)
    assert [(one.due_date, one.amount) for one in made.parts.all()] == [
        (one.due, one.amount) for one in PARTS
    ]
    assert not Letter.objects.filter(kind="settlement").exists()
    facts = Event.objects.get(verb="collections.settlement_proposed").facts
    assert (facts["amount"], facts["parts"]) == ("100000.00", 2)
    assert "flood" not in str(facts)


@pytest.mark.parametrize(
    ("field", "parts"),
    [
        ("parts", ()),
        ("parts", (Part(_day(3), D(0)),)),
        ("parts", (Part(_day(3), D("10.001")),)),
        ("parts", (Part(_day(3), D(900_000)),)),
        ("parts", tuple(Part(_day(number), D(100)) for number in range(13))),
        ("days", (Part(_day(-1), D(100)),)),
        ("days", (Part(_day(181), D(100)),)),
        ("days", (Part(_day(9), D(100)), Part(_day(9), D(100)))),
        ("days", (Part(_day(9), D(100)), Part(_day(8), D(100)))),
    ],
)
def test_what_is_no_offer_is_refused_beside_its_field(
    late: Loan, dev: User, field: str, parts: Any
) -> None:
    assert field in refused(lambda: _propose(dev, late, parts, seen=D(1))).fields


def test_all_that_is_owed_is_no_settlement(late: Loan, dev: User) -> None:
    owed = settlement_loss.of_offer(late, TODAY).owed

    refusal = refused(lambda: _propose(dev, late, (Part(_day(3), owed),), seen=D(0)))

    assert "parts" in refusal.fields
    assert _propose(dev, late, (Part(_day(3), owed - 1),)).debt == owed


def test_who_proposes_has_seen_the_loss(late: Loan, dev: User) -> None:
    assert refused(lambda: _propose(dev, late, seen=_loss(late) - 1)).code == "loss_not_seen"
    assert "reason" in refused(lambda: _propose(dev, late, reason=" ")).fields
    # What would be read as a reason of the system could not be posted in the end.
    assert "reason" in refused(lambda: _propose(dev, late, reason="debits.returned")).fields


def test_of_a_loan_that_is_not_late_or_does_not_run_nothing_is_settled(
    lent: Loan, dev: User
) -> None:
    assert refused(lambda: _propose(dev, lent)).code == "not_overdue"
    Loan.objects.filter(pk=lent.pk).update(status="closed")

    assert refused(lambda: _propose(dev, lent, seen=D(0))).code == "not_running"


def test_a_second_open_one_is_refused(late: Loan, dev: User, charlie: User) -> None:
    first = _propose(dev, late)
    assert refused(lambda: _propose(dev, late)).code == "settlement_open"
    _approve(charlie, first, now=at(TODAY))
    assert refused(lambda: _propose(dev, late)).code == "settlement_open"

    services.withdraw_settlement(
        actor=charlie, settlement=first, reason="Pays in full now", now=at(TODAY)
    )

    assert _propose(dev, late).status == "proposed"


def test_only_who_may_proposes_and_answers(
    late: Loan, dev: User, alice: User, nina: User, esha: User
) -> None:
    assert isinstance(refused(lambda: _propose(alice, late)), NotPermitted)
    assert isinstance(refused(lambda: _propose(nina, late)), NotVisible)
    made = _propose(dev, late)
    for who in (alice, esha):
        refusal = refused(lambda who=who: _approve(who, made, now=at(TODAY)))
        assert isinstance(refusal, NotPermitted)
    refusal = refused(
        lambda: services.withdraw_settlement(
            actor=esha, settlement=made, reason="Not mine", now=at(TODAY)
        )
    )
    assert refusal.code == "not_own_settlement"


# --- answering ----------------------------------------------------------------------------------
def test_another_person_agrees_and_the_borrower_is_written_to(
    late: Loan, dev: User, charlie: User
) -> None:
    made = _agreed(dev, charlie, late)

    assert (made.status, made.answered_by, made.answered_on) == ("approved", charlie, TODAY)
    letter = Letter.objects.get(kind="settlement")
    assert made.letter == letter
    text = bytes(letter.html or b"").decode()
    assert "₹60,000.00" in text
    assert "within 3 days" in text
    assert "flood" not in text
    assert not AccountEvent.objects.exists()


def test_nobody_answers_the_own_one(late: Loan, dev: User) -> None:
    dev.user_permissions.add(Permission.objects.get(codename="approve_settlement"))
    both = User.objects.get(pk=dev.pk)
    made = _propose(both, late)

    for answer in (
        lambda: _approve(both, made, now=at(TODAY)),
        lambda: services.refuse_settlement(actor=both, settlement=made, note="No", now=at(TODAY)),
    ):
        assert refused(answer).code == "own_settlement"
    changes = {
        "status": "approved",
        "answered_by": both,
        "answered_at": at(TODAY),
        "answered_on": TODAY,
        "letter": letters.frozen(both, both.branch),
        "most_given_up": D(1),
    }
    with pytest.raises(IntegrityError, match="by_two_people"), transaction.atomic():
        Settlement.objects.filter(pk=made.pk).update(**changes)


def test_more_than_the_limit_needs_a_higher_one(late: Loan, dev: User, charlie: User) -> None:
    made = _propose(dev, late)
    # What is given up if all comes on the last day of grace.
    most = settlement_loss.at_most(late, _day(43), ALL)
    assert most > made.debt - made.amount
    ApprovalLimit.objects.filter(user=charlie).update(amount=most - 1)

    assert refused(lambda: _approve(charlie, made)).code == "above_limit"

    ApprovalLimit.objects.filter(user=charlie).update(amount=most)

    assert _approve(charlie, made).most_given_up == most


def test_what_was_answered_or_is_past_is_not_approved(late: Loan, dev: User, charlie: User) -> None:
    made = _propose(dev, late)
    past = refused(lambda: _approve(charlie, made, now=at(_day(11))))
    assert past.code == "day_passed"
    assert (
        "note"
        in refused(
            lambda: services.refuse_settlement(
                actor=charlie, settlement=made, note="", now=at(TODAY)
            )
        ).fields
    )

    services.refuse_settlement(actor=charlie, settlement=made, note="Too little", now=at(TODAY))

    again = refused(lambda: _approve(charlie, made, now=at(TODAY)))
    assert isinstance(again, Conflict)


def test_one_that_gives_up_nothing_any_more_is_not_approved(
    late: Loan, alice: User, dev: User, charlie: User
) -> None:
    made = _propose(dev, late)
    owed = settlement_loss.of_offer(late, TODAY).owed
    repaid.pay(alice, late, TODAY, owed - ALL, now=at(TODAY))

    refusal = refused(lambda: _approve(charlie, made, now=at(TODAY)))

    assert refusal.code == "nothing_given_up"
    made.refresh_from_db()
    assert (made.status, made.answered_by) == ("proposed", None)
    assert not Letter.objects.filter(kind=Letter.Kind.SETTLEMENT).exists()


# --- the database -------------------------------------------------------------------------------
def test_the_database_keeps_parts_and_terms_as_they_were(
    late: Loan, dev: User, charlie: User
) -> None:
    made = _agreed(dev, charlie, late)
    part = made.parts.get(number=1)

    for act in (
        lambda: SettlementPart.objects.filter(pk=part.pk).update(amount=1),
        part.delete,
        lambda: Settlement.objects.filter(pk=made.pk)._raw_delete("default"),
        lambda: Settlement.objects.filter(pk=made.pk).update(amount=1),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()
    with pytest.raises(IntegrityError), transaction.atomic():
        SettlementPart.objects.create(settlement=made, number=3, due_date=_day(60), amount=D(1))


def test_the_database_wants_parts_that_add_up(late: Loan, dev: User, charlie: User) -> None:
    made = _propose(dev, late)
    SettlementPart.objects.create(settlement=made, number=3, due_date=_day(60), amount=D(1))

    with pytest.raises(IntegrityError), transaction.atomic():
        _approve(charlie, made, now=at(TODAY))


# --- keeping and breaking -----------------------------------------------------------------------
def test_once_all_parts_came_the_rest_is_given_up_by_the_two(
    late: Loan, alice: User, dev: User, charlie: User
) -> None:
    made = _agreed(dev, charlie, late)
    repaid.pay(alice, late, _day(10), 60_000)
    assert services.judge_settlements(now=at(_day(30))) == 0
    repaid.pay(alice, late, _day(40), 40_000)

    owed = settlement_loss.of_offer(late, _day(40)).owed

    assert services.judge_settlements(now=at(_day(40))) == 1
    assert services.judge_settlements(now=at(_day(41))) == 0

    made.refresh_from_db()
    late.refresh_from_db()
    assert (made.status, late.status) == ("kept", "written_off")
    event = AccountEvent.objects.get(kind="write_off")
    assert (event.made_by, event.approved_by) == (dev, charlie)
    relief = Proposal.objects.get()
    assert (made.relief, relief.event) == (relief, event)
    assert (relief.reference, relief.status) == (f"settlement:{made.pk}", "approved")
    assert servicing_selectors.balances(late)[Account.WRITE_OFF_EXPENSE] == owed
    assert [one for one in repaid.offenders() if one.loan_id] == []
    assert Event.objects.filter(verb="servicing.relief_agreed").count() == 1


def test_giving_up_twice_gives_up_once(late: Loan, alice: User, dev: User, charlie: User) -> None:
    values = {
        "proposed_by": dev,
        "approved_by": charlie,
        "loan": late,
        "reason": "Settled",
        "reference": "settlement:1",
        "now": at(_day(40)),
    }

    first, second = servicing.give_up_rest(**values), servicing.give_up_rest(**values)

    assert first == second
    assert AccountEvent.objects.filter(kind="write_off").count() == 1


def test_nothing_is_claimed_after_it(late: Loan, alice: User, dev: User, charlie: User) -> None:
    made = _agreed(dev, charlie, late)
    repaid.pay(alice, late, _day(10), 100_000)
    services.judge_settlements(now=at(_day(10)))
    made.refresh_from_db()
    assert made.status == "kept"

    money = servicing.Money(day=_day(11), amount=D(100), channel="cash", external_reference="R1")
    taken = refused(
        lambda: servicing.recover(actor=alice, loan=late, money=money, now=at(_day(11)))
    )
    sued = refused(
        lambda: services.record_legal_step(
            actor=dev,
            loan=late,
            entry=LegalEntry(stage="notice", made_on=_day(11), reference="CC 12"),
            now=at(_day(11)),
        )
    )

    assert (taken.code, sued.code) == ("settled", "not_running")


def test_a_recovery_sent_again_after_a_settlement_was_kept_gives_the_first_answer(
    late: Loan, alice: User, bob: User, dev: User, charlie: User
) -> None:
    made = _agreed(dev, charlie, late)
    relief = servicing.Relief(kind="write_off", reason="Gone abroad")
    waits = servicing.propose(actor=alice, loan=late, relief=relief, now=at(_day(5)))
    servicing.approve(actor=bob, proposal=waits, now=at(_day(5)))
    values = {"day": _day(10), "amount": ALL, "channel": "cash", "external_reference": "R1"}
    asked = {"actor": alice, "loan": late, "now": at(_day(10))}
    first = servicing.recover(money=servicing.Money(**values), **asked)
    assert services.judge_settlements(now=at(_day(10))) == 1
    made.refresh_from_db()
    assert made.status == "kept"
    count = AccountEvent.objects.count()

    again = servicing.recover(money=servicing.Money(**values), **asked)

    assert again == first
    for changes, code in (
        ({"external_reference": "R2", "amount": D(100)}, "settled"),
        ({"amount": D(100)}, "reference_used"),
    ):
        other = servicing.Money(**{**values, **changes})
        assert refused(lambda money=other: servicing.recover(money=money, **asked)).code == code
    assert AccountEvent.objects.count() == count
    assert [one for one in repaid.offenders() if one.loan_id] == []


def test_a_missed_part_breaks_it_and_nothing_is_given_up(
    late: Loan, alice: User, dev: User, charlie: User
) -> None:
    made = _agreed(dev, charlie, late)
    repaid.pay(alice, late, _day(10), 59_999)

    assert services.judge_settlements(now=at(_day(13))) == 0
    assert services.judge_settlements(now=at(_day(14))) == 1

    made.refresh_from_db()
    late.refresh_from_db()
    assert (made.status, made.relief, late.status) == ("broken", None, "active")
    assert not AccountEvent.objects.filter(kind="write_off").exists()
    assert _propose(dev, late).status == "proposed"


def test_what_came_before_it_was_agreed_does_not_count(
    late: Loan, alice: User, dev: User, charlie: User
) -> None:
    repaid.pay(alice, late, TODAY, 100_000, now=at(TODAY))
    made = _propose(dev, late, (Part(_day(10), D(50_000)),))
    _approve(charlie, made, now=at(TODAY) + timedelta(minutes=5))

    assert selectors.came_towards(Settlement.objects.get()) == []


def test_one_that_cannot_be_given_up_today_holds_up_no_other(
    late: Loan, alice: User, bob: User, dev: User, charlie: User
) -> None:
    made = _agreed(dev, charlie, late)
    repaid.pay(alice, late, _day(10), 100_000)
    waits = servicing.propose(
        actor=alice,
        loan=late,
        relief=servicing.Relief(kind="write_off", reason="Gone abroad"),
        now=at(_day(10)),
    )

    assert services.judge_settlements(now=at(_day(10))) == 0
    made.refresh_from_db()
    assert made.status == "approved"

    servicing.refuse(actor=bob, proposal=waits, note="Settled", now=at(_day(10)))
    assert services.judge_settlements(now=at(_day(10))) == 1


# --- the lender's numbers -----------------------------------------------------------------------
def test_a_lender_sets_its_own_grace_from_a_day_on(late: Loan, dev: User, charlie: User) -> None:
    entity = late.branch.entity
    entry = RuleEntry(entity=entity, code="settlement_grace", value=7, from_date=_day(1))
    services.set_rule(actor=charlie, entry=entry, now=at(TODAY))

    assert selectors.number(entity.pk, Code.SETTLEMENT_GRACE_DAYS, TODAY) == 3
    assert selectors.number(entity.pk, Code.SETTLEMENT_GRACE_DAYS, _day(1)) == 7
    assert refused(lambda: services.set_rule(actor=charlie, entry=entry, now=at(TODAY))).code == (
        "set_before"
    )
    with pytest.raises(InternalError), transaction.atomic():
        Rule.objects.update(value=1)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("code", {"code": "nonsense"}),
        ("value", {"value": 31}),
        ("from_date", {"from_date": _day(-1)}),
    ],
)
def test_a_number_that_is_none_is_refused(
    lent: Loan, charlie: User, dev: User, field: str, changes: dict[str, Any]
) -> None:
    values = {
        "entity": lent.branch.entity,
        "code": "settlement_grace",
        "value": 7,
        "from_date": TODAY,
        **changes,
    }
    act: Any = lambda who: services.set_rule(  # noqa: E731
        actor=who, entry=RuleEntry(**values), now=at(TODAY)
    )

    assert list(refused(lambda: act(charlie)).fields) == [field]
    assert isinstance(refused(lambda: act(dev)), NotPermitted)


# --- pages and the API --------------------------------------------------------------------------
def test_the_page_shows_the_loss_before_it_sends(
    signed_in: Browser, late: Loan, dev: User, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    client, address = signed_in(dev), reverse("collections:settle", args=[late.pk])
    typed = {"reason": "Lost the shop", "amount_1": "100000", "day_1": _day(10).isoformat()}
    first = client.get(address).text
    assert "Propose it" not in first

    unseen = client.post(address, {**typed, "step": "send"})
    looked = client.post(address, {**typed, "step": "look"})

    assert (unseen.status_code, looked.status_code) == (422, 200)
    assert not Settlement.objects.exists()
    assert "Given up" in looked.text
    seen = str(_loss(late))
    assert f'value="{seen}"' in looked.text
    assert client.post(address, {**typed, "step": "send", "seen": seen}).status_code == 302
    case = reverse("collections:case", args=[late.pk])
    assert "Approve" not in client.get(case).text
    made = Settlement.objects.get()
    boss = signed_in(charlie)
    assert "Lost the shop" in boss.get(case).text
    approve = reverse("collections:approve_settlement", args=[made.pk])
    shown = boss.get(approve).text
    assert f'name="seen" value="{seen}"' in shown
    assert "Principal" in shown
    assert boss.post(approve, {"seen": "1"}).status_code == 422
    assert client.get(approve).status_code == 403
    assert boss.post(approve, {"seen": seen}).status_code == 302
    made.refresh_from_db()
    assert made.status == "approved"
    assert boss.get(approve).status_code == 302
    withdraw = reverse("collections:withdraw_settlement", args=[made.pk])
    assert client.post(withdraw, {"reason": "Pays in full"}).status_code == 422
    assert "tell the borrower" in boss.get(withdraw).text
    assert boss.post(withdraw, {"reason": ""}).status_code == 422
    assert boss.post(withdraw, {"reason": "Pays in full"}).status_code == 302
    refuse = reverse("collections:refuse_settlement", args=[made.pk])
    assert boss.post(refuse, {"note": "Too late"}).status_code == 422
    wrong = client.post(address, {**typed, "amount_1": "900000", "step": "look"})
    assert wrong.status_code == 422
    assert "that is owed" in wrong.text


def test_the_numbers_are_set_on_their_page(
    signed_in: Browser, lent: Loan, dev: User, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    address, client = reverse("collections:rules"), signed_in(charlie)
    typed = {
        "entity": str(lent.branch.entity_id),
        "code": "settlement_grace",
        "value": "5",
        "from_date": TODAY.isoformat(),
    }
    assert "days of grace" in client.get(address).text

    assert client.post(address, {**typed, "value": "99"}).status_code == 422
    assert client.post(address, typed).status_code == 302

    assert Rule.objects.get().value == 5
    assert signed_in(dev).get(address).status_code == 403


def test_the_api_proposes_shows_and_answers(
    signed_in: Browser,
    late: Loan,
    dev: User,
    charlie: User,
    nina: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    client, boss = signed_in(dev), signed_in(charlie)
    address = f"/api/v1/collections/{late.pk}/settlements"
    loss = client.get(f"/api/v1/collections/{late.pk}/settlement-loss?amount=100000").json()
    body = {
        "parts": [{"due_date": _day(10).isoformat(), "amount": "100000.00"}],
        "reason": "Lost the shop",
        "seen": loss["waived"],
    }

    made = client.post(address, body, content_type="application/json")

    assert made.status_code == 201
    again = client.post(address, body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "settlement_open")
    one = f"/api/v1/collections/settlements/{made.json()['id']}"
    assert client.post(f"{one}/approve").status_code == 403
    offered = boss.get(f"{one}/approve").json()
    assert (offered["loss"]["waived"], offered["paid_since"]) == (loss["waived"], "0.00")
    assert D(offered["most_given_up"]) > D(loss["waived"])
    blind = boss.post(f"{one}/approve", {"seen": "1.00"}, content_type="application/json")
    assert (blind.status_code, blind.json()["code"]) == (409, "loss_not_seen")
    assert signed_in(nina).post(f"{one}/withdraw", {"reason": "None"}).status_code == 404
    agreed = boss.post(f"{one}/approve", {"seen": loss["waived"]}, content_type="application/json")
    assert (agreed.json()["status"], agreed.json()["most_given_up"]) == (
        "approved",
        offered["most_given_up"],
    )
    late_no = boss.post(f"{one}/refuse", {"note": "No more"}, content_type="application/json")
    assert late_no.status_code == 409
    own = client.post(f"{one}/withdraw", {"reason": "Paid"}, content_type="application/json")
    assert (own.status_code, own.json()["code"]) == (403, "agreed_by_two")
    gone = boss.post(f"{one}/withdraw", {"reason": "Paid"}, content_type="application/json")
    assert gone.json()["status"] == "withdrawn"
    listed = client.get(address)
    assert [row["status"] for row in listed.json()] == ["withdrawn"]
    assert "shop" not in listed.content.decode()
