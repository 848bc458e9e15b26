"""Put a wrong step right over the API: take one's verdict back, take a decision up anew."""

import uuid

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.models import Application
from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.decisions import policies as decisions_policies
from apps.decisions import services as cases
from apps.decisions.models import ReviewCase
from apps.desk import policies, serializers
from apps.desk.services.working import LONGEST_TEXT

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAGS = ["review"]


class TakeBackIn(Strict):
    """Why a verdict is taken back: the case's version as it was read, and the reason."""

    version = fields.CharField(max_length=40)
    note = fields.CharField(max_length=LONGEST_TEXT)


class ReopenIn(Strict):
    """What was wrong with a decision."""

    note = fields.CharField(max_length=LONGEST_TEXT)
    version = fields.CharField(
        max_length=40,
        required=False,
        default="",
        help_text="Of the application as you read it; left out, nothing is compared.",
    )


class TakeBack(APIView):
    """Take one's own verdict back."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_take_back",
        request=TakeBackIn,
        responses={200: serializers.CaseOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take your verdict back while it waits for a second signature; you hold the case again."""
        case = get_visible(ReviewCase.objects.all(), request.user, pk=pk)
        given = TakeBackIn(data=request.data)
        given.is_valid(raise_exception=True)
        cases.take_back(actor=request.user, case=case, now=timezone.now(), **given.validated_data)
        return _answer(request, pk=pk)


class Reopen(APIView):
    """Take a mistaken decision up anew."""

    required_permission = decisions_policies.REOPEN

    @extend_schema(
        operation_id="review_reopen",
        request=ReopenIn,
        responses={201: serializers.CaseOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Put a decided application back into the queue, where another person decides it.

        What was decided stays on record. The answer is the new case.
        """
        application = get_visible(Application.objects.all(), request.user, pk=pk)
        given = ReopenIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = cases.reopen(
            actor=request.user,
            application=application,
            now=timezone.now(),
            **given.validated_data,
        )
        return _answer(request, status=201, referral=made)


def _answer(request: Request, *, status: int = 200, **which: object) -> Response:
    rows = ReviewCase.objects.select_related("application__product", "application__branch__entity")
    found = get_visible(rows, request.user, **which)
    return Response(serializers.CaseOut(found).data, status=status)


urlpatterns = [
    path("review/cases/<uuid:pk>/take-back", TakeBack.as_view(), name="review_take_back"),
    path("applications/<uuid:pk>/reopen", Reopen.as_view(), name="application_reopen"),
]
