"""Decisions over the API: decide at once, and read what was decided with its reasons."""

import contextlib
import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.applications.hooks import ReadExtra
from apps.applications.models import Application
from apps.core import withheld
from apps.core.api import APIView, Problem
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.decisions import (
    automation_api,
    paper_api,
    policy_api,
    reason_api,
    review_api,
    selectors,
    sentences,
    services,
    terms_api,
    what_if_api,
)
from apps.decisions.models import Decision, Outcome


class DecisionReason(serializers.Serializer[Any]):
    """One principal reason: its code, and the sentence an applicant reads."""

    code = serializers.CharField()
    sentence = serializers.CharField()


class DecisionScore(serializers.Serializer[Any]):
    """The score behind a decision and the model that gave it."""

    pd = serializers.FloatField()
    score = serializers.IntegerField()
    model_sha256 = serializers.CharField()


class DecisionAnswer(serializers.Serializer[Any]):
    """One decision on an application."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Decision.Kind.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    failure = serializers.CharField(help_text="Why no machine could decide; empty otherwise.")
    reasons = DecisionReason(many=True)
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    term_months = serializers.IntegerField()
    annual_rate = serializers.DecimalField(max_digits=7, decimal_places=6)
    score = DecisionScore(allow_null=True)
    policy_version = serializers.IntegerField(allow_null=True)
    letter = serializers.UUIDField(allow_null=True)
    decided_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Until when an approval can be lent under or a counter-offer taken up.",
    )


def answer(decision: Decision, *, currency: str) -> dict[str, Any]:
    """Return a decision as the API shows it, reasons in the active language."""
    run = decision.score_run
    texts = sentences.reasons(decision.reasons, currency=currency)
    values = {
        "id": decision.pk,
        "number": decision.number,
        "kind": decision.kind,
        "outcome": decision.outcome,
        "failure": decision.failure,
        "reasons": [
            {"code": stored["code"], "sentence": text}
            for stored, text in zip(decision.reasons, texts, strict=True)
        ],
        "amount": decision.amount,
        "term_months": decision.term_months,
        "annual_rate": decision.annual_rate,
        "score": None
        if run is None
        else {"pd": run.pd, "score": run.score, "model_sha256": run.model_sha256},
        "policy_version": None if decision.policy is None else decision.policy.number,
        "letter": decision.letter_id,
        "decided_at": decision.decided_at,
        "valid_until": decision.valid_until,
    }
    return dict(_ANSWER.to_representation(values))


# One for all answers: making its fields anew takes longer than writing one.
_ANSWER = DecisionAnswer()


def _read(application: Application, actor: User) -> dict[str, Any] | None:  # noqa: ARG001 - the shape of the hook
    decision = selectors.latest(application)
    return None if decision is None else answer(decision, currency=application.currency)


READ_EXTRA = ReadExtra(
    read=_read,
    serializer=DecisionAnswer(
        allow_null=True, read_only=True, help_text="The latest decision, or null."
    ),
)


def _application(request: Request, pk: uuid.UUID) -> Application:
    """Return an application the caller may see, without what the service reads under its lock."""
    return get_visible(Application.objects.only("status", "currency"), request.user, pk=pk)


def _assessed(request: Request, pk: uuid.UUID) -> Decision:
    """Return the decision on an application the caller may see; it comes with all it rests on.

    Where nothing is withheld from a person, one of the own branch is visible; asking for that
    first spares the queries for grants.
    """
    user, now = request.user, timezone.now()
    if not withheld.concerns(user):
        with contextlib.suppress(NotVisible):
            return services.assess(application_id=pk, actor=user, now=now, branch_id=user.branch_id)
    application = _application(request, pk)
    return services.assess(application_id=application.pk, actor=user, now=now)


class Decide(APIView):
    """Assess a submitted application now instead of waiting for the worker."""

    required_permission = "applications.take_application"

    @extend_schema(
        operation_id="applications_decide",
        request=None,
        responses={200: DecisionAnswer, 401: Problem, 403: Problem, 404: Problem, 409: Problem},
        tags=["decisions"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the decision; one that stands already is returned as it is."""
        decision = _assessed(request, pk)
        return Response(answer(decision, currency=decision.application.currency))


class ReadDecision(APIView):
    """The latest decision on an application."""

    required_permission = "applications.view_application"

    @extend_schema(
        operation_id="applications_decision",
        responses={200: DecisionAnswer, 401: Problem, 403: Problem, 404: Problem},
        tags=["decisions"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the latest decision with its reasons; 404 while there is none."""
        application = _application(request, pk)
        decision = selectors.latest(application)
        if decision is None:
            raise NotVisible("not_decided", _("This application has not been decided yet."))
        return Response(answer(decision, currency=application.currency))


urlpatterns = [
    path("applications/<uuid:pk>/decide", Decide.as_view(), name="application_decide"),
    path("applications/<uuid:pk>/decision", ReadDecision.as_view(), name="application_decision"),
    *automation_api.urlpatterns,
    *paper_api.urlpatterns,
    *policy_api.urlpatterns,
    *reason_api.urlpatterns,
    *review_api.urlpatterns,
    *terms_api.urlpatterns,
    *what_if_api.urlpatterns,
]
