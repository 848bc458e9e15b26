"""Payments of loans over the API: ask, approve, tell the bank, confirm, fail, reverse."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.loans import policies, selectors, serializers, services
from apps.loans.models import Disbursement, Loan, PaymentFile

REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_ANSWERS = {200: serializers.DisbursementAnswer, **REFUSED}


def _seen(request: Request, pk: uuid.UUID) -> Disbursement:
    rows = Disbursement.objects.select_related("loan__branch__entity")
    return get_visible(rows, request.user, pk=pk)


def _taken(
    request: Request,
    pk: uuid.UUID,
    act: Callable[..., Disbursement],
    kind: type[Any] | None = None,
) -> Response:
    """Take one step of a payment with what was sent, and answer the payment."""
    values: dict[str, Any] = {}
    if kind is not None:
        given = kind(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
    one = act(actor=request.user, disbursement=_seen(request, pk), now=timezone.now(), **values)
    return Response(serializers.DisbursementAnswer(one).data)


class LoanDisbursements(APIView):
    """The payments of a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.REQUEST}

    @extend_schema(
        operation_id="loan_disbursements_list",
        responses={200: serializers.DisbursementAnswer(many=True), 401: Problem, 404: Problem},
        tags=["loans"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the payments of a loan, the newest first."""
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        return Response(serializers.DisbursementAnswer(selectors.payments(loan), many=True).data)

    @extend_schema(
        operation_id="loan_disbursements_request",
        request=serializers.PaymentRequest,
        responses={201: serializers.DisbursementAnswer, **REFUSED},
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask for a payment; with the same reference, the one asked for before is returned."""
        given = serializers.PaymentRequest(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.request(
            actor=request.user,
            loan=get_visible(Loan.objects.all(), request.user, pk=pk),
            payment=services.Payment(**given.validated_data),
            now=timezone.now(),
        )
        return Response(serializers.DisbursementAnswer(made).data, status=201)


class Disbursements(APIView):
    """The payments that wait."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="disbursements_waiting",
        parameters=[
            OpenApiParameter("stage", enum=["approve", "instruct", "confirm"]),
            OpenApiParameter("after", description="The position from the page before."),
        ],
        responses={200: serializers.DisbursementPage, 400: Problem, 401: Problem, 403: Problem},
        tags=["loans"],
    )
    def get(self, request: Request) -> Response:
        """Return the payments that wait at a stage, the first to be paid at the head."""
        stage = request.query_params.get("stage", "approve")
        if stage not in ("approve", "instruct", "confirm"):
            sentence = _("There is no such stage.")
            raise DomainError("unknown_stage", sentence, fields={"stage": sentence})
        page = keyset.page(
            selectors.waiting(request.user, stage),
            by=("planned_date", "id"),
            after=request.query_params.get("after", ""),
        )
        rows = serializers.DisbursementAnswer(page.rows, many=True).data
        return Response({"results": rows, "after": page.after})


class ApproveDisbursement(APIView):
    """Approve a payment."""

    required_permission = policies.APPROVE

    @extend_schema(
        operation_id="disbursements_approve", request=None, responses=_ANSWERS, tags=["loans"]
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Approve a payment that another person asked for."""
        return _taken(request, pk, services.approve)


class RefuseDisbursement(APIView):
    """Refuse a payment."""

    required_permission = policies.APPROVE

    @extend_schema(
        operation_id="disbursements_refuse",
        request=serializers.ReasonRequest,
        responses=_ANSWERS,
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse a payment that another person asked for, with a reason."""
        return _taken(request, pk, services.refuse, serializers.ReasonRequest)


class TakeBackDisbursement(APIView):
    """Take a payment back."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="disbursements_take_back",
        request=serializers.ReasonRequest,
        responses=_ANSWERS,
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take back a payment before the bank was told; who asked may, and who approves."""
        return _taken(request, pk, services.take_back, serializers.ReasonRequest)


class ConfirmDisbursement(APIView):
    """Confirm a payment."""

    required_permission = policies.SETTLE

    @extend_schema(
        operation_id="disbursements_confirm",
        request=serializers.ConfirmRequest,
        responses=_ANSWERS,
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that the bank paid: the ledger is posted and the schedule runs."""
        return _taken(request, pk, services.confirm, serializers.ConfirmRequest)


class FailDisbursement(APIView):
    """A payment that the bank refused."""

    required_permission = policies.SETTLE

    @extend_schema(
        operation_id="disbursements_fail",
        request=serializers.ReasonRequest,
        responses=_ANSWERS,
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that the bank refused, with its reason; the money can be asked for anew."""
        return _taken(request, pk, services.fail, serializers.ReasonRequest)


class ReverseDisbursement(APIView):
    """A payment that came back."""

    required_permission = policies.REVERSE

    @extend_schema(
        operation_id="disbursements_reverse",
        request=serializers.ReverseRequest,
        responses=_ANSWERS,
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that the money came back, by a reversing entry."""
        return _taken(request, pk, services.reverse, serializers.ReverseRequest)


class PaymentFiles(APIView):
    """Files of payment instructions."""

    required_permission = policies.SETTLE

    @extend_schema(
        operation_id="payment_files_make",
        request=serializers.PaymentFileRequest,
        responses={201: serializers.PaymentFileAnswer, **REFUSED},
        tags=["loans"],
    )
    def post(self, request: Request) -> Response:
        """Write approved payments of one lender and currency into one file, once."""
        given = serializers.PaymentFileRequest(data=request.data)
        given.is_valid(raise_exception=True)
        keys = set(given.validated_data["disbursements"])
        rows = Disbursement.objects.visible_to(request.user).filter(pk__in=keys)
        chosen = list(rows.select_related("loan__branch__entity"))
        if len(chosen) < len(keys):
            sentence = _("Some of these payments do not exist, or are not yours to see.")
            raise DomainError("not_found", sentence, fields={"disbursements": sentence})
        branch = chosen[0].loan.branch if chosen else request.user.branch
        made = services.instruct(
            actor=request.user,
            entity=branch.entity,
            disbursements=chosen,
            now=timezone.now(),
        )
        return Response(serializers.PaymentFileAnswer(made).data, status=201)


class PaymentFileContent(APIView):
    """The content of one file."""

    required_permission = policies.SETTLE

    @extend_schema(
        operation_id="payment_files_content",
        responses={(200, "text/csv"): OpenApiTypes.BINARY, **REFUSED},
        tags=["loans"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """Return the bytes of a payment file as it was made."""
        file = get_visible(PaymentFile.objects.select_related("entity"), request.user, pk=pk)
        content = services.fetch_file(actor=request.user, file=file)
        response = HttpResponse(content, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file}.csv"'
        return response


urlpatterns = [
    path("loans/<uuid:pk>/disbursements", LoanDisbursements.as_view(), name="loan_disbursements"),
    path("disbursements", Disbursements.as_view(), name="disbursements"),
    *(
        path(f"disbursements/<uuid:pk>/{name}", view.as_view(), name=f"disbursement_{url}")
        for name, url, view in (
            ("approve", "approve", ApproveDisbursement),
            ("refuse", "refuse", RefuseDisbursement),
            ("take-back", "take_back", TakeBackDisbursement),
            ("confirm", "confirm", ConfirmDisbursement),
            ("fail", "fail", FailDisbursement),
            ("reverse", "reverse", ReverseDisbursement),
        )
    ),
    path("payment-files", PaymentFiles.as_view(), name="payment_files"),
    path("payment-files/<uuid:pk>/content", PaymentFileContent.as_view(), name="payment_file"),
]
