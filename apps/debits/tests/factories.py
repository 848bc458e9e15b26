"""Mandates, files of debits and the bank's answers for tests, made by the services."""

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.debits import services
from apps.debits.models import (
    AnswerFile,
    AnswerLine,
    Debit,
    DebitFile,
    DebitRule,
    Mandate,
    Recall,
)
from apps.debits.services import MandateEntry, Upload
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as books

TODAY, at = books.TODAY, books.at
HEADER = "H,creditrisk-debit-answers-1,sahyadri,{name},INR,{day}"


def entry(**changes: Any) -> MandateEntry:
    """Return what a borrower consented to: up to 20,000 each time from an account at a bank."""
    values: dict[str, Any] = {
        "holder": "Meera Joshi",
        "account_number": "5010 0123 4567 89",
        "bank_code": "HDFC0000007",
        "maximum": Decimal(20_000),
        "from_date": TODAY,
        "consent_channel": "paper",
        "consent_date": TODAY,
        "evidence": "Form 17 in the loan's folder",
        **changes,
    }
    return MandateEntry(**values)


def recorded(actor: User, loan: Loan, **changes: Any) -> Mandate:
    """Return a mandate the bank knows nothing of yet."""
    return services.record_mandate(actor=actor, loan=loan, entry=entry(**changes), now=at(TODAY))


def active(actor: User, loan: Loan, **changes: Any) -> Mandate:
    """Return a mandate that the bank accepted."""
    now = at(TODAY)
    made = recorded(actor, loan, **changes)
    made = services.register_mandate(actor=actor, mandate=made, now=now)
    return services.accept_mandate(actor=actor, mandate=made, bank_reference="NACH-1", now=now)


def rule(loan: Loan, **changes: Any) -> DebitRule:
    """Return a lender's rule: three tries, three days apart, of the instalment alone."""
    values = {"most_tries": 3, "days_between": 3, **changes}
    return DebitRule.objects.create(entity=loan.branch.entity, **values)


def prepared(actor: Any, day: date, *, branch: Branch | None = None) -> DebitFile:
    """Return a file of debits for a day, prepared the day before."""
    found = branch or (actor.branch if isinstance(actor, User) else None)
    return services.prepare_file(
        actor=actor,
        entity=(found or Branch.objects.get(code="pune")).entity,
        branch=found,
        collect_on=day,
        now=at(day - timedelta(days=1)),
    )


def presented(alice: User, bob: User, day: date) -> Debit:
    """Return the one debit of a day, prepared by Alice, released by Bob and with the bank."""
    file = prepared(alice, day)
    services.release_file(actor=bob, file=file, now=at(day - timedelta(days=1)))
    return file.debits.get()


def asked(actor: User, file: DebitFile, reason: str = "The bank refused the file.") -> Recall:
    """Return a recall that somebody asked for on the day before the file's."""
    now = at(file.collect_on - timedelta(days=1))
    return services.ask_recall(actor=actor, file=file, reason=reason, now=now)


def recalled(asker: User, other: User, debit: Debit) -> Debit:
    """Return a debit whose file one person asked to recall and another recalled."""
    recall = asked(asker, debit.file)
    services.confirm_recall(
        actor=other, recall=recall, now=at(debit.file.collect_on - timedelta(days=1))
    )
    return Debit.objects.select_related("file", "mandate", "loan").get(pk=debit.pk)


def row(
    debit: Debit | str,
    outcome: str = "collected",
    *,
    amount: Any = None,
    day: date | None = None,
    reason: str = "",
) -> str:
    """Return a row of the bank's answers."""
    is_debit = isinstance(debit, Debit)
    reference = debit.reference if is_debit else debit
    value = day or (debit.file.collect_on if is_debit else TODAY)
    asked = debit.amount if is_debit else Decimal("100.00")
    return f"D,{reference},{outcome},{asked if amount is None else amount},{value},{reason},UTR1"


def content(rows: Sequence[str], *, name: str = "ACH-1", day: date = TODAY) -> bytes:
    """Return the bank's file with a trailer that agrees."""
    sums = {"collected": Decimal(0), "returned": Decimal(0)}
    for one in rows:
        cells = one.split(",")
        if len(cells) > 3 and cells[2] in sums:
            sums[cells[2]] += Decimal(cells[3])
    trailer = f"T,{len(rows)},{sums['collected']},{sums['returned']}"
    return "\r\n".join([HEADER.format(name=name, day=day), *rows, trailer, ""]).encode()


def received(actor: User, sent: bytes, *, now: datetime) -> AnswerFile:
    """Return the bank's answers as they were taken in; nothing of them is done."""
    file, _is_new = services.receive_answers(
        actor=actor,
        branch=actor.branch,
        upload=Upload(filename="answers.csv", stream=io.BytesIO(sent)),
        now=now,
    )
    return file


def run(file: AnswerFile, *, now: datetime) -> AnswerFile:
    """Let one worker do everything there is to do."""
    while services.advance_answers(file_id=file.pk, now=now):
        pass
    file.refresh_from_db()
    return file


def answered(actor: User, rows: Sequence[str], *, day: date, name: str = "ACH-1") -> AnswerFile:
    """Return answers of which everything was done, on a day."""
    now = at(day)
    return run(received(actor, content(rows, name=name, day=day), now=now), now=now)


def came_to(file: AnswerFile) -> list[tuple[int, str, str]]:
    """Return row, status, and what it came to or the codes of what is wrong with it."""
    return [
        (one.number, one.status, one.because or " ".join(each["code"] for each in one.faults))
        for one in file.lines.order_by("number")
    ]


def state() -> tuple[Any, ...]:
    """Return everything a refusal must leave as it is."""
    return (
        Event.objects.count(),
        Entry.objects.count(),
        list(AccountEvent.objects.order_by("pk").values_list("pk", "status")),
        list(Mandate.objects.order_by("pk").values_list("pk", "status")),
        list(DebitFile.objects.order_by("pk").values_list("pk", "status", "sha256")),
        list(Debit.objects.order_by("pk").values_list("pk", "status", "needs_look")),
        list(Recall.objects.order_by("pk").values_list("pk", "status")),
        list(AnswerFile.objects.order_by("pk").values_list("pk", "status")),
        list(AnswerLine.objects.order_by("pk").values_list("pk", "status")),
    )


def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an action that has changed nothing."""
    before = state()
    with pytest.raises(DomainError) as caught:
        act()
    assert state() == before
    return caught.value
