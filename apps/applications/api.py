"""The API of applications, under /api/v1/."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications import entries, policies, selectors, serializers, services, worklist
from apps.applications.models import Application
from apps.applications.views import clock
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.customers.models import Customer
from apps.products.models import Product

VIEW = "applications.view_application"
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=(
        "Your own key, 1 to 80 printable characters: the same request sent twice makes one "
        "application; the same key with other content is refused with 409."
    ),
)
REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class Applications(APIView):
    """Take and list applications."""

    required_permission = {"GET": VIEW, "POST": policies.TAKE}

    @extend_schema(
        operation_id="applications_list",
        parameters=[serializers.ListIn],
        responses={200: serializers.ApplicationPage, **REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Return the applications you may see, newest first."""
        asked = serializers.ListIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        filters = worklist.Filters(
            text=wanted.get("number", ""),
            status=wanted.get("status", ""),
            customer=wanted.get("customer"),
            product=_product_id(request, wanted.get("product", "")),
        )
        place = worklist.Place(after=wanted.get("after", ""), size=wanted["limit"])
        page = worklist.page(request.user, filters, place)
        body = serializers.ApplicationPage({"results": page.rows, "after": page.after})
        return Response(body.data)

    @extend_schema(
        operation_id="applications_create",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.DraftIn,
        responses={201: serializers.ApplicationDetail, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Take an application; it is a draft until it is submitted."""
        given = serializers.DraftIn(data=request.data)
        given.is_valid(raise_exception=True)
        application = services.draft(
            actor=request.user,
            entry=_entry(request, given.validated_data),
            now=timezone.now(),
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        return _answer(request, application, status=201)


class OneApplication(APIView):
    """Read one application."""

    required_permission = VIEW

    @extend_schema(
        operation_id="applications_read",
        responses={200: serializers.ApplicationDetail, **REFUSALS},
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the application with its decision and reasons, once there is one."""
        return _answer(request, _found(request, pk))


class Submit(APIView):
    """Submit an application."""

    required_permission = policies.TAKE

    @extend_schema(
        operation_id="applications_submit",
        request=None,
        responses={200: serializers.ApplicationDetail, **REFUSALS},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Freeze the facts and have the application assessed; a second call changes nothing."""
        application = services.submit(
            actor=request.user, application=_found(request, pk), now=timezone.now()
        )
        return _answer(request, application)


class Withdraw(APIView):
    """Withdraw an application."""

    required_permission = policies.TAKE

    @extend_schema(
        operation_id="applications_withdraw",
        request=serializers.WithdrawIn,
        responses={200: serializers.ApplicationDetail, **REFUSALS},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Withdraw for a reason; whatever waits on the application ends."""
        given = serializers.WithdrawIn(data=request.data)
        given.is_valid(raise_exception=True)
        application = services.withdraw(
            actor=request.user,
            application=_found(request, pk),
            reason=given.validated_data["reason"],
            now=timezone.now(),
        )
        return _answer(request, application)


class Collaterals(APIView):
    """Record security for a draft."""

    required_permission = policies.TAKE

    @extend_schema(
        operation_id="applications_add_collateral",
        request=serializers.CollateralIn,
        responses={201: serializers.CollateralOut, **REFUSALS},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record collateral; a secured product needs at least one before submission."""
        application = _found(request, pk)
        today = clock.today_of(application.branch.entity)
        given = serializers.CollateralIn(data=request.data, context={"today": today})
        given.is_valid(raise_exception=True)
        collateral = services.add_collateral(
            actor=request.user,
            application=application,
            entry=entries.CollateralEntry(**given.validated_data),
        )
        return Response(serializers.CollateralOut(collateral).data, status=201)


def _found(request: Request, pk: uuid.UUID) -> Application:
    rows = selectors.case(request.user).prefetch_related("collaterals")
    return get_visible(rows, request.user, pk=pk)


def _entry(request: Request, values: dict[str, Any]) -> entries.ApplicationEntry:
    customer = (
        Customer.objects.visible_to(request.user)
        .select_related("entity")
        .filter(pk=values["customer"])
        .first()
    )
    product = Product.objects.filter(code=values["product"]).first()
    unknown = {}
    if customer is None:
        unknown["customer"] = _("There is no such customer, or it is not yours to see.")
    if product is None:
        unknown["product"] = _("There is no product with this code.")
    if customer is None or product is None:
        raise DomainError("invalid_input", _("Some values are not acceptable."), fields=unknown)
    return entries.ApplicationEntry(
        **{**values, "customer": customer, "product": product},
        channel=Application.Channel.API,
    )


def _product_id(request: Request, code: str) -> uuid.UUID | None:
    if not code:
        return None
    found = Product.objects.visible_to(request.user).filter(code=code).first()
    if found is None:
        sentence = _("There is no product with this code.")
        raise DomainError("invalid_input", sentence, fields={"product": sentence})
    return found.pk


def _answer(request: Request, application: Application, *, status: int = 200) -> Response:
    fresh = _found(request, application.pk)
    context = {"actor": request.user, "affordability": selectors.affordability(fresh)}
    body = serializers.ApplicationDetail(fresh, context=context)
    return Response(body.data, status=status)


urlpatterns = [
    path("applications", Applications.as_view(), name="applications"),
    path("applications/<uuid:pk>", OneApplication.as_view(), name="application"),
    path("applications/<uuid:pk>/submit", Submit.as_view(), name="application_submit"),
    path("applications/<uuid:pk>/withdraw", Withdraw.as_view(), name="application_withdraw"),
    path("applications/<uuid:pk>/collaterals", Collaterals.as_view(), name="collaterals"),
]
