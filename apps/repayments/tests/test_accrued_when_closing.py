"""Whether a day may be closed is asked of all loans, then only of those posted to meanwhile."""

from datetime import date
from typing import Any

import pytest

from apps.core.errors import Conflict
from apps.ledger import hooks
from apps.ledger import services as ledger
from apps.ledger.models import Closing, Entry
from apps.loans.models import Loan
from apps.repayments import services
from apps.repayments.tests import factories
from apps.repayments.tests import test_accruing_days as days

pytestmark = pytest.mark.django_db


def test_asked_again_it_looks_at_loans_that_were_posted_to_since(lent: Loan) -> None:
    entity, day = lent.branch.entity, factories.later(3)
    last = Entry.objects.latest("pk").pk

    services.require_accrued(entity, day, last)
    with pytest.raises(Conflict) as before:
        services.require_accrued(entity, day)
    with pytest.raises(Conflict) as since:
        services.require_accrued(entity, day, last - 1)

    assert (before.value.code, since.value.code) == ("not_accrued", "not_accrued")


def test_a_loan_that_is_paid_out_while_a_day_is_closed_keeps_it_open(
    lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is posted between both asks is seen by the second: told here by when the first is."""
    entity, day = lent.branch.entity, factories.later(3)
    asked = []
    last = Entry.objects.latest("pk").pk - 1

    def _late(of: Any, upto: date, since: int | None) -> None:
        asked.append(since)
        if since is not None:
            services.require_accrued(of, upto, last)

    monkeypatch.setattr(hooks, "_may_close", [_late])
    with pytest.raises(Conflict):
        ledger.close_day(
            actor=days.CLERK, entity=entity, day=day, now=factories.at(factories.later(4))
        )

    assert asked == [None, last + 1]
    assert not Closing.objects.exists()
