"""How people review, over the API."""

from datetime import date, timedelta
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import dates
from apps.core.api import APIView, Problem, Strict
from apps.core.form_fields import FIRST_YEAR, LAST_YEAR
from apps.desk import analytics_page, analytics_rows, policies
from apps.desk.analytics_rows import Period


def _check_year(day: date) -> None:
    """Refuse what the page refuses: before and after it there is no day to count back from."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise serializers.ValidationError(_("Check the year."))


class AnalyticsIn(Strict):
    """Which verdicts to count; without days the last ninety."""

    first = serializers.DateField(required=False, validators=[_check_year])
    last = serializers.DateField(required=False, validators=[_check_year])
    product = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    branch = serializers.CharField(max_length=50, required=False, default="", allow_blank=True)
    by = serializers.ChoiceField(choices=list(analytics_rows.WAYS), default="reviewer")


class FiguresOut(serializers.Serializer[Any]):
    """One group's figures: counts, and medians in seconds."""

    name = serializers.CharField()
    decided = serializers.IntegerField(source="figures.decided")
    approved = serializers.IntegerField(source="figures.approved")
    recommended_approve = serializers.IntegerField(source="figures.recommended_approve")
    to_decline = serializers.IntegerField(
        source="figures.to_decline", help_text="Declined though approval was recommended."
    )
    recommended_decline = serializers.IntegerField(source="figures.recommended_decline")
    to_approve = serializers.IntegerField(
        source="figures.to_approve", help_text="Approved though a decline was recommended."
    )
    override_known = serializers.IntegerField(
        source="figures.override_known", help_text="Loans of these that have ended."
    )
    override_bad = serializers.IntegerField(
        source="figures.override_bad", help_text="Of those, how many defaulted."
    )
    age_seconds = serializers.FloatField(source="figures.age_seconds", allow_null=True)
    work_seconds = serializers.FloatField(source="figures.work_seconds", allow_null=True)
    rubber_stamp = serializers.BooleanField(
        source="is_flagged", help_text="By the lender's limits; reviewers only."
    )


class AnalyticsOut(serializers.Serializer[Any]):
    """The whole, and each group."""

    first = serializers.DateField()
    last = serializers.DateField()
    whole = FiguresOut()
    groups = FiguresOut(many=True)


class ReviewAnalytics(APIView):
    """How people review."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="review_analytics",
        parameters=[AnalyticsIn],
        responses={200: AnalyticsOut, 400: Problem, 401: Problem, 403: Problem},
        tags=["review"],
    )
    def get(self, request: Request) -> Response:
        """Return everybody's figures, or your own where your role sees no more."""
        asked = AnalyticsIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        zone = request.user.branch.entity.time_zone
        last = given.get("last") or dates.local_date(timezone.now(), zone)
        period = Period(
            first=given.get("first") or last - timedelta(days=89),
            last=last,
            zone=zone,
            branch=given["branch"],
            product=given["product"],
        )
        found = analytics_page.build(request.user, period)
        answer = {
            "first": period.first,
            "last": period.last,
            "whole": found["whole"],
            "groups": found["lines"][given["by"]],
        }
        return Response(AnalyticsOut(answer).data)


urlpatterns = [path("review/analytics", ReviewAnalytics.as_view(), name="review_analytics")]
