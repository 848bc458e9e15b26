"""Loans over the API: open one under an accepted offer, read one, its schedules, end one."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.models import Application
from apps.core import dates
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.loans import (
    arrears,
    payment_api,
    policies,
    schedule_files,
    selectors,
    serializers,
    services,
)
from apps.loans.lifecycle import LOAN
from apps.loans.models import Instalment, Loan
from apps.loans.payment_api import REFUSED


def _seen(request: Request, pk: uuid.UUID) -> Loan:
    return get_visible(selectors.detailed(), request.user, pk=pk)


def _today(loan: Loan) -> Any:
    return dates.local_date(timezone.now(), loan.branch.entity.time_zone)


def _detail(loan: Loan) -> dict[str, Any]:
    position = selectors.position(loan, _today(loan))
    late = position.arrears
    following = position.next_due
    return {
        **serializers.LoanAnswer(loan).data,
        "principal_outstanding": f"{position.principal:.2f}",
        "arrears": {
            "day": position.day.isoformat(),
            "amount": f"{late.amount:.2f}",
            "instalments": late.instalments,
            "days_past_due": late.days,
        },
        "next_due": _instalment(following, loan) if following else None,
        "disbursements": serializers.DisbursementAnswer(selectors.payments(loan), many=True).data,
    }


def _instalment(one: Instalment, loan: Loan) -> dict[str, Any]:
    state = arrears.state(one, _today(loan)) if loan.status == "active" else "planned"
    return {
        **serializers.InstalmentFigures(one).data,
        "state": str(state),
    }


class OpenLoan(APIView):
    """The loan of an application."""

    required_permission = policies.OPEN

    @extend_schema(
        operation_id="applications_open_loan",
        request=None,
        responses={200: serializers.LoanAnswer, **REFUSED},
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Open it as the applicant accepted it; opened again, it is returned as it is."""
        made = services.open_loan(
            actor=request.user,
            application=get_visible(Application.objects.all(), request.user, pk=pk),
            now=timezone.now(),
        )
        return Response(serializers.LoanAnswer(made).data)


class Loans(APIView):
    """The loans one may see."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="loans_list",
        parameters=[
            OpenApiParameter("state", enum=list(LOAN.states)),
            OpenApiParameter("number", description="Exactly one loan's number."),
            OpenApiParameter("after", description="The position from the page before."),
        ],
        responses={200: serializers.LoanPage, 400: Problem, 401: Problem, 403: Problem},
        tags=["loans"],
    )
    def get(self, request: Request) -> Response:
        """Return loans, the newest first."""
        asked = request.query_params
        state = asked.get("state", "")
        if state and state not in LOAN.states:
            sentence = _("There is no such state.")
            raise DomainError("unknown_state", sentence, fields={"state": sentence})
        filters = selectors.Filters(number=asked.get("number", ""), state=state)
        page = selectors.worklist(request.user, filters, after=asked.get("after", ""))
        rows = serializers.LoanAnswer(page.rows, many=True).data
        return Response({"results": rows, "after": page.after})


class OneLoan(APIView):
    """One loan."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="loans_read",
        responses={200: serializers.LoanDetail, 401: Problem, 403: Problem, 404: Problem},
        tags=["loans"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a loan as it stands today: outstanding, arrears, next due, payments."""
        return Response(_detail(_seen(request, pk)))


class LoanSchedule(APIView):
    """The schedules of a loan."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="loans_schedule",
        parameters=[
            OpenApiParameter("version", int, description="Left out: the one in force."),
        ],
        responses={200: serializers.ScheduleAnswer, 401: Problem, 403: Problem, 404: Problem},
        tags=["loans"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the schedule in force, or a version: 1 is the original."""
        loan = _seen(request, pk)
        found = selectors.version(loan, request.query_params.get("version", ""))
        return Response(
            {
                "version": found.number,
                "kind": found.kind,
                "reason": found.reason,
                "in_force": found.in_force,
                "instalments": [
                    _instalment(one, loan) for one in found.instalments.order_by("number")
                ],
            }
        )


class LoanScheduleFile(APIView):
    """The schedules of a loan to take along."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="loans_schedule_file",
        parameters=[
            OpenApiParameter("form", enum=list(schedule_files.KINDS), location="path"),
            OpenApiParameter("version", int, description="Left out: the one in force."),
        ],
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, "application/pdf"): OpenApiTypes.BINARY,
            (200, "text/calendar"): OpenApiTypes.BINARY,
            401: Problem,
            403: Problem,
            404: Problem,
        },
        tags=["loans"],
    )
    def get(self, request: Request, pk: uuid.UUID, form: str) -> HttpResponse:
        """Return a schedule as a table, a paper, or a calendar of its due dates."""
        loan = _seen(request, pk)
        shown = schedule_files.of(loan, request.query_params.get("version", ""), day=_today(loan))
        return schedule_files.response(shown, form, made_at=timezone.now())


class CancelLoan(APIView):
    """Give a contract up."""

    required_permission = policies.OPEN

    @extend_schema(
        operation_id="loans_cancel",
        request=serializers.ReasonRequest,
        responses={200: serializers.LoanAnswer, **REFUSED},
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give up a contract of which nothing was paid out, with a reason."""
        given = serializers.ReasonRequest(data=request.data)
        given.is_valid(raise_exception=True)
        loan = services.cancel(
            actor=request.user, loan=_seen(request, pk), now=timezone.now(), **given.validated_data
        )
        return Response(serializers.LoanAnswer(loan).data)


class GiveUpRest(APIView):
    """The rest of a loan that was paid out in part."""

    required_permission = policies.APPROVE

    @extend_schema(
        operation_id="loans_give_up_rest",
        request=serializers.ReasonRequest,
        responses={200: serializers.LoanAnswer, **REFUSED},
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give up what was not paid out, for good; the contract stands for what was."""
        given = serializers.ReasonRequest(data=request.data)
        given.is_valid(raise_exception=True)
        loan = services.give_up_rest(
            actor=request.user, loan=_seen(request, pk), now=timezone.now(), **given.validated_data
        )
        return Response(serializers.LoanAnswer(loan).data)


class SettleExit(APIView):
    """A loan that its borrower stepped back from."""

    required_permission = policies.SETTLE

    @extend_schema(
        operation_id="loans_settle_exit",
        request=serializers.ExitRequest,
        responses={200: serializers.LoanAnswer, **REFUSED},
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that what stepping back costs was paid, and close the loan."""
        given = serializers.ExitRequest(data=request.data)
        given.is_valid(raise_exception=True)
        loan = services.settle_exit(
            actor=request.user, loan=_seen(request, pk), now=timezone.now(), **given.validated_data
        )
        return Response(serializers.LoanAnswer(loan).data)


urlpatterns = [
    path("applications/<uuid:pk>/loan", OpenLoan.as_view(), name="open_loan"),
    path("loans", Loans.as_view(), name="loans"),
    path("loans/<uuid:pk>", OneLoan.as_view(), name="loan"),
    path("loans/<uuid:pk>/schedule", LoanSchedule.as_view(), name="loan_schedule"),
    path(
        "loans/<uuid:pk>/schedule/<str:form>",
        LoanScheduleFile.as_view(),
        name="loan_schedule_file",
    ),
    path("loans/<uuid:pk>/cancel", CancelLoan.as_view(), name="loan_cancel"),
    path("loans/<uuid:pk>/give-up-rest", GiveUpRest.as_view(), name="loan_give_up_rest"),
    path("loans/<uuid:pk>/settle-exit", SettleExit.as_view(), name="loan_settle_exit"),
    *payment_api.urlpatterns,
]
