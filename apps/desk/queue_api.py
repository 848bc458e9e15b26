"""The review queue over the API: list, claim, release, assign, escalate, notes, information."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import services as cases
from apps.decisions.lifecycle import LIFECYCLE
from apps.decisions.models import ReviewCase
from apps.desk import policies, selectors, services
from apps.desk.models import CaseNote, Escalation, InformationRequest
from apps.desk.services.working import LONGEST_TEXT

REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
TAGS = ["review"]


class ListQueueIn(Strict):
    """What of the queue to list."""

    show = serializers.ChoiceField(choices=selectors.SHOWN, required=False)
    cause = serializers.CharField(max_length=40, required=False)
    product = serializers.CharField(max_length=40, required=False)
    branch = serializers.SlugField(required=False)
    number = serializers.CharField(max_length=24, required=False)
    amount_from = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    amount_to = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    waiting_hours = serializers.IntegerField(min_value=0, max_value=87_600, required=False)
    sort = serializers.ChoiceField(choices=list(selectors.SORTS), required=False)
    after = serializers.CharField(max_length=400, required=False, help_text="From the last answer.")
    limit = serializers.IntegerField(min_value=1, max_value=200, default=25)


class CaseOut(serializers.Serializer[Any]):
    """A case in review and its place in the queue."""

    id = serializers.UUIDField()
    application = serializers.UUIDField(source="application_id")
    number = serializers.CharField(source="application.number")
    state = serializers.ChoiceField(source="status", choices=LIFECYCLE.states)
    causes = serializers.ListField(child=serializers.CharField())
    amount = serializers.DecimalField(source="application.amount", max_digits=18, decimal_places=2)
    currency = serializers.CharField(source="application.currency")
    product = serializers.CharField(source="application.product.code")
    branch = serializers.CharField(source="application.branch.code")
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When the service level ends.")
    rank = serializers.IntegerField(
        help_text="What comes first: 0 escalated, 1 ordinary, 2 waiting for information."
    )
    service_hours = serializers.SerializerMethodField()
    paused_at = serializers.DateTimeField(allow_null=True)
    holder = serializers.UUIDField(source="claimed_by_id", allow_null=True)
    held_until = serializers.DateTimeField(source="claim_until", allow_null=True)
    version = serializers.CharField(help_text="Send it along to be told when the case changed.")

    def get_service_hours(self, case: ReviewCase) -> int | None:
        """Return the hours of the service level, null where the lender has set none."""
        hours = case.service.get("hours")
        return None if hours is None else int(hours)


class CasePage(serializers.Serializer[Any]):
    """A page of cases; `after` is empty at the end."""

    results = CaseOut(many=True)
    after = serializers.CharField()


class TextIn(Strict):
    """A text to colleagues."""

    text = serializers.CharField(max_length=LONGEST_TEXT)


class ToPersonIn(Strict):
    """A person, and why."""

    person = serializers.UUIDField()
    why = serializers.CharField(max_length=LONGEST_TEXT)
    version = serializers.CharField(max_length=40, required=False, default="")


class NoteOut(serializers.Serializer[Any]):
    """A note beside a case."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=CaseNote.Kind.choices)
    text = serializers.CharField()
    written_by = serializers.UUIDField(source="written_by_id")
    written_at = serializers.DateTimeField()


class EscalationOut(serializers.Serializer[Any]):
    """An escalation of a case."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(source="status", choices=Escalation.lifecycle.states)
    to = serializers.UUIDField(source="to_id")
    why = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    raised_at = serializers.DateTimeField()


class InformationIn(Strict):
    """What is asked for, from whom, until when."""

    item = serializers.ChoiceField(choices=InformationRequest.Item.choices)
    text = serializers.CharField(max_length=LONGEST_TEXT)
    asked_of = serializers.ChoiceField(
        source="source", choices=InformationRequest.Source.choices
    )
    by_date = serializers.DateField()


class InformationOut(serializers.Serializer[Any]):
    """A request for information."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(source="status", choices=InformationRequest.lifecycle.states)
    item = serializers.ChoiceField(choices=InformationRequest.Item.choices)
    text = serializers.CharField()
    asked_of = serializers.ChoiceField(
        source="source", choices=InformationRequest.Source.choices
    )
    by_date = serializers.DateField()
    asked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_null=True)


class Queue(APIView):
    """The cases that wait for people."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="review_queue",
        parameters=[ListQueueIn],
        responses={200: CasePage, 400: Problem, 401: Problem, 403: Problem},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the waiting cases you may see, what comes first in front."""
        asked = ListQueueIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        filters = selectors.Filters(
            show=given.get("show", ""),
            cause=given.get("cause", ""),
            product=given.get("product", ""),
            branch=given.get("branch", ""),
            text=given.get("number", ""),
            least=given.get("amount_from"),
            most=given.get("amount_to"),
            waiting_hours=given.get("waiting_hours"),
        )
        place = selectors.Place(
            sort=given.get("sort", selectors.DEFAULT_SORT),
            after=given.get("after", ""),
            size=given["limit"],
        )
        page = selectors.page(request.user, filters, place, now=timezone.now())
        return Response(CasePage({"results": page.rows, "after": page.after}).data)


class OneCase(APIView):
    """One case."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(operation_id="review_case", responses={200: CaseOut, **REFUSALS}, tags=TAGS)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the case and its place in the queue."""
        return _answer(request.user, pk)


class Claim(APIView):
    """Take up a case."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_claim", request=None, responses={200: CaseOut, **REFUSALS}, tags=TAGS
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Hold the case for half an hour; of two at once one is refused with 409."""
        cases.claim(actor=request.user, case=_case(request.user, pk), now=timezone.now())
        return _answer(request.user, pk)


class Release(APIView):
    """Put a case back."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_release",
        request=None,
        responses={200: CaseOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Put a case you hold back into the queue."""
        cases.release(actor=request.user, case=_case(request.user, pk), now=timezone.now())
        return _answer(request.user, pk)


class Assign(APIView):
    """Give a case to somebody."""

    required_permission = policies.ASSIGN

    @extend_schema(
        operation_id="review_assign",
        request=ToPersonIn,
        responses={200: CaseOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give the case to a person who may hold it, whoever held it."""
        case = _case(request.user, pk)
        given = ToPersonIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.assign(
            actor=request.user,
            case=case,
            person=_person(given.validated_data["person"]),
            why=given.validated_data["why"],
            version=given.validated_data["version"],
            now=timezone.now(),
        )
        return _answer(request.user, pk)


class Escalate(APIView):
    """Ask a manager to look at a case."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_escalate",
        request=ToPersonIn,
        responses={201: EscalationOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Escalate the case; it stands at the top of the queue until it is answered."""
        case = _case(request.user, pk)
        given = ToPersonIn(data=request.data)
        given.is_valid(raise_exception=True)
        raised = services.escalate(
            actor=request.user,
            case=case,
            to=_person(given.validated_data["person"]),
            why=given.validated_data["why"],
            version=given.validated_data["version"],
            now=timezone.now(),
        )
        return Response(EscalationOut(raised).data, status=201)


class AnswerEscalation(APIView):
    """Answer an escalation."""

    required_permission = policies.ASSIGN

    @extend_schema(
        operation_id="review_answer_escalation",
        request=TextIn,
        responses={200: EscalationOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Answer; the case goes back to its ordinary place."""
        raised = get_visible(Escalation.objects.all(), request.user, pk=pk)
        given = TextIn(data=request.data)
        given.is_valid(raise_exception=True)
        answered = services.answer_escalation(
            actor=request.user,
            escalation=raised,
            answer=given.validated_data["text"],
            now=timezone.now(),
        )
        return Response(EscalationOut(answered).data)


class Notes(APIView):
    """What was said about a case."""

    required_permission = {"GET": policies.VIEW_QUEUE, "POST": policies.REVIEW}

    @extend_schema(
        operation_id="review_notes", responses={200: NoteOut(many=True), **REFUSALS}, tags=TAGS
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the notes, newest first."""
        return Response(NoteOut(selectors.notes(_case(request.user, pk)), many=True).data)

    @extend_schema(
        operation_id="review_write_note",
        request=TextIn,
        responses={201: NoteOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Write a note; it is never changed and never part of a letter."""
        case = _case(request.user, pk)
        given = TextIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.note(
            actor=request.user, case=case, text=given.validated_data["text"], now=timezone.now()
        )
        return Response(NoteOut(made).data, status=201)


class Information(APIView):
    """What was asked about a case."""

    required_permission = {"GET": policies.VIEW_QUEUE, "POST": policies.REVIEW}

    @extend_schema(
        operation_id="review_information",
        responses={200: InformationOut(many=True), **REFUSALS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the requests for information, open ones first."""
        rows = selectors.information(_case(request.user, pk))
        return Response(InformationOut(rows, many=True).data)

    @extend_schema(
        operation_id="review_ask_information",
        request=InformationIn,
        responses={201: InformationOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask for information; the case's clock stands still until the request ends."""
        case = _case(request.user, pk)
        given = InformationIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = services.ask_information(
            actor=request.user,
            case=case,
            entry=services.InformationEntry(**given.validated_data),
            now=timezone.now(),
        )
        return Response(InformationOut(asked).data, status=201)


class EndInformation(APIView):
    """End a request for information."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_end_information",
        request=TextIn,
        responses={200: InformationOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID, way: str) -> Response:
        """Say that it has come (`receive`) or is waited for no more (`withdraw`)."""
        asked = get_visible(InformationRequest.objects.all(), request.user, pk=pk)
        given = TextIn(data=request.data)
        given.is_valid(raise_exception=True)
        said, now = given.validated_data["text"], timezone.now()
        if way == "receive":
            ended = services.receive_information(
                actor=request.user, asked=asked, answer=said, now=now
            )
        elif way == "withdraw":
            ended = services.withdraw_information(
                actor=request.user, asked=asked, why=said, now=now
            )
        else:
            raise DomainError("unknown_way", _("Say `receive` or `withdraw`."))
        return Response(InformationOut(ended).data)


def _case(actor: User, pk: uuid.UUID) -> ReviewCase:
    rows = ReviewCase.objects.select_related("application__product", "application__branch__entity")
    return get_visible(rows, actor, pk=pk)


def _answer(actor: User, pk: uuid.UUID) -> Response:
    return Response(CaseOut(_case(actor, pk)).data)


def _person(pk: uuid.UUID) -> User:
    found = User.objects.filter(pk=pk, is_active=True).first()
    if found is None:
        sentence = _("There is no such person.")
        raise DomainError("unknown_person", sentence, fields={"person": sentence})
    return found


urlpatterns = [
    path("review/cases", Queue.as_view(), name="review_queue"),
    path("review/cases/<uuid:pk>", OneCase.as_view(), name="review_case"),
    path("review/cases/<uuid:pk>/claim", Claim.as_view(), name="review_claim"),
    path("review/cases/<uuid:pk>/release", Release.as_view(), name="review_release"),
    path("review/cases/<uuid:pk>/assign", Assign.as_view(), name="review_assign"),
    path("review/cases/<uuid:pk>/escalate", Escalate.as_view(), name="review_escalate"),
    path("review/cases/<uuid:pk>/notes", Notes.as_view(), name="review_notes"),
    path("review/cases/<uuid:pk>/information", Information.as_view(), name="review_information"),
    path(
        "review/information/<uuid:pk>/<slug:way>",
        EndInformation.as_view(),
        name="review_end_information",
    ),
    path(
        "review/escalations/<uuid:pk>/answer",
        AnswerEscalation.as_view(),
        name="review_answer_escalation",
    ),
]
