"""A day is ended once, in order: snapshot, suspense, provisions, class of allocation, closing."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.collateral import worths
from apps.collateral.tests import factories as collateral
from apps.core.errors import DomainError, NotPermitted
from apps.decisions.models import Decision
from apps.ledger import services as ledger
from apps.ledger.chart import Account
from apps.ledger.models import Closing, Entry
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.npa import borrower_facts, explaining, services
from apps.npa.errors import BeforeTheFirst, DayClosedAlready, DayNotOver, DaySkipped, NothingToEnd
from apps.npa.models import Changed, DayEnd, LoanDay, ProvisionMovement, RuleTable
from apps.npa.services import ending, posting
from apps.npa.tests import day_factories as days
from apps.offers.tests import factories as offering
from apps.products.tests import factories as products
from apps.repayments import reading, replaying
from apps.repayments import services as repayments
from apps.repayments.facts import Bucket, Waiver, WriteOff
from apps.repayments.models import AccountEvent, AccrualRun, LoanAccount
from apps.repayments.tests import factories as repaying

pytestmark = pytest.mark.django_db
ZERO = Decimal(0)


@pytest.fixture
def loan(lent: Loan) -> Loan:
    """A loan of 200,000 over 24 months, paid out today, and the rules of its lender."""
    days.rules()
    return lent


def _first_due(loan: Loan) -> date:
    return repaying.due_dates(loan)[0]


def test_it_leaves_a_row_for_a_loan_that_is_in_time(loan: Loan) -> None:
    day = repaying.later(3)

    ended = days.end(loan, day)

    found = days.of_day(loan, day)
    assert (ended.status, ended.loans, ended.run) == ("finished", 1, 1)
    assert (found.asset_class, found.bucket, found.reason) == ("standard", "standard", "in_time")
    assert (found.principal, found.oldest_due) == (Decimal("200000.00"), None)
    # 200,000 x 16 % x 3 / 360.
    assert found.interest_earned == Decimal("266.67")
    assert found.provision == Decimal("500.67")
    assert found.class_since == loan.disbursed_date


def test_the_planner_knows_of_the_rows_of_the_day_at_once(loan: Loan) -> None:
    day = repaying.later(3)

    days.end(loan, day)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_stats WHERE tablename = %s",
            [f"npa_loanday_{day:%Y_%m}"],
        )
        known = {name for (name,) in cursor.fetchall()}
    assert known >= {"customer_id", "day", "entity_id", "loan_id"}


def test_it_counts_the_due_date_as_the_first_day_1_1_t2(loan: Loan) -> None:
    due = _first_due(loan)

    days.end(loan, due)

    found = days.of_day(loan, due)
    assert (found.dpd_rbi, found.dpd_ifrs, found.bucket) == (1, 0, "sma_0")
    assert (found.oldest_due, found.missed) == (due, 0)


def test_it_provides_and_posts_by_class_what_the_movement_table_says(loan: Loan) -> None:
    day = repaying.later(3)

    days.end(loan, day)

    found = days.of_day(loan, day)
    moved = ProvisionMovement.objects.get()
    assert (moved.opening, moved.additions, moved.closing) == (ZERO, found.provision, moved.closing)
    entry = Entry.objects.get(event="provision")
    assert [(one.account, one.amount) for one in entry.content()] == [
        (Account.PROVISION_EXPENSE, found.provision),
        (Account.PROVISIONS, found.provision),
    ]
    assert (entry.day, entry.facts) == (day, {"class": "standard"})


def test_it_holds_interest_in_suspense_once_the_loan_does_not_perform_1_14_t2(loan: Loan) -> None:
    bad = _first_due(loan) + timedelta(days=90)

    days.end(loan, bad - timedelta(days=1))
    days.end(loan, bad)

    found = days.of_day(loan, bad)
    books = repaying.books(loan)
    assert days.of_day(loan, bad - timedelta(days=1)).bucket == "sma_2"
    assert (found.asset_class, found.npa_date, found.dpd_rbi) == ("substandard", bad, 91)
    assert found.interest_suspended == found.interest_due + found.interest_earned
    assert found.interest_suspended == books["interest_receivable"]
    held = found.interest_suspended + found.fees_suspended + found.penal_suspended
    assert books["interest_suspense"] == held
    assert books.get("interest_income", ZERO) == ZERO
    assert repaying.offenders() == []


def test_it_keeps_accruing_into_suspense_and_realises_what_is_paid(alice: User, loan: Loan) -> None:
    bad = _first_due(loan) + timedelta(days=90)
    days.end(loan, bad)
    before = days.of_day(loan, bad)

    days.end(loan, bad + timedelta(days=1))
    grown = days.of_day(loan, bad + timedelta(days=1))
    repaying.pay(alice, loan, bad + timedelta(days=2), 30_000)
    days.end(loan, bad + timedelta(days=2))

    after = days.of_day(loan, bad + timedelta(days=2))
    books = repaying.books(loan)
    assert grown.interest_suspended > before.interest_suspended
    assert after.interest_suspended < grown.interest_suspended
    assert after.asset_class == "substandard"
    assert after.reason in {"arrears_left", "not_better"}
    held = after.interest_suspended + after.fees_suspended + after.penal_suspended
    assert books["interest_suspense"] == held
    assert books["interest_income"] > 0
    assert repaying.offenders() == []


def test_it_puts_the_class_into_the_history_that_a_replay_reads(loan: Loan) -> None:
    bad = _first_due(loan) + timedelta(days=90)

    days.end(loan, bad)

    event = AccountEvent.objects.get(loan=loan, parameters__change="classified")
    account = LoanAccount.objects.get(pk=loan.pk)
    whole = replaying.replay(
        reading.contract(loan),
        reading.happened(loan),
        upto=account.through,
        points=reading.points(loan.pk),
    )
    assert (event.day, event.parameters["parameters"]) == (bad, {"to": "npa"})
    assert (account.standing, whole.position.standing.value) == ("npa", "npa")
    assert repaying.offenders() == []


def test_it_lets_a_loan_perform_again_once_all_arrears_are_paid_1_6_t2(
    alice: User, loan: Loan
) -> None:
    bad = _first_due(loan) + timedelta(days=90)
    days.end(loan, bad)
    owed = days.of_day(loan, bad)
    arrears = owed.principal_due + owed.interest_due + owed.charges_due
    next_ = bad + timedelta(days=1)
    repaying.pay(alice, loan, next_, arrears + 2_000)

    days.end(loan, next_)

    found = days.of_day(loan, next_)
    assert (found.asset_class, found.npa_date, found.oldest_due) == ("standard", None, None)
    assert found.interest_suspended == ZERO
    assert repaying.books(loan).get("interest_suspense", ZERO) == ZERO
    assert LoanAccount.objects.get(pk=loan.pk).standing == "standard"
    assert repaying.offenders() == []


def test_it_leaves_a_last_row_without_amounts_of_a_loan_that_was_written_off(
    alice: User, bob: User, loan: Loan
) -> None:
    own = RuleTable.objects.get(code="rbi-nbfc-base-iracp-2025")
    own.pk, own.code, own.scope = None, "zz-own", [loan.application.purpose]
    own.save(force_insert=True)
    day = _first_due(loan) + timedelta(days=90)
    days.end(loan, day)
    provided = days.of_day(loan, day).provision
    repayments.enter(
        actor=alice,
        loan=loan,
        fact=WriteOff(day=day + timedelta(days=1), reason="Nothing left to take."),
        reference="W-1",
        now=repaying.at(day + timedelta(days=1)),
        approved_by=bob,
    )
    days.end(loan, day + timedelta(days=1))
    days.end(loan, day + timedelta(days=2))

    last = days.of_day(loan, day + timedelta(days=1))
    assert (last.asset_class, last.principal, last.provision) == ("written_off", ZERO, ZERO)
    assert last.rule_table_id == own.pk
    assert not LoanDay.objects.filter(day=day + timedelta(days=2)).exists()
    moved = ProvisionMovement.objects.get(day_end__day=day + timedelta(days=1))
    assert (moved.opening, moved.written_off, moved.closing) == (provided, provided, ZERO)
    assert repaying.books(loan).get("interest_suspense", ZERO) == ZERO
    assert repaying.offenders() == []


def test_fees_billed_with_instalments_go_to_suspense_and_come_back_as_they_are_paid_1_14(
    stage: None, alice: User, bob: User
) -> None:
    application = offering.approved(alice)
    for code, amount, is_third_party in (
        ("service", "100", False),
        ("gst", "18", False),
        ("cover", "30", True),
    ):
        products.fee(
            application.product,
            code,
            amount,
            timing="each_instalment",
            is_third_party=is_third_party,
        )
    offering.accepted(alice, application)
    loan = loans.open_loan(actor=alice, application=application, now=repaying.NOW)
    lending.paid(alice, bob, loan)
    days.rules()
    bad = _first_due(loan) + timedelta(days=90)

    days.end(loan, bad - timedelta(days=1))
    days.end(loan, bad)

    # Four instalments are due. What the state and a third party get of their fees was no income.
    found = days.of_day(loan, bad)
    assert days.of_day(loan, bad - timedelta(days=1)).fees_suspended == ZERO
    assert repaying.books(loan)["fees_receivable"] == Decimal(4 * 148)
    assert (found.asset_class, found.fees_suspended) == ("substandard", Decimal(400))
    [entry] = Entry.objects.filter(event="interest_to_suspense")
    taken = {one.account: one.amount for one in entry.content()}
    assert taken[Account.FEE_INCOME] == Decimal(400)
    assert sum(one.signed for one in entry.content()) == ZERO
    [there] = [one for one in borrower_facts.of_borrower(loan, bad) if one.loan.pk == loan.pk]
    assert there.figures.fees_unpaid == found.fees_suspended

    # Three fees are paid, and 60 of the last is waived: what is left of it is all the lender's.
    repaying.pay(alice, loan, bad + timedelta(days=1), 30_000)
    repayments.enter(
        actor=alice,
        loan=loan,
        fact=Waiver(
            day=bad + timedelta(days=1), bucket=Bucket.FEE, amount=Decimal(60), reason="Goodwill."
        ),
        reference="WAIVED",
        now=repaying.at(bad + timedelta(days=1)),
        approved_by=bob,
    )
    days.end(loan, bad + timedelta(days=1))

    after = days.of_day(loan, bad + timedelta(days=1))
    assert repaying.books(loan)["fees_receivable"] == after.fees_suspended == Decimal(88)
    assert repaying.offenders() == []


@pytest.mark.parametrize("is_net", [False, True])
def test_fees_of_the_pay_out_go_to_suspense_unless_they_were_taken_off_it_1_14(
    stage: None, alice: User, bob: User, is_net: bool
) -> None:
    application = offering.approved(alice)
    for code, amount, is_third_party in (
        ("arrangement", "100", False),
        ("gst", "18", False),
        ("cover", "30", True),
    ):
        products.fee(
            application.product, code, amount, timing="upfront", is_third_party=is_third_party
        )
    offering.accepted(alice, application)
    loan = loans.open_loan(actor=alice, application=application, now=repaying.NOW)
    lending.paid(alice, bob, loan, is_net=is_net)
    loan.refresh_from_db()
    days.rules()
    # What is owed beside the principal is due from the pay-out on.
    bad = (loan.disbursed_date if not is_net else _first_due(loan)) + timedelta(days=90)

    days.end(loan, bad - timedelta(days=1))
    days.end(loan, bad)

    # What the state and a third party get was no income; what was taken off was paid.
    owned, others = _fees_of_payout(loan)
    owed = ZERO if is_net else owned + others
    found = days.of_day(loan, bad)
    assert days.of_day(loan, bad - timedelta(days=1)).fees_suspended == ZERO
    assert repaying.books(loan).get("fees_receivable", ZERO) == owed
    held = ZERO if is_net else owned
    assert (found.asset_class, found.fees_suspended) == ("substandard", held)
    [entry] = Entry.objects.filter(event="interest_to_suspense")
    taken = {one.account: one.amount for one in entry.content()}
    assert taken.get(Account.FEE_INCOME, ZERO) == held
    [there] = borrower_facts.of_borrower(loan, bad)
    assert there.figures.fees_unpaid == held
    assert repaying.offenders() == []
    if is_net:
        return

    # All but 40 of the fees is waived the next day, of which the day before knows nothing.
    repayments.enter(
        actor=alice,
        loan=loan,
        fact=Waiver(
            day=bad + timedelta(days=1), bucket=Bucket.FEE, amount=owed - 40, reason="Goodwill."
        ),
        reference="WAIVED",
        now=repaying.at(bad + timedelta(days=2)),
        approved_by=bob,
    )
    days.end(loan, bad)
    days.end(loan, bad + timedelta(days=1))

    assert days.of_day(loan, bad).fees_suspended == owned
    after = days.of_day(loan, bad + timedelta(days=1))
    assert repaying.books(loan)["fees_receivable"] == after.fees_suspended == Decimal(40)
    assert repaying.offenders() == []


def _fees_of_payout(loan: Loan) -> tuple[Decimal, Decimal]:
    """Return the lender's own fees of the pay-out and those of third parties, by the ledger."""
    [entry] = Entry.objects.filter(event="disbursement", loan_id=loan.pk)
    sums = {one.account: one.amount for one in entry.content()}
    return sums[Account.FEE_INCOME], sums[Account.THIRD_PARTY_PAYABLE]


def _reserve(loan: Loan) -> list[Any]:
    rows = ProvisionMovement.objects.filter(account="loss_reserve").order_by("pk")
    names = ("day_end__day", "asset_class", "opening", "additions", "releases", "closing")
    return list(rows.values_list(*names))


def test_what_a_second_regime_demands_beyond_is_kept_out_of_profit_1_12(loan: Loan) -> None:
    days.two_regimes(loan)
    day = repaying.later(3)

    days.end(loan, day)

    found = days.of_day(loan, day)
    # 200,266.67, of which 5 % are lost in a default, and 0.40 % by the regulator: 801.07.
    run = Decision.objects.filter(application=loan.application).latest("number").score_run
    assert run is not None
    pd = Decimal(run.pd).quantize(Decimal("0.000001"))
    loss = (pd * Decimal("0.05") * Decimal("200266.67")).quantize(Decimal("0.01"))
    assert (found.provision, found.reserve) == (loss, Decimal("801.07") - loss)
    assert found.reserve > 0
    assert _reserve(loan) == [(day, "standard", ZERO, found.reserve, ZERO, found.reserve)]
    entry = Entry.objects.get(event="reserve")
    assert [(one.account, one.side.value, one.amount) for one in entry.content()] == [
        (Account.RETAINED_EARNINGS, "debit", found.reserve),
        (Account.LOSS_RESERVE, "credit", found.reserve),
    ]
    assert (entry.day, entry.facts) == (day, {"class": "standard"})
    assert repaying.offenders() == []


def test_the_reserve_of_a_loan_written_off_is_free_again_where_no_leave_is_needed_2_4(
    alice: User, bob: User, loan: Loan
) -> None:
    days.two_regimes(loan, needs_leave=False)
    first, second = repaying.later(3), repaying.later(4)
    days.end(loan, first)
    kept = days.of_day(loan, first).reserve
    repayments.enter(
        actor=alice,
        loan=loan,
        fact=WriteOff(day=second, reason="Died, nothing left to take."),
        reference="W-2",
        now=repaying.at(second),
        approved_by=bob,
    )

    days.end(loan, second)
    # Once more: what the day has posted is not posted again.
    days.end(loan, second)

    assert _reserve(loan)[1:] == [(second, "standard", kept, ZERO, kept, ZERO)]
    back = Entry.objects.get(event="reserve", day=second)
    assert [(one.account, one.amount) for one in back.content()] == [
        (Account.LOSS_RESERVE, kept),
        (Account.RETAINED_EARNINGS, kept),
    ]
    assert repaying.offenders() == []


def test_a_reserve_that_the_ledger_holds_otherwise_is_found(loan: Loan) -> None:
    days.two_regimes(loan)
    day = repaying.later(3)
    days.end(loan, day)
    kept = days.of_day(loan, day).reserve

    LoanDay.objects.filter(loan=loan).update(reserve=kept + 1)

    [found] = repaying.offenders()
    assert (found.expected, found.found) == (str(kept + 1), str(kept))


def test_it_counts_security_as_the_register_does_by_rank_and_haircut(
    alice: User, loan: Loan
) -> None:
    day = repaying.later(3)
    thing = collateral.item(alice, worth=300_000)
    collateral.others(alice, thing, 100_000)
    lien = collateral.charged(alice, thing, loan.application, 200_000)

    days.end(loan, day)

    found = days.of_day(loan, day)
    gets = worths.of_item(thing, day).realised[lien.pk].gets
    # 300,000 less 30 %, of which another lender comes first with 100,000.
    assert (gets, found.secured) == (Decimal("110000.00"), Decimal("110000.00"))
    assert found.unsecured == Decimal("200266.67") - found.secured


# --- order, once, again --------------------------------------------------------------------------
def test_it_adds_nothing_when_a_closed_day_is_ended_again(loan: Loan) -> None:
    day = repaying.later(3)
    days.end(loan, day, close=True)
    before = Entry.objects.count()

    again = days.end(loan, day, close=True)

    assert (again.status, again.run, Entry.objects.count()) == ("closed", 1, before)
    assert Closing.objects.get().day == day


@pytest.mark.parametrize(
    ("ended", "asked", "refusal"),
    [
        ([3], 5, DaySkipped),
        ([3], 2, BeforeTheFirst),
        ([], 4000, DayNotOver),
        ([], -5, NothingToEnd),
    ],
    ids=["skipped", "before the first", "not over", "nothing lent"],
)
def test_it_refuses_a_day_out_of_order(
    loan: Loan, ended: list[int], asked: int, refusal: type[DomainError]
) -> None:
    for day in ended:
        days.end(loan, repaying.later(day))
    before = (DayEnd.objects.count(), LoanDay.objects.count(), Entry.objects.count())

    with pytest.raises(refusal):
        days.end(loan, repaying.later(asked), now=repaying.at(repaying.later(60)))

    assert (DayEnd.objects.count(), LoanDay.objects.count(), Entry.objects.count()) == before


def test_it_refuses_a_day_whose_books_were_closed_without_it(loan: Loan) -> None:
    day = repaying.later(3)
    entity, now = loan.branch.entity, repaying.at(repaying.later(5))
    repayments.accrue_day(actor=days.CLERK, entity=entity, day=day, now=now)
    ledger.close_day(actor=days.CLERK, entity=entity, day=day, now=now)

    with pytest.raises(DayClosedAlready):
        days.end(loan, day)

    assert not DayEnd.objects.exists()


def test_it_refuses_whoever_may_not(alice: User, loan: Loan) -> None:
    with pytest.raises(NotPermitted):
        days.end(loan, repaying.later(3), actor=alice)

    assert not DayEnd.objects.exists()


def test_it_shows_what_changed_when_an_open_day_is_run_again(alice: User, loan: Loan) -> None:
    due = _first_due(loan)
    days.end(loan, due)
    instalment = loan.instalments.order_by("number")[0]
    repaying.pay(alice, loan, due, instalment.due, now=repaying.at(due + timedelta(days=1)))

    again = days.end(loan, due)

    found = days.of_day(loan, due)
    change = Changed.objects.get()
    assert (again.run, again.changed) == (2, 1)
    assert (found.bucket, found.dpd_rbi) == ("standard", 0)
    assert (change.before["bucket"], change.after["bucket"]) == ("sma_0", "standard")
    assert change.before["oldest_due"] == due.isoformat()
    assert "customer_id" not in change.after
    total = sum(
        (
            line.credit - line.debit
            for entry in Entry.objects.filter(event="provision")
            for line in entry.lines.filter(account="provisions")
        ),
        ZERO,
    )
    assert total == found.provision
    assert repaying.offenders() == []


def test_it_runs_open_days_that_rest_on_it_again(alice: User, loan: Loan) -> None:
    due = _first_due(loan)
    days.end_until(loan, due, due + timedelta(days=2))
    instalment = loan.instalments.order_by("number")[0]
    now = repaying.at(due + timedelta(days=3))
    repaying.pay(alice, loan, due, instalment.due, now=now)

    days.end(loan, due, now=now)

    assert [one.run for one in DayEnd.objects.order_by("day")] == [2, 2, 2]
    assert {one.principal_due for one in LoanDay.objects.filter(loan=loan)} == {ZERO}
    assert repaying.offenders() == []


def test_it_sees_the_day_as_it_was_when_something_happened_since(alice: User, loan: Loan) -> None:
    due = _first_due(loan)
    instalment = loan.instalments.order_by("number")[0]
    repaying.pay(alice, loan, due + timedelta(days=2), instalment.due)

    ended = days.end(loan, due + timedelta(days=1))

    found = days.of_day(loan, due + timedelta(days=1))
    assert ended.stages["classify"]["looked_back"] == 1
    assert (found.oldest_due, found.dpd_rbi, found.principal_due) == (due, 2, instalment.principal)


def test_it_catches_up_missed_days_in_their_order(loan: Loan) -> None:
    days.end(loan, repaying.later(1), close=True)

    done = services.end_missing(
        actor=days.CLERK, entity=loan.branch.entity, now=repaying.at(repaying.later(6))
    )

    assert done == 4
    assert list(DayEnd.objects.order_by("day").values_list("day", "status")) == [
        (repaying.later(one), "closed") for one in range(1, 6)
    ]
    assert repaying.offenders() == []


def test_it_equals_the_nights_in_time_when_days_are_caught_up(loan: Loan) -> None:
    """The accrual of later days may have run before: the day is as it was all the same."""
    entity, now = loan.branch.entity, repaying.at(repaying.later(6))
    for one in range(1, 6):
        repayments.accrue_day(actor=days.CLERK, entity=entity, day=repaying.later(one), now=now)

    days.end(loan, repaying.later(2), now=now)

    # 200,000 x 16 % x 2 / 360.
    assert days.of_day(loan, repaying.later(2)).interest_earned == Decimal("177.78")


def test_it_leaves_the_books_open_while_a_loan_could_not_be_accrued(
    loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def accrued(**values: Any) -> AccrualRun:
        return AccrualRun(loans=0, charges=0, problems=[{"loan": loan.number, "code": "odd"}])

    monkeypatch.setattr(ending.repayments, "accrue_day", accrued)

    ended = days.end(loan, repaying.later(3), close=True)

    assert (ended.status, ended.problems) == (
        "finished",
        [{"loan": loan.number, "code": "odd"}],
    )
    assert not Closing.objects.exists()


def test_it_goes_on_with_the_stage_it_was_interrupted_in(
    loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = _first_due(loan) + timedelta(days=90)
    with monkeypatch.context() as patched:
        patched.setattr(posting, "_posted", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            days.end(loan, bad)
    stopped = DayEnd.objects.get()
    assert (stopped.status, list(stopped.stages)) == ("running", ["accrue", "classify"])
    snapshot = days.of_day(loan, bad)

    ended = days.end(loan, bad)

    assert (ended.status, ended.run) == ("finished", 1)
    assert days.of_day(loan, bad).provision == snapshot.provision
    assert Entry.objects.filter(event="interest_to_suspense").count() == 1
    assert repaying.offenders() == []


def test_it_says_so_when_no_lender_has_begun(india: Entity, pune: Branch) -> None:
    assert services.end_missing(actor=days.CLERK, entity=india, now=timezone.now()) == 0

    assert not DayEnd.objects.exists()


def test_it_ends_a_day_once_more_for_what_was_posted_while_it_was_being_closed(
    alice: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = _first_due(loan)
    instalment = loan.instalments.order_by("number")[0]
    now = repaying.at(due + timedelta(days=1))
    raise_alerts = ending.alerting.raise_alerts

    def paid_meanwhile(**values: Any) -> int:
        repaying.pay(alice, loan, due, instalment.due, reference="R-1", now=now)
        return int(raise_alerts(**values))

    monkeypatch.setattr(ending.alerting, "raise_alerts", paid_meanwhile)

    ended = days.end(loan, due, close=True)

    assert (ended.status, ended.run, ended.changed) == ("closed", 2, 1)
    assert days.of_day(loan, due).bucket == "standard"
    assert repaying.offenders() == []


def test_it_lets_nobody_close_days_that_were_not_ended(loan: Loan) -> None:
    days.end(loan, repaying.later(3))
    entity, now = loan.branch.entity, repaying.at(repaying.later(8))
    repayments.accrue_day(actor=days.CLERK, entity=entity, day=repaying.later(5), now=now)

    with pytest.raises(DaySkipped):
        ledger.close_day(actor=days.CLERK, entity=entity, day=repaying.later(5), now=now)

    assert not Closing.objects.exists()


def test_it_knows_a_day_as_closed_whose_closing_was_interrupted(
    loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = repaying.later(3)
    with monkeypatch.context() as patched:
        patched.setattr(ending, "_done", _stop_at_closing(ending._done))
        with pytest.raises(ZeroDivisionError):
            days.end(loan, day, close=True)
    assert (DayEnd.objects.get().status, Closing.objects.get().day) == ("finished", day)

    ended = days.end(loan, day, close=True)

    assert (ended.status, ended.run) == ("closed", 1)


def _stop_at_closing(done: Any) -> Any:
    def stopping(day_end: DayEnd, name: str, *rest: Any) -> None:
        if name == ending.CLOSE:
            raise ZeroDivisionError
        done(day_end, name, *rest)

    return stopping


def test_it_lets_nobody_close_a_day_that_something_was_posted_for_since(
    alice: User, loan: Loan
) -> None:
    day = _first_due(loan)
    days.end(loan, day)
    repaying.pay(alice, loan, day, 1_000, now=repaying.at(day + timedelta(days=1)))
    entity, now = loan.branch.entity, repaying.at(day + timedelta(days=2))

    with pytest.raises(DaySkipped):
        ledger.close_day(actor=days.CLERK, entity=entity, day=day, now=now)

    assert not Closing.objects.exists()
    days.end(loan, day, now=now)
    assert ledger.close_day(actor=days.CLERK, entity=entity, day=day, now=now).day == day


def test_it_asks_once_more_while_nobody_can_post(
    alice: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = _first_due(loan)
    is_behind, asked = ending._is_behind, []

    def meanwhile(day_end: DayEnd) -> bool:
        found = is_behind(day_end)
        asked.append(found)
        if len(asked) == 1:
            repaying.pay(alice, loan, day, 1_000, now=repaying.at(day + timedelta(days=1)))
        return found

    monkeypatch.setattr(ending, "_is_behind", meanwhile)

    found = days.end(loan, day, close=True)

    assert (found.status, found.run, asked[0]) == ("closed", 2, False)


# --- once an override is over ---------------------------------------------------------------------
def _overridden(loan: Loan, people: tuple[User, User], day: date, asset_class: str) -> None:
    """Have two people set another class for two days."""
    now, last = repaying.at(day), day + timedelta(days=1)
    asked = services.Asked(
        asset_class=asset_class, from_date=day, until_date=last, reason="Posting error, ticket 88"
    )
    made = services.propose_override(actor=people[0], loan=loan, asked=asked, now=now)
    services.approve_override(actor=people[1], override=made, now=now)


def test_it_goes_on_as_if_there_had_been_no_override_that_let_off_1_16(
    alice: User, bob: User, charlie: User, loan: Loan
) -> None:
    bad = _first_due(loan) + timedelta(days=90)
    days.end(loan, bad)
    first = bad + timedelta(days=1)
    instalment = loan.instalments.order_by("number")[0]
    repaying.pay(alice, loan, first, instalment.due, now=repaying.at(first))
    _overridden(loan, (bob, charlie), first, "standard")

    over = first + timedelta(days=2)
    days.end_until(loan, first, over)

    before, off, after = (days.of_day(loan, one) for one in (bad, over - timedelta(days=1), over))
    assert (off.asset_class, off.npa_date) == ("standard", None)
    history = (before.asset_class, before.class_since, before.npa_date, before.aged_from)
    assert history[0] == "substandard"
    computed = (off.computed, off.computed_since, off.computed_npa_date, off.computed_aged_from)
    assert computed == history
    assert (after.asset_class, after.class_since, after.npa_date, after.aged_from) == history
    assert (after.reason, after.computed_since) == ("arrears_left", None)
    for one in (off, after):
        assert explaining.explain(loan, one.day).differences == ()


def test_it_performs_again_once_an_override_that_made_it_worse_is_over_1_16(
    bob: User, charlie: User, loan: Loan
) -> None:
    first = _first_due(loan) + timedelta(days=10)
    _overridden(loan, (bob, charlie), first, "substandard")

    over = first + timedelta(days=2)
    days.end_until(loan, first, over)

    worse, after = days.of_day(loan, over - timedelta(days=1)), days.of_day(loan, over)
    assert (worse.asset_class, worse.computed, worse.npa_date) == ("substandard", "standard", first)
    assert (after.asset_class, after.npa_date, after.aged_from) == ("standard", None, None)
    assert after.oldest_due is not None
    assert explaining.explain(loan, over).differences == ()


# --- books that are kept open ---------------------------------------------------------------------
def _end_missing(loan: Loan, day: date) -> int:
    now = repaying.at(day + timedelta(days=1))
    return services.end_missing(actor=days.CLERK, entity=loan.branch.entity, now=now)


def _runs() -> list[Any]:
    return list(DayEnd.objects.order_by("day").values_list("status", "run", "kept_open_by"))


def test_it_keeps_the_books_open_until_a_person_lifts_it(loan: Loan) -> None:
    first, second = repaying.later(1), repaying.later(2)
    days.end(loan, first, close=False)

    done = [_end_missing(loan, second), _end_missing(loan, second)]

    # Neither the day itself nor the one it holds open is run again by what runs by itself.
    assert done == [1, 0]
    assert _runs() == [("finished", 1, days.CLERK), ("finished", 1, "")]
    assert not Closing.objects.exists()
    assert days.end(loan, first, close=None).status == "finished"
    assert days.end(loan, first, close=True).status == "closed"
    assert _end_missing(loan, second) == 1
    assert [one[::2] for one in _runs()] == [("closed", ""), ("closed", "")]


def test_it_ends_a_day_kept_open_once_more_for_what_was_posted_since(
    alice: User, loan: Loan
) -> None:
    day = repaying.later(1)
    days.end(loan, day)
    repaying.pay(alice, loan, day, 1_000, now=repaying.at(day + timedelta(days=1)))

    assert [_end_missing(loan, day), _end_missing(loan, day)] == [1, 0]

    assert _runs() == [("finished", 2, days.CLERK)]


def test_it_knows_that_books_are_kept_open_before_the_worker_comes_to_it(
    loan: Loan, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = repaying.later(1)
    monkeypatch.setattr("apps.core.jobs._dispatch", lambda *_: None)
    asked: dict[str, Any] = {"actor": charlie, "entity": loan.branch.entity, "day": day}
    now = repaying.at(day + timedelta(days=1))

    services.ask_to_end(**asked, now=now, close=False)
    _end_missing(loan, day)
    services.ask_to_end(**asked, now=now)

    assert _runs() == [("finished", 1, charlie.audit_reference)]
    services.ask_to_end(**asked, now=now, close=True)
    assert _end_missing(loan, day) == 1
    assert _runs() == [("closed", 2, "")]
