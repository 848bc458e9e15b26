"""One case in full over the API - what the case page shows - and its credit memo."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.decisions import checklist, panel
from apps.decisions import selectors as decisions
from apps.decisions.models import Decision, ListedReason, ReviewCase
from apps.desk import case_page, exposure, memo_page, memo_text, past_cases, policies, services
from apps.desk.memo_page import Memo

_REFUSALS = {401: Problem, 403: Problem, 404: Problem}
_TAGS = ["review"]


class PaperOut(serializers.Serializer[Any]):
    """One document or consent that the case needs."""

    code = serializers.CharField()
    name = serializers.CharField(source="label")
    needed_by = serializers.CharField()
    state = serializers.ChoiceField(choices=checklist.STATES)
    detail = serializers.CharField()
    day = serializers.DateField(allow_null=True)


class FactorOut(serializers.Serializer[Any]):
    """What one factor did to the log-odds of default."""

    name = serializers.CharField(source="label")
    value = serializers.CharField()
    contribution = serializers.FloatField()


class RuleOut(serializers.Serializer[Any]):
    """One rule of the policy as it was applied."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    requirement = serializers.CharField()
    value = serializers.CharField()
    state = serializers.CharField()


class CaseRatioOut(serializers.Serializer[Any]):
    """One burden ratio."""

    code = serializers.CharField()
    name = serializers.CharField(source="label")
    value = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True)
    why_missing = serializers.CharField()


class ExposureOut(serializers.Serializer[Any]):
    """One other loan or request that the borrower owes, asks for or answers for."""

    role = serializers.ChoiceField(choices=[role.value for role in exposure.ROLES])
    application = serializers.UUIDField(source="application.pk")
    number = serializers.CharField(source="application.number")
    loan = serializers.CharField(source="loan_number")
    state = serializers.CharField()
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    currency = serializers.CharField()
    counts = serializers.BooleanField(
        help_text="Whether it is owed: what is only asked for and what has ended is not."
    )


class ExposureTotalOut(serializers.Serializer[Any]):
    """What counts, in one currency, and what is only asked for."""

    currency = serializers.CharField()
    as_borrower = serializers.DecimalField(max_digits=18, decimal_places=2)
    as_co_borrower = serializers.DecimalField(max_digits=18, decimal_places=2)
    as_guarantor = serializers.DecimalField(max_digits=18, decimal_places=2)
    asked = serializers.DecimalField(max_digits=18, decimal_places=2)


class PastCaseOut(serializers.Serializer[Any]):
    """A past application that is like this one, with what became of it."""

    application = serializers.UUIDField(source="application.pk")
    number = serializers.CharField(source="application.number")
    distance = serializers.FloatField(help_text="In log-odds, summed factor by factor.")
    outcome = serializers.ChoiceField(choices=ListedReason.Verdict.choices)
    decided_at = serializers.DateTimeField()
    has_loan = serializers.BooleanField()
    defaulted = serializers.BooleanField(allow_null=True)


class SectionOut(serializers.Serializer[Any]):
    """One section of the memo: generated sentences, and the reviewer's own words."""

    code = serializers.ChoiceField(choices=memo_text.CODES)
    title = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField())
    words = serializers.CharField()


class MemoOut(serializers.Serializer[Any]):
    """The credit memo of a case; frozen once the case was decided."""

    sections = SectionOut(many=True)
    frozen_at = serializers.DateTimeField(allow_null=True)
    sha256 = serializers.CharField()
    is_whole = serializers.BooleanField(help_text="Whether a frozen memo still has its hash.")
    version = serializers.CharField(help_text="Empty before anybody wrote; send it along.")


class MemoIn(Strict):
    """Own words for one section; empty words take them away."""

    section = serializers.ChoiceField(choices=memo_text.CODES)
    text = serializers.CharField(max_length=services.LONGEST_MEMO, allow_blank=True)
    version = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        help_text="Of the memo as you read it, empty where there was none; else nothing compares.",
    )


class WholeCaseOut(serializers.Serializer[Any]):
    """Everything the case page shows."""

    id = serializers.UUIDField()
    application = serializers.UUIDField()
    number = serializers.CharField()
    ratios = CaseRatioOut(many=True)
    score = serializers.IntegerField(allow_null=True)
    pd = serializers.FloatField(allow_null=True)
    factors = FactorOut(many=True)
    rules = RuleOut(many=True)
    documents = PaperOut(many=True)
    exposure = ExposureOut(many=True)
    exposure_totals = ExposureTotalOut(many=True)
    similar = PastCaseOut(many=True)
    memo = MemoOut()


class WholeCase(APIView):
    """One case in full."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="review_case_whole",
        responses={200: WholeCaseOut, **_REFUSALS},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what the case page shows, as far as you may see it."""
        case = _case(request, pk)
        return Response(WholeCaseOut(_whole(request, case)).data)


class CaseMemo(APIView):
    """The credit memo of a case."""

    required_permission = {"GET": policies.VIEW_QUEUE, "PUT": policies.REVIEW}

    @extend_schema(operation_id="review_memo", responses={200: MemoOut, **_REFUSALS}, tags=_TAGS)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the memo: frozen, or as the record makes it now."""
        return Response(MemoOut(_memo(request, _case(request, pk))).data)

    @extend_schema(
        operation_id="review_write_memo",
        request=MemoIn,
        responses={200: MemoOut, 400: Problem, 409: Problem, **_REFUSALS},
        tags=_TAGS,
    )
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        """Keep your own words below a section of a case you hold."""
        given = MemoIn(data=request.data)
        given.is_valid(raise_exception=True)
        case = _case(request, pk)
        services.write_memo(
            actor=request.user, case=case, now=timezone.now(), **given.validated_data
        )
        return Response(MemoOut(_memo(request, _case(request, pk))).data)


def _case(request: Request, pk: uuid.UUID) -> ReviewCase:
    rows = ReviewCase.objects.select_related(
        "memo", "referral__policy__entity", "referral__score_run__model"
    ).defer("referral__score_run__model__body")
    case = get_visible(rows, request.user, pk=pk)
    asked = applications.case(request.user).prefetch_related("collaterals", "guarantors__customer")
    case.application = get_visible(asked, request.user, pk=case.application_id)
    return case


def _memo(request: Request, case: ReviewCase) -> Memo:
    return memo_page.of_case(request.user, case, now=timezone.now())


def _whole(request: Request, case: ReviewCase) -> dict[str, Any]:
    application: Application = case.application
    decision = decisions.latest(application) or case.referral
    beside = exposure.beside(request.user, application)
    found = past_cases.most_similar(request.user, application, decision)
    return {
        "id": case.pk,
        "application": application.pk,
        "number": application.number,
        "ratios": memo_text.ratios(application),
        **_judged(application, decision),
        "documents": case_page.papers(application, decision, now=timezone.now()),
        "exposure": beside.lines,
        "exposure_totals": beside.totals,
        "similar": found.cases,
        "memo": _memo(request, case),
    }


def _judged(application: Application, decision: Decision) -> dict[str, Any]:
    run, currency = decision.score_run, application.currency
    return {
        "score": None if run is None else run.score,
        "pd": None if run is None else run.pd,
        "factors": [] if run is None else panel.factors(run, currency=currency),
        "rules": panel.trace_lines(decision.trace, currency=currency),
    }


urlpatterns = [
    path("review/cases/<uuid:pk>/whole", WholeCase.as_view(), name="review_case_whole"),
    path("review/cases/<uuid:pk>/memo", CaseMemo.as_view(), name="review_memo"),
]
