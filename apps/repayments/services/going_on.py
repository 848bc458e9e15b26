"""Keep how being late goes on, so that a day without news is reckoned without the history."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from apps.core import bulk
from apps.loans.models import Loan
from apps.repayments import lateness
from apps.repayments.account import ZERO
from apps.repayments.lateness import Agreed, Run
from apps.repayments.models import LateInstalment, LateLoan
from apps.repayments.replaying import Account

Known = tuple[Loan, Agreed, Account]


def keep(known: Iterable[Known], *, day: date, now: datetime) -> None:
    """Keep for each loan that is late how that goes on from the end of a day.

    All that is owed for it by then was charged. No row of these loans is kept yet.
    """
    loans = []
    instalments = []
    for loan, agreed, account in known:
        run = lateness.run(account, day, agreed)
        if not run.going or account.position.advances != ZERO:
            continue
        loans.append(_loan(loan, agreed, account, run, day=day, now=now))
        instalments += [_instalment(loan, account, one) for one in run.going]
    if loans:
        bulk.copy_into(LateLoan, loans)
        LateInstalment.objects.bulk_create(LateInstalment(**one) for one in instalments)


def _loan(
    loan: Loan, agreed: Agreed, account: Account, run: Run, *, day: date, now: datetime
) -> dict[str, Any]:
    owed = lateness.owed(account, day, agreed)
    return {
        "loan_id": loan.pk,
        "known_at": now,
        "since": day,
        "until": run.until,
        "overdue": len(run.going),
        "penal_rate": str(agreed.penal_rate),
        "interest_runs_on": agreed.interest_runs_on,
        "penal_settled": run.settled.penal,
        "penal_charged": owed.penal,
        "interest_settled": run.settled.interest,
        "interest_charged": owed.interest,
    }


def _instalment(loan: Loan, account: Account, one: lateness.Going) -> dict[str, Any]:
    return {
        "late_loan_id": loan.pk,
        "amount": one.amount,
        "penal_from": one.penal_from,
        "penal_numerator": one.penal_before.numerator,
        "penal_denominator": one.penal_before.denominator,
        "interest_from": one.interest_from,
        "interest_numerator": one.interest_before.numerator,
        "interest_denominator": one.interest_before.denominator,
        "annual_rate": one.annual_rate,
        "day_count": account.contract.terms.day_count.value,
    }
