"""Which past applications an experiment decides anew, and what is known of each.

Those a machine scored are read as they stood when it decided: its inputs, features and PD. One
that was asked for anew counts once, as it was last decided by a machine, for its facts are those
of that day. Those of an imported tape nobody decided here; their features and inputs are formed
from the facts the tape brought. What came in after the experiment was asked for is left out, so
that the same question finds the same applications. Rows are read in chunks by key, as values, so
that memory stays flat and a run that broke off goes on where it stopped.
"""

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from apps.applications import affordability
from apps.applications import selectors as applications
from apps.applications.affordability import Means
from apps.applications.models import Application
from apps.decisions.models import Decision
from apps.decisions.policy_inputs import Value
from apps.laboratory import imported
from apps.laboratory.models import Experiment
from apps.laboratory.money_results import Ended
from apps.products import pricing

CHUNK = 5_000
# What the price moves, beside the amount that an experiment leaves as it was.
MOVED_BY_RATE = ("dti", "foir", "pay_committed")
_ASSESSED = {
    "decision_id": "assessed__pk",
    "decided_amount": "assessed__amount",
    "decided_term": "assessed__term_months",
    "decided_rate": "assessed__annual_rate",
    "inputs": "assessed__inputs",
    "features": "assessed__score_run__features",
    "pd": "assessed__score_run__pd",
    "scored_by": "assessed__score_run__model_id",
}
_LOAN = {
    "principal": "loan__principal",
    "loan_rate": "loan__annual_rate",
    "loan_term": "loan__term_months",
    "disbursed_date": "loan__disbursed_date",
    "defaulted": "loan__outcome__defaulted",
    "total_paid": "loan__outcome__total_paid",
    "recovery_cost": "loan__outcome__recovery_cost",
    "last_payment_date": "loan__outcome__last_payment_date",
}
_OWN = {
    "pk": "pk",
    "product_id": "product_id",
    "product": "product__code",
    "schedule": "product__schedule",
    "frequency": "product__conditions__frequency",
    "step_every": "product__conditions__step_every",
    "step_factor": "product__conditions__step_factor",
    "segment": "product__scoring_segment",
    "currency": "currency",
    "amount": "amount",
    "term_months": "term_months",
    "annual_rate": "annual_rate",
    "obligations": "obligations_monthly",
    "gross": "employment__gross_annual_income",
    "net": "employment__net_monthly_income",
    "basic": "employment__basic_monthly_pay",
}
# `KT` does not follow a filtered relation.
_STORED_ADDON = KeyTextTransform("rate_addon", KeyTransform("band", "assessed__trace"))
_COLUMNS = {**_OWN, **_ASSESSED, **_LOAN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One past application as it was asked for, with what was known then.

    `listed_rate` is the price before any add-on, `rate` the one at which the ratios among
    `inputs` were formed. `pd` and `scored_by` say what which model gave then, if any did. `ended`
    is the loan that came of it, if one did and has ended.
    """

    key: uuid.UUID
    decision_id: uuid.UUID | None
    product_id: uuid.UUID
    product: str
    repaid: pricing.Repaid
    segment: str
    currency: str
    amount: Decimal
    term_months: int
    listed_rate: Decimal
    rate: Decimal
    inputs: Mapping[str, Any]
    features: Mapping[str, Any]
    pd: float | None
    scored_by: uuid.UUID | None
    obligations: Decimal | None
    gross: Decimal | None
    net: Decimal | None
    basic: Decimal | None
    ended: Ended | None

    def ratios_at(self, rate: Decimal) -> dict[str, Decimal | None]:
        """Return the ratios that depend on the price, at another one, from the frozen facts."""
        burden = Means(
            amount=self.amount,
            instalment=pricing.asked_payment(
                self.amount, rate, self.term_months, self.currency, repaid=self.repaid
            ),
            gross_annual_income=self.gross,
            net_monthly_income=self.net,
            basic_monthly_pay=self.basic,
            obligations_monthly=self.obligations,
        )
        found = affordability.assess(burden, currency=self.currency)
        return {one.code: one.value for one in found.ratios if one.code in MOVED_BY_RATE}


def of_experiment(experiment: Experiment) -> QuerySet[Application]:
    """Return the applications an experiment decides anew, by key."""
    scored = Q(assessed__score_run__isnull=False)
    return _asked_for(experiment).filter(scored | _on_tape(experiment, knows=True)).order_by("pk")


def left_out(experiment: Experiment) -> int:
    """Return how many of the period there is nothing to decide by.

    No model could score them when a machine decided, or their tape says nothing of income.
    """
    never_scored = Q(assessed__isnull=False) & (
        ~Q(channel=Application.Channel.TAPE) | Q(employment__isnull=True)
    )
    lacking = Q(assessed__score_run__isnull=True) & (
        never_scored | _on_tape(experiment, knows=False)
    )
    return _asked_for(experiment).filter(lacking).count()


def _asked_for(experiment: Experiment) -> QuerySet[Application]:
    """Return the applications of the period, each with the machine's decision on its facts."""
    assessed = Q(
        decisions__kind=Decision.Kind.AUTOMATED,
        # An earlier one was on what was asked for before, on other facts.
        decisions__decided_at__gte=F("submitted_at"),
        decisions__decided_at__lte=experiment.asked_at,
    )
    return Application.objects.annotate(
        assessed=FilteredRelation("decisions", condition=assessed)
    ).filter(
        product__entity=experiment.entity_id,
        product__code__in=experiment.products,
        currency=experiment.currency,
        applied_date__gte=experiment.from_date,
        applied_date__lt=experiment.to_date,
    )


def _on_tape(experiment: Experiment, *, knows: bool) -> Q:
    """Return the condition that a tape brought it in time, and whether it knows of an income."""
    return Q(
        channel=Application.Channel.TAPE,
        employment__isnull=not knows,
        created_at__lte=experiment.asked_at,
    )


def chunk(experiment: Experiment, *, after: uuid.UUID | None, size: int = CHUNK) -> list[Past]:
    """Return the next applications after a key, or the first ones; none when all were read."""
    found = of_experiment(experiment)
    if after is not None:
        found = found.filter(pk__gt=after)
    return _read(found, most=size)


def of_decisions(keys: Collection[uuid.UUID], *, entity_id: uuid.UUID) -> list[Past]:
    """Return the applications of a lender as they stood when a machine made these decisions."""
    assessed = Q(decisions__pk__in=list(keys), decisions__kind=Decision.Kind.AUTOMATED)
    found = Application.objects.annotate(
        assessed=FilteredRelation("decisions", condition=assessed)
    ).filter(assessed__isnull=False, product__entity=entity_id)
    return _read(found.order_by("pk"), most=len(keys))


def _read(found: QuerySet[Application], *, most: int) -> list[Past]:
    rows = found.annotate(addon=_STORED_ADDON).values_list(*_COLUMNS.values(), "addon")[:most]
    names = (*_COLUMNS, "addon")
    read = [dict(zip(names, row, strict=True)) for row in rows]
    unscored = [row["pk"] for row in read if row["scored_by"] is None]
    features, inputs = _formed(unscored)
    return [
        _past(row, features[row["pk"]], inputs[row["pk"]])
        if row["scored_by"] is None
        else _past(row, row["features"], row["inputs"])
        for row in read
    ]


def digest(so_far: str, rows: Sequence[Past]) -> str:
    """Return the digest of all that was read, chunk after chunk, into which `rows` came last."""
    found = hashlib.sha256(so_far.encode())
    for row in rows:
        found.update(_canonical(row))
    return found.hexdigest()


def _formed(
    keys: Sequence[uuid.UUID],
) -> tuple[dict[uuid.UUID, Mapping[str, Any]], dict[uuid.UUID, dict[str, Value]]]:
    """Return features and inputs of applications nobody decided here."""
    if not keys:
        return {}, {}
    rows = applications.feature_rows(Application.objects.filter(pk__in=keys))
    return dict(rows), imported.of_applications(keys)


def _past(row: Mapping[str, Any], features: Mapping[str, Any], inputs: Mapping[str, Any]) -> Past:
    is_decided = row["scored_by"] is not None
    rate = row["decided_rate"] if is_decided else row["annual_rate"]
    return Past(
        key=row["pk"],
        decision_id=row["decision_id"] if is_decided else None,
        product_id=row["product_id"],
        product=row["product"],
        repaid=pricing.repaid(
            row["schedule"],
            frequency=row["frequency"],
            every=row["step_every"],
            factor=row["step_factor"],
        ),
        segment=row["segment"],
        currency=row["currency"],
        amount=row["decided_amount"] if is_decided else row["amount"],
        term_months=row["decided_term"] if is_decided else row["term_months"],
        listed_rate=rate - Decimal(row["addon"] or 0) if is_decided else rate,
        rate=rate,
        inputs=inputs,
        features=features,
        pd=row["pd"],
        scored_by=row["scored_by"],
        obligations=row["obligations"],
        gross=row["gross"],
        net=row["net"],
        basic=row["basic"],
        ended=_ended(row),
    )


def _ended(row: Mapping[str, Any]) -> Ended | None:
    if row["defaulted"] is None:
        return None
    return Ended(
        principal=row["principal"],
        annual_rate=row["loan_rate"],
        term_months=row["loan_term"],
        disbursed_date=row["disbursed_date"],
        defaulted=row["defaulted"],
        total_paid=row["total_paid"],
        recovery_cost=row["recovery_cost"],
        last_payment_date=row["last_payment_date"],
    )


def _canonical(row: Past) -> bytes:
    """Return everything of a row that can change a result, in one fixed form."""
    ended, steps = row.ended, row.repaid.steps
    values: list[Any] = [
        *(row.key, row.decision_id, row.amount, row.term_months, row.listed_rate, row.rate),
        *(row.pd, row.scored_by, row.obligations, row.gross, row.net, row.basic),
        *(row.inputs, row.features),
        None if ended is None else [getattr(ended, name) for name in ended.__dataclass_fields__],
        # Nothing where there are none: what was read before there were any keeps its digest.
        *(() if steps is None else (steps.every, steps.factor, steps.a_year)),
    ]
    return json.dumps(values, default=str, separators=(",", ":")).encode() + b"\n"
