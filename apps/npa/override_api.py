"""Classes set by people, over the API: one proposes, another answers."""

import uuid
from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.lifecycle import Lifecycle
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.npa import override_rows, policies, serializers, services
from apps.npa.models import Override
from apps.servicing.asked import taken

REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
AFTER = OpenApiParameter("after", description="The position from the page before.")
_ANSWERS = {200: serializers.OverrideAnswer, **REFUSED}
_BY = ("-proposed_at", "-id")


def known_state(request: Request, lifecycle: Lifecycle, group: str) -> str:
    """Return the state or the group of states that is asked for; "" for all. Raises DomainError."""
    told = request.query_params.get("state", "")
    if told and told != group and told not in lifecycle.states:
        sentence = _("There is no such state.")
        raise DomainError("unknown_state", sentence, fields={"state": sentence})
    return told


class LoanOverrides(APIView):
    """The overrides of a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.PROPOSE_OVERRIDE}

    @extend_schema(
        operation_id="loan_overrides_list",
        responses={200: serializers.OverrideAnswer(many=True), **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the overrides of a loan, the newest first."""
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        rows = override_rows.of_loan(request.user, loan)
        return Response(serializers.OverrideAnswer(rows, many=True).data)

    @extend_schema(
        operation_id="loan_override_propose",
        request=serializers.OverrideRequest,
        responses=_ANSWERS,
        tags=["npa"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Propose another class; the night keeps to the rules until another person approves."""
        asked = services.Asked(**taken(request, serializers.OverrideRequest))
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        made = services.propose_override(
            actor=request.user, loan=loan, asked=asked, now=timezone.now()
        )
        return Response(serializers.OverrideAnswer(made).data)


class Overrides(APIView):
    """All overrides."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="overrides_list",
        parameters=[
            OpenApiParameter("state", description="waiting, or a state; left out: all."),
            AFTER,
        ],
        responses={200: serializers.OverridePage, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return overrides, those proposed last first."""
        state = known_state(request, Override.lifecycle, "waiting")
        rows = override_rows.overrides(request.user, state=state)
        page = keyset.page(rows, by=_BY, after=request.query_params.get("after", ""))
        found = serializers.OverrideAnswer(page.rows, many=True).data
        return Response({"results": found, "after": page.after})


class Approve(APIView):
    """Approve an override."""

    required_permission = policies.APPROVE_OVERRIDE

    @extend_schema(operation_id="override_approve", request=None, responses=_ANSWERS, tags=["npa"])
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Approve another class that another person proposed."""
        return _answered(request, pk, services.approve_override)


class Refuse(APIView):
    """Refuse an override."""

    required_permission = policies.APPROVE_OVERRIDE

    @extend_schema(
        operation_id="override_refuse",
        request=serializers.OverrideNote,
        responses=_ANSWERS,
        tags=["npa"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse another class that another person proposed, with a reason."""
        given = taken(request, serializers.OverrideNote)
        return _answered(request, pk, services.refuse_override, **given)


class Withdraw(APIView):
    """Take an override back."""

    required_permission = policies.PROPOSE_OVERRIDE

    @extend_schema(operation_id="override_withdraw", request=None, responses=_ANSWERS, tags=["npa"])
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take back what one proposed oneself."""
        return _answered(request, pk, services.withdraw_override)


class ProposeEnd(APIView):
    """Ask that an override ends before its time."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="override_propose_end",
        request=serializers.OverrideEnd,
        responses=_ANSWERS,
        tags=["npa"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask that it ends; it holds until another person agrees."""
        given = taken(request, serializers.OverrideEnd)
        return _answered(request, pk, services.propose_override_end, **given)


class End(APIView):
    """End an override before its time."""

    required_permission = policies.APPROVE_OVERRIDE

    @extend_schema(operation_id="override_end", request=None, responses=_ANSWERS, tags=["npa"])
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Agree that it ends: today is the first day without it."""
        return _answered(request, pk, services.end_override)


def _answered(
    request: Request, pk: uuid.UUID, act: Callable[..., Override], **given: Any
) -> Response:
    found = get_visible(Override.objects.all(), request.user, pk=pk)
    done = act(actor=request.user, override=found, now=timezone.now(), **given)
    return Response(serializers.OverrideAnswer(done).data)


urlpatterns = [
    path("loans/<uuid:pk>/class-overrides", LoanOverrides.as_view(), name="loan_class_overrides"),
    path("npa/overrides", Overrides.as_view(), name="npa_overrides"),
    path("npa/overrides/<uuid:pk>/approve", Approve.as_view(), name="npa_override_approve"),
    path("npa/overrides/<uuid:pk>/refuse", Refuse.as_view(), name="npa_override_refuse"),
    path("npa/overrides/<uuid:pk>/withdraw", Withdraw.as_view(), name="npa_override_withdraw"),
    path(
        "npa/overrides/<uuid:pk>/propose-end", ProposeEnd.as_view(), name="npa_override_propose_end"
    ),
    path("npa/overrides/<uuid:pk>/end", End.as_view(), name="npa_override_end"),
]
