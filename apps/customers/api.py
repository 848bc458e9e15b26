"""Customers by API: list, register, read, and record what is known about one."""

import uuid
from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.core import keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError, NotVisible
from apps.core.visibility import get_visible
from apps.customers import selectors, services
from apps.customers import serializers as shapes
from apps.customers.models import Customer

READ, WRITE = "customers.view_customer", "customers.edit_customer"
PROBLEMS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
# Under this name keys of one caller cannot meet those of another.
_KEYS = uuid.UUID("6f0f3e0e-6f0b-4d8e-9a59-3a7d2f1f5c11")
MAX_KEY = 200
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Any text of at most 200 characters. The same request sent twice under one key "
    "is written once.",
)
TAGS = ["customers"]


class Customers(APIView):
    """All customers of the caller's branches."""

    required_permission = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="customers_list",
        parameters=[shapes.ListQuery],
        responses={200: shapes.CustomerPage, **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """List customers, newest first, or find those with exactly this number or contact."""
        query = shapes.ListQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        actor = request.user
        found = selectors.search(actor, asked["q"]) if asked["q"] else selectors.visible(actor)
        if asked.get("country"):
            found = found.filter(country=asked["country"])
        page = keyset.page(
            found.prefetch_related("identities"), by=("-created_at", "-id"), after=asked["after"]
        )
        return Response(shapes.CustomerPage({"results": page.rows, "after": page.after}).data)

    @extend_schema(
        operation_id="customers_register",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.CustomerIn,
        responses={201: shapes.CustomerOut, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Register a customer. 409 names, masked, who has the same number or contact already."""
        given = _valid(shapes.CustomerIn, request)
        customer = services.register(
            actor=request.user, entry=given.entry(_key(request)), now=timezone.now()
        )
        return Response(shapes.CustomerOut(customer).data, status=201)


class CustomerDetail(APIView):
    """One customer."""

    required_permission = READ

    @extend_schema(
        operation_id="customers_read", responses={200: shapes.CustomerOut, **PROBLEMS}, tags=TAGS
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a customer, personal data masked."""
        return Response(shapes.CustomerOut(_customer(request, pk)).data)


class Employments(APIView):
    """Work and income of a customer."""

    required_permission = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="employments_list",
        responses={200: shapes.EmploymentOut(many=True), **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List work and income, newest first."""
        rows = _customer(request, pk).employments.order_by("-as_of", "-created_at")
        return Response(shapes.EmploymentOut(rows, many=True).data)

    @extend_schema(
        operation_id="employments_record",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.EmploymentIn,
        responses={201: shapes.EmploymentOut, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record work and income as of a day."""
        given = _valid(shapes.EmploymentIn, request)
        row = _record(services.record_employment, request, pk, given)
        return Response(shapes.EmploymentOut(row).data, status=201)


class HouseholdOf(APIView):
    """The household of a customer."""

    required_permission = {"GET": READ, "PUT": WRITE}

    @extend_schema(
        operation_id="household_read", responses={200: shapes.HouseholdOut, **PROBLEMS}, tags=TAGS
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the household; 404 where none is on record."""
        found = selectors.household(_customer(request, pk))
        if found is None:
            raise NotVisible("not_found", _("No household is on record."))
        return Response(shapes.HouseholdOut(found).data)

    @extend_schema(
        operation_id="household_record",
        request=shapes.HouseholdIn,
        responses={200: shapes.HouseholdOut, **PROBLEMS},
        tags=TAGS,
    )
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        """Record or replace the household; 409 when it has changed since `shown`."""
        given = _valid(shapes.HouseholdIn, request)
        row = services.record_household(
            actor=request.user,
            customer=_customer(request, pk),
            entry=given.entry(),
            shown=given.validated_data["shown"],
        )
        return Response(shapes.HouseholdOut(row).data)


class Obligations(APIView):
    """Debts a customer pays elsewhere."""

    required_permission = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="obligations_list",
        responses={200: shapes.ObligationOut(many=True), **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List all debts, standing and ended."""
        rows = _customer(request, pk).obligations.order_by("-from_date", "-created_at")
        return Response(shapes.ObligationOut(rows, many=True).data)

    @extend_schema(
        operation_id="obligations_record",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.ObligationIn,
        responses={201: shapes.ObligationOut, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record a debt."""
        given = _valid(shapes.ObligationIn, request)
        row = _record(services.record_obligation, request, pk, given)
        return Response(shapes.ObligationOut(row).data, status=201)


class ObligationIsOurs(APIView):
    """A debt on record that is a loan of ours."""

    required_permission = WRITE

    @extend_schema(
        operation_id="obligations_mark_own_loan",
        request=shapes.OwnLoanIn,
        responses={200: shapes.ObligationOut, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID, obligation_pk: uuid.UUID) -> Response:
        """Mark it, so that it counts once, from our own books; or take the mark away."""
        given = _valid(shapes.OwnLoanIn, request)
        rows = _customer(request, pk).obligations.select_related("customer")
        found = rows.filter(pk=obligation_pk).first()
        if found is None:
            raise NotVisible("not_found", _("There is no such record, or it is not yours to see."))
        row = services.mark_own_loan(
            actor=request.user,
            obligation=found,
            number=given.validated_data["loan"],
            now=timezone.now(),
        )
        return Response(shapes.ObligationOut(row).data)


class NoObligationsOf(APIView):
    """Declarations of a customer that nothing is paid elsewhere."""

    required_permission = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="no_obligations_list",
        responses={200: shapes.NoObligationsOut(many=True), **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List the declarations, newest first."""
        rows = _customer(request, pk).no_obligations.order_by("-declared_date", "-created_at")
        return Response(shapes.NoObligationsOut(rows, many=True).data)

    @extend_schema(
        operation_id="no_obligations_declare",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.NoObligationsIn,
        responses={201: shapes.NoObligationsOut, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record a declaration; 409 while debts stand on record."""
        given = _valid(shapes.NoObligationsIn, request)
        row = _record(services.declare_no_obligations, request, pk, given)
        return Response(shapes.NoObligationsOut(row).data, status=201)


class BureauReports(APIView):
    """Bureau reports about a customer."""

    required_permission = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="bureau_reports_list",
        responses={200: shapes.BureauOut(many=True), **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List bureau reports, newest first."""
        rows = _customer(request, pk).bureau_reports.order_by("-pulled_date", "-created_at")
        return Response(shapes.BureauOut(rows, many=True).data)

    @extend_schema(
        operation_id="bureau_reports_record",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.BureauIn,
        responses={201: shapes.BureauOut, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record a bureau report; 409 without the customer's consent to the enquiry."""
        given = _valid(shapes.BureauIn, request)
        row = _record(services.record_bureau_report, request, pk, given)
        return Response(shapes.BureauOut(row).data, status=201)


class Consents(APIView):
    """Consents of a customer."""

    required_permission = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="consents_list",
        responses={200: shapes.ConsentOut(many=True), **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List consents, standing and withdrawn."""
        rows = _customer(request, pk).consents.order_by("given_at", "purpose")
        return Response(shapes.ConsentOut(rows, many=True).data)

    @extend_schema(
        operation_id="consents_give",
        request=shapes.ConsentIn,
        responses={201: shapes.ConsentOut, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record a consent; 409 where it stands already."""
        given = _valid(shapes.ConsentIn, request)
        row = services.give_consent(
            actor=request.user,
            customer=_customer(request, pk),
            now=timezone.now(),
            **given.validated_data,
        )
        return Response(shapes.ConsentOut(row).data, status=201)


class ConsentWithdrawal(APIView):
    """The withdrawal of a consent."""

    required_permission = WRITE

    @extend_schema(
        operation_id="consents_withdraw",
        request=None,
        responses={200: shapes.ConsentOut, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID, consent_pk: uuid.UUID) -> Response:
        """Record that the customer withdraws a consent."""
        consent = _customer(request, pk).consents.filter(pk=consent_pk).first()
        if consent is None:
            raise NotVisible("not_found", _("There is no such consent."))
        row = services.withdraw_consent(actor=request.user, consent=consent, now=timezone.now())
        return Response(shapes.ConsentOut(row).data)


def _customer(request: Request, pk: uuid.UUID) -> Customer:
    return get_visible(selectors.with_lender(), request.user, pk=pk)


def _valid(shape: type[Any], request: Request) -> Any:
    given: BaseSerializer[Any] = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return given


def _record(service: Callable[..., Any], request: Request, pk: uuid.UUID, given: Any) -> Any:
    return service(
        actor=request.user,
        customer=_customer(request, pk),
        entry=given.entry(_key(request)),
        now=timezone.now(),
    )


def _key(request: Request) -> uuid.UUID:
    """Return the name of this submission: from the caller's key, or a new one."""
    text = request.headers.get("Idempotency-Key", "")
    if not text:
        return uuid.uuid4()
    if len(text) > MAX_KEY:
        sentence = _("The Idempotency-Key is too long.")
        raise DomainError("invalid_input", sentence, fields={"Idempotency-Key": sentence})
    return uuid.uuid5(_KEYS, f"{request.user.pk} {request.path} {text}")


urlpatterns = [
    path("customers", Customers.as_view(), name="customers"),
    path("customers/<uuid:pk>", CustomerDetail.as_view(), name="customer"),
    path("customers/<uuid:pk>/employments", Employments.as_view(), name="employments"),
    path("customers/<uuid:pk>/household", HouseholdOf.as_view(), name="household"),
    path("customers/<uuid:pk>/obligations", Obligations.as_view(), name="obligations"),
    path(
        "customers/<uuid:pk>/obligations/<uuid:obligation_pk>/own-loan",
        ObligationIsOurs.as_view(),
        name="obligation_own_loan",
    ),
    path("customers/<uuid:pk>/no-obligations", NoObligationsOf.as_view(), name="no_obligations"),
    path("customers/<uuid:pk>/bureau-reports", BureauReports.as_view(), name="bureau_reports"),
    path("customers/<uuid:pk>/consents", Consents.as_view(), name="consents"),
    path(
        "customers/<uuid:pk>/consents/<uuid:consent_pk>/withdraw",
        ConsentWithdrawal.as_view(),
        name="consent_withdraw",
    ),
]
