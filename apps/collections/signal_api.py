"""Early signals over the API."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.collections import policies, signal_rows, wording
from apps.collections.asked import chosen
from apps.collections.signal_rows import Filters
from apps.collections.warning import Signal
from apps.core.api import APIView
from apps.core.errors import DomainError
from apps.npa.override_api import AFTER, REFUSED


class SignalRow(serializers.Serializer[Any]):
    """A signal of a loan, since when and until when."""

    loan = serializers.UUIDField(source="loan_id")
    number = serializers.CharField(source="loan.number")
    customer = serializers.CharField(source="loan.customer.number")
    branch = serializers.CharField(source="loan.branch.code")
    signal = serializers.ChoiceField(source="code", choices=[one.value for one in Signal])
    value = serializers.IntegerField(help_text="What the rule saw last.")
    since = serializers.DateField(source="began_on")
    until = serializers.DateField(source="ended_on", allow_null=True)


class SignalPage(serializers.Serializer[Any]):
    """A page of signals; `after` is empty at the end."""

    results = SignalRow(many=True)
    after = serializers.CharField()


class Signals(APIView):
    """The early signals of a lender."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="collections_signals",
        parameters=[
            OpenApiParameter("lender", description="Its code; left out: the person's own."),
            OpenApiParameter("currency", description="Left out: the lender's."),
            OpenApiParameter("signal", enum=[one.value for one in Signal]),
            OpenApiParameter("state", enum=list(wording.SIGNAL_STATES)),
            AFTER,
        ],
        responses={200: SignalPage, **REFUSED},
        tags=["collections"],
    )
    def get(self, request: Request) -> Response:
        """Return a page of signals, the newest first; those that stand unless asked otherwise."""
        asked = chosen(request)
        found = signal_rows.listed(request.user, asked, _filters(request))
        page = signal_rows.page(found, after=request.query_params.get("after", ""), before="")
        return Response(SignalPage({"results": page.rows, "after": page.after}).data)


def _filters(request: Request) -> Filters:
    signal = request.query_params.get("signal", "")
    state = request.query_params.get("state", "standing")
    known = {"signal": (signal, wording.SIGNAL), "state": (state, wording.SIGNAL_STATES)}
    for name, (value, choices) in known.items():
        if value not in choices:
            sentence = _("There is no such choice.")
            raise DomainError("unknown_choice", sentence, fields={name: sentence})
    return Filters(signal=signal, state="" if state == "any" else state)


urlpatterns: list[Any] = [
    path("collections/signals", Signals.as_view(), name="collections_signals"),
]
