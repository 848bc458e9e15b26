"""Legal steps on overdue loans over the API."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.collections import policies, selectors, services
from apps.collections.legal import Stage
from apps.core.api import APIView, Strict
from apps.npa.override_api import REFUSED
from apps.servicing.asked import seen, taken

_TAGS = ["collections"]


class LegalIn(Strict):
    """A legal step that was taken."""

    stage = serializers.ChoiceField(choices=[one.value for one in Stage if one != Stage.NONE])
    made_on = serializers.DateField()
    reference = serializers.CharField(
        max_length=80, help_text="Of the court, the lawyer or the post."
    )


class LegalOut(serializers.Serializer[Any]):
    """A legal step, and the stage before it."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    number = serializers.IntegerField()
    before = serializers.CharField()
    stage = serializers.CharField()
    made_on = serializers.DateField()
    reference = serializers.CharField()
    made_by = serializers.UUIDField(source="made_by_id")


class LegalSteps(APIView):
    """The legal steps on a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.LEGAL}

    @extend_schema(
        operation_id="collections_legal_list",
        responses={200: LegalOut(many=True), **REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the legal steps on a loan, the newest first."""
        rows = selectors.legal_steps(seen(request, pk))
        return Response(LegalOut(rows, many=True).data)

    @extend_schema(
        operation_id="collections_legal_record",
        request=LegalIn,
        responses={201: LegalOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Write a legal step down; refused where it cannot follow the one before."""
        entry = services.LegalEntry(**taken(request, LegalIn))
        made = services.record_legal_step(
            actor=request.user, loan=seen(request, pk), entry=entry, now=timezone.now()
        )
        return Response(LegalOut(made).data, status=201)


urlpatterns: list[Any] = [
    path("collections/<uuid:pk>/legal", LegalSteps.as_view(), name="collections_legal"),
]
