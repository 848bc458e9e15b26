"""Verdicts over the API: decide a case one holds, sign another's verdict, or send it back."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.decisions import policies, services
from apps.decisions.lifecycle import LIFECYCLE
from apps.decisions.models import ListedReason, ReviewCase

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAGS = ["review"]


class VerdictIn(Strict):
    """A verdict: codes of the managed list, among them why it departs from the recommendation."""

    outcome = serializers.ChoiceField(choices=ListedReason.Verdict.choices)
    codes = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1)
    note = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)
    amount = serializers.DecimalField(
        max_digits=18, decimal_places=2, required=False, help_text="For a counter-offer."
    )
    term_months = serializers.IntegerField(min_value=1, max_value=480, required=False)


class SignIn(Strict):
    """Which verdict is signed: the case's version as it was read."""

    version = serializers.CharField(max_length=40)


class SendBackIn(SignIn):
    """Why a second person does not agree."""

    note = serializers.CharField(max_length=2_000)


class VerdictOut(serializers.Serializer[Any]):
    """A case with the verdict that stands or waits for a second signature."""

    id = serializers.UUIDField()
    application = serializers.UUIDField(source="application_id")
    state = serializers.ChoiceField(source="status", choices=LIFECYCLE.states)
    verdict = serializers.CharField()
    codes = serializers.ListField(source="verdict_codes", child=serializers.CharField())
    amount = serializers.DecimalField(
        source="verdict_amount", max_digits=18, decimal_places=2, allow_null=True
    )
    term_months = serializers.IntegerField(source="verdict_term_months", allow_null=True)
    given_by = serializers.UUIDField(source="verdict_by_id", allow_null=True)
    version = serializers.CharField(help_text="Send it along when you sign.")


class Decide(APIView):
    """Decide a case one holds."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_decide",
        request=VerdictIn,
        responses={200: VerdictOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give a verdict; above your limit it waits for a second person. Safe to send twice."""
        given = _given(VerdictIn, request)
        verdict = services.Verdict(**{**given, "codes": tuple(given["codes"])})
        found = services.decide(
            actor=request.user, case=_case(request, pk), verdict=verdict, now=timezone.now()
        )
        return _answer(found)


class Countersign(APIView):
    """Sign another person's verdict."""

    required_permission = policies.COUNTERSIGN

    @extend_schema(
        operation_id="review_countersign",
        request=SignIn,
        responses={200: VerdictOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Sign; the decision then stands."""
        found = services.countersign(
            actor=request.user,
            case=_case(request, pk),
            now=timezone.now(),
            **_given(SignIn, request),
        )
        return _answer(found)


class SendBack(APIView):
    """Disagree with another person's verdict."""

    required_permission = policies.COUNTERSIGN

    @extend_schema(
        operation_id="review_send_back",
        request=SendBackIn,
        responses={200: VerdictOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Send the case back to the queue, saying why."""
        found = services.send_back(
            actor=request.user,
            case=_case(request, pk),
            now=timezone.now(),
            **_given(SendBackIn, request),
        )
        return _answer(found)


def _given(asked: type[Strict], request: Request) -> dict[str, Any]:
    given = asked(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _case(request: Request, pk: uuid.UUID) -> ReviewCase:
    return get_visible(ReviewCase.objects.all(), request.user, pk=pk)


def _answer(case: ReviewCase) -> Response:
    case.refresh_from_db()
    return Response(VerdictOut(case).data)


urlpatterns = [
    path("review/cases/<uuid:pk>/decide", Decide.as_view(), name="review_decide"),
    path("review/cases/<uuid:pk>/countersign", Countersign.as_view(), name="review_countersign"),
    path("review/cases/<uuid:pk>/send-back", SendBack.as_view(), name="review_send_back"),
]
