"""Direct debits of the demonstration: mandates, one tried twice, and what the bank answered.

They are for the loans of `repaid`, through the services, on the days on which it happened.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User
from apps.core import dates
from apps.core.money import money
from apps.debits import services
from apps.debits.errors import NothingToPresent
from apps.debits.layouts import ANSWERS
from apps.debits.models import Debit, DebitFile, Mandate
from apps.debits.services import MandateEntry, RuleEntry, Upload
from apps.demo import people
from apps.loans.models import Loan

_BRANCH = "pune"
# Beside what is due: room for charges and what is overdue.
_ROOM = Decimal(3)
# So many days ago the borrowers gave them.
_GIVEN_DAYS = 30


@dataclass(frozen=True)
class _Desk:
    """Who works on it, and when that is: `on` gives a moment of an earlier day."""

    officer: User
    manager: User
    now: datetime
    today: date

    def on(self, day: date) -> datetime:
        """Return the moment of a day at which work was done."""
        return self.now - (self.today - day)


@transaction.atomic
def write(*, now: datetime) -> list[str]:
    """Let borrowers give mandates and banks answer; return what was done, in words.

    Nothing where mandates are there already, or where no loan runs.
    """
    officer = people.of_role("loan_officer", _BRANCH)
    day = dates.local_date(now, officer.branch.entity.time_zone)
    desk = _Desk(officer, people.of_role("credit_manager"), now, day)
    loans = list(_running(officer))
    if Mandate.objects.exists() or not loans:
        return []
    _rule(desk)
    mandates = [_mandate(loan, number, desk) for number, loan in enumerate(loans, start=1)]
    asked = [_asked(desk.today - timedelta(days=4), "failed", desk), _asked(day, "partly", desk)]
    _new_one(loans, mandates, desk)
    return [f"{len(mandates)} mandates recorded, {sum(asked)} direct debits answered by the bank"]


def _running(officer: User) -> Iterator[Loan]:
    rows = Loan.objects.filter(status="active", branch=officer.branch, source="")
    yield from rows.select_related("branch__entity", "customer").order_by("disbursed_date", "pk")


def _rule(desk: _Desk) -> None:
    services.set_rule(
        actor=desk.manager,
        entity=desk.officer.branch.entity,
        entry=RuleEntry(
            takes_overdue=True,
            prepares_itself=False,
            days_ahead=1,
            most_tries=3,
            days_between=3,
        ),
    )


def _mandate(loan: Loan, number: int, desk: _Desk) -> Mandate:
    """Return a mandate of a borrower, given some days ago and accepted by the bank."""
    day = desk.today - timedelta(days=_GIVEN_DAYS)
    moment = desk.on(day)
    made = services.record_mandate(
        actor=desk.officer,
        loan=loan,
        entry=MandateEntry(
            holder=str(loan.customer.full_name),
            account_number=f"5010{number:010}",
            bank_code="HDFC0000007",
            maximum=loan.instalment * _ROOM,
            from_date=day,
            consent_channel="paper",
            consent_date=day,
            evidence=f"Form {number:03} in the folder of {loan.number}",
        ),
        now=moment,
    )
    services.register_mandate(actor=desk.officer, mandate=made, now=moment)
    return services.accept_mandate(
        actor=desk.officer, mandate=made, bank_reference=f"NACH{number:06}", now=moment
    )


def _asked(day: date, outcome: str, desk: _Desk) -> int:
    """Ask for what is overdue on a day, and let the bank answer; return how many debits."""
    before = desk.on(day - timedelta(days=1))
    branch = desk.officer.branch
    try:
        made = services.prepare_file(
            actor=desk.officer, entity=branch.entity, branch=branch, collect_on=day, now=before
        )
    except NothingToPresent:
        return 0
    file = services.release_file(actor=desk.manager, file=made, now=before)
    debits = list(file.debits.filter(status="presented").order_by("number"))
    rows = [_row(one, outcome, day=day) for one in debits]
    # A row of another lender's file that the bank put in by mistake.
    rows.append(f"D,{file}-99999,collected,1500.00,{day},,UTR999")
    answers, _is_new = services.receive_answers(
        actor=desk.officer,
        branch=branch,
        upload=Upload(
            filename=f"answers-{day}.csv", stream=io.BytesIO(_content(rows, file, day=day))
        ),
        now=desk.on(day),
    )
    while services.advance_answers(file_id=answers.pk, now=desk.on(day)):
        pass
    return len(debits)


def _row(debit: Debit, outcome: str, *, day: date) -> str:
    """Return the bank's answer: it failed, or half of it was collected."""
    if outcome == "failed":
        said, reason, amount = "failed", "insufficient_funds", debit.amount
    else:
        said, reason = "collected", ""
        amount = money(debit.amount / 2, debit.loan.currency)
    return f"D,{debit.reference},{said},{amount},{day},{reason},UTR{debit.number:06}"


def _content(rows: Sequence[str], file: DebitFile, *, day: date) -> bytes:
    cells = [one.split(",") for one in rows]
    collected = sum((Decimal(one[3]) for one in cells if one[2] == "collected"), Decimal(0))
    head = f"H,{ANSWERS},{file.entity.code},ACH-{day:%y%m%d},{file.currency},{day}"
    return "\r\n".join([head, *rows, f"T,{len(rows)},{collected},0", ""]).encode()


def _new_one(loans: Sequence[Loan], mandates: Sequence[Mandate], desk: _Desk) -> None:
    """Let the last borrower end the mandate at the counter and give another one."""
    ended = services.cancel_mandate(
        actor=desk.officer,
        mandate=mandates[-1],
        reason="The borrower has another account now.",
        now=desk.now,
    )
    services.record_mandate(
        actor=desk.officer,
        loan=loans[-1],
        entry=MandateEntry(
            holder=str(loans[-1].customer.full_name),
            account_number="912010045678901",
            bank_code="UTIB0000123",
            maximum=ended.maximum,
            from_date=desk.today,
            consent_channel="electronic",
            consent_date=desk.today,
            evidence="e-mandate, signed with the bank's one-time password",
        ),
        now=desk.now,
    )
