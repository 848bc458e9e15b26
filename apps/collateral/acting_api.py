"""Release by two people, and who else owes a loan, over the API."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications import policies as application_policies
from apps.applications.models import Application
from apps.collateral import policies, selectors, serializers, services
from apps.collateral.entries import LiabilityEntry
from apps.collateral.models import Item, Lien, Release
from apps.core.api import APIView, Problem
from apps.core.errors import Conflict, NotVisible
from apps.core.visibility import get_visible
from apps.customers.models import Customer

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAG = ["collateral"]


class AskRelease(APIView):
    """Asking to release an item, or one lien of ours on it."""

    required_permission = policies.KEEP

    @extend_schema(
        operation_id="collateral_release_ask",
        request=serializers.ReleaseRequest,
        responses={201: serializers.ReleaseAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask for a release; another person answers it."""
        item, values = _item(request, pk), _taken(serializers.ReleaseRequest, request)
        made = services.ask_release(
            actor=request.user,
            item=item,
            lien=_lien(item, values.get("lien")),
            reason=values["reason"],
            now=timezone.now(),
        )
        return Response(_answer(made), status=201)


class GrantRelease(APIView):
    """Granting what another person asked for."""

    required_permission = policies.RELEASE

    @extend_schema(
        operation_id="collateral_release_grant",
        request=None,
        responses={200: serializers.ReleaseAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Release what waits for a second person."""
        waiting = _waiting(_item(request, pk))
        services.grant_release(actor=request.user, release=waiting, now=timezone.now())
        return Response(_answer(Release.objects.get(pk=waiting.pk)))


class RefuseRelease(APIView):
    """Refusing what another person asked for."""

    required_permission = policies.RELEASE

    @extend_schema(
        operation_id="collateral_release_refuse",
        request=serializers.ReleaseRefusal,
        responses={200: serializers.ReleaseAnswer, **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse, and say why."""
        values, waiting = _taken(serializers.ReleaseRefusal, request), _waiting(_item(request, pk))
        services.refuse_release(
            actor=request.user, release=waiting, note=values["note"], now=timezone.now()
        )
        return Response(_answer(Release.objects.get(pk=waiting.pk)))


class CoBorrowers(APIView):
    """Who owes the loan of an application together with the borrower."""

    required_permission = {
        "GET": "applications.view_application",
        "POST": application_policies.TAKE,
    }

    @extend_schema(
        operation_id="collateral_co_borrowers_list",
        responses={200: serializers.CoBorrowerAnswer(many=True), 403: Problem, 404: Problem},
        tags=_TAG,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the co-borrowers of an application."""
        return Response(_co_borrowers(_application(request, pk)))

    @extend_schema(
        operation_id="collateral_co_borrowers_add",
        request=serializers.CoBorrowerRequest,
        responses={201: serializers.CoBorrowerAnswer(many=True), **_REFUSED},
        tags=_TAG,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Add a co-borrower to a draft; the answer is all of them."""
        application = _application(request, pk)
        values = _taken(serializers.CoBorrowerRequest, request)
        rows = Customer.objects.select_related("branch__entity")
        services.add_co_borrower(
            actor=request.user,
            application=application,
            customer=get_visible(rows, request.user, pk=values["customer"]),
            entry=LiabilityEntry(liability=values["liability"], share=values.get("share")),
            now=timezone.now(),
        )
        return Response(_co_borrowers(application), status=201)


def _item(request: Request, pk: uuid.UUID) -> Item:
    return get_visible(selectors.detailed(), request.user, pk=pk)


def _application(request: Request, pk: uuid.UUID) -> Application:
    return get_visible(Application.objects.all(), request.user, pk=pk)


def _lien(item: Item, key: uuid.UUID | None) -> Lien | None:
    if key is None:
        return None
    found = Lien.objects.filter(item=item, pk=key).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such lien on this item."))
    return found


def _waiting(item: Item) -> Release:
    found = selectors.waiting_release(item)
    if found is None:
        raise Conflict("nothing_asked", _("No release of this item waits for an answer."))
    return found


def _taken(kind: type[Any], request: Request) -> dict[str, Any]:
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _answer(release: Release) -> dict[str, Any]:
    values = {
        "id": release.pk,
        "item": release.item_id,
        "lien": release.lien_id,
        "state": release.status,
        "reason": release.reason,
        "asked_at": release.asked_at,
        "answered_at": release.answered_at,
    }
    return dict(serializers.ReleaseAnswer(values).data)


def _co_borrowers(application: Application) -> list[dict[str, Any]]:
    rows = [
        {
            "id": one.pk,
            "customer": one.customer_id,
            "liability": one.liability,
            "share": one.share,
        }
        for one in selectors.co_borrowers(application)
    ]
    return [dict(row) for row in serializers.CoBorrowerAnswer(rows, many=True).data]


urlpatterns = [
    path("collateral/<uuid:pk>/release", AskRelease.as_view(), name="collateral_release"),
    path("collateral/<uuid:pk>/release/grant", GrantRelease.as_view(), name="collateral_grant"),
    path("collateral/<uuid:pk>/release/refuse", RefuseRelease.as_view(), name="collateral_refuse"),
    path("applications/<uuid:pk>/co-borrowers", CoBorrowers.as_view(), name="co_borrowers"),
]
