"""The bank's answers to debits over the API."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import bodies, keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.debits import policies, scopes, selectors, services
from apps.debits import serializers as shapes
from apps.debits.lifecycle import ANSWER
from apps.debits.models import AnswerFile, AnswerLine
from apps.debits.services import Upload
from apps.debits.views import answers as pages
from apps.repayments.services import refuse_announced
from apps.repayments.statement_shapes import PageIn

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem}
_ACTED = {**_REFUSED, 409: Problem}
_TAGS = ["debits"]


class DebitAnswers(APIView):
    """The bank's answers."""

    required_permission = {"GET": policies.SEE, "POST": policies.ANSWER}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="debit_answers_list",
        parameters=[PageIn],
        responses={200: shapes.AnswersPage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """List files of answers, the newest first."""
        asked = PageIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            selectors.answers(request.user),
            by=selectors.NEWEST_ANSWERS,
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        context = {"counts": selectors.counts_of(page.rows)}
        shown = {"results": page.rows, "after": page.after}
        return Response(shapes.AnswersPage(shown, context=context).data)

    @extend_schema(
        operation_id="debit_answers_send",
        request={"multipart/form-data": shapes.AnswersIn},
        responses={201: shapes.AnswersOut, 200: shapes.AnswersOut, 413: Problem, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Send what the bank answered; a worker posts it. The same file again is answered (200).

        A file that does not agree with its own trailer is refused whole.
        """
        refuse_announced(bodies.announced_size(request))
        given = shapes.AnswersIn(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data["file"]
        file, is_new = services.receive_answers(
            actor=request.user,
            branch=scopes.branch_of(request.user, given.validated_data.get("branch")),
            upload=Upload(filename=sent.name, stream=sent.file),
            now=timezone.now(),
        )
        return _answer(file, status=201 if is_new else 200)


class OneDebitAnswers(APIView):
    """One file of answers."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_answers_read",
        responses={200: shapes.AnswersOut, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return how far a file has come. Ask again until it is finished."""
        return _answer(pages.visible(request.user, pk))


class DebitAnswersGoOn(APIView):
    """Go on with a halted file."""

    required_permission = policies.ANSWER

    @extend_schema(
        operation_id="debit_answers_go_on",
        request=None,
        responses={200: shapes.AnswersOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Let a file go on whose starter lost the right to post."""
        file = services.go_on(actor=request.user, file=pages.visible(request.user, pk))
        return _answer(file)


class DebitAnswerRows(APIView):
    """The rows of a file of answers."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_answers_rows",
        parameters=[PageIn, OpenApiParameter("state", enum=list(ANSWER.states))],
        responses={200: shapes.AnswerPage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List the rows of a file, of one state where one is named, each with what it came to."""
        asked = PageIn(data={k: v for k, v in request.query_params.items() if k != "state"})
        asked.is_valid(raise_exception=True)
        state = request.query_params.get("state", "")
        if state and state not in ANSWER.states:
            raise DomainError("unknown_state", _("There is no such state."))
        page = keyset.page(
            selectors.lines_of(pages.visible(request.user, pk), request.user, status=state),
            by=("number", "id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(shapes.AnswerPage({"results": page.rows, "after": page.after}).data)


class DebitAnswerPost(APIView):
    """Post a refused row."""

    required_permission = policies.ANSWER

    @extend_schema(
        operation_id="debit_answer_post",
        request=shapes.AnswerDayIn,
        responses={200: shapes.AnswerOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Post collected money of a refused row, so that it counts from a day of your choice."""
        return _done(request, pk, shapes.AnswerDayIn, services.post_on_day)


class DebitAnswerRun(APIView):
    """Run a row of a returned debit again."""

    required_permission = policies.ANSWER

    @extend_schema(
        operation_id="debit_answer_run",
        request=None,
        responses={200: shapes.AnswerOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take money back that the bank returned, once it said that it had collected it."""
        return _done(request, pk, None, services.run_again)


class DebitAnswerClose(APIView):
    """Settle a refused row otherwise."""

    required_permission = policies.ANSWER

    @extend_schema(
        operation_id="debit_answer_close",
        request=shapes.DebitNoteIn,
        responses={200: shapes.AnswerOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Say what became of a refused row; money not booked yet waits in suspense then."""
        return _done(request, pk, shapes.DebitNoteIn, services.close_answer)


def _done(request: Request, pk: uuid.UUID, taken: type[Any] | None, act: Any) -> Response:
    line = get_visible(AnswerLine.objects.all(), request.user, pk=pk)
    values: dict[str, Any] = {}
    if taken is not None:
        given = taken(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
    done = act(actor=request.user, line=line, now=timezone.now(), **values)
    shown = selectors.lines_of(done.file, request.user).get(pk=pk)
    return Response(shapes.AnswerOut(shown).data)


def _answer(file: AnswerFile, *, status: int = 200) -> Response:
    context = {"counts": selectors.counts_of([file])}
    return Response(shapes.AnswersOut(file, context=context).data, status=status)


urlpatterns = [
    path("debit-answers", bodies.limits_itself(DebitAnswers.as_view()), name="debit_answers"),
    path("debit-answers/<uuid:pk>", OneDebitAnswers.as_view(), name="debit_answer_file"),
    path("debit-answers/<uuid:pk>/go-on", DebitAnswersGoOn.as_view(), name="debit_answers_go_on"),
    path("debit-answers/<uuid:pk>/rows", DebitAnswerRows.as_view(), name="debit_answer_rows"),
    path("debit-answer-rows/<uuid:pk>/post", DebitAnswerPost.as_view(), name="debit_answer_post"),
    path("debit-answer-rows/<uuid:pk>/run", DebitAnswerRun.as_view(), name="debit_answer_run"),
    path("debit-answer-rows/<uuid:pk>/close", DebitAnswerClose.as_view(), name="debit_answer_shut"),
]
