"""Settlements of overdue loans over the API: what one gives up, propose, answer, withdraw."""

import uuid
from decimal import Decimal
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.collections import (
    policies,
    selectors,
    services,
    settlement_loss,
    settlement_page,
    settling,
)
from apps.collections.models import Settlement
from apps.collections.settling import Part
from apps.core.api import APIView, Strict
from apps.core.errors import Conflict
from apps.core.visibility import get_visible
from apps.npa.override_api import REFUSED
from apps.repayments.facts import Bucket
from apps.servicing.asked import amount_of, seen, taken, today

_TAGS = ["collections"]
_MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}


class PartSerializer(Strict):
    """So much by a day."""

    due_date = serializers.DateField()
    amount = serializers.DecimalField(**_MONEY, min_value=Decimal("0.01"))


class SettlementIn(Strict):
    """What is offered, why, and what was seen to be given up."""

    parts = PartSerializer(many=True)
    reason = serializers.CharField(max_length=300)
    seen = serializers.DecimalField(
        **_MONEY, help_text="What is given up, as the preview of the same amount says."
    )


class SettlementOut(serializers.Serializer[Any]):
    """A settlement, without what was written of it."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    status = serializers.ChoiceField(choices=[(one, one) for one in settling.LIFECYCLE.states])
    amount = serializers.DecimalField(**_MONEY)
    debt = serializers.DecimalField(**_MONEY, help_text="Owed when it was proposed.")
    currency = serializers.CharField()
    grace_days = serializers.IntegerField()
    most_given_up = serializers.DecimalField(
        **_MONEY, allow_null=True, help_text="What the second person agreed to give up at most."
    )
    parts = PartSerializer(many=True)
    proposed_by = serializers.UUIDField(source="proposed_by_id")
    proposed_at = serializers.DateTimeField()
    answered_by = serializers.UUIDField(source="answered_by_id", allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class LossLine(serializers.Serializer[Any]):
    """Of one bucket: what is owed, what of it is paid and given up."""

    bucket = serializers.ChoiceField(choices=[one.value for one in Bucket])
    owed = serializers.DecimalField(**_MONEY)
    paid = serializers.DecimalField(**_MONEY)
    waived = serializers.DecimalField(**_MONEY)


class LossOut(serializers.Serializer[Any]):
    """What an offer gives up if all of it were paid today."""

    owed = serializers.DecimalField(**_MONEY)
    waived = serializers.DecimalField(**_MONEY)
    lines = LossLine(many=True)


class ApprovalIn(Strict):
    """What was seen to be given up."""

    seen = serializers.DecimalField(
        **_MONEY, help_text="What is given up if all were paid today, as asking for it says."
    )


class ApprovalOut(serializers.Serializer[Any]):
    """What the second person looks at before agreeing."""

    loss = LossOut(source="loss.found")
    most_given_up = serializers.DecimalField(
        **_MONEY,
        source="most",
        help_text="Given up if the last part comes on the last day of grace: more never is.",
    )
    paid_since = serializers.DecimalField(
        **_MONEY, help_text="Paid since it was proposed: above zero it cannot be approved."
    )


class RefusalIn(Strict):
    """Why a settlement is refused."""

    note = serializers.CharField(max_length=300)


class WithdrawalIn(Strict):
    """Why a settlement is withdrawn."""

    reason = serializers.CharField(max_length=300)


class Settlements(APIView):
    """The settlements of a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.PROPOSE_SETTLEMENT}

    @extend_schema(
        operation_id="collections_settlements_list",
        responses={200: SettlementOut(many=True), **REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the last settlements of a loan, the newest first."""
        rows = selectors.settlements(seen(request, pk))
        return Response(SettlementOut(rows, many=True).data)

    @extend_schema(
        operation_id="collections_settlement_propose",
        request=SettlementIn,
        responses={201: SettlementOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Propose a settlement; nobody is told before another person approves it."""
        given = taken(request, SettlementIn)
        parts = [Part(one["due_date"], one["amount"]) for one in given["parts"]]
        made = services.propose_settlement(
            actor=request.user,
            loan=seen(request, pk),
            offer=services.Offer(parts=parts, reason=given["reason"], seen=given["seen"]),
            now=timezone.now(),
        )
        return Response(SettlementOut(made).data, status=201)


class SettlementLoss(APIView):
    """What a settlement gives up."""

    required_permission = policies.PROPOSE_SETTLEMENT

    @extend_schema(
        operation_id="collections_settlement_loss",
        parameters=[OpenApiParameter("amount", required=True, description="Paid in all.")],
        responses={200: LossOut, **REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what taking an amount for all that is owed today gives up, by bucket."""
        loan, amount = seen(request, pk), amount_of(request)
        services.require_offer(loan, [Part(today(loan), amount)], today(loan))
        return Response(LossOut(settlement_loss.of_offer(loan, today(loan), amount)).data)


class ApproveSettlement(APIView):
    """Approve a settlement."""

    required_permission = policies.APPROVE_SETTLEMENT

    @extend_schema(
        operation_id="collections_settlement_approval",
        responses={200: ApprovalOut, **REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what approving it gives up, by bucket, if all of it were paid today."""
        found = _seen(request, pk)
        if found.loan.status != "active":
            raise Conflict("not_running", _("Nothing is to be paid under this loan in its state."))
        return Response(ApprovalOut(settlement_page.approval(found, today(found.loan))).data)

    @extend_schema(
        operation_id="collections_settlement_approve",
        request=ApprovalIn,
        responses={200: SettlementOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Approve what another person proposed, which issues the letter to the borrower."""
        made = services.approve_settlement(
            actor=request.user,
            settlement=_seen(request, pk),
            now=timezone.now(),
            **taken(request, ApprovalIn),
        )
        return Response(SettlementOut(made).data)


class RefuseSettlement(APIView):
    """Refuse a settlement."""

    required_permission = policies.APPROVE_SETTLEMENT

    @extend_schema(
        operation_id="collections_settlement_refuse",
        request=RefusalIn,
        responses={200: SettlementOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse what another person proposed, with a reason."""
        made = services.refuse_settlement(
            actor=request.user,
            settlement=_seen(request, pk),
            now=timezone.now(),
            **taken(request, RefusalIn),
        )
        return Response(SettlementOut(made).data)


class WithdrawSettlement(APIView):
    """Withdraw a settlement."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="collections_settlement_withdraw",
        request=WithdrawalIn,
        responses={200: SettlementOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Withdraw a proposal as who made it, what was agreed as another one who approves."""
        made = services.withdraw_settlement(
            actor=request.user,
            settlement=_seen(request, pk),
            now=timezone.now(),
            **taken(request, WithdrawalIn),
        )
        return Response(SettlementOut(made).data)


def _seen(request: Request, pk: uuid.UUID) -> Settlement:
    rows = Settlement.objects.select_related("loan__branch__entity", "loan__product")
    return get_visible(rows, request.user, pk=pk)


urlpatterns: list[Any] = [
    path("collections/<uuid:pk>/settlements", Settlements.as_view(), name="settlements"),
    path("collections/<uuid:pk>/settlement-loss", SettlementLoss.as_view(), name="settlement_loss"),
    path(
        "collections/settlements/<uuid:pk>/approve",
        ApproveSettlement.as_view(),
        name="settlement_approve",
    ),
    path(
        "collections/settlements/<uuid:pk>/refuse",
        RefuseSettlement.as_view(),
        name="settlement_refuse",
    ),
    path(
        "collections/settlements/<uuid:pk>/withdraw",
        WithdrawSettlement.as_view(),
        name="settlement_withdraw",
    ),
]
