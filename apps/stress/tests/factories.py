"""Terms, loans as columns, and what a refusal must leave as it is. For tests."""

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.impairment.bulk import Batch, Curves
from apps.impairment.measuring import Outlook
from apps.impairment.measuring import Scenario as Outlooked
from apps.impairment.models import Run
from apps.impairment.staging import Rules
from apps.impairment.tests.factories import now
from apps.stress import reading, services
from apps.stress.economy import Scenario, Sensitivities, Year
from apps.stress.models import Case, Sums, Terms, Test
from apps.stress.projecting import Book, Ground
from apps.stress.reading import Kind
from apps.stress.services import Asked, Question

YEARS = 3
NONE = Scenario(name="none", source="", years=(Year(),) * YEARS, segments={})


def body(kind: Kind, **parts: Any) -> dict[str, Any]:
    """Return terms of a kind with other values in some parts."""
    found = copy.deepcopy(services.starting_point(kind))
    if kind == Kind.FIGURES:
        found |= {
            "as_of": "2026-09-30",
            "source": "Audited accounts and the plan of the board.",
            "capital": "5000000",
            "risk_weighted_assets": "25000000",
            "profit": ["900000", "950000", "1000000"],
            "tax": "0.25",
            "repricing_gap": "2000000",
        }
    return {**found, **parts}


def year(**changes: str) -> Year:
    """Return a year with some changes."""
    return Year(**{name: Decimal(value) for name, value in changes.items()})


def flat(**changes: str) -> Scenario:
    """Return a scenario whose years are all alike."""
    return Scenario(name="flat", source="", years=(year(**changes),) * YEARS, segments={})


def proposed(entity: Entity, actor: User, kind: Kind, **parts: Any) -> Terms:
    """Return terms that wait for another person."""
    asked = Asked(kind=kind, body=body(kind, **parts), reason="As the committee decided.")
    return services.propose_terms(actor=actor, entity=entity, asked=asked, now=now())


def agreed(entity: Entity, proposer: User, approver: User, kind: Kind, **parts: Any) -> Terms:
    """Return terms two people agreed on."""
    one = proposed(entity, proposer, kind, **parts)
    return services.approve_terms(actor=approver, one=one, now=now())


def all_agreed(entity: Entity, proposer: User, approver: User) -> dict[str, Terms]:
    """Return both presets, sensitivities and figures, agreed on by two people."""
    people = (entity, proposer, approver)
    found = {one["name"]: agreed(*people, Kind.SCENARIO, **one) for one in services.presets()}
    others = {kind.value: agreed(*people, kind) for kind in (Kind.SENSITIVITIES, Kind.FIGURES)}
    return {**found, **others}


def asked(actor: User, run: Run, *scenarios: Terms, title: str = "As of September") -> Test:
    """Return a test that waits for a worker."""
    question = Question(title=title, measured=run, scenarios=scenarios)
    return services.ask(actor=actor, entity=run.entity, question=question, now=now())


def done(actor: User, run: Run, *scenarios: Terms, batch: int = 5) -> Test:
    """Return a test that was done."""
    return services.run(test_id=asked(actor, run, *scenarios).pk, now=now(), batch=batch)


def state() -> tuple[Any, ...]:
    """Return everything a refusal must leave as it is."""
    return (
        Event.objects.count(),
        list(Terms.objects.order_by("pk").values_list("pk", "status", "answer_note")),
        list(Test.objects.order_by("pk").values_list("pk", "status", "done_loans")),
        Case.objects.count(),
        Sums.objects.count(),
    )


def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = state()
    with pytest.raises(DomainError) as refusal:
        act()
    assert str(refusal.value.sentence)
    assert state() == before
    return refusal.value


# --- Loans as columns -----------------------------------------------------------------------------
def sensitivities() -> Sensitivities:
    """Return those that come with the program."""
    return reading.sensitivities(body(Kind.SENSITIVITIES))


def ground(**changes: Any) -> Ground:
    """Return hazards of 1 % a month, doubled by each lateness, and one outlook three times."""
    third = Outlooked(weight=Decimal(1) / 4)
    half = Outlooked(weight=Decimal(1) / 2)
    given: dict[str, Any] = {
        "curves": Curves(
            hazards=np.full((1, 3), 0.01),
            lateness=np.array([[1.0], [2.0], [4.0], [8.0]]).repeat(6, axis=1),
        ),
        "outlooks": {Outlook.BASE: half, Outlook.UPSIDE: third, Outlook.DOWNSIDE: third},
        "stages": Rules(
            pd_multiple=Decimal(2), pd_least=Decimal("0.005"), cure_3_months=3, cure_2_months=3
        ),
        "sensitivities": sensitivities(),
        "segments": ["personal", "home"],
        "kinds": ["unsecured", "residential_property"],
        "years": YEARS,
    }
    return Ground(**{**given, **changes})


def loans(*rows: dict[str, Any]) -> Book:
    """Return loans as columns; each row names what differs from a plain loan of 1,000."""
    plain: dict[str, Any] = {
        "ead": 1000.0,
        "annual_rate": 0.12,
        "effective_rate": 0.12,
        "is_bullet": False,
        "lgd": 0.5,
        "lgd_floor": 0.1,
        "months_left": 24,
        "band": 0,
        "age": 0,
        "late": 0,
    }
    rest: dict[str, Any] = {
        "weight": 1.0,
        "stage": 1,
        "segment": 0,
        "security": 0,
        "pd_lifetime": 0.0,
        "pd_expected": 0.0,
        "lgd_unsecured": 0.65,
        "covered": 0.0,
        "burden": np.nan,
        "instalment": np.nan,
        "is_floating": False,
        "booked": 4.0,
        "performing_rate": 0.004,
        "is_bad": False,
    }
    whole = {"months_left", "band", "age", "late", "stage", "segment", "security"}
    flags = {"is_bullet", "is_floating", "is_bad"}

    def column(name: str, usual: Any) -> Any:
        kind = np.int64 if name in whole else np.bool_ if name in flags else np.float64
        return np.array([row.get(name, usual) for row in rows], dtype=kind)

    number = len(rows)
    batch = Batch(
        **{name: column(name, usual) for name, usual in plain.items()},
        is_impaired=np.zeros(number, dtype=np.bool_),
    )
    rates = {
        "bad_secured": (YEARS + 1, 0.25),
        "bad_unsecured": (YEARS + 1, 1.0),
        "new_secured": (YEARS, 0.15),
        "new_unsecured": (YEARS, 0.25),
    }
    return Book(
        batch=batch,
        **{name: column(name, usual) for name, usual in rest.items()},
        **{name: np.full((years, number), rate) for name, (years, rate) in rates.items()},
    )
