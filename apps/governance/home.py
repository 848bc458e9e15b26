"""Models on the start page: promotions that wait, trainings, and how the champions stand."""

from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.home import HALF, Backlog, Beginning, Context, Panel, Waiting, Work, register
from apps.governance import policies, selectors, trial_policies, trials
from apps.governance.lifecycle import OPEN, PENDING
from apps.governance.models import (
    Finding,
    GateSet,
    Promotion,
    ReportRequest,
    TrainingRequest,
    TrainingRun,
)
from apps.scoring import selectors as scoring

ROWS = 8


def validations(actor: User) -> QuerySet[Promotion]:
    """Return the promotions whose model the person may validate: none of their own."""
    return _others(actor, Promotion.objects.filter(status="proposed"))


def promotions(actor: User) -> QuerySet[Promotion]:
    """Return the validated promotions that the person may decide on: none of their own."""
    waiting = Promotion.objects.filter(status="validated").exclude(validated_by=actor)
    waiting = waiting.exclude(exceptions__granted_by=actor)
    return _others(actor, waiting)


def gates(actor: User) -> QuerySet[GateSet]:
    """Return the gates that another person proposes."""
    return GateSet.objects.filter(status="proposed").exclude(proposed_by=actor)


def overdue(now: datetime) -> QuerySet[Finding]:
    """Return the findings that were to be put right before today, the oldest first."""
    return Finding.objects.filter(status="open", due_on__lt=now.date()).order_by("due_on")


def lapsed(now: datetime) -> list[Promotion]:
    """Return the promotions of deciding models whose condition or exception has ended.

    The champion goes on deciding; people renew the approval, put it right, or replace the model.
    Of a model that was promoted twice the later promotion counts.
    """
    in_force = Promotion.objects.filter(status="in_force", model__status="champion")
    newest = in_force.order_by("model_id", "-in_force_at").distinct("model_id")
    rows = newest.select_related("model").defer("model__body", "model__manifest")
    return [one for one in rows if selectors.has_lapsed(one, now.date())]


def stuck() -> QuerySet[Promotion]:
    """Return the approved promotions that could not be put in force."""
    return Promotion.objects.filter(status="approved").exclude(failure="")


def _others(actor: User, waiting: QuerySet[Promotion]) -> QuerySet[Promotion]:
    own = Q(proposed_by=actor) | Q(model__developed_by=actor) | Q(owner=actor)
    own |= Q(model__in=selectors.owned_models(actor))
    rows = waiting.exclude(pk__in=waiting.filter(own).values("pk"))
    chosen = rows.select_related("model", "proposed_by").defer("model__body", "model__manifest")
    return chosen.order_by("proposed_at")


def to_validate(actor: User, _now: datetime) -> Context:
    """Return the models that wait for the person's validation."""
    return {"promotions": validations(actor)[:ROWS]}


def approvals(actor: User, _now: datetime) -> Context:
    """Return the promotions that wait for the person."""
    return {"promotions": promotions(actor)[:ROWS]}


def warnings(_actor: User, now: datetime) -> Context | None:
    """Return what has lapsed, is late or is stuck; None where nothing is."""
    found = {"lapsed": lapsed(now), "overdue": list(overdue(now)[:ROWS]), "stuck": list(stuck())}
    return found if any(found.values()) else None


def trainings(_actor: User, _now: datetime) -> Context:
    """Return the newest trainings, what is asked of workers, and how many promotions are asked."""
    runs = TrainingRun.objects.select_related("model", "started_by").defer(
        "model__body", "model__manifest"
    )
    return {
        "runs": runs.order_by("-trained_at")[:ROWS],
        "requests": selectors.newest_requests(),
        "proposed": Promotion.objects.filter(status__in=OPEN).count(),
    }


def champions(_actor: User, _now: datetime) -> Context:
    """Return the models that decide now."""
    return {"champions": scoring.champions()}


def _measuring() -> Backlog:
    rows = ReportRequest.objects.filter(status__in=PENDING).order_by()
    found = rows.aggregate(number=Count("pk"), oldest=Min("requested_at"))
    return Backlog(found["number"], found["oldest"])


def _pending() -> Backlog:
    rows = TrainingRequest.objects.filter(status__in=PENDING).order_by()
    found = rows.aggregate(number=Count("pk"), oldest=Min("requested_at"))
    return Backlog(found["number"], found["oldest"])


register(
    Work(
        name="governance.trainings",
        label=_("Trainings"),
        order=40,
        backlog=_pending,
        patience=240,
    ),
    Work(
        name="governance.reports",
        label=_("Validation reports"),
        order=41,
        backlog=_measuring,
        patience=240,
    ),
    Waiting(
        name="governance.validations",
        label=_("Models to validate"),
        icon="shield-check",
        order=8,
        rights=(policies.VALIDATE,),
        count=lambda actor, _now: validations(actor).count(),
        url_name="governance:promotions",
    ),
    Waiting(
        name="governance.gates",
        label=_("Gates for models to answer"),
        icon="sliders-horizontal",
        order=10,
        rights=(policies.APPROVE_GATES,),
        count=lambda actor, _now: gates(actor).count(),
        url_name="governance:gates",
    ),
    Waiting(
        name="governance.findings",
        label=_("Findings on models that are late"),
        icon="alarm-clock",
        order=11,
        rights=(policies.VALIDATE, policies.APPROVE, policies.TRAIN),
        count=lambda _actor, now: overdue(now).count(),
        url_name="governance:findings",
        pressing=True,
    ),
    Waiting(
        name="governance.lapsed",
        label=_("Approvals of deciding models that have ended"),
        icon="hourglass",
        order=12,
        rights=(policies.VALIDATE, policies.APPROVE, policies.TRAIN),
        count=lambda _actor, now: len(lapsed(now)),
        url_name="governance:promotions",
        pressing=True,
    ),
    Waiting(
        name="governance.promotions",
        label=_("Promotions of models to answer"),
        icon="clipboard-check",
        order=9,
        rights=(policies.APPROVE,),
        count=lambda actor, _now: promotions(actor).count(),
        url_name="governance:promotions",
    ),
    Waiting(
        name="governance.trials",
        label=_("Trials of models to answer"),
        icon="layers",
        order=10,
        rights=(trial_policies.APPROVE,),
        count=lambda actor, _now: (
            trials.waiting_trials(actor).count() + trials.waiting_shares(actor).count()
        ),
        url_name="governance:trials",
    ),
    Waiting(
        name="governance.incidents",
        label=_("Tried models that could not score"),
        icon="octagon-alert",
        order=10,
        rights=(trial_policies.STOP,),
        count=lambda _actor, _now: trials.incidents().count(),
        url_name="governance:trials",
        pressing=True,
    ),
    Beginning(
        name="governance.train",
        label=_("Train a model"),
        url_name="governance:train",
        icon="play",
        order=20,
        rights=(policies.TRAIN,),
        key="t",
    ),
    Panel(
        name="governance.warnings",
        template="governance/_home_warnings.html",
        order=7,
        rights=(policies.VALIDATE, policies.APPROVE, policies.TRAIN),
        gather=warnings,
    ),
    Panel(
        name="governance.validations",
        template="governance/_home_validations.html",
        order=8,
        rights=(policies.VALIDATE,),
        gather=to_validate,
    ),
    Panel(
        name="governance.promotions",
        template="governance/_home_promotions.html",
        order=9,
        rights=(policies.APPROVE,),
        gather=approvals,
    ),
    Panel(
        name="governance.trainings",
        template="governance/_home_trainings.html",
        order=30,
        rights=(policies.TRAIN,),
        gather=trainings,
        width=HALF,
    ),
    Panel(
        name="governance.champions",
        template="governance/_home_champions.html",
        order=31,
        rights=(policies.TRAIN, policies.VALIDATE, policies.APPROVE),
        gather=champions,
        width=HALF,
    ),
)
