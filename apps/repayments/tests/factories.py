"""Loans that were paid out, facts, and what the proofs say."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import Sum

from apps.accounts.models import User
from apps.ledger import proofs as ledger_proofs
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.loans import proofs as loan_proofs
from apps.loans import services as loans
from apps.loans.models import Allocation, Instalment, Loan
from apps.loans.tests import factories as lending
from apps.loans.tests.factories import us_platform
from apps.loans.tests.test_import_tape import run, write
from apps.loans.tests.test_mapping import line
from apps.repayments import services
from apps.repayments.facts import Option, PartPrepayment, Receipt
from apps.repayments.models import AccountEvent, ChargeAllocation, LoanAccount

NOW, TODAY = lending.LATER, lending.TODAY


def lent(alice: User, bob: User) -> Loan:
    """Return a loan of 200,000 over 24 months at 16 % that was paid out today."""
    return Loan.objects.get(pk=lending.paid(alice, bob).loan_id)


def due_dates(loan: Loan) -> list[date]:
    """Return the due dates of a loan in force."""
    rows = loan.instalments.filter(in_force=True).order_by("due_date", "number")
    return list(rows.values_list("due_date", flat=True))


def at(day: date) -> datetime:
    """Return a moment of a day on which work is done."""
    return NOW + (day - TODAY)


def receipt(day: date, amount: Any, **changes: Any) -> Receipt:
    """Return money by bank transfer."""
    values: dict[str, Any] = {
        "channel": "bank_transfer",
        "external_reference": f"UTR{day:%Y%m%d}",
        **changes,
    }
    return Receipt(day=day, amount=Decimal(str(amount)), **values)


def prepayment(day: date, amount: Any, **changes: Any) -> PartPrepayment:
    """Return money that pays principal before its time, so that instalments become smaller."""
    values: dict[str, Any] = {
        "channel": "bank_transfer",
        "external_reference": f"UTR{day:%Y%m%d}",
        "option": Option.SMALLER_INSTALMENT,
        **changes,
    }
    return PartPrepayment(day=day, amount=Decimal(str(amount)), **values)


def pay(
    actor: User | str, loan: Loan, day: date, amount: Any, *, reference: str = "", now: Any = None
) -> AccountEvent:
    """Post money on a day, reported on that day unless told otherwise."""
    return services.enter(
        actor=actor,
        loan=loan,
        fact=receipt(day, amount),
        reference=reference or f"R-{loan.pk}-{day}-{amount}",
        now=now or at(day),
    )


def books(loan: Loan) -> dict[str, Decimal]:
    """Return what a loan's accounts hold, those of nothing left out."""
    found = ledger.balances([loan.pk])[loan.pk]
    return {account.value: found[account] for account in Account if found[account]}


def paid(loan: Loan) -> list[tuple[date, Decimal, Decimal, Decimal]]:
    """Return what of the schedule in force was paid: due date, principal, interest, fee."""
    rows = Instalment.objects.filter(loan=loan, in_force=True).order_by("due_date", "number")
    return [
        (row.due_date, row.paid_principal, row.paid_interest, row.paid_fee)
        for row in rows
        if row.paid
    ]


def state(loan: Loan) -> dict[str, Any]:
    """Return everything that says how a loan stands."""
    account = LoanAccount.objects.filter(pk=loan.pk).values().first()
    return {
        "books": books(loan),
        "paid": paid(loan),
        "account": account,
        "status": Loan.objects.get(pk=loan.pk).status,
        "rows": list(
            Instalment.objects.filter(loan=loan, in_force=True)
            .order_by("due_date", "number")
            .values_list("due_date", "principal", "interest", "fee")
        ),
        "settled": list(
            AccountEvent.objects.filter(loan=loan, kind="charge", status="live")
            .order_by("pk")
            .values_list("pk", "settled")
        ),
    }


def standing(loan: Loan) -> dict[str, Any]:
    """Return all that says how a loan stands, with no keys in it."""
    known = {"id", "loan_id", "accrued_at", "created_at", "updated_at"}
    account = LoanAccount.objects.filter(pk=loan.pk).values().first() or {}
    went = Allocation.objects.filter(instalment__loan=loan)
    charges = ChargeAllocation.objects.filter(loan=loan)
    live = AccountEvent.objects.filter(loan=loan, kind="charge", status="live")
    found = state(loan)
    return {
        **{name: found[name] for name in ("books", "paid", "status", "rows")},
        "account": {name: one for name, one in account.items() if name not in known},
        "went": _sums(went, "instalment__due_date", "instalment__in_force", "bucket"),
        "charges": _sums(charges, "charge__day", "charge__parameters__code", "bucket"),
        # A night may charge what is missing beside what it charged before.
        "asked": _sums(live, "day", "parameters__code"),
        "settled": _sums(live, "day", "parameters__code", of="settled"),
        "trial": _trial(loan),
    }


def _sums(rows: Any, *names: str, of: str = "amount") -> list[Any]:
    found = rows.order_by().values_list(*names).annotate(sum=Sum(of))
    return sorted(str(one) for one in found if one[-1])


def _trial(loan: Loan) -> dict[str, Decimal]:
    sums = ledger.trial_balance([loan.branch], date.max).sums
    return {f"{one.account}": one.debits - one.credits for one in sums if one.debits != one.credits}


def offenders() -> list[Any]:
    """Return what the proofs of the ledger, of loans and of repayments find."""
    loan_proofs.register_all()
    return [found for one in ledger_proofs.all_checks() if (found := one.check()) is not None]


def later(days: int) -> date:
    """Return the day so many days after today."""
    return TODAY + timedelta(days=days)


def taken_on(place: Path, number: int) -> list[Loan]:
    """Return so many loans of a tape that were taken on the books, each of another month."""
    us_platform()
    lines = [
        line(
            loan_no=str(one),
            issue_d=f"2010-{one % 12 + 1:02}-01",
            loan_status="Fully Paid",
            installment="255.42",
        )
        for one in range(1, number + 1)
    ]
    run(write(place, *lines), place / "rejects.csv")
    loans.take_on(actor="system:test", loans=Loan.objects.all(), now=NOW)
    return list(Loan.objects.order_by("number"))
