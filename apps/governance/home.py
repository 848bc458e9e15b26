"""Models on the start page: promotions that wait, trainings, and how the champions stand."""

from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.home import HALF, Backlog, Beginning, Context, Panel, Waiting, Work, register
from apps.governance import policies, selectors
from apps.governance.lifecycle import PENDING
from apps.governance.models import Promotion, TrainingRequest, TrainingRun
from apps.scoring import selectors as scoring

ROWS = 8


def promotions(actor: User) -> QuerySet[Promotion]:
    """Return the promotions that others ask for, of models that others made."""
    waiting = Promotion.objects.filter(status="proposed")
    others = waiting.exclude(Q(proposed_by=actor) | Q(model__developed_by=actor))
    rows = others.select_related("model", "proposed_by").defer("model__body", "model__manifest")
    return rows.order_by("proposed_at")


def approvals(actor: User, _now: datetime) -> Context:
    """Return the promotions that wait for the person."""
    return {"promotions": promotions(actor)[:ROWS]}


def trainings(_actor: User, _now: datetime) -> Context:
    """Return the newest trainings, what is asked of workers, and how many promotions are asked."""
    runs = TrainingRun.objects.select_related("model", "started_by").defer(
        "model__body", "model__manifest"
    )
    return {
        "runs": runs.order_by("-trained_at")[:ROWS],
        "requests": selectors.newest_requests(),
        "proposed": Promotion.objects.filter(status="proposed").count(),
    }


def champions(_actor: User, _now: datetime) -> Context:
    """Return the models that decide now."""
    return {"champions": scoring.champions()}


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
    Waiting(
        name="governance.promotions",
        label=_("Promotions of models to answer"),
        icon="clipboard-check",
        order=9,
        rights=(policies.APPROVE,),
        count=lambda actor, _now: promotions(actor).count(),
        url_name="governance:promotions",
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
        rights=(policies.TRAIN, policies.APPROVE),
        gather=champions,
        width=HALF,
    ),
)
