"""The papers a case needs, and doing without one, by API."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.models import Application
from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.decisions import checklist, papers, policies, selectors, services
from apps.decisions.services.papering import LONGEST_REASON

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class NeededPaper(serializers.Serializer[Any]):
    """A paper, consent or report that a case needs."""

    code = serializers.CharField()
    name = serializers.SerializerMethodField()
    by = serializers.ChoiceField(
        choices=["law", "product", "policy"], help_text="What asks for it."
    )
    state = serializers.ChoiceField(choices=checklist.STATES)
    day = serializers.DateField(allow_null=True, help_text="Of the newest one on record.")
    holds_up = serializers.BooleanField(
        help_text="Nobody accepts an offer and nothing is lent before it is there or waived."
    )

    def get_name(self, item: Any) -> str:
        """Return what the paper is called."""
        return str(papers.LABELS[item.code])


class WaiverReason(Strict):
    """Why a paper is not needed in this case."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class Waiver(serializers.Serializer[Any]):
    """A paper that the lender does without."""

    id = serializers.UUIDField()
    application = serializers.UUIDField(source="application_id")
    code = serializers.CharField()
    reason = serializers.CharField()
    waived_by = serializers.CharField()
    waived_at = serializers.DateTimeField()


class NeededPapers(APIView):
    """The papers of a case."""

    required_permission = "applications.view_application"

    @extend_schema(
        operation_id="applications_papers",
        responses={200: NeededPaper(many=True), 401: Problem, 403: Problem, 404: Problem},
        tags=["decisions"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what the case needs, what is missing or too old first."""
        rows = Application.objects.select_related("product", "customer", "branch__entity")
        found = get_visible(rows, request.user, pk=pk)
        today = services.local_date(found.branch.entity, timezone.now())
        items = papers.of_case(found, selectors.latest(found), on=today)
        return Response(NeededPaper(items, many=True).data)


class WaivePaper(APIView):
    """One paper that is missing."""

    required_permission = policies.WAIVE_PAPERS

    @extend_schema(
        operation_id="applications_waive_paper",
        request=WaiverReason,
        responses={200: Waiver, **_REFUSALS},
        tags=["decisions"],
    )
    def post(self, request: Request, pk: uuid.UUID, code: str) -> Response:
        """Do without a required paper of this case, for a reason that stays with it."""
        given = WaiverReason(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.waive_paper(
            actor=request.user,
            application=get_visible(Application.objects.all(), request.user, pk=pk),
            code=code,
            reason=given.validated_data["reason"],
            now=timezone.now(),
        )
        return Response(Waiver(made).data)


urlpatterns = [
    path("applications/<uuid:pk>/papers", NeededPapers.as_view(), name="application_papers"),
    path(
        "applications/<uuid:pk>/papers/<slug:code>/waive",
        WaivePaper.as_view(),
        name="application_waive_paper",
    ),
]
