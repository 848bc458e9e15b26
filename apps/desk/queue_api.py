"""The review queue over the API: list, claim, release, assign, escalate, notes, information."""

import uuid

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import services as cases
from apps.decisions.errors import NotHolder
from apps.decisions.models import ReviewCase
from apps.desk import policies, selectors, serializers, services
from apps.desk.models import Escalation, InformationRequest

REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
TAGS = ["review"]


class Queue(APIView):
    """The cases that wait for people."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="review_queue",
        parameters=[serializers.ListQueueIn],
        responses={200: serializers.CasePage, 400: Problem, 401: Problem, 403: Problem},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the waiting cases you may see, what comes first in front."""
        asked = serializers.ListQueueIn(data=request.query_params)
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
        return Response(serializers.CasePage({"results": page.rows, "after": page.after}).data)


class OneCase(APIView):
    """One case."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="review_case", responses={200: serializers.CaseOut, **REFUSALS}, tags=TAGS
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the case and its place in the queue."""
        return _answer(request.user, pk)


class Claim(APIView):
    """Take up a case."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_claim",
        request=None,
        responses={200: serializers.CaseOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Hold the case for half an hour; of two at once one is refused with 409."""
        cases.claim(actor=request.user, case=_case(request.user, pk), now=timezone.now())
        return _answer(request.user, pk)


class Keep(APIView):
    """Hold a case longer."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_keep",
        request=None,
        responses={200: serializers.CaseOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Hold a case of yours for another half hour; 409 where you do not hold it any more."""
        case = _case(request.user, pk)
        if not cases.extend(actor=request.user, case=case, now=timezone.now()):
            raise NotHolder
        return _answer(request.user, pk)


class Release(APIView):
    """Put a case back."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_release",
        request=None,
        responses={200: serializers.CaseOut, **REFUSALS},
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
        request=serializers.ToPersonIn,
        responses={200: serializers.CaseOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give the case to a person who may hold it, whoever held it."""
        case = _case(request.user, pk)
        given = serializers.ToPersonIn(data=request.data)
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
        request=serializers.ToPersonIn,
        responses={201: serializers.EscalationOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Escalate the case; it stands at the top of the queue until it is answered."""
        case = _case(request.user, pk)
        given = serializers.ToPersonIn(data=request.data)
        given.is_valid(raise_exception=True)
        raised = services.escalate(
            actor=request.user,
            case=case,
            to=_person(given.validated_data["person"]),
            why=given.validated_data["why"],
            version=given.validated_data["version"],
            now=timezone.now(),
        )
        return Response(serializers.EscalationOut(raised).data, status=201)


class AnswerEscalation(APIView):
    """Answer an escalation."""

    required_permission = policies.ASSIGN

    @extend_schema(
        operation_id="review_answer_escalation",
        request=serializers.TextIn,
        responses={200: serializers.EscalationOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Answer; the case goes back to its ordinary place."""
        raised = get_visible(Escalation.objects.all(), request.user, pk=pk)
        given = serializers.TextIn(data=request.data)
        given.is_valid(raise_exception=True)
        answered = services.answer_escalation(
            actor=request.user,
            escalation=raised,
            answer=given.validated_data["text"],
            now=timezone.now(),
        )
        return Response(serializers.EscalationOut(answered).data)


class Notes(APIView):
    """What was said about a case."""

    required_permission = {"GET": policies.VIEW_QUEUE, "POST": policies.REVIEW}

    @extend_schema(
        operation_id="review_notes",
        responses={200: serializers.NoteOut(many=True), **REFUSALS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the notes, newest first."""
        return Response(
            serializers.NoteOut(selectors.notes(_case(request.user, pk)), many=True).data
        )

    @extend_schema(
        operation_id="review_write_note",
        request=serializers.TextIn,
        responses={201: serializers.NoteOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Write a note; it is never changed and never part of a letter."""
        case = _case(request.user, pk)
        given = serializers.TextIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.note(
            actor=request.user, case=case, text=given.validated_data["text"], now=timezone.now()
        )
        return Response(serializers.NoteOut(made).data, status=201)


class Information(APIView):
    """What was asked about a case."""

    required_permission = {"GET": policies.VIEW_QUEUE, "POST": policies.REVIEW}

    @extend_schema(
        operation_id="review_information",
        responses={200: serializers.InformationOut(many=True), **REFUSALS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the requests for information, open ones first."""
        rows = selectors.information(_case(request.user, pk))
        return Response(serializers.InformationOut(rows, many=True).data)

    @extend_schema(
        operation_id="review_ask_information",
        request=serializers.InformationIn,
        responses={201: serializers.InformationOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask for information; the case's clock stands still until the request ends."""
        case = _case(request.user, pk)
        given = serializers.InformationIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = services.ask_information(
            actor=request.user,
            case=case,
            entry=services.InformationEntry(**given.validated_data),
            now=timezone.now(),
        )
        return Response(serializers.InformationOut(asked).data, status=201)


class EndInformation(APIView):
    """End a request for information."""

    required_permission = policies.REVIEW

    @extend_schema(
        operation_id="review_end_information",
        request=serializers.TextIn,
        responses={200: serializers.InformationOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID, way: str) -> Response:
        """Say that it has come (`receive`) or is waited for no more (`withdraw`)."""
        asked = get_visible(InformationRequest.objects.all(), request.user, pk=pk)
        given = serializers.TextIn(data=request.data)
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
        return Response(serializers.InformationOut(ended).data)


def _case(actor: User, pk: uuid.UUID) -> ReviewCase:
    rows = ReviewCase.objects.select_related("application__product", "application__branch__entity")
    return get_visible(rows, actor, pk=pk)


def _answer(actor: User, pk: uuid.UUID) -> Response:
    return Response(serializers.CaseOut(_case(actor, pk)).data)


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
    path("review/cases/<uuid:pk>/keep", Keep.as_view(), name="review_keep"),
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
