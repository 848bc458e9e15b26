"""The limits of rubber-stamping over the API: those in force, and how new ones are set."""

from decimal import Decimal
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import NotVisible
from apps.desk import analytics_page, policies, services

_TAGS = ["review"]


class StampLimitIn(Strict):
    """From when on a lender asks whether somebody signs without looking, and why from then."""

    entity = serializers.SlugField(help_text="The lender's code.")
    least_verdicts = serializers.IntegerField(
        min_value=10, max_value=10_000, help_text="Over fewer verdicts nobody is asked."
    )
    same_share = serializers.DecimalField(
        max_digits=5,
        decimal_places=4,
        min_value=Decimal("0.5"),
        max_value=Decimal(1),
        help_text="The share of verdicts as recommended from which on, a fraction.",
    )
    median_seconds = serializers.IntegerField(
        min_value=1, max_value=86_400, help_text="The median time on a case below which."
    )
    why = serializers.CharField(max_length=300)


class StampLimitOut(serializers.Serializer[Any]):
    """The limits of one lender."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.code")
    least_verdicts = serializers.IntegerField()
    same_share = serializers.DecimalField(max_digits=5, decimal_places=4)
    median_seconds = serializers.IntegerField()
    why = serializers.CharField()
    entered_by = serializers.UUIDField(source="entered_by_id", allow_null=True)
    entered_at = serializers.DateTimeField()


class StampLimits(APIView):
    """From when on a lender asks whether somebody signs without looking."""

    required_permission = {"GET": policies.VIEW_ANALYTICS, "POST": policies.SET_SAMPLING}

    @extend_schema(
        operation_id="review_stamp_limits",
        responses={200: StampLimitOut(many=True), 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the limits in force, one for each lender that has set them."""
        found = analytics_page.stamp_limits(request.user).values()
        rows = sorted(found, key=lambda one: one.entity.code)
        return Response(StampLimitOut(rows, many=True).data)

    @extend_schema(
        operation_id="review_set_stamp_limits",
        request=StampLimitIn,
        responses={
            201: StampLimitOut,
            **dict.fromkeys((400, 401, 403, 404, 409), Problem),
        },
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Set the limits of a lender; those in force are ended by it."""
        given = StampLimitIn(data=request.data)
        given.is_valid(raise_exception=True)
        told = dict(given.validated_data)
        entity = Entity.objects.filter(code=told.pop("entity")).first()
        if entity is None:
            raise NotVisible("not_found", _("There is no such lender."))
        entry = services.StampEntry(entity=entity, **told)
        made = services.set_stamp_limit(actor=request.user, entry=entry, now=timezone.now())
        return Response(StampLimitOut(made).data, status=201)


urlpatterns = [
    path("review/analytics/limits", StampLimits.as_view(), name="review_stamp_limits"),
]
