"""Collateral over the API: the register, what is done about an item, and what lacks for a loan."""

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.applications.models import Application
from apps.collateral import acting_api, policies, selectors, serializers, services, worths
from apps.collateral.entries import InsuranceEntry, ItemEntry, LienEntry, ValuationEntry
from apps.collateral.models import Item, Kind
from apps.collateral.selectors import NEWEST, SHOWN, Filters
from apps.collateral.worths import Worth
from apps.core import dates, keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.customers.models import Customer

_SEEN = {401: Problem, 403: Problem, 404: Problem}
_REFUSED = {400: Problem, **_SEEN, 409: Problem}
_TAG = ["collateral"]
_AS_OF = OpenApiParameter("on", str, description="The day, as 2026-11-26; without it today.")


class Items(APIView):
    """The register, and entering into it."""

    required_permission = {"GET": policies.VIEW, "POST": policies.KEEP}

    @extend_schema(
        operation_id="collateral_list",
        parameters=[
            OpenApiParameter("show", enum=list(SHOWN)),
            OpenApiParameter("kind", enum=list(Kind.values)),
            OpenApiParameter("after", description="The position from the page before."),
        ],
        responses={200: serializers.ItemPage, 400: Problem, 401: Problem, 403: Problem},
        tags=_TAG,
    )
    def get(self, request: Request) -> Response:
        """Return items, the newest at the head."""
        given = request.query_params
        today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
        filters = Filters(show=given.get("show", "live"), kind=given.get("kind", ""))
        if filters.show not in SHOWN:
            sentence = _("There is no such view.")
            raise DomainError("unknown_view", sentence, fields={"show": sentence})
        if filters.kind and filters.kind not in Kind.values:
            sentence = _("There is no such kind.")
            raise DomainError("unknown_kind", sentence, fields={"kind": sentence})
        rows = selectors.register(request.user, filters, today=today)
        page = keyset.page(rows, by=NEWEST, after=given.get("after", ""))
        found = worths.on_day(page.rows, today)
        return Response(
            {
                "results": _answers(request.user, [found[one.pk] for one in page.rows]),
                "after": page.after,
            }
        )

    @extend_schema(
        operation_id="collateral_register",
        request=serializers.ItemRequest,
        responses={201: serializers.ItemAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request) -> Response:
        """Enter a thing into the register; the same key again returns the item that is there."""
        values = _taken(serializers.ItemRequest, request)
        valuation, owner = values.pop("valuation", None), values.pop("owner", None)
        made = services.register(
            actor=request.user,
            entry=ItemEntry(**values, owner=_owner(request, owner)),
            valuation=None if valuation is None else ValuationEntry(**valuation),
            now=timezone.now(),
        )
        return _again(request, made.pk, status=201)


class OneItem(APIView):
    """One item."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="collateral_read",
        parameters=[_AS_OF],
        responses={200: serializers.ItemAnswer, 400: Problem, **_SEEN},
        tags=_TAG,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return an item with its worth on a day, and the liens that stand now."""
        item = _item(request, pk)
        [answer] = _answers(request.user, [worths.of_item(item, _day(request, item))])
        return Response(answer)


class ItemValuations(APIView):
    """What an item was found to be worth."""

    required_permission = {"GET": policies.VIEW, "POST": policies.KEEP}

    @extend_schema(
        operation_id="collateral_valuations_list",
        responses={200: serializers.ItemValuationAnswer(many=True), **_SEEN},
        tags=_TAG,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return every valuation, the latest at the head."""
        rows = [
            {
                "id": one.pk,
                "valued_date": one.valued_date,
                "method": one.method,
                "amount": one.amount,
                "realisable_amount": one.realisable_amount,
                "valid_until": one.valid_until,
                "recorded_at": one.recorded_at,
                "corrects": one.corrects_id,
            }
            for one in selectors.valuations(_item(request, pk))
        ]
        return Response(serializers.ItemValuationAnswer(rows, many=True).data)

    @extend_schema(
        operation_id="collateral_value",
        request=serializers.ItemValuationRequest,
        responses={201: serializers.ItemAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record a valuation."""
        item, values = _item(request, pk), _taken(serializers.ItemValuationRequest, request)
        services.value(
            actor=request.user, item=item, entry=ValuationEntry(**values), now=timezone.now()
        )
        return _again(request, pk, status=201)


class ItemInsurances(APIView):
    """What insures an item."""

    required_permission = policies.KEEP

    @extend_schema(
        operation_id="collateral_insure",
        request=serializers.InsuranceRequest,
        responses={201: serializers.ItemAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record a policy."""
        item, values = _item(request, pk), _taken(serializers.InsuranceRequest, request)
        services.insure(
            actor=request.user, item=item, entry=InsuranceEntry(**values), now=timezone.now()
        )
        return _again(request, pk, status=201)


class ItemLiens(APIView):
    """Who has a charge on an item."""

    required_permission = policies.KEEP

    @extend_schema(
        operation_id="collateral_charge",
        request=serializers.LienRequest,
        responses={201: serializers.ItemAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Put a lien on an item."""
        item, values = _item(request, pk), _taken(serializers.LienRequest, request)
        key = values.pop("application", None)
        application = None
        if key is not None:
            application = get_visible(Application.objects.all(), request.user, pk=key)
        entry = LienEntry(application=application, **values)
        services.charge(actor=request.user, item=item, entry=entry, now=timezone.now())
        return _again(request, pk, status=201)


class PledgeItem(APIView):
    """The deed."""

    required_permission = policies.KEEP

    @extend_schema(
        operation_id="collateral_pledge",
        request=serializers.DeedRequest,
        responses={200: serializers.ItemAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Note that the owner signed the deed."""
        return _moved(request, pk, services.pledge)


class PerfectItem(APIView):
    """The entry of the charge."""

    required_permission = policies.KEEP

    @extend_schema(
        operation_id="collateral_perfect",
        request=serializers.DeedRequest,
        responses={200: serializers.ItemAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Note that the charge holds against everybody."""
        return _moved(request, pk, services.perfect)


class ApplicationStanding(APIView):
    """How an application is secured."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="collateral_standing",
        parameters=[_AS_OF],
        responses={200: serializers.StandingAnswer, 400: Problem, **_SEEN},
        tags=_TAG,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return whether the security is as it must be before money is paid out."""
        rows = Application.objects.select_related("branch__entity", "product", "customer")
        application = get_visible(rows, request.user, pk=pk)
        found = selectors.standing(application, _day(request, application))
        names = ("application", "on", "amount", "currency", "value", "realisable")
        values = {
            **{name: getattr(found, name) for name in (*names, "ltv", "ltv_decided", "lacks")},
            "demanded": found.is_demanded,
            "ready": found.is_ready,
            "unsecured": found.is_unsecured,
        }
        return Response(serializers.StandingAnswer(values).data)


class CustomerExposure(APIView):
    """What a customer answers for."""

    required_permission = "applications.view_application"

    @extend_schema(
        operation_id="collateral_exposure",
        responses={200: serializers.ExposureAnswer, **_SEEN},
        tags=_TAG,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what a customer owes, owes together with others, and answers for."""
        customer = get_visible(Customer.objects.all(), request.user, pk=pk)
        found = selectors.exposure(customer, request.user)
        lines = [
            {
                "role": line.role.value,
                "application": line.application.pk,
                "state": line.owed.state,
                "loan": line.owed.reference,
                "currency": line.owed.currency,
                "debt": line.owed.amount,
                "answers_for": line.amount,
                "is_owed": line.owed.is_owed,
            }
            for line in found.lines
        ]
        values = {"lines": lines, "totals": list(found.totals)}
        return Response(serializers.ExposureAnswer(values).data)


def _answers(actor: User, found: Sequence[Worth]) -> list[dict[str, Any]]:
    """Return items as they are answered; which application a lien secures, for who may see it."""
    seen = selectors.seen(actor, [lien for one in found for lien in one.liens])
    return [_answer(one, seen) for one in found]


def _answer(found: Worth, seen: Collection[uuid.UUID]) -> dict[str, Any]:
    item, shares, realised = found.item, found.shares, found.realised
    liens = [
        {
            "id": lien.pk,
            "rank": lien.rank,
            "application": lien.application_id if lien.application_id in seen else None,
            "holder": lien.holder,
            "secured_amount": lien.secured_amount,
            "gets": shares[lien.pk].gets,
            "gets_of_a_sale": realised[lien.pk].gets,
        }
        for lien in found.liens
    ]
    values = {
        **{name: getattr(item, name) for name in ("number", "kind", "description", "currency")},
        **{name: getattr(found, name) for name in ("on", "value", "realisable", "secured")},
        "id": item.pk,
        "state": item.status,
        "owner": item.owner_id,
        "haircut": found.terms.haircut,
        "counts_as_security": found.terms.counts,
        "valuation_holds_until": getattr(found.valuation, "valid_until", None),
        "valuation_is_stale": found.is_stale,
        "insured_until": getattr(found.insurance, "valid_until", None),
        "lacks_insurance": found.lacks_insurance,
        "left": found.left,
        "shortfall": found.shortfall,
        "liens": liens,
    }
    return dict(serializers.ItemAnswer(values).data)


def _item(request: Request, pk: uuid.UUID) -> Item:
    return get_visible(selectors.detailed(), request.user, pk=pk)


def _owner(request: Request, key: uuid.UUID | None) -> Customer | None:
    if key is None:
        return None
    rows = Customer.objects.select_related("branch__entity")
    return get_visible(rows, request.user, pk=key)


def _again(request: Request, pk: uuid.UUID, *, status: int = 200) -> Response:
    item = selectors.detailed().get(pk=pk)
    today = dates.local_date(timezone.now(), item.branch.entity.time_zone)
    [answer] = _answers(request.user, [worths.of_item(item, today)])
    return Response(answer, status=status)


def _taken(kind: type[Any], request: Request) -> dict[str, Any]:
    """Return what was sent, as the serializer understands it."""
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _moved(request: Request, pk: uuid.UUID, move: Callable[..., Any]) -> Response:
    item, values = _item(request, pk), _taken(serializers.DeedRequest, request)
    deed = services.Deed(values["day"], values["reference"])
    move(actor=request.user, item=item, deed=deed, now=timezone.now())
    return _again(request, pk)


def _day(request: Request, of: Any) -> date:
    """Return the day asked for, or today. Raises DomainError for what is no day."""
    given = request.query_params.get("on", "")
    if not given:
        return dates.local_date(timezone.now(), of.branch.entity.time_zone)
    try:
        day = parse_date(given)
    except ValueError:
        day = None
    if day is None:
        sentence = _("Write the day as 2026-11-26.")
        raise DomainError("not_a_day", sentence, fields={"on": sentence})
    return day


urlpatterns = [
    *acting_api.urlpatterns,
    path("collateral", Items.as_view(), name="collateral"),
    path("collateral/<uuid:pk>", OneItem.as_view(), name="collateral_item"),
    path("collateral/<uuid:pk>/valuations", ItemValuations.as_view(), name="collateral_valuations"),
    path("collateral/<uuid:pk>/insurances", ItemInsurances.as_view(), name="collateral_insurances"),
    path("collateral/<uuid:pk>/liens", ItemLiens.as_view(), name="collateral_liens"),
    path("collateral/<uuid:pk>/pledge", PledgeItem.as_view(), name="collateral_pledge"),
    path("collateral/<uuid:pk>/perfect", PerfectItem.as_view(), name="collateral_perfect"),
    path(
        "applications/<uuid:pk>/security",
        ApplicationStanding.as_view(),
        name="application_security",
    ),
    path("customers/<uuid:pk>/exposure", CustomerExposure.as_view(), name="customer_exposure"),
]
