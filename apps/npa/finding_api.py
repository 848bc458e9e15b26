"""What was found about loans, over the API: one proposes, another answers."""

import uuid
from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.npa import finding_rows, finding_serializers, policies, serializers, services
from apps.npa.models import Finding
from apps.npa.override_api import AFTER, REFUSED, known_state
from apps.servicing.asked import taken

_ANSWERS = {200: finding_serializers.FindingAnswer, **REFUSED}
_BY = ("-proposed_at", "-id")


class LoanFindings(APIView):
    """What was found about a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.PROPOSE_FINDING}

    @extend_schema(
        operation_id="loan_findings_list",
        responses={200: finding_serializers.FindingAnswer(many=True), **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what was found about a loan, the newest first."""
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        rows = finding_rows.of_loan(request.user, loan)
        return Response(finding_serializers.FindingAnswer(rows, many=True).data)

    @extend_schema(
        operation_id="loan_finding_propose",
        request=finding_serializers.FindingRequest,
        responses=_ANSWERS,
        tags=["npa"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Propose what was found; no rule acts on it until another person approves."""
        given: dict[str, Any] = {"value": "", "until_date": None}
        given |= taken(request, finding_serializers.FindingRequest)
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        made = services.propose_finding(
            actor=request.user, loan=loan, found=services.Found(**given), now=timezone.now()
        )
        return Response(finding_serializers.FindingAnswer(made).data)


class Findings(APIView):
    """All that was found."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="findings_list",
        parameters=[
            OpenApiParameter("state", description="waiting, or a state; left out: all."),
            AFTER,
        ],
        responses={200: finding_serializers.FindingPage, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return what was found, what was proposed last first."""
        state = known_state(request, Finding.lifecycle, "waiting")
        rows = finding_rows.findings(request.user, state=state)
        page = keyset.page(rows, by=_BY, after=request.query_params.get("after", ""))
        found = finding_serializers.FindingAnswer(page.rows, many=True).data
        return Response({"results": found, "after": page.after})


class Approve(APIView):
    """Approve a finding."""

    required_permission = policies.APPROVE_FINDING

    @extend_schema(operation_id="finding_approve", request=None, responses=_ANSWERS, tags=["npa"])
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Approve what another person found; it counts from the first day not ended yet."""
        return _answered(request, pk, services.approve_finding)


class Refuse(APIView):
    """Refuse a finding."""

    required_permission = policies.APPROVE_FINDING

    @extend_schema(
        operation_id="finding_refuse",
        request=serializers.OverrideNote,
        responses=_ANSWERS,
        tags=["npa"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse what another person found, with a reason."""
        given = taken(request, serializers.OverrideNote)
        return _answered(request, pk, services.refuse_finding, **given)


class Withdraw(APIView):
    """Take a finding back."""

    required_permission = policies.PROPOSE_FINDING

    @extend_schema(operation_id="finding_withdraw", request=None, responses=_ANSWERS, tags=["npa"])
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take back what one proposed oneself."""
        return _answered(request, pk, services.withdraw_finding)


class ProposeEnd(APIView):
    """Ask that a finding counts no longer."""

    required_permission = policies.PROPOSE_FINDING

    @extend_schema(
        operation_id="finding_propose_end",
        request=serializers.OverrideEnd,
        responses=_ANSWERS,
        tags=["npa"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask that it counts no longer; it does until another person agrees."""
        given = taken(request, serializers.OverrideEnd)
        return _answered(request, pk, services.propose_finding_end, **given)


class End(APIView):
    """End a finding."""

    required_permission = policies.APPROVE_FINDING

    @extend_schema(operation_id="finding_end", request=None, responses=_ANSWERS, tags=["npa"])
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Agree that it counts no longer, from the first day not ended yet on."""
        return _answered(request, pk, services.end_finding)


class Keep(APIView):
    """Let a finding go on."""

    required_permission = policies.APPROVE_FINDING

    @extend_schema(operation_id="finding_keep", request=None, responses=_ANSWERS, tags=["npa"])
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse to end it; it goes on."""
        return _answered(request, pk, services.keep_finding)


def _answered(
    request: Request, pk: uuid.UUID, act: Callable[..., Finding], **given: Any
) -> Response:
    found = get_visible(Finding.objects.all(), request.user, pk=pk)
    done = act(actor=request.user, finding=found, now=timezone.now(), **given)
    return Response(finding_serializers.FindingAnswer(done).data)


urlpatterns = [
    path("loans/<uuid:pk>/findings", LoanFindings.as_view(), name="loan_findings"),
    path("npa/findings", Findings.as_view(), name="npa_findings"),
    path("npa/findings/<uuid:pk>/approve", Approve.as_view(), name="npa_finding_approve"),
    path("npa/findings/<uuid:pk>/refuse", Refuse.as_view(), name="npa_finding_refuse"),
    path("npa/findings/<uuid:pk>/withdraw", Withdraw.as_view(), name="npa_finding_withdraw"),
    path(
        "npa/findings/<uuid:pk>/propose-end", ProposeEnd.as_view(), name="npa_finding_propose_end"
    ),
    path("npa/findings/<uuid:pk>/end", End.as_view(), name="npa_finding_end"),
    path("npa/findings/<uuid:pk>/keep", Keep.as_view(), name="npa_finding_keep"),
]
