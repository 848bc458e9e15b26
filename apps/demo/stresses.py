"""Stress tests at the demonstration's lenders: terms of two people, both presets put to the loans.

A lender's capital and profit are made up from what its loans owe, and their source says so.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from apps.accounts.models import Entity
from apps.core.jobs import done_here
from apps.demo import people
from apps.impairment.models import LoanLoss, Run
from apps.stress import services
from apps.stress.models import Terms
from apps.stress.reading import Kind
from apps.stress.services import Asked, Question

_REASON = "The starting point that comes with the program, until the committee has seen its own."
_SOURCE = "Made up for the demonstration from what the loans owe: no accounts stand behind it."
# Shares of what is owed.
_CAPITAL, _WEIGHTED, _PROFIT, _GAP = (Decimal(one) for one in ("0.15", "0.80", "0.04", "0.10"))


def write(*, now: datetime) -> list[str]:
    """Decide terms and run both presets on the last measurement of each lender; say what.

    Nothing where terms are there already; a lender without a measurement is left out.
    """
    if Terms.objects.exists():
        return []
    runs = Run.objects.filter(status="finished").order_by("entity", "-day").distinct("entity")
    return [_tested(run, now) for run in runs.select_related("entity")]


def _tested(run: Run, now: datetime) -> str:
    entity = run.entity
    scenarios = [_agreed(entity, Kind.SCENARIO, one, now) for one in services.presets()]
    sensitivities = services.starting_point(Kind.SENSITIVITIES)
    _agreed(entity, Kind.SENSITIVITIES, sensitivities, now)
    _agreed(entity, Kind.FIGURES, _figures(run), now)
    question = Question(title="Recession and rate shock", measured=run, scenarios=scenarios)
    with done_here("stress.run"):
        test = services.ask(
            actor=people.of_role("risk_analyst"), entity=entity, question=question, now=now
        )
    found = services.run(test_id=test.pk, now=now)
    return f"a stress test of {found.done_loans} loans at {entity.name}"


def _agreed(entity: Entity, kind: Kind, body: dict[str, Any], now: datetime) -> Terms:
    proposed = services.propose_terms(
        actor=people.of_role("risk_analyst"),
        entity=entity,
        asked=Asked(kind=kind, body=body, reason=_REASON),
        now=now,
    )
    manager = people.of_role("credit_manager")
    return services.approve_terms(actor=manager, one=proposed, now=now)


def _figures(run: Run) -> dict[str, Any]:
    rows = LoanLoss.objects.filter(run=run, currency=run.entity.currency)
    owed = max(rows.aggregate(ead=Sum("ead"))["ead"] or Decimal(0), Decimal(1))

    def share(part: Decimal) -> str:
        return str((owed * part).quantize(Decimal(1)).max(Decimal(1)))

    return {
        "as_of": run.day.isoformat(),
        "source": _SOURCE,
        "capital": share(_CAPITAL),
        "risk_weighted_assets": share(_WEIGHTED),
        "profit": [share(_PROFIT)] * 3,
        "tax": "0.25",
        "repricing_gap": share(_GAP),
    }
