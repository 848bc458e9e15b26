"""Promises to pay over the API: the list, those of a loan, take one, withdraw one."""

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

from apps.core import dates
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.loans import policies as lending
from apps.loans.models import Loan
from apps.repayments import contact_rows, policies, services
from apps.repayments.models import Promise
from apps.repayments.promising import LIFECYCLE

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAGS = ["repayments"]


class PromiseIn(Strict):
    """What a borrower promised."""

    amount = serializers.DecimalField(max_digits=18, decimal_places=2, min_value=Decimal("0.01"))
    currency = serializers.CharField(
        max_length=3, required=False, default="", help_text="Left out, the loan's."
    )
    promised_date = serializers.DateField(help_text="The day is the borrower's to its end.")
    channel = serializers.ChoiceField(choices=Promise.Channel.choices)
    is_inbound = serializers.BooleanField(
        required=False,
        default=False,
        help_text="The borrower began the contact; who comes to the counter did.",
    )
    place = serializers.CharField(
        max_length=300, required=False, default="", allow_blank=True, help_text="Of a visit."
    )


class PromiseOut(serializers.Serializer[Any]):
    """A promise, and what was paid towards it so far."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    currency = serializers.CharField()
    promised_date = serializers.DateField()
    channel = serializers.ChoiceField(choices=Promise.Channel.choices)
    status = serializers.ChoiceField(choices=[(one, one) for one in LIFECYCLE.states])
    paid = serializers.DecimalField(
        source="paid_by_day",
        max_digits=18,
        decimal_places=2,
        help_text="What came since it was taken and up to its day.",
    )
    taken_by = serializers.UUIDField(source="taken_by_id")
    taken_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawn_reason = serializers.CharField(source="why_withdrawn")


class PromisePage(serializers.Serializer[Any]):
    """A page of promises; `after` is empty at the end."""

    results = PromiseOut(many=True)
    after = serializers.CharField()


class PromiseWithdrawal(Strict):
    """Why a promise no longer counts."""

    reason = serializers.CharField(max_length=300)


class Promises(APIView):
    """The promises one may see."""

    required_permission = lending.VIEW

    @extend_schema(
        operation_id="promises_list",
        parameters=[
            OpenApiParameter(
                "view",
                enum=list(contact_rows.VIEWS),
                description="Open ones whose day has come (`due`), all open, broken, or kept.",
            ),
            OpenApiParameter("after", description="The position from the page before."),
        ],
        responses={200: PromisePage, 400: Problem, 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return a page of promises."""
        asked = request.query_params
        view = asked.get("view", "due")
        if view not in contact_rows.VIEWS:
            raise DomainError("unknown_view", _("There is no such view."))
        page = contact_rows.page(
            request.user,
            view,
            today=dates.local_date(timezone.now(), request.user.branch.entity.time_zone),
            after=asked.get("after", ""),
        )
        return Response({"results": PromiseOut(page.rows, many=True).data, "after": page.after})


class LoanPromises(APIView):
    """The promises of a loan."""

    required_permission = {"GET": lending.VIEW, "POST": policies.TAKE_PROMISE}

    @extend_schema(
        operation_id="loan_promises_list",
        responses={200: PromiseOut(many=True), 401: Problem, 403: Problem, 404: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the last promises of a loan, the newest first."""
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        return Response(PromiseOut(contact_rows.of_loan(loan), many=True).data)

    @extend_schema(
        operation_id="loan_promises_take",
        request=PromiseIn,
        responses={201: PromiseOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record a promise and its contact; refused when the borrower may not be contacted."""
        given = PromiseIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.take_promise(
            actor=request.user,
            loan=get_visible(Loan.objects.all(), request.user, pk=pk),
            entry=services.PromiseEntry(**given.validated_data),
            now=timezone.now(),
        )
        return Response(_shown(made), status=201)


class WithdrawPromise(APIView):
    """Withdraw an open promise."""

    required_permission = policies.TAKE_PROMISE

    @extend_schema(
        operation_id="promises_withdraw",
        request=PromiseWithdrawal,
        responses={200: PromiseOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Withdraw it: it is neither kept nor broken then."""
        given = PromiseWithdrawal(data=request.data)
        given.is_valid(raise_exception=True)
        promise = get_visible(Promise.objects.all(), request.user, pk=pk)
        found = services.withdraw_promise(
            actor=request.user,
            promise=promise,
            reason=given.validated_data["reason"],
            now=timezone.now(),
        )
        return Response(_shown(found))


def _shown(promise: Promise) -> dict[str, Any]:
    found = services.with_paid(Promise.objects.filter(pk=promise.pk)).get()
    return dict(PromiseOut(found).data)


urlpatterns = [
    path("promises", Promises.as_view(), name="promises"),
    path("promises/<uuid:pk>/withdraw", WithdrawPromise.as_view(), name="promises_withdraw"),
    path("loans/<uuid:pk>/promises", LoanPromises.as_view(), name="loan_promises"),
]
