"""The laboratory over the API: ask for experiments, read what they found, try one case."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity, User
from apps.core import dates, keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import selectors as decisions
from apps.decisions import sentences, tracing
from apps.decisions.models import PolicyVersion
from apps.laboratory import listing, policies, presentation, sandbox, sandbox_cases, services
from apps.laboratory import serializers as shapes
from apps.laboratory.models import Experiment
from apps.laboratory.sandbox import Case, Tried
from apps.scoring import explanation
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion

PROBLEMS = {400: Problem, 401: Problem, 403: Problem, 404: Problem}
TAGS = ["laboratory"]


class Experiments(APIView):
    """The experiments of your lenders."""

    required_permission = {"GET": policies.SEE, "POST": policies.RUN}

    @extend_schema(
        operation_id="experiments_list",
        parameters=[shapes.ListIn],
        responses={200: shapes.ExperimentPage, **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """List experiments, the newest first."""
        asked = shapes.ListIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            listing.experiments(request.user),
            by=("-asked_at", "-id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(shapes.ExperimentPage({"results": page.rows, "after": page.after}).data)

    @extend_schema(
        operation_id="experiments_ask",
        request=shapes.ExperimentIn,
        responses={201: shapes.ExperimentWhole, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Ask for an experiment; a worker does it. Read it again until it has ended."""
        given = shapes.ExperimentIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        question = given.question(
            policy=_policy(request.user, asked["policy"]) if "policy" in asked else None,
            model=_model(asked["model"]) if "model" in asked else None,
        )
        made = services.ask(
            actor=request.user,
            entity=_lender(request.user, asked["lender"]),
            question=question,
            now=timezone.now(),
        )
        return Response(shapes.ExperimentWhole(made).data, status=201)


class ExperimentDetail(APIView):
    """One experiment."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="experiments_read",
        responses={200: shapes.ExperimentWhole, **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return an experiment with its results."""
        return Response(shapes.ExperimentWhole(_experiment(request, pk)).data)


class ExperimentCancel(APIView):
    """Stop one experiment."""

    required_permission = policies.RUN

    @extend_schema(
        operation_id="experiments_cancel",
        request=None,
        responses={200: shapes.ExperimentWhole, 409: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop an experiment that waits or runs; what it found so far is not kept."""
        found = services.cancel(
            actor=request.user, experiment=_experiment(request, pk), now=timezone.now()
        )
        return Response(shapes.ExperimentWhole(found).data)


class ExperimentRows(APIView):
    """The applications behind an experiment."""

    required_permission = policies.ROWS

    @extend_schema(
        operation_id="experiments_rows",
        parameters=[shapes.RowsIn],
        responses={200: shapes.RowPage, **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List the applications of a finished experiment; the audit trail notes how many."""
        asked = shapes.RowsIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = services.page(
            actor=request.user,
            experiment=presentation.with_results(_experiment(request, pk)),
            filters=asked.filters(),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(shapes.RowPage({"results": page.rows, "after": page.after}).data)


class Sandbox(APIView):
    """One case against any policy and any model."""

    required_permission = policies.RUN

    @extend_schema(
        operation_id="sandbox_try",
        request=shapes.CaseIn,
        responses={200: shapes.TriedOut, 503: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Return what a policy and a model say of a case; only that it was tried is kept."""
        given = shapes.CaseIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        case = _case(request.user, asked)
        tried = sandbox.try_case(
            actor=request.user,
            case=case,
            version=_policy(request.user, asked["policy"]),
            model=_model(asked["model"])
            if "model" in asked
            else sandbox_cases.champion_of(case.product),
        )
        return Response(shapes.TriedOut(_answer(tried)).data)


def _experiment(request: Request, pk: uuid.UUID) -> Experiment:
    rows = Experiment.objects.select_related("entity", "created_by")
    return get_visible(rows, request.user, pk=pk)


def _lender(actor: User, code: str) -> Entity:
    found = listing.lenders(actor).filter(code=code).first()
    if found is None:
        raise _unknown("lender", _("There is no such lender."))
    return found


def _policy(actor: User, key: uuid.UUID) -> PolicyVersion:
    found = decisions.policy_versions(actor).filter(pk=key).first()
    if found is None:
        raise _unknown("policy", _("There is no such policy."))
    return found


def _model(key: uuid.UUID) -> ModelVersion:
    found = scoring.models().filter(pk=key).first()
    if found is None:
        raise _unknown("model", _("There is no such model."))
    return found


def _unknown(field: str, sentence: str) -> DomainError:
    return DomainError(f"unknown_{field}", sentence, fields={field: sentence})


def _case(actor: User, asked: dict[str, Any]) -> Case:
    if "number" in asked:
        return sandbox_cases.real(actor, asked["number"])
    product = sandbox_cases.product_of(actor, asked["made_up"]["product"])
    today = dates.local_date(timezone.now(), product.entity.time_zone)
    return sandbox_cases.made_up(shapes.typed_case(asked["made_up"]), product, today=today)


def _answer(tried: Tried) -> dict[str, Any]:
    currency, run = tried.case.product.currency, tried.run
    return {
        "outcome": tried.trace.outcome,
        "pd": run.pd,
        "score": run.score,
        "model": run.model_id,
        "policy": tried.version.pk,
        "annual_rate": tried.annual_rate,
        "instalment": tried.affordability.instalment,
        "currency": currency,
        "trace": tracing.to_json(tried.trace),
        "reasons": [
            {"code": one.code, "sentence": sentences.reason(one, currency=currency)}
            for one in tried.reasons
        ],
        "has_no_reason": tried.has_no_reason,
        "factors": explanation.of_values(run.model, run.features, run.attributions),
    }


urlpatterns = [
    path("experiments", Experiments.as_view(), name="experiments"),
    path("experiments/<uuid:pk>", ExperimentDetail.as_view(), name="experiment"),
    path("experiments/<uuid:pk>/cancel", ExperimentCancel.as_view(), name="experiment_cancel"),
    path("experiments/<uuid:pk>/applications", ExperimentRows.as_view(), name="experiment_rows"),
    path("sandbox", Sandbox.as_view(), name="sandbox"),
]
