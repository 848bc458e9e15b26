"""Ends of days for programs: which were done, how one is going, having one done."""

from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.ledger import selectors as ledger
from apps.npa import policies, services
from apps.npa.models import DayEnd

_TAGS = ["npa"]
_REFUSALS: dict[int, Any] = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class DayEndIn(Strict):
    """Which lender's day is ended, and whether its books are closed then."""

    entity = serializers.UUIDField()
    day = serializers.DateField()
    keep_open = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Left out or null: as a person asked for last; false lifts it.",
    )


class DayEndOut(serializers.Serializer[Any]):
    """The end of a day. `stages` are those of the current run that are done."""

    id = serializers.IntegerField()
    entity = serializers.UUIDField(source="entity_id")
    day = serializers.DateField()
    status = serializers.CharField(help_text="running, finished or closed.")
    run = serializers.IntegerField(help_text="Counts from 1; an open day can be run again.")
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    loans = serializers.IntegerField()
    changed = serializers.IntegerField(
        help_text="Loans of which this run found something else than the one before."
    )
    keep_open = serializers.BooleanField(
        help_text="Whether its books are left open until a person lifts that."
    )
    stages = serializers.DictField(
        child=serializers.DictField(child=serializers.FloatField()),
        help_text="By stage: what was done, and in how many seconds.",
    )
    stage = serializers.SerializerMethodField(help_text="The stage it is in; empty if in none.")
    problems = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()),
        help_text="Loans that were left out: number and code of the refusal.",
    )

    def get_stage(self, one: DayEnd) -> str:
        """Return the stage that runs."""
        return str(one.progress.get("stage", ""))


class DayEndPage(serializers.Serializer[Any]):
    """A page of day-ends; `after` is empty at the end."""

    results = DayEndOut(many=True)
    after = serializers.CharField(allow_blank=True)


class DayEnds(APIView):
    """The ends of days, and having one done."""

    required_permission = {"GET": policies.VIEW, "POST": policies.RUN}

    @extend_schema(
        operation_id="day_ends",
        parameters=[OpenApiParameter("after", description="The position from the page before.")],
        responses={200: DayEndPage, 400: Problem, 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return which days were ended, the last one at the head."""
        rows = DayEnd.objects.visible_to(request.user)
        page = keyset.page(rows, by=("-day", "-id"), after=request.query_params.get("after", ""))
        return Response({"results": DayEndOut(page.rows, many=True).data, "after": page.after})

    @extend_schema(
        operation_id="day_ends_run",
        request=DayEndIn,
        responses={202: None, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Have a day ended by the worker; an open day that was ended is run once more."""
        given = DayEndIn(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        entity = ledger.entities(request.user).filter(pk=wanted["entity"]).first()
        if entity is None:
            sentence = _("There is no such record, or it is not yours to see.")
            raise NotVisible("not_found", sentence)
        keep_open = wanted["keep_open"]
        services.ask_to_end(
            actor=request.user,
            entity=entity,
            day=wanted["day"],
            now=timezone.now(),
            close=None if keep_open is None else not keep_open,
        )
        return Response(status=202)


class DayEndDetail(APIView):
    """The end of one day."""

    required_permission = {"GET": policies.VIEW}

    @extend_schema(
        operation_id="day_end",
        responses={200: DayEndOut, 401: Problem, 403: Problem, 404: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Return how far the end of a day has come."""
        return Response(DayEndOut(get_visible(DayEnd.objects.all(), request.user, pk=pk)).data)


urlpatterns = [
    path("day-ends", DayEnds.as_view(), name="day_ends"),
    path("day-ends/<int:pk>", DayEndDetail.as_view(), name="day_end"),
]
