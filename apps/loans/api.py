"""Open a loan over the API, under the decision that binds."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.models import Application
from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.loans import services


class LoanRequest(Strict):
    """When the money is paid out; amount and term where they are less than what binds."""

    disbursed_date = serializers.DateField()
    principal = serializers.DecimalField(
        max_digits=18,
        decimal_places=2,
        required=False,
        help_text="At most what was decided; left out, it is what was asked for or offered.",
    )
    term_months = serializers.IntegerField(required=False, min_value=1)


class LoanAnswer(serializers.Serializer[Any]):
    """A loan as it was opened."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    application = serializers.UUIDField(source="application_id")
    principal = serializers.DecimalField(max_digits=18, decimal_places=2)
    currency = serializers.CharField()
    annual_rate = serializers.DecimalField(max_digits=7, decimal_places=6)
    term_months = serializers.IntegerField()
    instalment = serializers.DecimalField(max_digits=18, decimal_places=2)
    opened_date = serializers.DateField()


class OpenLoan(APIView):
    """The loan of an application."""

    required_permission = services.OPEN

    @extend_schema(
        operation_id="applications_open_loan",
        request=LoanRequest,
        responses={
            200: LoanAnswer,
            400: Problem,
            401: Problem,
            403: Problem,
            404: Problem,
            409: Problem,
        },
        tags=["loans"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Open it under the decision that binds; the same again returns the loan as it is."""
        given = LoanRequest(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.open_loan(
            actor=request.user,
            application=get_visible(Application.objects.all(), request.user, pk=pk),
            now=timezone.now(),
            **given.validated_data,
        )
        return Response(LoanAnswer(made).data)


urlpatterns = [path("applications/<uuid:pk>/loan", OpenLoan.as_view(), name="open_loan")]
