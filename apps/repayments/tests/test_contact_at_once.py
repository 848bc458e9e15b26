"""Two connections at once: one reminder, one message, one promise, one receipt."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.core import mail
from django.db import connection

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.customers import services as customers
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.repayments import services
from apps.repayments.models import Promise, ReceiptPaper, Reminder, ReminderStop
from apps.repayments.tests import contact_factories as contact
from apps.repayments.tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = date(2026, 12, 17)


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Return what each action gave or refused, run at the same moment on own connections."""
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=10)
            return action()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_nothing_of_contact_happens_twice(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    for loan in (lent, lending.paid(alice, bob).loan):
        customers.give_consent(
            actor=alice,
            customer=loan.customer,
            purpose="contact",
            wording_version="2026-11",
            channel="paper",
            now=lending.LATER,
        )
    contact.plan(charlie)
    now = contact.at(BEFORE)

    at_once(*[lambda: services.remind_due(now=now)] * 4)
    sent = at_once(*[lambda: services.send_reminders(now=now)] * 4)

    assert Reminder.objects.count() == 2
    assert set(Reminder.objects.values_list("status", "attempts")) == {("sent", 1)}
    assert len(mail.outbox) == 2
    assert all(isinstance(one, int) for one in sent)

    promised = at_once(*[lambda: contact.promise(alice, lent, on=BEFORE)] * 3)

    assert [isinstance(one, Promise) for one in promised].count(True) == 1
    assert Promise.objects.filter(status="open").count() == 1

    at_once(*[lambda: services.stop_by_link(customer=lent.customer, now=now)] * 3)

    assert ReminderStop.objects.count() == 1

    events = [factories.pay(alice, lent, BEFORE, amount) for amount in ("100.00", "200.00")]
    papers = at_once(
        *[
            lambda event=event: services.print_receipt(actor=alice, event=event, now=now)
            for event in events * 2
        ]
    )

    assert all(isinstance(one, ReceiptPaper) for one in papers)
    assert sorted(ReceiptPaper.objects.values_list("number", flat=True)) == [1, 2]

    at_once(*[lambda: services.judge_promises(now=contact.at(date(2026, 12, 24)))] * 3)

    assert Promise.objects.get().status == "broken"
