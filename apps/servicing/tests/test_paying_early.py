"""Money before its time: a part of the principal, or all that is owed, to the smallest unit."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.formatting import format_money
from apps.ledger.chart import Account
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors, services
from apps.servicing.tests import factories
from apps.servicing.tests.factories import TODAY, at, money

D = Decimal


def test_both_ways_are_shown_before_one_is_taken(lent: Loan, alice: User) -> None:
    day = TODAY + timedelta(days=10)

    found = services.choices(lent, day, D(51_500))

    # Fixed rate, three per cent of what is paid early: 50,000 x 0.03.
    assert (found.due, found.charge, found.prepaid) == (0, D("1500.00"), D("50000.00"))
    shorter, smaller = found.ways
    assert shorter.interest_saved > smaller.interest_saved > 0
    assert shorter.instalments < smaller.instalments == 24


def test_a_part_prepayment_asks_for_its_charge_and_changes_the_schedule(
    lent: Loan, alice: User
) -> None:
    day = TODAY + timedelta(days=10)
    shown = services.choices(lent, day, D(51_500))

    event = services.prepay(
        actor=alice, loan=lent, money=money(day, 51_500), option="shorter_term", now=at(day)
    )

    held = repaid.books(lent)
    assert held["principal"] == 150_000
    assert held["fee_income"] == D("340.00") + D("1500.00")
    version = lent.schedules.get(in_force=True)
    assert (version.reason, version.number) == ("part_prepayment", 2)
    ahead = lent.instalments.filter(in_force=True, due_date__gt=day).order_by("due_date")
    assert ahead.count() == shown.ways[0].instalments
    assert ahead[0].due == shown.ways[0].instalment
    charge = AccountEvent.objects.get(kind="charge")
    assert (charge.amount, charge.settled) == (D("1500.00"), D("1500.00"))
    assert event.amount == 51_500
    assert repaid.offenders() == []


@pytest.mark.parametrize("ahead", ["0", "0.01", "400.00", "436.90", "450.00", "2000.00"])
@pytest.mark.parametrize("way", [0, 1])
def test_what_is_shown_is_what_is_posted_with_money_ahead_and_without(
    lent: Loan, alice: User, ahead: str, way: int
) -> None:
    _ahead(lent, alice, D(ahead))
    owed = selectors.balances(lent)[Account.PRINCIPAL]
    shown = services.choices(lent, TODAY, D(15_000))
    chosen = shown.ways[way]

    services.prepay(
        actor=alice, loan=lent, money=money(TODAY, 15_000), option=chosen.option, now=at(TODAY)
    )

    held = selectors.balances(lent)
    assert shown.prepaid == owed - held[Account.PRINCIPAL]
    assert shown.from_ahead == D(ahead) - held[Account.ADVANCES]
    assert shown.due + shown.charge + shown.prepaid == 15_000 + shown.from_ahead
    # Three per cent of what is paid early, the smallest unit that is left over aside.
    assert abs(shown.charge - shown.prepaid * D("0.03")) < D("0.01")
    charge = AccountEvent.objects.get(kind="charge")
    assert (charge.amount, charge.settled) == (shown.charge, shown.charge)
    rows = lent.instalments.filter(in_force=True, due_date__gt=TODAY).order_by("due_date")
    assert [(row.due_date, row.due) for row in rows] == [
        (row.due_on, row.instalment) for row in chosen.schedule.new
    ]
    assert repaid.offenders() == []


def test_money_ahead_pays_the_charge_so_all_that_comes_in_is_principal(
    lent: Loan, alice: User
) -> None:
    assert services.choices(lent, TODAY, D(15_000)).charge == D("436.89")

    _ahead(lent, alice, D(2_000))

    shown = services.choices(lent, TODAY, D(15_000))
    assert (shown.charge, shown.from_ahead, shown.prepaid) == (450, 450, 15_000)


def _ahead(loan: Loan, actor: User, amount: Decimal) -> None:
    if amount:
        came = {"number": loan.number, "channel": "cash", "external_reference": "Ahead"}
        paid = repayments.Money(**came, amount=amount, day=TODAY)
        repayments.take(actor=actor, money=paid, now=at(TODAY))


def test_the_same_reference_is_taken_once(lent: Loan, alice: User) -> None:
    day = TODAY + timedelta(days=10)

    def prepay(**changes: object) -> AccountEvent:
        return services.prepay(
            actor=alice,
            loan=lent,
            money=money(day, changes.get("amount", 51_500)),
            option=str(changes.get("option", "shorter_term")),
            now=at(day),
        )

    first = prepay()
    assert prepay() == first
    assert AccountEvent.objects.count() == 2
    for changes in ({"amount": 51_501}, {"option": "smaller_instalment"}):
        refusal = factories.refused(lambda changes=changes: prepay(**changes))
        assert refusal.code == "reference_used"


def test_money_that_came_over_the_desk_is_not_taken_early_as_well(lent: Loan, alice: User) -> None:
    repayments.take(
        actor=alice,
        money=repayments.Money(
            number=lent.number,
            amount=D(51_500),
            channel="cash",
            external_reference="UTR-1",
            day=TODAY,
        ),
        now=at(TODAY),
    )
    same = money(TODAY, 51_500, external_reference="UTR-1")
    for act in (
        lambda: services.prepay(
            actor=alice, loan=lent, money=same, option="shorter_term", now=at(TODAY)
        ),
        lambda: services.pay_off(
            actor=alice,
            loan=lent,
            money=money(TODAY, 206_000, external_reference="UTR-1"),
            now=at(TODAY),
        ),
    ):
        assert factories.refused(act).code == "reference_used"


def test_taken_back_everything_is_as_it_was(lent: Loan, alice: User, charlie: User) -> None:
    day = TODAY + timedelta(days=10)
    before = repaid.books(lent)
    rows = list(lent.instalments.filter(in_force=True).values_list("due_date", "principal"))
    event = services.prepay(
        actor=alice, loan=lent, money=money(day, 51_500), option="shorter_term", now=at(day)
    )

    services.undo(actor=charlie, event=event, reason="The cheque bounced", now=at(day))

    held = repaid.books(lent)
    # What was earned by then stays earned.
    assert held.pop("interest_receivable") == held.pop("interest_income") == D("888.89")
    assert held == before
    now = lent.instalments.filter(in_force=True).values_list("due_date", "principal")
    assert sorted(now) == sorted(rows)
    assert set(AccountEvent.objects.values_list("status", flat=True)) == {"reversed"}
    assert repaid.offenders() == []


def test_the_quote_is_what_closes_the_loan(lent: Loan, alice: User) -> None:
    day = TODAY + timedelta(days=45)
    quote = services.quote(lent, day, today=day)
    # One instalment is overdue; three per cent of the principal that is not due yet.
    assert quote.charge == (quote.early_principal * D("0.03")).quantize(D("0.01"))
    assert quote.principal == 200_000
    assert quote.interest > 0

    services.pay_off(actor=alice, loan=lent, money=money(day, quote.total), now=at(day))

    lent.refresh_from_db()
    held = selectors.balances(lent)
    assert lent.status == "closed"
    assert (held.owed, held[Account.ADVANCES]) == (0, 0)
    assert not lent.instalments.filter(in_force=True, due_date__gt=day).exists()
    assert repaid.offenders() == []


def test_a_late_loan_is_paid_off_with_the_charges_of_the_days_since_it_was_accrued(
    lent: Loan, alice: User
) -> None:
    first = lent.instalments.order_by("number")[0]
    entity, day = lent.branch.entity, first.due_date + timedelta(days=10)
    charged_on = first.due_date + timedelta(days=2)
    repayments.accrue_day(actor="system:test", entity=entity, day=charged_on, now=at(charged_on))

    quote = services.quote(lent, day, today=day)
    event = services.pay_off(actor=alice, loan=lent, money=money(day, quote.total), now=at(day))

    # 9,793 x 24 % x 10 / 365, of which two days were charged before.
    assert quote.due[Bucket.PENAL] == D("64.39")
    charges = AccountEvent.objects.filter(loan=lent, parameters__code="late_payment")
    assert sum(one.amount or 0 for one in charges) == D("64.39")
    assert event.amount == quote.total
    assert Loan.objects.get(pk=lent.pk).status == "closed"
    assert repaid.books(lent).get("penal_receivable", 0) == 0
    assert repaid.offenders() == []


def test_the_quote_told_for_a_day_ahead_holds_on_that_day(lent: Loan, alice: User) -> None:
    day = TODAY + timedelta(days=20)
    told = services.quote(lent, day, today=TODAY)

    services.pay_off(actor=alice, loan=lent, money=money(day, told.total), now=at(day))

    lent.refresh_from_db()
    assert lent.status == "closed"
    assert selectors.balances(lent).owed == 0


def test_money_that_paid_it_off_is_told_again_and_no_other_money_is_taken(
    lent: Loan, alice: User
) -> None:
    total = services.quote(lent, TODAY, today=TODAY).total

    def pay_off(reference: str) -> AccountEvent:
        paid = money(TODAY, total, external_reference=reference)
        return services.pay_off(actor=alice, loan=lent, money=paid, now=at(TODAY))

    first = pay_off("UTR 1")
    before = factories.state()

    assert pay_off(" UTR 1 ") == first
    assert factories.state() == before
    assert factories.refused(lambda: pay_off("UTR 2")).code == "loan_not_running"
    assert Loan.objects.get(pk=lent.pk).status == "closed"


def test_a_smallest_unit_less_does_not_pay_it_off(lent: Loan, alice: User) -> None:
    total = services.quote(lent, TODAY, today=TODAY).total

    refusal = factories.refused(
        lambda: services.pay_off(
            actor=alice, loan=lent, money=money(TODAY, total - D("0.01")), now=at(TODAY)
        )
    )

    assert refusal.code == "less_than_payoff"
    assert "₹2,06,000.00" in str(refusal.sentence)


def test_a_bounced_payoff_lets_the_loan_run_again(lent: Loan, alice: User, charlie: User) -> None:
    day = TODAY + timedelta(days=45)
    before = repaid.books(lent)
    quote = services.quote(lent, day, today=day)
    event = services.pay_off(actor=alice, loan=lent, money=money(day, quote.total), now=at(day))

    services.undo(actor=charlie, event=event, reason="The cheque bounced", now=at(day))

    lent.refresh_from_db()
    assert lent.status == "active"
    assert repaid.books(lent)["principal"] == before["principal"]
    assert services.quote(lent, day, today=day) == quote
    assert repaid.offenders() == []


def test_a_payoff_that_is_taken_back_like_any_payment_takes_its_charge_with_it(
    lent: Loan, alice: User, charlie: User
) -> None:
    day = TODAY + timedelta(days=10)
    quote = services.quote(lent, day, today=day)
    event = services.pay_off(actor=alice, loan=lent, money=money(day, quote.total), now=at(day))
    assert quote.charge > 0

    repayments.take_back(actor=charlie, event=event, reason="It bounced", now=at(day))

    assert "fees_receivable" not in repaid.books(lent)
    assert set(AccountEvent.objects.values_list("status", flat=True)) == {"reversed"}
    assert services.quote(lent, day, today=day) == quote
    assert repaid.offenders() == []


def test_absurd_amounts_are_refused(lent: Loan, alice: User) -> None:
    for amount in ("0", "-5", "0.001", "1e30", "NaN", "Infinity"):
        absurd = money(TODAY, amount)
        for act in (
            lambda absurd=absurd: services.prepay(
                actor=alice, loan=lent, money=absurd, option="shorter_term", now=at(TODAY)
            ),
            lambda absurd=absurd: services.pay_off(
                actor=alice, loan=lent, money=absurd, now=at(TODAY)
            ),
        ):
            assert factories.refused(act).code == "amount_refused"


def test_it_is_refused_ahead_of_its_day_before_the_loan_or_by_the_wrong_person(
    lent: Loan, alice: User, bob: User
) -> None:
    def prepay(actor: User, day: object, **changes: object) -> AccountEvent:
        return services.prepay(
            actor=actor,
            loan=lent,
            money=money(day, 51_500, **changes),
            option="shorter_term",
            now=at(TODAY),
        )

    tomorrow, yesterday = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
    assert factories.refused(lambda: prepay(alice, tomorrow)).code == "day_refused"
    assert factories.refused(lambda: prepay(alice, yesterday)).code == "day_refused"
    assert factories.refused(lambda: prepay(bob, TODAY)).code == "not_permitted"
    missing = factories.refused(lambda: prepay(alice, TODAY, external_reference=" "))
    assert missing.code == "reference_missing"


def test_more_than_all_that_is_not_due_is_a_payoff(lent: Loan, alice: User) -> None:
    refusal = factories.refused(
        lambda: services.prepay(
            actor=alice,
            loan=lent,
            money=money(TODAY, 206_000),
            option="shorter_term",
            now=at(TODAY),
        )
    )

    assert refusal.code == "pays_off"
    left = re.escape(format_money(D(200_000), "INR"))
    assert re.match(f"Only {left} is not due yet", str(refusal.fields["amount"]))
    with translation.override("hi"):
        said = str(refusal.fields["amount"])
    assert re.search(left, said)
    assert "not due yet" not in said


def test_on_an_overdue_loan_what_is_due_comes_first(lent: Loan, alice: User) -> None:
    day = factories.late(lent, 5)

    nothing_left = factories.refused(lambda: services.choices(lent, day, D(500)))
    found = services.choices(lent, day, D(60_000))

    assert nothing_left.code == "nothing_before_time"
    assert found.due == lent.instalments.get(in_force=True, number=1).due
    assert found.due + found.charge + found.prepaid == 60_000


def test_a_closed_loan_takes_no_prepayment(lent: Loan, alice: User) -> None:
    total = services.quote(lent, TODAY, today=TODAY).total
    services.pay_off(actor=alice, loan=lent, money=money(TODAY, total), now=at(TODAY))

    refusal = factories.refused(
        lambda: services.prepay(
            actor=alice,
            loan=lent,
            money=money(TODAY, 1_000, external_reference="X"),
            option="shorter_term",
            now=at(TODAY),
        )
    )

    assert refusal.code == "loan_not_running"


def test_a_quote_is_not_for_the_past_nor_far_ahead(lent: Loan) -> None:
    for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=31)):
        refusal = factories.refused(lambda day=day: services.quote(lent, day, today=TODAY))
        assert refusal.code == "day_refused"


def test_what_paying_early_costs_follows_what_was_told(lent: Loan) -> None:
    """Rule book 6.11: nothing on floating loans to persons for their own needs."""
    assert lent.offer is not None
    floating = {**lent.offer.key_facts, "rate_type": "floating"}
    fixed = selectors.early_charge(lent, D(50_000))
    lent.offer.key_facts = floating

    free = selectors.early_charge(lent, D(50_000))

    assert (fixed, free) == (D("1500.00"), 0)


def test_it_stays_on_record_who_took_it(lent: Loan, alice: User) -> None:
    services.prepay(
        actor=alice, loan=lent, money=money(TODAY, 51_500), option="shorter_term", now=at(TODAY)
    )

    verbs = Event.objects.order_by("-pk").values_list("verb", flat=True)[:4]
    assert "servicing.early_charge_asked" in verbs
    assert "repayments.payment_posted" in verbs
    assert AccountEvent.objects.get(kind="part_prepayment").made_by == alice
