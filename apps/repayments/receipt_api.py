"""The receipt of a payment over the API."""

import uuid

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from apps.core.api import APIView, Problem
from apps.core.visibility import get_visible
from apps.repayments import policies, receipt_files, services
from apps.repayments.models import AccountEvent


class Receipt(APIView):
    """The receipt of a payment."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="repayments_receipt",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            400: Problem,
            401: Problem,
            403: Problem,
            404: Problem,
            409: Problem,
        },
        tags=["repayments"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """Return the PDF: frozen when it is first asked for, the same ever after."""
        event = get_visible(AccountEvent.objects.all(), request.user, pk=pk)
        paper = services.print_receipt(actor=request.user, event=event, now=timezone.now())
        return receipt_files.response(paper)


urlpatterns = [path("repayments/<uuid:pk>/receipt", Receipt.as_view(), name="repayments_receipt")]
