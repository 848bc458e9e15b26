"""Offers over the API: make, list, read, accept, decline, withdraw, step back."""

import uuid

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.models import Application
from apps.core import dates, keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.offers import policies, selectors, serializers, services
from apps.offers.models import Offer
from apps.offers.selectors import NEWEST, ORDER, SHOWN, Filters

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


def _seen(request: Request, pk: uuid.UUID) -> Offer:
    return get_visible(selectors.detailed(), request.user, pk=pk)


def _answer(pk: uuid.UUID, *, status: int = 200) -> Response:
    found = selectors.detailed().get(pk=pk)
    return Response(serializers.OfferDetailAnswer(found).data, status=status)


class Offers(APIView):
    """The offers one may see, and making one."""

    required_permission = {"GET": policies.VIEW, "POST": policies.MAKE}

    @extend_schema(
        operation_id="offers_list",
        parameters=[
            OpenApiParameter("show", enum=list(SHOWN)),
            OpenApiParameter("after", description="The position from the page before."),
        ],
        responses={200: serializers.OfferPage, 400: Problem, 401: Problem, 403: Problem},
        tags=["offers"],
    )
    def get(self, request: Request) -> Response:
        """Return offers, those that wait with the first to expire at the head."""
        show = request.query_params.get("show", "open")
        if show not in SHOWN:
            sentence = _("There is no such view.")
            raise DomainError("unknown_view", sentence, fields={"show": sentence})
        today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
        rows = selectors.worklist(request.user, Filters(show=show), today=today)
        by = ORDER if show in ("open", "soon") else NEWEST
        page = keyset.page(rows, by=by, after=request.query_params.get("after", ""))
        found = serializers.OfferAnswer(page.rows, many=True).data
        return Response({"results": found, "after": page.after})

    @extend_schema(
        operation_id="offers_make",
        request=serializers.MakeRequest,
        responses={201: serializers.OfferDetailAnswer, **_REFUSED},
        tags=["offers"],
    )
    def post(self, request: Request) -> Response:
        """Make the offer of an approved application, as decided or with less."""
        given = serializers.MakeRequest(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        application = get_visible(
            Application.objects.all(), request.user, pk=values.pop("application")
        )
        made = services.make(
            actor=request.user, application=application, now=timezone.now(), **values
        )
        return _answer(made.pk, status=201)


class OneOffer(APIView):
    """One offer."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="offers_read",
        responses={200: serializers.OfferDetailAnswer, 401: Problem, 403: Problem, 404: Problem},
        tags=["offers"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return an offer with its key facts."""
        return _answer(_seen(request, pk).pk)


class AcceptOffer(APIView):
    """Record that the applicant accepted."""

    required_permission = policies.ANSWER

    @extend_schema(
        operation_id="offers_accept",
        request=serializers.AcceptRequest,
        responses={200: serializers.OfferDetailAnswer, **_REFUSED},
        tags=["offers"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record how the applicant accepted, and where the consent is kept."""
        given = serializers.AcceptRequest(data=request.data)
        given.is_valid(raise_exception=True)
        services.accept_by_officer(
            actor=request.user,
            offer=_seen(request, pk),
            consent=services.Consent(**given.validated_data),
            now=timezone.now(),
        )
        return _answer(pk)


class DeclineOffer(APIView):
    """Record that the applicant declined."""

    required_permission = policies.ANSWER

    @extend_schema(
        operation_id="offers_decline",
        request=None,
        responses={200: serializers.OfferDetailAnswer, **_REFUSED},
        tags=["offers"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that the applicant does not want the offer."""
        services.decline(actor=request.user, offer=_seen(request, pk), now=timezone.now())
        return _answer(pk)


class WithdrawOffer(APIView):
    """Take an offer back."""

    required_permission = policies.MAKE

    @extend_schema(
        operation_id="offers_withdraw",
        request=serializers.OfferReasonRequest,
        responses={200: serializers.OfferDetailAnswer, **_REFUSED},
        tags=["offers"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take back an offer nobody has answered, saying why."""
        given = serializers.OfferReasonRequest(data=request.data)
        given.is_valid(raise_exception=True)
        services.withdraw(
            actor=request.user,
            offer=_seen(request, pk),
            reason=given.validated_data["reason"],
            now=timezone.now(),
        )
        return _answer(pk)


class ExitOffer(APIView):
    """Step back within the cooling-off time."""

    required_permission = {"GET": policies.VIEW, "POST": policies.ANSWER}

    @extend_schema(
        operation_id="offers_exit_quote",
        responses={200: serializers.ExitQuoteAnswer, **_REFUSED},
        tags=["offers"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what stepping back costs today after the payment; once done, what is owed."""
        offer = _seen(request, pk)
        today = dates.local_date(timezone.now(), offer.application.branch.entity.time_zone)
        found = (
            services.exit_quote(offer, on=today)
            if offer.exit_quote is None
            else services.exit_owed(offer)
        )
        return Response(serializers.ExitQuoteAnswer(found).data)

    @extend_schema(
        operation_id="offers_exit",
        request=None,
        responses={200: serializers.OfferDetailAnswer, **_REFUSED},
        tags=["offers"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that the borrower steps back."""
        services.exit(actor=request.user, offer=_seen(request, pk), now=timezone.now())
        return _answer(pk)


class ExitAsked(APIView):
    """Note that the borrower asked to step back."""

    required_permission = policies.ANSWER

    @extend_schema(
        operation_id="offers_exit_asked",
        request=serializers.ExitAskedRequest,
        responses={200: serializers.OfferDetailAnswer, **_REFUSED},
        tags=["offers"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Note on which day and how; stepping back then costs what it cost on that day."""
        given = serializers.ExitAskedRequest(data=request.data)
        given.is_valid(raise_exception=True)
        services.note_exit_asked(
            actor=request.user,
            offer=_seen(request, pk),
            asked=services.Asked(**given.validated_data),
            now=timezone.now(),
        )
        return _answer(pk)


urlpatterns = [
    path("offers", Offers.as_view(), name="offers"),
    path("offers/<uuid:pk>", OneOffer.as_view(), name="offer"),
    path("offers/<uuid:pk>/accept", AcceptOffer.as_view(), name="offer_accept"),
    path("offers/<uuid:pk>/decline", DeclineOffer.as_view(), name="offer_decline"),
    path("offers/<uuid:pk>/withdraw", WithdrawOffer.as_view(), name="offer_withdraw"),
    path("offers/<uuid:pk>/exit/asked", ExitAsked.as_view(), name="offer_exit_asked"),
    path("offers/<uuid:pk>/exit", ExitOffer.as_view(), name="offer_exit"),
]
