"""Rules, and why a loan has its class on a day, over the API."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import dates
from apps.core.api import APIView, Problem
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.npa import explaining, policies, rulebook, rules_page, why_page
from apps.npa.models import RuleTable
from apps.npa.regimes import Rules

REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_AMOUNT: dict[str, Any] = {"max_digits": 22, "decimal_places": 2}


class RuleTableLine(serializers.Serializer[Any]):
    """A rule table: whose rules, from when to when, and where they stand written."""

    code = serializers.CharField()
    name = serializers.CharField()
    regime = serializers.CharField()
    countries = serializers.ListField(child=serializers.CharField())
    entity_kind = serializers.CharField()
    layers = serializers.ListField(child=serializers.CharField())
    scope = serializers.ListField(child=serializers.CharField())
    effective_from = serializers.DateField()
    effective_to = serializers.DateField(allow_null=True)
    published_as = serializers.CharField(source="status")
    standing = serializers.SerializerMethodField(help_text="What it is today, by its dates.")
    stands_in = serializers.CharField(source="source")
    note = serializers.CharField()

    def get_standing(self, rules: Rules) -> str:
        """Return what the table is on the day that the view was asked on."""
        return str(rules_page.standing(rules, self.context["today"]))


class RuleTableWhole(RuleTableLine):
    """A rule table with everything it says."""

    body = serializers.SerializerMethodField(help_text="Classes, bands, rates and floors.")

    def get_body(self, _rules: Rules) -> dict[str, Any]:
        """Return the rules as they are stored."""
        body: dict[str, Any] = self.context["body"]
        return body


class Section(serializers.Serializer[Any]):
    """The sentences of one question: late, class, borrower or upgrade."""

    about = serializers.CharField()
    said = serializers.ListField(child=serializers.CharField())


class WorkingLine(serializers.Serializer[Any]):
    """A line of the provision's working; a sum has neither amount nor rate."""

    part = serializers.CharField()
    amount = serializers.DecimalField(**_AMOUNT, allow_null=True)
    rate = serializers.DecimalField(max_digits=9, decimal_places=6, allow_null=True)
    result = serializers.DecimalField(**_AMOUNT)


class Differing(serializers.Serializer[Any]):
    """A column of the snapshot that says something else."""

    column = serializers.CharField()
    stored = serializers.CharField(allow_null=True)
    computed = serializers.CharField(allow_null=True)


class WhyAnswer(serializers.Serializer[Any]):
    """Why a loan has its class at the end of a day, worked out anew."""

    loan = serializers.UUIDField()
    day = serializers.DateField()
    rule_table = serializers.CharField()
    asset_class = serializers.CharField()
    class_by_the_rules = serializers.CharField()
    bucket = serializers.CharField()
    days_past_due = serializers.IntegerField()
    days_past_due_due_date_counted = serializers.IntegerField()
    non_performing_since = serializers.DateField(allow_null=True)
    class_since = serializers.DateField()
    reason = serializers.CharField()
    stage = serializers.IntegerField()
    provision = serializers.DecimalField(**_AMOUNT)
    reserve = serializers.DecimalField(**_AMOUNT)
    sections = Section(many=True)
    working = WorkingLine(many=True)
    equals_snapshot = serializers.BooleanField(
        allow_null=True, help_text="None where the day-end of the day left no snapshot."
    )
    differences = Differing(many=True)


class RuleTables(APIView):
    """All rule tables."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="rule_tables_list",
        responses={200: RuleTableLine(many=True), **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return every rule table, in the order of kinds of lenders, regimes and days."""
        rows = [one.rules for one in rulebook.tables()]
        return Response(RuleTableLine(rows, many=True, context={"today": _today(request)}).data)


class OneRuleTable(APIView):
    """One rule table."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="rule_table_read", responses={200: RuleTableWhole, **REFUSED}, tags=["npa"]
    )
    def get(self, request: Request, code: str) -> Response:
        """Return a rule table with everything it says."""
        row = RuleTable.objects.filter(code=code).first()
        if row is None:
            raise NotVisible("not_found", _("There is no such rule table."))
        context = {"today": _today(request), "body": row.body}
        return Response(RuleTableWhole(rulebook.of_row(row).rules, context=context).data)


class Day(serializers.Serializer[Any]):
    """At the end of which day; without one, of the last that was ended."""

    day = serializers.DateField(required=False)


class Why(APIView):
    """Why a loan has its class."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="loan_why_this_class",
        parameters=[OpenApiParameter("day", OpenApiTypes.DATE, description=Day.__doc__ or "")],
        responses={200: WhyAnswer, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return why a loan has its class at the end of a day, beside what the night stored."""
        rows = Loan.objects.select_related("branch__entity")
        loan = get_visible(rows, request.user, pk=pk)
        asked = Day(data=request.query_params)
        asked.is_valid(raise_exception=True)
        today = dates.local_date(timezone.now(), loan.branch.entity.time_zone)
        day = explaining.asked_day(loan, asked.validated_data.get("day"), today=today)
        return Response(WhyAnswer(why_page.as_data(explaining.explain(loan, day))).data)


def _today(request: Request) -> Any:
    return dates.local_date(timezone.now(), request.user.branch.entity.time_zone)


urlpatterns = [
    path("rule-tables", RuleTables.as_view(), name="rule_tables"),
    path("rule-tables/<slug:code>", OneRuleTable.as_view(), name="rule_table"),
    path("loans/<uuid:pk>/why", Why.as_view(), name="why"),
]
