"""Loans of which days are ended, and what the night left of them."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.accounts.models import Entity
from apps.loans.models import Loan
from apps.npa import services
from apps.npa.models import DayEnd, Layer, LoanDay, RuleTable
from apps.repayments.tests import factories as repaying

CLERK = "system:tests"
TODAY = repaying.TODAY


def rules() -> None:
    """Lay down the rule tables and layers of the program, as far as lenders are here."""
    path = Path(settings.BASE_DIR) / "fixtures" / "classification_rules.json"
    content = json.loads(path.read_text())
    here = set(Entity.objects.values_list("code", flat=True))
    content["lenders"] = [one for one in content["lenders"] if one["entity"] in here]
    services.load_rules(actor=CLERK, data=content)


def two_regimes(loan: Loan, *, needs_leave: bool = True) -> None:
    """Have the lender in a layer that compares two regimes, and lose little in a default."""
    Layer.objects.filter(entity=loan.branch.entity).update(layer="middle")
    for table in RuleTable.objects.filter(code__startswith="rbi-nbfc-middle"):
        table.body["ecl"]["lgd_unsecured"] = "0.05"
        table.body["reserve_needs_leave"] = needs_leave
        table.save()


def end(loan: Loan, day: date, **changes: Any) -> DayEnd:
    """End a day of a loan's lender, some hours after it was over; it stays open."""
    values: dict[str, Any] = {
        "actor": CLERK,
        "entity": loan.branch.entity,
        "day": day,
        "now": repaying.at(day + timedelta(days=1)),
        "close": False,
    }
    return services.end_day(**{**values, **changes})


def end_until(loan: Loan, first: date, last: date, **changes: Any) -> DayEnd:
    """End days one after the other; return the last."""
    found = None
    for one in range((last - first).days + 1):
        found = end(loan, first + timedelta(days=one), **changes)
    if found is None:
        raise ValueError("No day between.")
    return found


def of_day(loan: Loan, day: date) -> LoanDay:
    """Return what the night left of a loan."""
    return LoanDay.objects.get(loan=loan, day=day)
