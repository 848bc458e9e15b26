"""Ask for a stress test; a worker does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.jobs import enqueue
from apps.impairment.models import Run
from apps.stress import policies, reading
from apps.stress.models import Case, Terms, Test
from apps.stress.reading import Kind
from apps.stress.services.proposing import in_reach_of

MOST_SCENARIOS = 4
LONGEST_TITLE = 120


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which scenarios are put to the loans of which measurement."""

    title: str
    measured: Run | None
    scenarios: Sequence[Terms]


@transaction.atomic
def ask(*, actor: User, entity: Entity, question: Question, now: datetime) -> Test:
    """Store a test with what it rests on today, and let a worker do it.

    Raises NotPermitted, NotVisible, Conflict where no sensitivities or figures are approved, and
    DomainError for a measurement or scenarios that cannot be used.
    """
    if not actor.has_perm(policies.RUN):
        raise NotPermitted("not_permitted", _("Your role does not run stress tests."))
    in_reach_of(actor, entity)
    title, run = _titled(question), _measured(entity, question)
    scenarios = _scenarios(entity, question)
    sensitivities = _only(entity, Kind.SENSITIVITIES, _("No sensitivities are approved."))
    figures = _only(entity, Kind.FIGURES, _("No figures of capital and profit are approved."))
    years = max(len(reading.scenario(one.body).years) for one in scenarios)
    planned = len(reading.figures(figures.body).profit)
    if planned < years:
        raise _refused(
            "scenarios",
            "plan_too_short",
            _("Profit is planned for %(planned)s years, the scenarios have %(years)s.")
            % {"planned": planned, "years": years},
        )
    made = Test.objects.create(
        entity=entity,
        title=title,
        measured=run,
        measured_run=run.run,
        currency=entity.currency,
        years=years,
        sensitivities=sensitivities,
        figures=figures,
        asked_by=actor,
        asked_at=now,
    )
    for place, scenario in enumerate([None, *scenarios]):
        Case.objects.create(test=made, place=place, scenario=scenario)
    audit.record(
        actor,
        "stress.test_asked",
        made,
        entity=entity.code,
        day=run.day.isoformat(),
        scenarios=[str(one) for one in scenarios],
    )
    enqueue("stress.run", test_id=str(made.pk))
    return made


def _titled(question: Question) -> str:
    title = question.title.strip()
    if not 0 < len(title) <= LONGEST_TITLE:
        sentence = _("Give the test a title of at most %(most)s letters.")
        raise _refused("title", "title_missing", sentence % {"most": LONGEST_TITLE})
    return title


def _measured(entity: Entity, question: Question) -> Run:
    run = question.measured
    if run is None or run.entity_id != entity.pk or run.status != "finished":
        raise _refused(
            "measured", "no_measurement", _("Losses are not measured for that day; choose another.")
        )
    return run


def _scenarios(entity: Entity, question: Question) -> list[Terms]:
    found = list(question.scenarios)
    fit = all(
        (one.entity_id, one.kind, one.status) == (entity.pk, Kind.SCENARIO, "approved")
        for one in found
    )
    if not fit:
        sentence = _("Only approved scenarios of this lender can be used.")
        raise _refused("scenarios", "scenario_not_approved", sentence)
    if not 0 < len({one.pk for one in found}) == len(found) <= MOST_SCENARIOS:
        sentence = _("Choose one to %(most)s scenarios.") % {"most": MOST_SCENARIOS}
        raise _refused("scenarios", "scenarios_number", sentence)
    return found


def _only(entity: Entity, kind: Kind, missing: str) -> Terms:
    found = Terms.objects.in_force(entity, kind.value).first()
    if found is None:
        raise Conflict("terms_missing", missing)
    return found


def _refused(field: str, code: str, sentence: Any) -> DomainError:
    return DomainError(code, sentence, fields={field: sentence})
