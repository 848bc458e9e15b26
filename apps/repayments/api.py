"""Payments over the API: see what one would come to, post it, read, take it back."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.customers.models import Customer
from apps.loans.models import Loan
from apps.repayments import (
    charge_api,
    policies,
    promise_api,
    receipt_api,
    reminder_api,
    selectors,
    serializers,
    services,
    statement_api,
)
from apps.repayments.errors import refused_field
from apps.repayments.facts import Receipt, payer_reference
from apps.repayments.models import AccountEvent
from apps.repayments.services import Foreseen, entering, holding, spreading

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


def _answers(events: Sequence[AccountEvent]) -> list[dict[str, Any]]:
    went = selectors.went(events)
    return [
        dict(
            serializers.RepaymentAnswer(
                {
                    "id": one.pk,
                    "loan": one.loan_id,
                    "loan_number": one.loan.number,
                    "kind": one.kind,
                    "state": one.status,
                    "day": one.day,
                    "amount": one.amount,
                    "currency": one.currency,
                    "channel": one.parameters.get("channel", ""),
                    "external_reference": one.parameters.get("external_reference", ""),
                    "parts": went[one.pk].parts,
                    "to_advances": went[one.pk].advances,
                    "entry": one.entry_id,
                    "made_by": one.made_by_id,
                    "made_at": one.made_at,
                    "reversed_by": one.reversed_by_id,
                    "reversed_at": one.reversed_at,
                    "reversed_reason": one.why_reversed,
                }
            ).data
        )
        for one in events
    ]


class _Asked:
    """What was sent: whose money, and the fact."""

    def __init__(self, request: Request) -> None:
        given = serializers.RepaymentRequest(data=request.data)
        given.is_valid(raise_exception=True)
        self.values = given.validated_data
        self.loan, self.customer = self._whose(request)
        branch = self.loan.branch if self.loan else self.customer.branch
        self.entity = branch.entity
        self.fact = Receipt(
            day=self.values.get("day") or holding.today_of(branch, timezone.now()),
            amount=self.values["amount"],
            channel=self.values["channel"],
            external_reference=self.values["external_reference"],
        )
        if self.loan:
            holding.require_currency(self.loan.currency, self.currency)

    @property
    def currency(self) -> str:
        """The currency the money is said to be in; empty where nothing is said."""
        return str(self.values.get("currency", ""))

    @property
    def reference(self) -> str:
        """The reference the payment is posted under: that of the payer, within the lender."""
        return payer_reference(self.entity.code, self.fact.external_reference)

    def posted_before(self, request: Request) -> list[AccountEvent]:
        """Return what this money was posted as before. Raises ReferenceUsed for something else."""
        if self.loan is not None:
            return entering.posted_before(self.loan, self.fact, self.reference)
        return spreading.posted_before(
            actor=request.user,
            customer=self.customer,
            fact=self.fact,
            reference=self.reference,
        )

    def _whose(self, request: Request) -> tuple[Loan | None, Any]:
        loan, customer = self.values.get("loan"), self.values.get("customer")
        if bool(loan) == bool(customer):
            raise refused_field(
                "whose_money", "loan", _("Name a loan, or a customer, and not both.")
            )
        if loan:
            return holding.see(request.user, loan), None
        return None, selectors.payer(request.user, Customer(pk=customer))


class Repayments(APIView):
    """The payments one may see, and posting one."""

    required_permission = {"GET": policies.VIEW, "POST": policies.POST}

    @extend_schema(
        operation_id="repayments_list",
        parameters=[
            OpenApiParameter("loan", uuid.UUID),
            OpenApiParameter("kind", enum=list(selectors.PAYMENTS)),
            OpenApiParameter("state", enum=["live", "reversed"]),
            OpenApiParameter("external_reference"),
            OpenApiParameter("from", date),
            OpenApiParameter("to", date),
            OpenApiParameter("after", description="The position from the page before."),
        ],
        responses={200: serializers.RepaymentPage, 400: Problem, 401: Problem, 403: Problem},
        tags=["repayments"],
    )
    def get(self, request: Request) -> Response:
        """Return payments, the newest first."""
        asked = request.query_params
        page = selectors.page(request.user, _filters(asked), after=asked.get("after", ""))
        return Response({"results": _answers(page.rows), "after": page.after})

    @extend_schema(
        operation_id="repayments_post",
        request=serializers.RepaymentRequest,
        responses={200: serializers.RepaymentsAnswer, **_REFUSED},
        tags=["repayments"],
    )
    def post(self, request: Request) -> Response:
        """Post money; the same external reference with the same content posts nothing again."""
        asked = _Asked(request)
        now = timezone.now()
        if asked.loan is not None:
            event = services.enter(
                actor=request.user,
                loan=asked.loan,
                fact=asked.fact,
                reference=asked.reference,
                now=now,
            )
            return Response({"results": _answers([event])})
        events = services.enter_for_customer(
            actor=request.user,
            customer=asked.customer,
            fact=asked.fact,
            reference=asked.reference,
            now=now,
            currency=asked.currency,
        )
        return Response({"results": _answers(events)})


class RepaymentPreview(APIView):
    """What a payment would come to."""

    required_permission = policies.POST

    @extend_schema(
        operation_id="repayments_preview",
        request=serializers.RepaymentRequest,
        responses={200: serializers.PreviewsAnswer, **_REFUSED},
        tags=["repayments"],
    )
    def post(self, request: Request) -> Response:
        """Return the split by bucket and how the account would stand; nothing is posted."""
        asked = _Asked(request)
        now = timezone.now()
        posted = asked.posted_before(request)
        if posted:
            return Response({"results": [], "already_posted": [one.pk for one in posted]})
        if asked.loan is not None:
            results = [_foreseen(asked.loan, asked.fact, now)]
            return Response({"results": results, "already_posted": []})
        shares = services.shares_of_customer(
            actor=request.user,
            customer=asked.customer,
            fact=asked.fact,
            currency=asked.currency,
        )
        results = [
            _foreseen(loan, replace(asked.fact, amount=amount), now) for loan, amount in shares
        ]
        return Response({"results": results, "already_posted": []})


class OneRepayment(APIView):
    """One payment."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="repayments_read",
        responses={200: serializers.RepaymentAnswer, 401: Problem, 403: Problem, 404: Problem},
        tags=["repayments"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a payment and what it went to."""
        return Response(_answers([_seen(request, pk)])[0])


class RepaymentReversal(APIView):
    """A payment that bounced, was charged back, or was a mistake."""

    required_permission = policies.REVERSE

    @extend_schema(
        operation_id="repayments_reverse",
        request=serializers.ReversalRequest,
        responses={200: serializers.RepaymentAnswer, **_REFUSED},
        tags=["repayments"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take a payment back: the account is what it would be without it."""
        given = serializers.ReversalRequest(data=request.data)
        given.is_valid(raise_exception=True)
        services.take_back(
            actor=request.user,
            event=_seen(request, pk),
            now=timezone.now(),
            **given.validated_data,
        )
        return Response(_answers([_seen(request, pk)])[0])


def _seen(request: Request, pk: uuid.UUID) -> AccountEvent:
    return get_visible(
        AccountEvent.objects.filter(kind__in=selectors.PAYMENTS).select_related("loan"),
        request.user,
        pk=pk,
    )


def _foreseen(loan: Loan, fact: Receipt, now: datetime) -> dict[str, Any]:
    """Return what a payment would come to; refused as it would be if it were posted."""
    holding.require_possible(loan, fact, now=now)
    holding.require_open(loan, fact.day)
    return _preview(loan, services.foresee(loan=loan, fact=fact))


def _preview(loan: Loan, found: Foreseen) -> dict[str, Any]:
    values = {
        "loan": loan.pk,
        "amount": found.fact.amount if isinstance(found.fact, Receipt) else None,
        "parts": found.parts,
        "to_advances": found.to_advances,
        "to_income": found.to_income,
        "is_replayed": found.is_replayed,
        "before": found.before,
        "after": found.after,
    }
    return dict(serializers.PreviewAnswer(values).data)


def _filters(asked: Any) -> selectors.Filters:
    words = [asked.get(name, "") for name in ("kind", "state", "external_reference")]
    if not all(one.isprintable() for one in words):
        raise _filter_refused()
    try:
        loan = uuid.UUID(asked["loan"]) if asked.get("loan") else None
        first = date.fromisoformat(asked["from"]) if asked.get("from") else None
        last = date.fromisoformat(asked["to"]) if asked.get("to") else None
    except (ValueError, ValidationError):
        raise _filter_refused() from None
    kind, state, reference = words
    return selectors.Filters(
        loan=loan,
        kind=kind,
        state=state,
        external_reference=reference,
        from_date=first,
        to_date=last,
    )


def _filter_refused() -> DomainError:
    return DomainError("filter_refused", _("A filter is a loan's id, or a day as year-month-day."))


urlpatterns = [
    path("repayments", Repayments.as_view(), name="repayments"),
    path("repayments/preview", RepaymentPreview.as_view(), name="repayment_preview"),
    path("repayments/<uuid:pk>", OneRepayment.as_view(), name="repayment"),
    path("repayments/<uuid:pk>/reversal", RepaymentReversal.as_view(), name="repayment_reversal"),
    *charge_api.urlpatterns,
    *receipt_api.urlpatterns,
    *promise_api.urlpatterns,
    *reminder_api.urlpatterns,
    *statement_api.urlpatterns,
]
