"""Transfers of loans between branches over the API: one proposes, the receiving branch answers."""

import uuid
from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView, Problem
from apps.core.visibility import get_visible
from apps.servicing import policies, selectors, serializers, services
from apps.servicing.asked import seen, taken
from apps.servicing.models import Transfer

REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_ANSWERS = {200: serializers.TransferAnswer, **REFUSED}


class LoanTransfers(APIView):
    """Transfers of a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.PROPOSE_TRANSFER}

    @extend_schema(
        operation_id="loan_transfers_list",
        responses={200: serializers.TransferAnswer(many=True), **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the transfers of a loan, the newest first."""
        rows = selectors.transfers(seen(request, pk))
        return Response(serializers.TransferAnswer(rows, many=True).data)

    @extend_schema(
        operation_id="loan_transfer_propose",
        request=serializers.TransferRequest,
        responses=_ANSWERS,
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Propose a transfer; nothing moves before the receiving branch approves it."""
        given = taken(request, serializers.TransferRequest)
        loan = seen(request, pk)
        made = services.propose_transfer(
            actor=request.user,
            loan=loan,
            to_branch=selectors.branch_called(given.pop("branch")),
            now=timezone.now(),
            **given,
        )
        return Response(serializers.TransferAnswer(made).data)


class WaitingTransfers(APIView):
    """Transfers that wait for the branch that receives."""

    required_permission = policies.APPROVE_TRANSFER

    @extend_schema(
        operation_id="transfers_waiting",
        parameters=[OpenApiParameter("after", description="The position from the page before.")],
        responses={200: serializers.TransferPage, **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request) -> Response:
        """Return the transfers that wait, the oldest first."""
        page = keyset.page(
            selectors.waiting_transfers(request.user),
            by=("proposed_at", "id"),
            after=request.query_params.get("after", ""),
            before="",
        )
        rows = serializers.TransferAnswer(page.rows, many=True).data
        return Response({"results": rows, "after": page.after})


class ApproveTransfer(APIView):
    """Take a loan over."""

    required_permission = policies.APPROVE_TRANSFER

    @extend_schema(
        operation_id="transfer_approve", request=None, responses=_ANSWERS, tags=["servicing"]
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Approve what another person proposed, which moves the loan today."""
        return _answered(request, pk, services.approve_transfer)


class RefuseTransfer(APIView):
    """Refuse to take a loan over."""

    required_permission = policies.APPROVE_TRANSFER

    @extend_schema(
        operation_id="transfer_refuse",
        request=serializers.ProposalRefusal,
        responses=_ANSWERS,
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse what another person proposed, with a reason."""
        given = taken(request, serializers.ProposalRefusal)
        return _answered(request, pk, services.refuse_transfer, **given)


class WithdrawTransfer(APIView):
    """Take a transfer back."""

    required_permission = policies.PROPOSE_TRANSFER

    @extend_schema(
        operation_id="transfer_withdraw", request=None, responses=_ANSWERS, tags=["servicing"]
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take back what one proposed oneself."""
        return _answered(request, pk, services.withdraw_transfer)


def _answered(
    request: Request, pk: uuid.UUID, act: Callable[..., Transfer], **given: Any
) -> Response:
    transfer = get_visible(Transfer.objects.all(), request.user, pk=pk)
    answered = act(actor=request.user, transfer=transfer, now=timezone.now(), **given)
    return Response(serializers.TransferAnswer(answered).data)


urlpatterns = [
    path("loans/<uuid:pk>/transfers", LoanTransfers.as_view(), name="loan_transfers"),
    path("servicing/transfers", WaitingTransfers.as_view(), name="servicing_transfers"),
    path(
        "servicing/transfers/<uuid:pk>/approve",
        ApproveTransfer.as_view(),
        name="servicing_transfer_approve",
    ),
    path(
        "servicing/transfers/<uuid:pk>/refuse",
        RefuseTransfer.as_view(),
        name="servicing_transfer_refuse",
    ),
    path(
        "servicing/transfers/<uuid:pk>/withdraw",
        WithdrawTransfer.as_view(),
        name="servicing_transfer_withdraw",
    ),
]
