"""Assess many submitted applications: those that do not touch each other, together.

Each comes to what `assess` makes of it - the same score, decision, letter, case and events - but
one statement asks or writes for all. Whatever cannot be decided like this is left to `assess`,
which decides it alone or says why nobody could.
"""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, transaction

from apps.accounts.models import User
from apps.applications import features
from apps.applications import selectors as applications
from apps.applications.models import Application, Guarantor
from apps.audit import services as audit
from apps.collateral.models import CoBorrower
from apps.core import statements
from apps.decisions import books, inputs, sources
from apps.decisions.errors import AssessmentFailed
from apps.decisions.models import Decision
from apps.decisions.services import assessing, lettering, recording, room
from apps.decisions.services.assessing import Case
from apps.decisions.services.recording import Made
from apps.scoring import services as scoring
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ModelVersion, Placement, ScoreRun

logger = structlog.get_logger(__name__)
# So many are decided in one transaction: whoever waits for one of them waits a fifth of a second.
TOGETHER = 20


def assess_each(
    *, application_ids: Sequence[uuid.UUID], actor: User | str, now: datetime
) -> list[Decision]:
    """Decide submitted applications once each, and return the decisions that stand, in order.

    Safe to run twice and at the same time, as `assess` is, and raises what it raises.
    """
    found: list[Decision] = []
    for first in range(0, len(application_ids), TOGETHER):
        part = application_ids[first : first + TOGETHER]
        made = _together(part, actor=actor, now=now)
        found += [
            made.get(key) or assessing.assess(application_id=key, actor=actor, now=now)
            for key in part
        ]
    return found


def _together(
    keys: Sequence[uuid.UUID], *, actor: User | str, now: datetime
) -> dict[uuid.UUID, Decision]:
    """Return the decisions that were made together; none where that broke, with nothing stored."""
    if len(keys) == 1:
        return {}
    try:
        with transaction.atomic(), statements.carrying(), audit.together():
            return _decided(keys, actor=actor, now=now)
    except (OperationalError, InterfaceError):
        # The database went away: then the cases wait until it is back.
        raise
    except Exception:
        # One by one it shows whose fault it is; the log keeps the traceback.
        logger.exception("assessed_one_by_one")
        return {}


def _decided(
    keys: Sequence[uuid.UUID], *, actor: User | str, now: datetime
) -> dict[uuid.UUID, Decision]:
    locked = assessing.to_lock().filter(pk__in=keys, status="submitted").order_by("pk")
    found = {one.pk: one for one in locked}
    apart = _apart([found[key] for key in dict.fromkeys(keys) if key in found])
    room.lock_each(apart)
    made = list(_judged(_scored(apart, now=now), now=now))
    recording.record_all(actor=actor, made=made)
    return {one.decision.application_id: one.decision for one in made}


def _apart(found: Sequence[Application]) -> list[Application]:
    """Return the applications of which none is judged by what becomes of another one here.

    The first of each borrower, and none for which somebody else answers or owes as well.
    """
    keys = [one.pk for one in found]
    shared = {
        key
        for model in (Guarantor, CoBorrower)
        for key in model.objects.filter(application__in=keys).values_list("application", flat=True)
    }
    first: dict[uuid.UUID, Application] = {}
    for one in found:
        first.setdefault(one.customer_id, one)
    return [one for one in first.values() if one.pk not in shared]


def _scored(found: Sequence[Application], *, now: datetime) -> Iterator[Case]:
    """Yield the applications that a model scored, each with what is known of it."""
    lenders: dict[tuple[uuid.UUID, str], list[Application]] = {}
    for one in found:
        key = (one.branch.entity_id, one.product.scoring_segment)
        lenders.setdefault(key, []).append(one)
    for (_entity, segment), alike in lenders.items():
        yield from _scored_alike(alike, segment, now=now)


def _scored_alike(found: Sequence[Application], segment: str, *, now: datetime) -> Iterator[Case]:
    """Yield cases of one segment that one policy judges."""
    try:
        version, model, challenger = assessing.in_force(found[0].branch.entity, segment, now=now)
        facts = [applications.feature_facts(one) for one in found]
        runs = _runs(found, facts, model=model, challenger=challenger, now=now)
    except (ScoringFailed, AssessmentFailed):
        # Each of them goes to people with that as its cause.
        return
    # As late as can be: whoever stops automation waits for us from here on.
    known = zip(books.read_each_for_decision(found), sources.borrowings(found), strict=True)
    for one, fact, run, (book, borrowing) in zip(found, facts, runs, known, strict=True):
        if not isinstance(run, ScoringFailed):
            yield assessing.case_of(
                one, facts=fact, run=run, version=version, known=inputs.Known(book, borrowing)
            )


def _runs(
    found: Sequence[Application],
    facts: Sequence[features.Facts],
    *,
    model: ModelVersion,
    challenger: Placement | None,
    now: datetime,
) -> list[ScoreRun | ScoringFailed]:
    """Return the run of each application by the model of its arm, or why there is none.

    Whom a challenger cannot score is decided alone, and there the champion scores.
    """
    rows = [features.build(one) for one in facts]
    if challenger is None:
        return scoring.score_all(subjects=found, features=rows, model=model, now=now)
    subjects = [audit.reference(one) for one in found]
    draws = scoring.draw_each(subjects, placement=challenger, now=now)
    runs: dict[int, ScoreRun | ScoringFailed] = {}
    for arm, scored_by in (("champion", model), ("challenger", challenger.model)):
        places = [place for place, draw in enumerate(draws) if draw.arm == arm]
        answers = scoring.score_all(
            subjects=[found[place] for place in places],
            features=[rows[place] for place in places],
            model=scored_by,
            now=now,
        )
        runs |= dict(zip(places, answers, strict=True))
    for place, draw in enumerate(draws):
        run = runs[place]
        if not isinstance(run, ScoringFailed):
            draw.run = run
    return [runs[place] for place in range(len(found))]


def _judged(cases: Iterator[Case], *, now: datetime) -> Iterator[Made]:
    """Yield the decisions that could be made, each with its letter."""
    for case in cases:
        try:
            decision, changes = assessing.judged(case, now=now)
            recording.complete(case.judge.application, decision)
            letter = None
            if decision.outcome != "refer":
                letter = lettering.compose(
                    application=case.judge.application, decision=decision, changes=changes
                )
        except AssessmentFailed:
            # It is decided alone, and then says so.
            continue
        yield Made(decision, letter)
