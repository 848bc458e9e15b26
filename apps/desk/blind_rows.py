"""What can be asked about blind samples: which decisions are sampled, who may judge which."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.functions import Now

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.applications.models import Application
from apps.decisions import independence
from apps.decisions.models import Decision
from apps.desk import agreement, policies, sampling
from apps.desk.lifecycle import BLIND_OPEN
from apps.desk.models import BlindSample, SamplingShare

# From the moment a decision is made until the sweep has sampled it, its outcome is withheld too.
# What an outage kept from being sampled for longer is open by then, and never sampled: who has seen
# an outcome cannot judge blindly.
SAMPLED_WITHIN = timedelta(hours=6)
# What apps above keep out of the sample: querysets of one column, the keys of applications.
_left_out: list[Callable[[], QuerySet[Any, Any]]] = []
_JUDGED = ("agreed", "disagreed", "followed_up")


class Place(Func):
    """`sampling.place` in SQL."""

    template = (
        "('x' || substr(encode(sha256(convert_to("
        f"'{sampling.SEED}' || (%(expressions)s)::text, 'UTF8')), 'hex'), 1, 8))::bit(32)::bigint"
    )
    output_field = BigIntegerField()


def leave_out(source: Callable[[], QuerySet[Any, Any]]) -> None:
    """Never sample the applications that `source()` holds: people look at their outcome already."""
    if source not in _left_out:
        _left_out.append(source)


def chosen(since: Any) -> QuerySet[Decision]:
    """Return the decisions from a moment on that the lenders' shares sample.

    Only what a machine approved or declined, and only the first and so far only decision on an
    application: of an earlier one people know the outcome. `row` is the key of the share's row.
    """
    machine = Decision.objects.filter(
        kind=Decision.Kind.AUTOMATED,
        outcome__in=["approve", "decline"],
        number=1,
        decided_at__gte=since,
    )
    for source in _left_out:
        machine = machine.exclude(application__in=source())
    again = Decision.objects.filter(application=OuterRef("application"), number__gt=1)
    placed = machine.annotate(place=Place(F("pk")))
    rows = placed.annotate(row=Subquery(_rows().values("pk")[:1], output_field=UUIDField()))
    return rows.filter(~Exists(again), row__isnull=False)


def _rows() -> QuerySet[SamplingShare]:
    """Return the row that samples the decision of the outer query, where one does."""
    own = SamplingShare.objects.standing().filter(
        product=OuterRef(OuterRef("application__product")),
        entered_at__lte=OuterRef(OuterRef("decided_at")),
    )
    below = ExpressionWrapper(
        F("share") * Value(sampling.SCALE), DecimalField(max_digits=20, decimal_places=4)
    )
    return (
        SamplingShare.objects.standing()
        .filter(
            entity=OuterRef("application__branch__entity"),
            entered_at__lte=OuterRef("decided_at"),
        )
        .filter(
            Q(product=OuterRef("application__product")) | Q(product__isnull=True) & ~Exists(own)
        )
        .annotate(below=below)
        .filter(below__gt=OuterRef("place"))
    )


def withheld(actor: User) -> list[QuerySet[Any, Any]]:
    """Return the applications whose outcome a reviewer may not see, while a sample is open.

    From everybody who could be given it, not only from who holds it: who has seen an outcome
    cannot judge blindly. Who took part in the application knows it and is never given it.
    """
    if not policies.reviews_blindly(actor):
        return []
    took_part = Q(application__submitted_by=actor) | Q(application__taken_by=actor)
    samples = BlindSample.objects.filter(status__in=BLIND_OPEN).exclude(took_part)
    return [
        samples.filter(~Exists(_recused(actor))).values("application_id"),
        _coming(*_left_out).exclude(took_part).values("application_id"),
    ]


@cache
def _coming(*_sources: Callable[[], QuerySet[Any, Any]]) -> QuerySet[Decision]:
    """Return what the sweep has not sampled yet: put together once, as every page asks for it."""
    return chosen(Now() - SAMPLED_WITHIN).filter(~Exists(_sampled()))


def _sampled() -> QuerySet[BlindSample]:
    return BlindSample.objects.filter(decision=OuterRef("pk"))


def _recused(actor: User) -> Any:
    return BlindSample.objects.filter(pk=OuterRef("pk"), recusals__person=actor)


def unsampled(now: datetime) -> QuerySet[Decision]:
    """Return what the sweep is to sample, oldest first: only what was withheld ever since."""
    rows = chosen(now - SAMPLED_WITHIN).filter(~Exists(_sampled()))
    return rows.order_by("decided_at", "pk")


def offered(actor: User) -> QuerySet[BlindSample]:
    """Return the samples that wait and that a person may be given, oldest first."""
    if not policies.reviews_blindly(actor):
        return BlindSample.objects.none()
    return (
        BlindSample.objects.filter(status="waiting")
        .filter(accounts.in_reach(actor, branch_field="application__branch_id"))
        .exclude(Q(application__submitted_by=actor) | Q(application__taken_by=actor))
        .filter(~Exists(_recused(actor)))
        .exclude(application__in=independence.connected_applications(actor).values("pk"))
        .order_by("sampled_at", "pk")
    )


def held(actor: User, *, now: datetime) -> BlindSample | None:
    """Return the sample a person works on, or None."""
    return BlindSample.objects.filter(
        status="claimed", claimed_by=actor, claim_until__gt=now, lapses_at__gt=now
    ).first()


def application_of(sample: BlindSample) -> Application:
    """Return the application of a sample with what the blind page shows, though it is withheld."""
    return (
        Application.objects.select_related(
            "branch__entity",
            "customer__entity",
            "product__entity",
            "employment",
            "bureau_report",
            "taken_by",
            "submitted_by",
        )
        .prefetch_related("collaterals", "guarantors__customer")
        .get(pk=sample.application_id)
    )


def own(actor: User) -> QuerySet[BlindSample]:
    """Return what a person judged blindly, newest first."""
    rows = BlindSample.objects.visible_to(actor).filter(reviewed_by=actor)
    return rows.select_related("application", "decision")


def disagreements(actor: User, *, answered: bool = False) -> QuerySet[BlindSample]:
    """Return where a person and the machine disagree: what nobody has looked at yet, or the rest.

    Ordered by the caller, who pages them.
    """
    states = ["followed_up"] if answered else ["disagreed"]
    return (
        BlindSample.objects.visible_to(actor)
        .filter(status__in=states)
        .select_related(
            "application__product",
            "application__branch",
            "decision",
            "reviewed_by",
            "followed_by",
        )
    )


def waiting_count(actor: User) -> int:
    """Return how many samples wait for the person: to be judged, or to be looked at."""
    if actor.has_perm(policies.FOLLOW_BLIND):
        return disagreements(actor).count()
    return offered(actor).count()


def shares(actor: User, *, ended: bool = False) -> QuerySet[SamplingShare]:
    """Return the rows of the person's lenders."""
    rows = SamplingShare.objects.visible_to(actor).filter(ended_at__isnull=not ended)
    by = ("-ended_at", "pk") if ended else ("entity__name", "product__name", "pk")
    return rows.select_related("entity", "product", "entered_by", "ended_by").order_by(*by)


def pairs_by(rows: QuerySet[BlindSample], *columns: str) -> dict[tuple[Any, ...], agreement.Pairs]:
    """Return the pairs of verdicts of judged samples, by some columns: one query."""
    judged = rows.filter(status__in=_JUDGED)
    counts = judged.order_by().values_list(*columns, "decision__outcome", "verdict")
    found: dict[tuple[Any, ...], list[tuple[str, str, int]]] = {}
    for *key, machine, person, n in counts.annotate(n=Count("pk")):
        found.setdefault(tuple(key), []).append((machine, person, n))
    return {key: agreement.counted(verdicts) for key, verdicts in found.items()}
