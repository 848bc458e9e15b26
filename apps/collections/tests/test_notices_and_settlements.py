"""Demands and courts wait while a settlement is kept; threats rest on a demand that went out."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import User
from apps.collections import services
from apps.collections.models import Settlement
from apps.collections.services import LegalEntry
from apps.collections.tests import factories
from apps.collections.tests.factories import noticed, refused, told
from apps.core.errors import Conflict
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.facts import Recovery
from apps.repayments.services import Incoming
from apps.repayments.tests import contact_factories as contact
from apps.repayments.tests import factories as repaid
from apps.servicing.tests import factories as servicing

pytestmark = pytest.mark.usefixtures("reach")
PAID = Decimal(100_000)


@pytest.fixture
def day(lent: Loan) -> date:
    """A day on which the first instalment is five days late."""
    return servicing.late(lent, 5)


def _agreed(dev: User, charlie: User, loan: Loan, day: date) -> Settlement:
    made = factories.proposed(dev, loan, day, contact.at(day))
    return factories.agreed(charlie, made, contact.at(day))


def _sue(actor: User, loan: Loan, stage: str, day: date) -> Any:
    entry = LegalEntry(stage=stage, made_on=day, reference="CC 12")
    return services.record_legal_step(actor=actor, loan=loan, entry=entry, now=contact.at(day))


# --- what a threat rests on ---------------------------------------------------------------------
def test_a_demand_that_was_never_sent_or_came_back_is_none(
    lent: Loan, dev: User, day: date
) -> None:
    demand = noticed(dev, lent, day, "demand", "20:00", pay_by=day + timedelta(days=7))
    later = day + timedelta(days=8)
    assert refused(lambda: noticed(dev, lent, later, "pre_legal")).code == "not_demanded"
    told(dev, demand, "posted", later)
    told(dev, demand, "returned", later)
    assert refused(lambda: noticed(dev, lent, later, "pre_legal")).code == "not_demanded"

    told(dev, demand, "handed", later)

    assert noticed(dev, lent, later, "pre_legal").kind == "pre_legal"


def test_a_demand_about_arrears_that_were_paid_is_none(
    lent: Loan, alice: User, dev: User, day: date
) -> None:
    demand = noticed(dev, lent, day, "demand", pay_by=day + timedelta(days=7))
    told(dev, demand, "handed", day)
    dues = repaid.due_dates(lent)
    owed = lent.instalments.get(in_force=True, number=1).unpaid
    repaid.pay(alice, lent, day + timedelta(days=1), owed)
    later = dues[1] + timedelta(days=5)

    refusal = refused(lambda: noticed(dev, lent, later, "pre_legal"))

    assert refusal.code == "not_demanded"


# --- while a settlement is kept -----------------------------------------------------------------
@pytest.mark.parametrize("kind", ["arrears", "demand", "pre_legal"])
def test_no_notice_is_written_while_a_settlement_is_kept(
    lent: Loan, dev: User, charlie: User, day: date, kind: str
) -> None:
    made = _agreed(dev, charlie, lent, day)

    refusal = refused(lambda: noticed(dev, lent, day, kind))

    assert (type(refusal), refusal.code) == (Conflict, "being_settled")
    services.withdraw_settlement(
        actor=charlie, settlement=made, reason="Pays in full", now=contact.at(day)
    )
    assert noticed(dev, lent, day, "demand").kind == "demand"


def test_no_court_is_asked_while_a_settlement_is_kept_and_a_matter_is_closed(
    lent: Loan, dev: User, charlie: User, day: date
) -> None:
    _sue(dev, lent, "notice", day)
    _agreed(dev, charlie, lent, day)

    assert refused(lambda: _sue(dev, lent, "filed", day)).code == "being_settled"

    assert _sue(dev, lent, "closed", day).stage == "closed"


def test_after_it_was_kept_no_way_takes_money_on_the_loan(
    lent: Loan, alice: User, dev: User, charlie: User, day: date
) -> None:
    _agreed(dev, charlie, lent, day)
    repaid.pay(alice, lent, day, PAID, now=contact.at(day, "11:00"))
    services.judge_settlements(now=contact.at(day, "12:00"))
    lent.refresh_from_db()
    assert lent.status == "written_off"
    fact = Recovery(day=day, amount=Decimal(5), channel="cash", external_reference="R1")

    [answer] = repayments.enter_many(
        actor="system:tests",
        receipts=[Incoming(lent.pk, fact, "R1")],
        now=contact.at(day, "13:00"),
    )

    assert answer.event_id is None
    assert answer.refusal is not None
    assert answer.refusal.code == "settled"
