"""Every state meets every action: what the tables allow goes through, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.core.errors import Conflict, StaleRecord
from apps.core.lifecycle import Lifecycle
from apps.loans.lifecycle import DISBURSEMENT, ENDED, HELD, LOAN
from apps.loans.models import Disbursement, Loan
from apps.loans.tests import factories

TABLES = {"loan": LOAN, "disbursement": DISBURSEMENT}
ALLOWED = {
    "loan": {
        ("opened", "pay_out", "active"),
        ("active", "take_back", "opened"),
        ("opened", "cancel", "cancelled"),
        ("active", "close", "closed"),
        ("closed", "reopen", "active"),
        ("active", "write_off", "written_off"),
        ("written_off", "write_back", "active"),
        ("imported", "take_on", "active"),
    },
    "disbursement": {
        ("requested", "approve", "approved"),
        ("requested", "refuse", "refused"),
        ("requested", "cancel", "cancelled"),
        ("approved", "cancel", "cancelled"),
        ("approved", "instruct", "instructed"),
        ("approved", "confirm", "paid"),
        ("instructed", "confirm", "paid"),
        ("instructed", "fail", "failed"),
        ("paid", "reverse", "reversed"),
    },
}
PAIRS = [
    (name, state, action)
    for name, table in TABLES.items()
    for state in table.states
    for action in dict.fromkeys(step.action for step in table.steps)
]


@pytest.mark.parametrize(("name", "state", "action"), PAIRS)
def test_it_allows_what_the_table_says_and_nothing_else(name: str, state: str, action: str) -> None:
    table: Lifecycle = TABLES[name]
    target = {(one, act): to for one, act, to in ALLOWED[name]}.get((state, action))

    if target is None:
        with pytest.raises(Conflict):
            table.target(action, state)
    else:
        assert table.target(action, state) == target


def test_a_payment_either_holds_its_tranche_or_has_ended() -> None:
    assert set(HELD) | set(ENDED) == set(DISBURSEMENT.states)
    assert not set(HELD) & set(ENDED)
    assert set(ENDED) == set(DISBURSEMENT.final)


def test_of_two_who_move_one_payment_one_wins(alice: User, bob: User, loan: Loan) -> None:
    one = factories.requested(alice, loan)
    other = Disbursement.objects.get(pk=one.pk)
    one.move("approve", checked_by=bob, checked_at=factories.LATER)

    with pytest.raises(StaleRecord):
        other.move("refuse", ended_reason="No", ended_by=bob, ended_at=factories.LATER)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "unknown"},
        {"status": "active"},
        {"status": "imported"},
        {"disbursed_date": factories.TODAY},
        {"disbursed_date": factories.TODAY, "status": "cancelled"},
    ],
)
def test_the_database_refuses_a_state_that_cannot_be(loan: Loan, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Loan.objects.filter(pk=loan.pk).update(**values)


def test_the_database_refuses_a_payment_nobody_checked(alice: User, bob: User, loan: Loan) -> None:
    one = factories.requested(alice, loan)
    rows = Disbursement.objects.filter(pk=one.pk)
    at = factories.LATER + timedelta(hours=1)

    for values in (
        {"status": "approved"},
        {"status": "approved", "checked_by": alice, "checked_at": at},
        {"status": "paid", "checked_by": bob, "checked_at": at},
        {"status": "refused", "ended_by": bob, "ended_at": at},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)
    one.refresh_from_db()
    assert (one.status, one.checked_by) == ("requested", None)
