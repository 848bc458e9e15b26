"""Read what past decisions are derived from anew: rows, models, policies, and what was recorded.

Everything is read and checked now, many decisions at a time; nothing a process kept from before
is trusted without its hash being taken again.
"""

import functools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.applications import features
from apps.applications.models import Application
from apps.audit import services as audit
from apps.audit.models import Event
from apps.decisions import policy_document, reason_list, rulebook
from apps.decisions.errors import PolicyUnusable
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.policy import Policy
from apps.decisions.reason_codes import Listed
from apps.scoring import champion
from apps.scoring import services as scoring
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ModelVersion, ScoreRun

_TELLING = (
    "decisions.approved",
    "decisions.declined",
    "decisions.referred",
    "letters.rendered",
    "scoring.scored",
)


@dataclass(frozen=True)
class ModelInUse:
    """A stored model, and why it is not to be trusted; empty where it is."""

    model: ModelVersion
    fault: str


@dataclass(frozen=True)
class PolicyInUse:
    """A stored policy version with the hash its document has now; none where it cannot serve."""

    version: PolicyVersion
    sha256: str
    policy: Policy | None
    fault: str


@dataclass(frozen=True)
class Ground:
    """One stored decision and everything it is derived from anew.

    `scored` is what the model says today, or why it says nothing; None where no model was asked.
    `offered` is what it says of each recommended amount. `noted` holds the facts of the audit
    events, by subject. `listed` is the managed list of reasons, as far as people ever gave them.
    """

    decision: Decision
    product: str
    currency: str
    model: ModelInUse | None
    policy: PolicyInUse | None
    scored: scoring.Rescored | None
    offered: Sequence[float | ScoringFailed]
    noted: Mapping[str, Mapping[str, Any]]
    listed: Listed

    def note(self, thing: Any, name: str) -> str:
        """Return what the audit trail noted of a thing; empty where it noted nothing."""
        return str(self.noted.get(audit.reference(thing), {}).get(name, ""))


@dataclass
class Library:
    """The models and policies of one replay, each read and checked once."""

    _models: dict[uuid.UUID, ModelInUse] = field(default_factory=dict)
    _policies: dict[uuid.UUID, PolicyInUse] = field(default_factory=dict)

    @functools.cached_property
    def reasons(self) -> Listed:
        """Return every reason that was ever on the managed list."""
        return reason_list.ever()

    def model(self, key: uuid.UUID) -> ModelInUse:
        """Return a model with its text."""
        found = self._models.get(key)
        if found is None:
            found = self._models[key] = _model(ModelVersion.objects.get(pk=key))
        return found

    def policy(self, key: uuid.UUID) -> PolicyInUse:
        """Return a policy version, parsed."""
        found = self._policies.get(key)
        if found is None:
            found = self._policies[key] = _policy(PolicyVersion.objects.get(pk=key))
        return found


def read(keys: Sequence[uuid.UUID], *, library: Library) -> list[Ground]:
    """Return the grounds of these decisions, in their order."""
    rows = Decision.objects.select_related("score_run", "letter").in_bulk(keys)
    decisions = [rows[key] for key in keys]
    runs = {one.score_run_id: one.score_run for one in decisions if one.score_run is not None}
    for run in runs.values():
        run.model = library.model(run.model_id).model
    answers = dict(zip(runs, scoring.rescore_all(runs=list(runs.values())), strict=True))
    requested = _requested(one.application_id for one in decisions)
    offered, noted = _offered(decisions), _noted(decisions)
    return [
        Ground(
            one,
            *requested[one.application_id],
            model=None if one.score_run is None else library.model(one.score_run.model_id),
            policy=None if one.policy_id is None else library.policy(one.policy_id),
            scored=answers.get(one.score_run_id),
            offered=offered.get(one.pk, ()),
            noted=noted,
            listed=library.reasons if one.kind == Decision.Kind.HUMAN else {},
        )
        for one in decisions
    ]


def _requested(applications: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    """Return product and currency of applications."""
    rows = Application.objects.filter(pk__in=list(applications))
    return {pk: (code, money) for pk, code, money in rows.values_list(*_REQUEST)}


_REQUEST = ("pk", "product__code", "currency")


def _offered(decisions: Iterable[Decision]) -> dict[uuid.UUID, list[float | ScoringFailed]]:
    """Return what the models say of the amounts recommended, by decision; each asked once.

    People carry a machine's recommendation along, so it is derived with the machine's decision.
    """
    by_model: dict[ModelVersion, list[tuple[uuid.UUID, dict[str, Any]]]] = {}
    for one in decisions:
        if one.score_run is not None and one.kind == Decision.Kind.AUTOMATED:
            rows = by_model.setdefault(one.score_run.model, [])
            rows += [(one.pk, row) for row in _rows(one, one.score_run)]
    found: dict[uuid.UUID, list[float | ScoringFailed]] = {}
    for model, rows in by_model.items():
        for (key, _row), answer in zip(rows, _answers(model, rows), strict=True):
            found.setdefault(key, []).append(answer)
    return found


def _rows(decision: Decision, run: ScoreRun) -> list[dict[str, Any]]:
    """Return the features of every amount recommended; none where the row was made unreadable."""
    try:
        income = decision.inputs["annual_income"] if decision.recommendation else None
        return [
            features.at_request(
                run.features,
                amount=Decimal(offer["amount"]),
                term_months=offer["term_months"],
                gross_annual_income=None if income is None else Decimal(income),
            )
            for offer in decision.recommendation
        ]
    except (LookupError, TypeError, ArithmeticError):
        return []


def _answers(
    model: ModelVersion, rows: Sequence[tuple[uuid.UUID, dict[str, Any]]]
) -> Sequence[float | ScoringFailed]:
    try:
        return scoring.probabilities(model=model, rows=[row for _key, row in rows])
    except ScoringFailed as failure:
        return [failure] * len(rows)


def _noted(decisions: Iterable[Decision]) -> dict[str, dict[str, Any]]:
    """Return the facts recorded when these were decided, scored and written, by subject."""
    subjects = {
        audit.reference(thing)
        for one in decisions
        for thing in (one, one.score_run, one.letter)
        if thing is not None
    }
    # The first event counts: what somebody appends later does not change what was recorded then.
    events = Event.objects.filter(subject__in=subjects, verb__in=_TELLING).order_by("-id")
    return dict(events.values_list("subject", "facts"))


def _model(model: ModelVersion) -> ModelInUse:
    try:
        champion.verified_artefact(model)
    except ScoringFailed as failure:
        return ModelInUse(model, str(failure))
    return ModelInUse(model, "")


def _policy(version: PolicyVersion) -> PolicyInUse:
    sha256 = policy_document.fingerprint(version.document)
    if sha256 != version.sha256:
        return PolicyInUse(version, sha256, None, "")
    try:
        return PolicyInUse(version, sha256, rulebook.policy_of(version), "")
    except PolicyUnusable as failure:
        return PolicyInUse(version, sha256, None, str(failure))
