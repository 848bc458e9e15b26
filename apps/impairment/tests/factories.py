"""Parameters, ends of months and lives of loans. For tests."""

import copy
import json
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.impairment import parameters, services
from apps.impairment.models import Estimate, LoanLoss, ParameterSet, Run
from apps.impairment.parameters import Parameters
from apps.impairment.services import Asked
from apps.loans.models import Loan
from apps.npa.models import LoanDay
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import months
from apps.repayments.models import AccountEvent

LAST = date(2026, 9, 30)
LONG_AGO = date(2020, 1, 1)
# Fourteen ends of months.
ENDS = months.window(LAST, 13)


@cache
def _stored() -> dict[str, Any]:
    path = Path(settings.BASE_DIR) / "fixtures" / "impairment_parameters.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["body"]
    return found


def body(**parts: Any) -> dict[str, Any]:
    """Return the parameters of the fixture with other values in some parts."""
    found = copy.deepcopy(_stored())
    for name, changes in parts.items():
        found[name] = {**found[name], **changes} if isinstance(changes, dict) else changes
    return found


def terms(**parts: Any) -> Parameters:
    """Return the same as read."""
    return parameters.read(body(**parts))


def now(day: date = LAST) -> datetime:
    """Return a moment on the day after."""
    return nights.at(day + timedelta(days=1))


def proposed(entity: Entity, proposer: User, day: date = LONG_AGO, **parts: Any) -> ParameterSet:
    """Return parameters that wait for another person."""
    asked = Asked(effective_from=day, body=body(**parts), reason="As the committee decided.")
    return services.propose_parameters(actor=proposer, entity=entity, asked=asked, now=now())


def approved(
    entity: Entity, proposer: User, approver: User, day: date = LONG_AGO, **parts: Any
) -> ParameterSet:
    """Return parameters two people agreed on."""
    one = proposed(entity, proposer, day, **parts)
    return services.approve_parameters(actor=approver, one=one, now=now())


def estimated(entity: Entity, day: date = LAST) -> Estimate:
    """Return estimates out of the history up to a day."""
    return services.estimate(actor="system:tests", entity=entity, as_of=day, now=now(day))


# What a loan is at the end of a month, by how many months it is late; "w" and "c": it left.
_NEXT = {
    0: [0] * 14 + [1] * 5 + ["c"],
    1: [0, 0, 1, 2],
    2: [0, 2, 3],
    3: [3, 4, 4, "w", 0],
    4: [4, 4, "w", 0],
}


def live(entity: Entity, seed: int = 7) -> None:
    """Let each loan of a book be late, default, come back and leave by chance, month by month."""
    chance = random.Random(seed)  # noqa: S311 - a test
    for day in ENDS:
        nights.ended(entity, day)
    for loan in Loan.objects.filter(branch__entity=entity).order_by("number"):
        late: Any = 0
        for day in ENDS:
            if late in ("c", "w"):
                gone(loan, day.replace(day=15), written_off=late == "w")
                break
            stands(loan, day, 30 * late)
            late = chance.choice(_NEXT[late])


def stands(loan: Loan, day: date, days_late: int, **changes: Any) -> LoanDay:
    """Write how a loan stands at the end of a day."""
    bad = {"npa_date": day, "asset_class": "substandard"} if days_late >= 90 else {}
    return nights.snapshot(loan, day, dpd_ifrs=days_late, dpd_rbi=days_late, **{**bad, **changes})


def gone(loan: Loan, day: date, *, written_off: bool = False) -> LoanDay:
    """Write the last row of a loan."""
    word = "written_off" if written_off else "closed"
    nothing = dict.fromkeys(("principal", "unsecured", "provision"), 0)
    return nights.snapshot(loan, day, asset_class=word, **nothing)


def paid(loan: Loan, day: date, amount: int) -> AccountEvent:
    """Write a payment on the account of a loan."""
    return AccountEvent.objects.create(
        loan=loan,
        kind=AccountEvent.Kind.RECEIPT,
        day=day,
        position=1,
        amount=amount,
        currency=loan.currency,
        reference=f"test:{loan.pk}:{day}",
        made_at=now(day),
    )


def state() -> tuple[Any, ...]:
    """Return everything a refusal must leave as it is."""
    return (
        Event.objects.count(),
        list(ParameterSet.objects.order_by("pk").values_list("pk", "status", "answer_note")),
        Estimate.objects.count(),
        list(Run.objects.order_by("pk").values_list("pk", "status", "run", "loans")),
        LoanLoss.objects.count(),
    )


def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = state()
    with pytest.raises(DomainError) as refusal:
        act()
    assert str(refusal.value.sentence)
    assert state() == before
    return refusal.value
