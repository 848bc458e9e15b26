"""The quality of the portfolio, alerts and returns over the API."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity, User
from apps.core import dates, keyset
from apps.core.api import APIView
from apps.core.errors import DomainError, NotVisible
from apps.core.form_fields import FIRST_YEAR, LAST_YEAR
from apps.core.money import MINOR_UNITS
from apps.core.visibility import get_visible
from apps.ledger.chart import Account
from apps.npa import (
    movement,
    movement_rows,
    policies,
    portfolio_rows,
    serializers,
    services,
    watch_rows,
)
from apps.npa.models import Alert, Return, ReturnOrder, Threshold
from apps.npa.override_api import AFTER, REFUSED, known_state
from apps.npa.portfolio_rows import Chosen
from apps.servicing.asked import taken

_WHOSE = [
    OpenApiParameter("lender", description="Its code; left out: the person's own."),
    OpenApiParameter("day", OpenApiTypes.DATE, description="Left out: the last that was ended."),
    OpenApiParameter("currency", description="Left out: the lender's."),
]


class Portfolio(APIView):
    """The quality of a portfolio on a day."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="portfolio_quality",
        parameters=_WHOSE,
        responses={200: serializers.PortfolioAnswer, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return the sums by class and by bucket, and the ratios."""
        chosen = _chosen(request)
        rows = portfolio_rows.sums(request.user, chosen)
        classes = portfolio_rows.grouped(rows, "asset_class")
        whole = portfolio_rows.total(classes)
        found = {
            "lender": chosen.entity.code,
            "day": chosen.day,
            "currency": chosen.currency,
            "classes": classes,
            "buckets": portfolio_rows.grouped(rows, "bucket"),
            "total": whole,
            "ratios": {
                one.value: round(value, 10) for one, value in portfolio_rows.ratios(whole).items()
            },
        }
        return Response(serializers.PortfolioAnswer(found).data)


class Provisions(APIView):
    """The movement of provisions."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="provision_movement",
        parameters=[
            OpenApiParameter(
                "since", OpenApiTypes.DATE, required=True, description="The opening day."
            ),
            *_WHOSE,
        ],
        responses={200: serializers.MovementAnswer, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return the movement from the end of one day to that of another, beside the ledger."""
        chosen = _chosen(request)
        since = _day(request.query_params.get("since", ""), "since")
        found = {
            "since": since,
            "day": chosen.day,
            "currency": chosen.currency,
            **_moved(request, chosen, since, Account.PROVISIONS),
            "reserve": _moved(request, chosen, since, Account.LOSS_RESERVE),
            "missing_days": movement_rows.missing_days(chosen, since),
        }
        return Response(serializers.MovementAnswer(found).data)


class Alerts(APIView):
    """Alerts about the portfolio."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="portfolio_alerts_list",
        parameters=[
            OpenApiParameter("state", description="standing, or a state; left out: all."),
            AFTER,
        ],
        responses={200: serializers.AlertPage, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return alerts, those raised last first."""
        state = known_state(request, Alert.lifecycle, "standing")
        rows = watch_rows.alerts(request.user, state=state)
        page = keyset.page(
            rows, by=("-raised_at", "-id"), after=request.query_params.get("after", "")
        )
        found = serializers.AlertAnswer(page.rows, many=True).data
        return Response({"results": found, "after": page.after})


class Acknowledge(APIView):
    """Acknowledge an alert."""

    required_permission = policies.ACKNOWLEDGE

    @extend_schema(
        operation_id="portfolio_alert_acknowledge",
        request=serializers.Acknowledgement,
        responses={200: serializers.AlertAnswer, **REFUSED},
        tags=["npa"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Acknowledge it with a note; the breach itself lasts on."""
        given = taken(request, serializers.Acknowledgement)
        found: Alert = get_visible(Alert.objects.all(), request.user, pk=pk)
        services.acknowledge(actor=request.user, alert=found, now=timezone.now(), **given)
        done = get_visible(watch_rows.alerts(request.user), request.user, pk=pk)
        return Response(serializers.AlertAnswer(done).data)


class Thresholds(APIView):
    """Thresholds of a lender."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="portfolio_thresholds_list",
        responses={200: serializers.ThresholdAnswer(many=True), **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return the thresholds of the lenders the person works for."""
        rows = Threshold.objects.visible_to(request.user).select_related("entity", "owner")
        ordered = rows.order_by("entity__code", "measure")
        return Response(serializers.ThresholdAnswer(ordered, many=True).data)


class SetThreshold(APIView):
    """The threshold of one measure."""

    required_permission = policies.THRESHOLDS

    @extend_schema(
        operation_id="portfolio_threshold_set",
        request=serializers.ThresholdRequest,
        responses={200: serializers.ThresholdAnswer, **REFUSED},
        tags=["npa"],
    )
    def put(self, request: Request, lender: str, measure: str) -> Response:
        """Set the threshold; what it was before stays on the audit trail."""
        given = taken(request, serializers.ThresholdRequest)
        owner = User.objects.filter(email=given.pop("owner").lower()).first()
        if owner is None:
            sentence = _("The owner must work for this lender.")
            raise DomainError("owner_refused", sentence, fields={"owner": sentence})
        asked = services.Bound(measure=measure, owner=owner, **given)
        done = services.set_threshold(
            actor=request.user, entity=_entity(request, lender), asked=asked, now=timezone.now()
        )
        return Response(serializers.ThresholdAnswer(done).data)


class Returns(APIView):
    """Returns to regulators and bureaus."""

    # A bureau's file needs a right of its own, which the service asks for.
    required_permission = {"GET": policies.VIEW, "POST": policies.MAKE_RETURN}

    @extend_schema(
        operation_id="returns_list",
        parameters=[AFTER],
        responses={200: serializers.ReturnPage, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return the returns that were made, the newest first."""
        rows = Return.objects.visible_to(request.user).defer("content").select_related("entity")
        page = keyset.page(
            rows, by=("-made_at", "-id"), after=request.query_params.get("after", "")
        )
        found = serializers.ReturnAnswer(page.rows, many=True).data
        return Response({"results": found, "after": page.after})

    @extend_schema(
        operation_id="return_make",
        request=serializers.ReturnRequest,
        responses={200: serializers.ReturnAnswer, 202: serializers.OrderAnswer, **REFUSED},
        tags=["npa"],
    )
    def post(self, request: Request) -> Response:
        """Make a return and keep its file; a long one is made by a worker (202)."""
        given = taken(request, serializers.ReturnRequest)
        wanted = services.Wanted(
            kind=given["kind"], entity=_entity(request, given["lender"]), day=given["day"]
        )
        made = services.make_or_order(
            actor=request.user, wanted=wanted, now=timezone.now(), reason=given["reason"]
        )
        if isinstance(made, ReturnOrder):
            return Response(serializers.OrderAnswer(made).data, status=202)
        return Response(serializers.ReturnAnswer(made).data)


class Order(APIView):
    """A long return that was asked for."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="return_order",
        responses={200: serializers.OrderAnswer, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return how it stands: asked, making, made with the id of the return, or failed."""
        found: ReturnOrder = get_visible(ReturnOrder.objects.all(), request.user, pk=pk)
        return Response(serializers.OrderAnswer(found).data)


class ReturnFile(APIView):
    """The file of a return."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="return_file",
        responses={(200, "text/csv"): OpenApiTypes.STR, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """Return the file as it was made; who reads it is on record."""
        made: Return = get_visible(Return.objects.all(), request.user, pk=pk)
        content = services.read_return(actor=request.user, made=made)
        return HttpResponse(content, content_type="text/csv; charset=utf-8")


def _moved(request: Request, chosen: Chosen, since: date, account: Account) -> dict[str, Any]:
    lines = movement.lines(movement_rows.nights(request.user, chosen, since, account))
    whole = movement.total(lines)
    checks = movement_rows.reconciled(request.user, chosen, since, whole=whole, account=account)
    return {"lines": lines, "total": whole, "checks": checks}


def _entity(request: Request, code: str) -> Entity:
    for one in portfolio_rows.entities(request.user):
        if one.code == code:
            return one
    raise NotVisible("not_found", _("There is no such lender."))


def _chosen(request: Request) -> Chosen:
    asked = request.query_params
    own = request.user.branch.entity
    entity = _entity(request, asked["lender"]) if asked.get("lender") else own
    told = asked.get("day", "")
    day = _day(told, "day") if told else portfolio_rows.last_day(request.user, entity)
    if day is None:
        # Nothing was ended yet: the book of the last day that is over, which is empty.
        day = dates.local_date(timezone.now(), entity.time_zone) - timedelta(days=1)
    currency = asked.get("currency") or entity.currency
    if currency not in MINOR_UNITS:
        sentence = _("This lender has no such currency.")
        raise DomainError("currency_refused", sentence, fields={"currency": sentence})
    return Chosen(entity=entity, currency=currency, day=day)


def _day(told: str, field: str) -> date:
    try:
        found: date | None = date.fromisoformat(told)
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        sentence = _("This is no day.")
        raise DomainError("day_refused", sentence, fields={field: sentence})
    return found


urlpatterns: list[Any] = [
    path("npa/portfolio", Portfolio.as_view(), name="npa_portfolio"),
    path("npa/provisions", Provisions.as_view(), name="npa_provisions"),
    path("npa/alerts", Alerts.as_view(), name="npa_alerts"),
    path("npa/alerts/<uuid:pk>/acknowledge", Acknowledge.as_view(), name="npa_acknowledge"),
    path("npa/thresholds", Thresholds.as_view(), name="npa_thresholds"),
    path(
        "npa/thresholds/<slug:lender>/<slug:measure>",
        SetThreshold.as_view(),
        name="npa_threshold",
    ),
    path("npa/returns", Returns.as_view(), name="npa_returns"),
    path("npa/returns/orders/<uuid:pk>", Order.as_view(), name="npa_return_order"),
    path("npa/returns/<uuid:pk>/file", ReturnFile.as_view(), name="npa_return_file"),
]
