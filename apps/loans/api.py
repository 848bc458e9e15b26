"""Loans over the API: open one under an accepted offer."""

import uuid

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.models import Application
from apps.core.api import APIView, Problem
from apps.core.visibility import get_visible
from apps.loans import policies, services
from apps.loans.serializers import LoanAnswer

REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class OpenLoan(APIView):
    """The loan of an application."""

    required_permission = policies.OPEN

    @extend_schema(
        operation_id="applications_open_loan",
        request=None,
        responses={200: LoanAnswer, **REFUSED},
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Open it as the applicant accepted it; opened again, it is returned as it is."""
        made = services.open_loan(
            actor=request.user,
            application=get_visible(Application.objects.all(), request.user, pk=pk),
            now=timezone.now(),
        )
        return Response(LoanAnswer(made).data)


urlpatterns = [path("applications/<uuid:pk>/loan", OpenLoan.as_view(), name="open_loan")]
