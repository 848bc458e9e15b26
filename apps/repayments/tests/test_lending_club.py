"""What a real lender received, replayed: principal received equals what its tape reports.

The tape tells of a loan what was paid in all, the last payment, and its month; not when what was
paid beyond the instalments came. Here each instalment is paid on its day, the rest with the last
payment, which pays the loan off. Where somebody paid a part before its time, we so charge interest
for longer than the lender did, and less of the same money is principal: never more, and of a tenth
of the loans noticeably less. Cents are the lender's own rounding.
"""

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from apps.repayments import replaying
from apps.repayments.account import Contract, Happened
from apps.repayments.facts import Bucket, Payoff, Receipt
from apps.schedules import building
from apps.schedules.terms import Terms

TAPE = Path(__file__).parents[4] / "shared" / "data" / "lendingclub_2007_2011.csv.gz"
EVERY = 40
CENT = Decimal("0.01")
# Twelve roundings of half a cent a year, over five years at most.
ROUNDING = Decimal("0.05")


def _loans() -> Iterator[dict[str, str]]:
    """Yield every fortieth loan that was paid in full and whose last payment is told."""
    with gzip.open(TAPE, "rt", encoding="utf-8") as text:
        paid = [row for row in csv.DictReader(text) if "Fully Paid" in row["loan_status"]]
    yield from (row for row in paid[::EVERY] if row["last_pymnt_d"])


def _contract(row: dict[str, str]) -> Contract:
    issued = date.fromisoformat(row["issue_d"])
    terms = Terms(
        principal=Decimal(row["funded_amnt"]),
        currency="USD",
        annual_rate=Decimal(row["int_rate"]),
        instalments=int(row["term"]),
        disbursed_on=issued,
    )
    return Contract(terms=terms, rows=building.build(terms).rows, paid_out_on=issued)


def _payments(row: dict[str, str], contract: Contract) -> list[Happened]:
    """Return the payments: an instalment on each due date before the last payment, and that."""
    last = date.fromisoformat(row["last_pymnt_d"])
    left = _cents(row["total_pymnt"]) - _cents(row["total_rec_late_fee"])
    ending = min(_cents(row["last_pymnt_amnt"]), left)
    left -= ending
    found = []
    days = [one.due_on for one in contract.rows if one.due_on < last]
    for place, day in enumerate(days, start=1):
        amount = left if place == len(days) else min(Decimal(row["installment"]), left)
        if amount > 0:
            fact = Receipt(day=day, amount=amount, channel="other", external_reference="tape")
            found.append(Happened(f"r{place}", 1, fact))
            left -= amount
    end = Payoff(day=last, amount=ending + left, channel="other", external_reference="tape")
    return [*found, Happened("end", 2, end)]


def _cents(text: str) -> Decimal:
    return Decimal(text).quantize(CENT)


def _principal(row: dict[str, str]) -> Decimal:
    """Return the principal that the payments of a loan paid."""
    contract = _contract(row)
    payments = _payments(row, contract)
    upto = max(payments[-1].fact.day, contract.rows[-1].due_on)
    account = replaying.replay(contract, payments, upto=upto)
    parts = [part for one in account.position.booked for part in one.parts]
    return sum((part.amount for part in parts if part.bucket == Bucket.PRINCIPAL), Decimal(0))


@pytest.mark.skipif(not TAPE.exists(), reason="The tape of LendingClub is not in shared/data.")
def test_principal_received_is_what_the_tape_reports() -> None:
    rows = list(_loans())

    received = [_principal(row) for row in rows]

    reported = [Decimal(row["total_rec_prncp"]) for row in rows]
    lent = [Decimal(row["funded_amnt"]) for row in rows]
    differences = [ours - theirs for ours, theirs in zip(received, reported, strict=True)]
    assert len(rows) > 800
    assert max(differences) <= ROUNDING
    assert sum(abs(one) <= ROUNDING for one in differences) / len(rows) > 0.50
    shares = [-one / amount for one, amount in zip(differences, lent, strict=True)]
    assert sum(one <= Decimal("0.01") for one in shares) / len(rows) > 0.90
    assert sum(received) / sum(reported) > Decimal("0.996")
