"""Over the API: recoveries of what was written off, and requests that top a loan up."""

import uuid

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.entries import Terms
from apps.core import keyset
from apps.core.api import APIView, Problem
from apps.servicing import losses, policies, selectors, serializers, services
from apps.servicing.asked import seen, taken, today
from apps.servicing.errors import NotWrittenOff

REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class Recovery(APIView):
    """Money on a loan that was written off."""

    required_permission = {"GET": policies.VIEW, "POST": policies.POST}

    @extend_schema(
        operation_id="loan_recoverable",
        responses={200: serializers.Recoverable, **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what was written off, what was recovered, and how much can still be taken."""
        loan = seen(request, pk)
        if loan.status != "written_off":
            raise NotWrittenOff
        found = {
            "written_off": loan.account.written_off,
            "recovered": loan.account.recovered,
            "recoverable": selectors.recoverable(loan, today(loan)),
            "currency": loan.currency,
        }
        return Response(serializers.Recoverable(found).data)

    @extend_schema(
        operation_id="loan_recover",
        request=serializers.ServicedMoney,
        responses={200: serializers.ServicedEvent, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take a recovery; the same reference takes it once."""
        money = services.Money(**taken(request, serializers.ServicedMoney))
        event = services.recover(
            actor=request.user, loan=seen(request, pk), money=money, now=timezone.now()
        )
        return Response(serializers.ServicedEvent(event).data)


class Losses(APIView):
    """The register of what was written off."""

    required_permission = policies.VIEW_LOSSES

    @extend_schema(
        operation_id="losses_list",
        parameters=[OpenApiParameter("after", description="The position from the page before.")],
        responses={200: serializers.LossPage, **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request) -> Response:
        """Return the loans that were written off, the latest first, with what was recovered."""
        page = keyset.page(
            selectors.losses(request.user),
            by=("-lost_on", "-pk"),
            after=request.query_params.get("after", ""),
            before="",
        )
        rows = serializers.LossRow([losses.of_loan(loan) for loan in page.rows], many=True).data
        return Response({"results": rows, "after": page.after})


class TopUps(APIView):
    """Requests out of whose loan a running one is paid off."""

    required_permission = policies.TOP_UP

    @extend_schema(
        operation_id="loan_top_up",
        request=serializers.TopUpRequest,
        responses={200: serializers.TopUpAnswer, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take a request as a draft; its loan pays this one off when it is paid out."""
        given = taken(request, serializers.TopUpRequest)
        loan, reference = seen(request, pk), given.pop("reference", "")
        product = selectors.top_up_product(loan, given.pop("product"))
        made = services.start_top_up(
            actor=request.user,
            loan=loan,
            terms=Terms(product=product, **given),
            now=timezone.now(),
            reference=reference,
        )
        return Response(serializers.TopUpAnswer(made).data)


urlpatterns = [
    path("loans/<uuid:pk>/top-ups", TopUps.as_view(), name="loan_top_ups"),
    path("loans/<uuid:pk>/recovery", Recovery.as_view(), name="loan_recovery"),
    path("servicing/written-off", Losses.as_view(), name="servicing_losses"),
]
