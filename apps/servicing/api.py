"""Changes of a loan's life over the API."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity
from apps.core.api import APIView, Problem
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.servicing import (
    payoff_file,
    policies,
    presentation,
    proposal_api,
    recovery_api,
    selectors,
    serializers,
    services,
    transfer_api,
)
from apps.servicing.asked import amount_of, day_of, running, seen, taken, today
from apps.servicing.models import Pause
from apps.servicing.services import changing

REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class Payoff(APIView):
    """What ends a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.POST}

    @extend_schema(
        operation_id="loan_payoff_quote",
        parameters=[OpenApiParameter("day", str, description="Left out: today.")],
        responses={200: serializers.PayoffQuote, **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what ends the loan on a day from today on."""
        loan = running(request, pk)
        found = services.quote(loan, day_of(request, loan), today=today(loan))
        return Response(serializers.PayoffQuote(found).data)

    @extend_schema(
        operation_id="loan_pay_off",
        request=serializers.ServicedMoney,
        responses={200: serializers.ServicedEvent, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take what ends the loan; the same reference takes it once."""
        money = services.Money(**taken(request, serializers.ServicedMoney))
        event = services.pay_off(
            actor=request.user, loan=seen(request, pk), money=money, now=timezone.now()
        )
        return Response(serializers.ServicedEvent(event).data)


class PayoffPaper(APIView):
    """What ends a loan, as a paper for the borrower."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="loan_payoff_paper",
        parameters=[OpenApiParameter("day", str, description="Valid until. Left out: today.")],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """Return the PDF: what closes the loan on every day until that one."""
        loan = running(request, pk)
        pdf = services.print_quote(
            actor=request.user, loan=loan, until=day_of(request, loan), now=timezone.now()
        )
        return payoff_file.response(pdf, loan.number)


class Prepayment(APIView):
    """A part of a loan paid early."""

    required_permission = {"GET": policies.VIEW, "POST": policies.POST}

    @extend_schema(
        operation_id="loan_prepayment_choices",
        parameters=[OpenApiParameter("amount", str, required=True)],
        responses={200: serializers.PrepaymentChoices, **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return both ways side by side, as of today, with the interest saved."""
        loan = running(request, pk)
        found = services.choices(loan, today(loan), amount_of(request))
        return Response(serializers.PrepaymentChoices(found).data)

    @extend_schema(
        operation_id="loan_prepay",
        request=serializers.PrepaymentRequest,
        responses={200: serializers.ServicedEvent, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take a part pre-payment; the same reference takes it once."""
        given = taken(request, serializers.PrepaymentRequest)
        option = given.pop("option")
        event = services.prepay(
            actor=request.user,
            loan=seen(request, pk),
            money=services.Money(**given),
            option=option,
            now=timezone.now(),
        )
        return Response(serializers.ServicedEvent(event).data)


class Changes(APIView):
    """The schedule of what is ahead."""

    # A restructuring or another rate needs a right of its own, which the service asks for.
    required_permission = {"GET": policies.VIEW, "POST": policies.CHANGE}

    @extend_schema(
        operation_id="loan_changes_list",
        responses={200: serializers.ServicedEvent(many=True), **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what changed on the loan beside ordinary payments, the newest first."""
        rows = selectors.changes(seen(request, pk))
        return Response(serializers.ServicedEvent(rows, many=True).data)

    @extend_schema(
        operation_id="loan_change",
        request=serializers.ChangeRequest,
        responses={200: serializers.ServicedEvent, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Put another schedule in force from a day on."""
        known, parameters = _change(request)
        event = services.change(
            actor=request.user,
            loan=seen(request, pk),
            parameters=parameters,
            now=timezone.now(),
            **known,
        )
        return Response(serializers.ServicedEvent(event).data)


class ChangePreview(APIView):
    """What a change would lead to."""

    required_permission = policies.CHANGE

    @extend_schema(
        operation_id="loan_change_preview",
        request=serializers.ChangeRequest,
        responses={200: serializers.ChangePreview, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what is ahead before and after; nothing is changed."""
        known, parameters = _change(request)
        loan = running(request, pk)
        on = changing.day_of(loan, known.get("day"), now=timezone.now())
        found = presentation.comparison(*selectors.preview(loan, on, known["kind"], parameters))
        return Response(serializers.ChangePreview(found).data)


class FollowRate(APIView):
    """The benchmark of a floating loan."""

    required_permission = policies.RESTRUCTURE

    @extend_schema(
        operation_id="loan_follow_rate",
        request=serializers.FollowRequest,
        responses={200: serializers.ServicedEvent, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Change the rate to the benchmark of the day and the spread."""
        event = services.follow_rate(
            actor=request.user,
            loan=seen(request, pk),
            now=timezone.now(),
            **taken(request, serializers.FollowRequest),
        )
        return Response(serializers.ServicedEvent(event).data)


class TakeBack(APIView):
    """Something that changed a loan."""

    required_permission = policies.TAKE_BACK

    @extend_schema(
        operation_id="servicing_event_take_back",
        request=serializers.ServicedReason,
        responses={200: serializers.ServicedEvent, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take it back: the account is as if it had not happened."""
        event = get_visible(selectors.all_changes(), request.user, pk=pk)
        given = taken(request, serializers.ServicedReason)
        found = services.undo(actor=request.user, event=event, now=timezone.now(), **given)
        return Response(serializers.ServicedEvent(found).data)


class Pauses(APIView):
    """Pauses for hardship."""

    required_permission = {"GET": policies.VIEW, "POST": policies.CHANGE}

    @extend_schema(
        operation_id="loan_pauses_list",
        responses={200: serializers.PauseAnswer(many=True), **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the pauses of a loan, the newest first."""
        rows = selectors.pauses(seen(request, pk))
        return Response(serializers.PauseAnswer(rows, many=True).data)

    @extend_schema(
        operation_id="loan_pause",
        request=serializers.PauseRequest,
        responses={200: serializers.PauseAnswer, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Agree on a pause; due dates and days past due stay as they are."""
        made = services.pause(
            actor=request.user,
            loan=seen(request, pk),
            now=timezone.now(),
            **taken(request, serializers.PauseRequest),
        )
        return Response(serializers.PauseAnswer(made).data)


class EndPause(APIView):
    """One pause for hardship."""

    required_permission = policies.CHANGE

    @extend_schema(
        operation_id="servicing_pause_end",
        request=serializers.ServicedReason,
        responses={200: serializers.PauseAnswer, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End it."""
        pause = get_visible(Pause.objects.all(), request.user, pk=pk)
        given = taken(request, serializers.ServicedReason)
        ended = services.end_pause(actor=request.user, pause=pause, now=timezone.now(), **given)
        return Response(serializers.PauseAnswer(ended).data)


class Closure(APIView):
    """The end of a loan."""

    required_permission = policies.CLOSE

    @extend_schema(
        operation_id="loan_close",
        request=None,
        responses={200: serializers.ClosureAnswer, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Close a repaid loan and issue its letter of no dues; closed again, it is returned."""
        made = services.close(actor=request.user, loan=seen(request, pk), now=timezone.now())
        return Response(serializers.ClosureAnswer(made).data)


class Rates(APIView):
    """The table of benchmark rates."""

    required_permission = policies.RATES

    @extend_schema(
        operation_id="benchmark_rates_list",
        responses={200: serializers.RateAnswer(many=True), **REFUSED},
        tags=["servicing"],
    )
    def get(self, request: Request) -> Response:
        """Return the last 200 rows, by benchmark, the newest first."""
        rows = selectors.rates(request.user)[:200]
        return Response(serializers.RateAnswer(rows, many=True).data)

    @extend_schema(
        operation_id="benchmark_rate_set",
        request=serializers.RateRequest,
        responses={200: serializers.RateAnswer, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request) -> Response:
        """Enter what a benchmark is from a day on."""
        given = taken(request, serializers.RateRequest)
        entity = Entity.objects.filter(code=given.pop("entity")).first()
        if entity is None:
            raise NotVisible("not_found", _("There is no such lender."))
        source = given.pop("published_in")
        made = services.set_rate(
            actor=request.user, entity=entity, source=source, now=timezone.now(), **given
        )
        return Response(serializers.RateAnswer(made).data)


class RateBack(APIView):
    """One row of the table of benchmark rates."""

    required_permission = policies.RATES

    @extend_schema(
        operation_id="benchmark_rate_take_back",
        request=serializers.ServicedReason,
        responses={200: serializers.RateAnswer, **REFUSED},
        tags=["servicing"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take it back, where nothing was posted under it; its day may then have another."""
        rate = selectors.rates(request.user).filter(pk=pk).first()
        if rate is None:
            raise NotVisible("not_found", _("There is no such rate."))
        given = taken(request, serializers.ServicedReason)
        found = services.take_rate_back(actor=request.user, rate=rate, now=timezone.now(), **given)
        return Response(serializers.RateAnswer(found).data)


def _change(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    given = serializers.ChangeRequest(data=request.data)
    given.is_valid(raise_exception=True)
    known, parameters = given.asked()
    if not request.user.has_perm(changing.permission(known["kind"])):
        raise changing.not_permitted()
    return known, parameters


urlpatterns = [
    path("loans/<uuid:pk>/payoff", Payoff.as_view(), name="loan_payoff"),
    path("loans/<uuid:pk>/payoff/paper", PayoffPaper.as_view(), name="loan_payoff_paper"),
    path("loans/<uuid:pk>/prepayment", Prepayment.as_view(), name="loan_prepayment"),
    path("loans/<uuid:pk>/changes", Changes.as_view(), name="loan_changes"),
    path("loans/<uuid:pk>/changes/preview", ChangePreview.as_view(), name="loan_change_preview"),
    path("loans/<uuid:pk>/follow-rate", FollowRate.as_view(), name="loan_follow_rate"),
    path("loans/<uuid:pk>/pauses", Pauses.as_view(), name="loan_pauses"),
    path("loans/<uuid:pk>/closure", Closure.as_view(), name="loan_closure"),
    path("servicing/pauses/<uuid:pk>/end", EndPause.as_view(), name="servicing_pause_end"),
    path("servicing/events/<uuid:pk>/take-back", TakeBack.as_view(), name="servicing_take_back"),
    path("servicing/rates", Rates.as_view(), name="servicing_rates"),
    path("servicing/rates/<uuid:pk>/take-back", RateBack.as_view(), name="servicing_rate_back"),
    *proposal_api.urlpatterns,
    *transfer_api.urlpatterns,
    *recovery_api.urlpatterns,
]
