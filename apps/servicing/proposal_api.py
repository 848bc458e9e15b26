"""Proposals of waivers, write-offs and refunds over the API: one proposes, another answers."""

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
from apps.servicing.models import Proposal

REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_ANSWERS = {200: serializers.ProposalAnswer, **REFUSED}


class LoanProposals(APIView):
    """What was proposed on a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.PROPOSE}

    @extend_schema(
        operation_id="loan_proposals_list",
        responses={200: serializers.ProposalAnswer(many=True), **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the proposals of a loan, the newest first."""
        rows = selectors.proposals(seen(request, pk))
        return Response(serializers.ProposalAnswer(rows, many=True).data)

    @extend_schema(
        operation_id="loan_propose",
        request=serializers.ProposalRequest,
        responses=_ANSWERS,
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Propose a waiver, a write-off or a refund; nothing is posted before it is approved."""
        made = services.propose(
            actor=request.user,
            loan=seen(request, pk),
            relief=services.Relief(**taken(request, serializers.ProposalRequest)),
            now=timezone.now(),
        )
        return Response(serializers.ProposalAnswer(made).data)


class Waiting(APIView):
    """What waits for a second person."""

    required_permission = policies.APPROVE

    @extend_schema(
        operation_id="proposals_waiting",
        parameters=[OpenApiParameter("after", description="The position from the page before.")],
        responses={200: serializers.ProposalPage, **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request) -> Response:
        """Return the proposals that wait, the oldest first."""
        page = keyset.page(
            selectors.waiting(request.user),
            by=("proposed_at", "id"),
            after=request.query_params.get("after", ""),
            before="",
        )
        rows = serializers.ProposalAnswer(page.rows, many=True).data
        return Response({"results": rows, "after": page.after})


class Approve(APIView):
    """Approve a proposal."""

    required_permission = policies.APPROVE

    @extend_schema(
        operation_id="proposal_approve", request=None, responses=_ANSWERS, tags=["servicing"]
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Approve what another person proposed, which posts it."""
        return _answered(request, pk, services.approve)


class Refuse(APIView):
    """Refuse a proposal."""

    required_permission = policies.APPROVE

    @extend_schema(
        operation_id="proposal_refuse",
        request=serializers.ProposalRefusal,
        responses=_ANSWERS,
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse what another person proposed, with a reason."""
        given = taken(request, serializers.ProposalRefusal)
        return _answered(request, pk, services.refuse, **given)


class Withdraw(APIView):
    """Take a proposal back."""

    required_permission = policies.PROPOSE

    @extend_schema(
        operation_id="proposal_withdraw", request=None, responses=_ANSWERS, tags=["servicing"]
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take back what one proposed oneself."""
        return _answered(request, pk, services.withdraw)


def _answered(
    request: Request, pk: uuid.UUID, act: Callable[..., Proposal], **given: Any
) -> Response:
    proposal = get_visible(Proposal.objects.all(), request.user, pk=pk)
    answered = act(actor=request.user, proposal=proposal, now=timezone.now(), **given)
    return Response(serializers.ProposalAnswer(answered).data)


urlpatterns = [
    path("loans/<uuid:pk>/proposals", LoanProposals.as_view(), name="loan_proposals"),
    path("servicing/proposals", Waiting.as_view(), name="servicing_proposals"),
    path(
        "servicing/proposals/<uuid:pk>/approve",
        Approve.as_view(),
        name="servicing_proposal_approve",
    ),
    path(
        "servicing/proposals/<uuid:pk>/refuse", Refuse.as_view(), name="servicing_proposal_refuse"
    ),
    path(
        "servicing/proposals/<uuid:pk>/withdraw",
        Withdraw.as_view(),
        name="servicing_proposal_withdraw",
    ),
]
