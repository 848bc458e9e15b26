"""Letters over the API: which there are, how each stands, its PDF, and that it was handed over."""

import uuid
from datetime import date
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import dates
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import Conflict
from apps.letters import selectors, services, standing
from apps.letters.deadlines import STAGES
from apps.letters.models import Delivery, Letter

CHANNELS = [(str(one), str(one)) for one in services.BY_PERSON]


class DeliveryAnswer(serializers.Serializer[Any]):
    """One way a letter goes, or went, to the applicant."""

    channel = serializers.ChoiceField(choices=Delivery.Channel.choices)
    status = serializers.CharField()
    obstacle = serializers.CharField(help_text="Why it is not, or did not go out by, an e-mail.")
    attempts = serializers.IntegerField()
    next_try_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)


class LetterAnswer(serializers.Serializer[Any]):
    """One letter, without what it says."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Letter.Kind.choices)
    case = serializers.CharField()
    subject = serializers.CharField()
    language = serializers.CharField()
    regime = serializers.CharField()
    issued_at = serializers.DateTimeField()
    due_date = serializers.DateField(allow_null=True, help_text="The last day to have sent it.")
    stage = serializers.CharField(help_text="`sent`, or how near the last day is.")
    facts_sha256 = serializers.CharField()
    pdf_sha256 = serializers.CharField(help_text="Empty while the letter is being prepared.")
    deliveries = DeliveryAnswer(many=True)


class LettersAnswer(serializers.Serializer[Any]):
    """Some letters, and the positions before and after them (empty: nothing there)."""

    results = LetterAnswer(many=True)
    before = serializers.CharField()
    after = serializers.CharField()


class HandOver(Strict):
    """How a person brought the letter to the applicant."""

    channel = serializers.ChoiceField(choices=CHANNELS)


def answer(letter: Letter, *, today: date) -> dict[str, Any]:
    """Return a letter as the API shows it."""
    stage = standing.of_letter(letter, today=today).stage
    names = ("kind", "case", "subject", "language", "regime", "issued_at", "due_date")
    values = {name: getattr(letter, name) for name in (*names, "facts_sha256", "pdf_sha256")}
    shown = {**values, "id": letter.pk, "stage": stage, "deliveries": letter.deliveries.all()}
    return dict(LetterAnswer(shown).data)


def _today(request: Request) -> date:
    return dates.local_date(timezone.now(), request.user.branch.entity.time_zone)


class Letters(APIView):
    """The letters a person may see."""

    required_permission = "letters.view_letter"

    @extend_schema(
        operation_id="letters_list",
        parameters=[
            OpenApiParameter(
                "view",
                str,
                enum=[*selectors.VIEWS],
                description=f"Those not sent, at one stage ({', '.join(STAGES)}), sent, or all.",
            ),
            OpenApiParameter("after", str),
            OpenApiParameter("before", str),
        ],
        responses={200: LettersAnswer, 400: Problem, 401: Problem, 403: Problem},
        tags=["letters"],
    )
    def get(self, request: Request) -> Response:
        """Return a page of letters, those not sent by their last day."""
        query, today = request.query_params, _today(request)
        page = selectors.page(
            request.user,
            view=query.get("view", selectors.UNSENT),
            today=today,
            after=query.get("after", ""),
            before=query.get("before", ""),
        )
        rows = [answer(one, today=today) for one in page.rows]
        return Response({"results": rows, "before": page.before, "after": page.after})


class ReadLetter(APIView):
    """One letter and how it stands."""

    required_permission = "letters.view_letter"

    @extend_schema(
        operation_id="letters_read",
        responses={200: LetterAnswer, 401: Problem, 403: Problem, 404: Problem},
        tags=["letters"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the letter with its deliveries, without what it says."""
        return Response(answer(selectors.letter(request.user, pk), today=_today(request)))


class LetterPdf(APIView):
    """The frozen PDF of a letter."""

    required_permission = "letters.view_letter"

    @extend_schema(
        operation_id="letters_pdf",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            401: Problem,
            403: Problem,
            404: Problem,
            409: Problem,
        },
        tags=["letters"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """Return the PDF as a file; opening it is recorded."""
        letter = selectors.letter(request.user, pk)
        if letter.rendered_at is None:
            raise Conflict("letter_not_rendered", _("The letter is still being prepared."))
        if not services.is_whole(letter):
            raise Conflict("letter_damaged", _("The stored letter does not match its hash."))
        with transaction.atomic():
            services.record_opening(actor=request.user, letter=letter, form="pdf")
        response = HttpResponse(letter.pdf, content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="letter-{letter.pk}.pdf"'
        response["Cache-Control"] = "no-store, private"
        return response


class DeliverLetter(APIView):
    """That a person handed a letter over or posted it."""

    required_permission = {"POST": services.DELIVER}

    @extend_schema(
        operation_id="letters_delivered",
        request=HandOver,
        responses={
            200: LetterAnswer,
            400: Problem,
            401: Problem,
            403: Problem,
            404: Problem,
            409: Problem,
        },
        tags=["letters"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record it and return the letter, which now counts as sent."""
        given = HandOver(data=request.data)
        given.is_valid(raise_exception=True)
        letter = selectors.letter(request.user, pk)
        services.record_delivery(
            actor=request.user,
            letter=letter,
            channel=given.validated_data["channel"],
            now=timezone.now(),
        )
        return Response(answer(selectors.letter(request.user, pk), today=_today(request)))


urlpatterns = [
    path("letters", Letters.as_view(), name="letters"),
    path("letters/<uuid:pk>", ReadLetter.as_view(), name="letter"),
    path("letters/<uuid:pk>/pdf", LetterPdf.as_view(), name="letter_pdf"),
    path("letters/<uuid:pk>/delivered", DeliverLetter.as_view(), name="letter_delivered"),
]
