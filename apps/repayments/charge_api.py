"""Charges and the accrual of days over the API."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import jobs, keyset
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.ledger import selectors as ledger
from apps.loans.models import Loan
from apps.repayments import policies, services
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent, AccrualRun
from apps.repayments.services import Asked, holding

_REFUSALS: dict[int, Any] = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAGS = ["repayments"]


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


class ChargeIn(Strict):
    """What is asked for beside the schedule."""

    kind = serializers.ChoiceField(choices=[Bucket.FEE.value, Bucket.PENAL.value])
    code = serializers.SlugField(max_length=40, help_text="What for: bounce, switching, ...")
    amount = _money(help_text="Without the taxes on it, which come on top.")
    day = serializers.DateField(required=False, help_text="Left out: today.")
    due_on = serializers.DateField(required=False, help_text="Left out: the same day.")
    reason = serializers.CharField(max_length=300)
    consent = serializers.CharField(
        max_length=300,
        required=False,
        default="",
        help_text="How and when the borrower agreed to what the key facts do not name.",
    )
    is_another = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Another payment came back, though one of about that day was charged already.",
    )
    reference = serializers.CharField(
        max_length=60, help_text="Yours. The same again asks for nothing again."
    )


class ChargeOut(serializers.Serializer[Any]):
    """A charge, and what of it is settled."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    kind = serializers.ChoiceField(
        choices=[one.value for one in (Bucket.FEE, Bucket.PENAL, Bucket.TAX, Bucket.INTEREST)],
        source="parameters.bucket",
    )
    code = serializers.CharField(source="parameters.code")
    day = serializers.DateField()
    due_on = serializers.DateField(source="parameters.due_on")
    amount = _money()
    settled = _money()
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=["live", "reversed"], source="status")
    basis = serializers.DictField(source="parameters.basis", help_text="How it came about.")
    made_by = serializers.UUIDField(source="made_by_id", allow_null=True)
    made_at = serializers.DateTimeField()


class ChargePage(serializers.Serializer[Any]):
    """A page of charges; `after` is empty at the end."""

    results = ChargeOut(many=True)
    after = serializers.CharField(allow_blank=True)


class ChargeReversalIn(Strict):
    """Why a charge is taken back."""

    reason = serializers.CharField(max_length=300)


class Charges(APIView):
    """The charges of a loan, and asking for one."""

    required_permission = {"GET": policies.VIEW, "POST": policies.CHARGE}

    @extend_schema(
        operation_id="loan_charges",
        parameters=[OpenApiParameter("after", description="The position from the page before.")],
        responses={200: ChargePage, **_REFUSALS},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what was asked for beside the schedule of a loan, the newest first."""
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        rows = AccountEvent.objects.filter(loan=loan, kind="charge")
        after = request.query_params.get("after", "")
        page = keyset.page(rows, by=("-day", "-position"), after=after)
        return Response({"results": ChargeOut(page.rows, many=True).data, "after": page.after})

    @extend_schema(
        operation_id="loan_charges_ask",
        request=ChargeIn,
        responses={201: ChargeOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask for a charge, with the taxes on it; under a known reference, return that one."""
        given = ChargeIn(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        loans = Loan.objects.select_related("branch__entity")
        loan, now = get_visible(loans, request.user, pk=pk), timezone.now()
        day = values.get("day") or holding.today(loan, now)
        event = services.charge(
            actor=request.user,
            loan=loan,
            asked=Asked(
                bucket=Bucket(values["kind"]),
                code=values["code"],
                amount=values["amount"],
                day=day,
                due_on=values.get("due_on") or day,
                reason=values["reason"],
                consent=values["consent"],
                is_another=values["is_another"],
            ),
            reference=f"charge:{loan.number}:{values['reference']}",
            now=now,
        )
        return Response(ChargeOut(event).data, status=201)


class ChargeReversal(APIView):
    """Take a charge back."""

    required_permission = policies.CHARGE

    @extend_schema(
        operation_id="charges_take_back",
        request=ChargeReversalIn,
        responses={200: ChargeOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take a charge back with the taxes on it; what was paid of it goes to other debts."""
        given = ChargeReversalIn(data=request.data)
        given.is_valid(raise_exception=True)
        rows = AccountEvent.objects.filter(kind="charge").select_related("loan")
        event = services.take_charge_back(
            actor=request.user,
            event=get_visible(rows, request.user, pk=pk),
            reason=given.validated_data["reason"],
            now=timezone.now(),
        )
        return Response(ChargeOut(event).data)


class AccrualIn(Strict):
    """Which lender's day is accrued."""

    entity = serializers.UUIDField()
    day = serializers.DateField()


class AccrualOut(serializers.Serializer[Any]):
    """What is known of the accrual of a day; while it runs, `finished_at` is null."""

    id = serializers.IntegerField()
    entity = serializers.UUIDField(source="entity_id")
    day = serializers.DateField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    loans = serializers.IntegerField()
    charges = serializers.IntegerField(help_text="Charges for being late that were made.")
    problems = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()),
        help_text="Loans that were left out: number and code of the refusal.",
    )


class AccrualPage(serializers.Serializer[Any]):
    """A page of accruals; `after` is empty at the end."""

    results = AccrualOut(many=True)
    after = serializers.CharField(allow_blank=True)


class Accruals(APIView):
    """The accruals of days, and having one done."""

    required_permission = {"GET": policies.VIEW, "POST": policies.ACCRUE}

    @extend_schema(
        operation_id="accruals",
        parameters=[OpenApiParameter("after", description="The position from the page before.")],
        responses={200: AccrualPage, 400: Problem, 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return for which days interest was accrued, the last one at the head."""
        after = request.query_params.get("after", "")
        rows = AccrualRun.objects.visible_to(request.user)
        page = keyset.page(rows, by=("-day", "-id"), after=after)
        return Response({"results": AccrualOut(page.rows, many=True).data, "after": page.after})

    @extend_schema(
        operation_id="accruals_run",
        request=AccrualIn,
        responses={202: None, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Have a day accrued by the worker; a day that was accrued gains what is missing."""
        given = AccrualIn(data=request.data)
        given.is_valid(raise_exception=True)
        entity = ledger.entities(request.user).filter(pk=given.validated_data["entity"]).first()
        if entity is None:
            sentence = _("There is no such record, or it is not yours to see.")
            raise NotVisible("not_found", sentence)
        day = given.validated_data["day"]
        services.require_over_or_today(entity, day, now=timezone.now())
        jobs.enqueue(
            "repayments.accrue",
            entity_id=str(entity.pk),
            day=day.isoformat(),
            actor=request.user.audit_reference,
        )
        return Response(status=202)


urlpatterns = [
    path("loans/<uuid:pk>/charges", Charges.as_view(), name="loan_charges"),
    path("charges/<uuid:pk>/reversal", ChargeReversal.as_view(), name="charge_reversal"),
    path("accruals", Accruals.as_view(), name="accruals"),
]
