"""Expected credit loss over the API: the totals of a measurement."""

from datetime import date
from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError, NotVisible
from apps.core.money import MINOR_UNITS
from apps.impairment import policies, rows, serializers
from apps.impairment.models import Run
from apps.impairment.rows import Chosen, Sums
from apps.ledger import selectors as ledger

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem}


class Losses(APIView):
    """The expected credit loss of a measurement."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="expected_credit_loss",
        parameters=[
            OpenApiParameter("lender", description="Its code; left out: the person's own."),
            OpenApiParameter("day", OpenApiTypes.DATE, description="Left out: the last measured."),
            OpenApiParameter("currency", description="Left out: the lender's."),
        ],
        responses={200: serializers.LossAnswer, **_REFUSED},
        tags=["impairment"],
    )
    def get(self, request: Request) -> Response:
        """Return the sums by stage, of all, and under each scenario."""
        chosen = _chosen(request)
        groups = rows.grouped(request.user, chosen, "stage")
        found = {
            "lender": chosen.entity.code,
            "day": chosen.run.day,
            "currency": chosen.currency,
            "run": chosen.run.run,
            "estimate": chosen.run.estimate.version,
            "parameters_sha256": chosen.run.parameters.sha256,
            "stages": [_told(sums, key["stage"]) for key, sums in groups],
            "total": _told(rows.whole(groups), None),
            "scenarios": rows.scenarios(request.user, chosen),
        }
        return Response(serializers.LossAnswer(found).data)


def _told(sums: Sums, stage: int | None) -> dict[str, Any]:
    names = ("loans", *rows.SUMS)
    return {"stage": stage, **{name: getattr(sums, name) for name in names}}


def _chosen(request: Request) -> Chosen:
    asked = request.query_params
    entity = _entity(request, asked.get("lender", ""))
    currency = asked.get("currency") or entity.currency
    if currency not in MINOR_UNITS:
        sentence = _("This lender has no such currency.")
        raise DomainError("currency_refused", sentence, fields={"currency": sentence})
    return Chosen(entity=entity, currency=currency, run=_run(entity, asked.get("day", "")))


def _entity(request: Request, code: str) -> Entity:
    if not code:
        own: Entity = request.user.branch.entity
        return own
    found = next((one for one in ledger.entities(request.user) if one.code == code), None)
    if found is None:
        raise NotVisible("not_found", _("There is no such lender."))
    return found


def _run(entity: Entity, told: str) -> Run:
    runs = Run.objects.filter(entity=entity, status="finished")
    if told:
        try:
            runs = runs.filter(day=date.fromisoformat(told))
        except ValueError:
            sentence = _("This is no day.")
            refusal = DomainError("day_refused", sentence, fields={"day": sentence})
            raise refusal from None
    found = runs.select_related("estimate", "parameters").order_by("-day").first()
    if found is None:
        raise NotVisible("not_measured", _("Losses are not measured for that day."))
    return found


urlpatterns: list[Any] = [
    path("impairment/losses", Losses.as_view(), name="impairment_losses"),
]
