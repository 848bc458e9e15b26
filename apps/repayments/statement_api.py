"""Statements and money in suspense over the API."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.core import bodies, keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.repayments import policies as repayments
from apps.repayments import services, statement_lists
from apps.repayments import statement_policies as policies
from apps.repayments import statement_shapes as shapes
from apps.repayments.models import StatementFile, StatementLine
from apps.repayments.services import Statement, holding
from apps.repayments.statement_lifecycle import TAKEN
from apps.repayments.views import statements as pages
from apps.repayments.views import suspense as suspense_pages

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem}
_ACTED = {**_REFUSED, 409: Problem}
_TAGS = ["repayments"]


class Statements(APIView):
    """The statements of your branches."""

    required_permission = {"GET": policies.SEE, "POST": policies.UPLOAD}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="statements_list",
        parameters=[shapes.PageIn],
        responses={200: shapes.StatementPage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """List statements, the newest first."""
        asked = shapes.PageIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            statement_lists.files(request.user),
            by=("-uploaded_at", "-id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        context = {"counts": statement_lists.counts_of(page.rows)}
        found = shapes.StatementPage({"results": page.rows, "after": page.after}, context=context)
        return Response(found.data)

    @extend_schema(
        operation_id="statements_send",
        request={"multipart/form-data": shapes.StatementIn},
        responses={201: shapes.StatementOut, 200: shapes.StatementOut, 413: Problem, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Send a statement; the same file again is answered with what came of it (200).

        It is checked at once, and nothing is posted until you start it.
        """
        services.refuse_announced(bodies.announced_size(request))
        given = shapes.StatementIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        file, is_new = services.receive_statement(
            actor=request.user,
            branch=_branch(request.user, asked.get("branch")),
            statement=Statement(
                layout=asked["layout"],
                filename=asked["file"].name,
                stream=asked["file"].file,
                form=given.format(),
                told=asked["columns"] or {},
            ),
            now=timezone.now(),
        )
        return _answer(file, status=201 if is_new else 200)


class OneStatement(APIView):
    """One statement."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="statements_read",
        responses={200: shapes.StatementOut, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return how far a statement has come. Ask again until it is checked or finished."""
        return _answer(pages.visible(request.user, pk))


class StatementStart(APIView):
    """Post one statement."""

    required_permission = policies.UPLOAD

    @extend_schema(
        operation_id="statements_start",
        request=None,
        responses={200: shapes.StatementOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Post what a checked statement says; each line is looked at anew."""
        file = pages.visible(request.user, pk)
        services.start_statement(actor=request.user, file=file, now=timezone.now())
        return _answer(file)


class StatementStop(APIView):
    """Stop one statement."""

    required_permission = policies.UPLOAD

    @extend_schema(
        operation_id="statements_stop",
        request=None,
        responses={200: shapes.StatementOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop posting; what was posted stays, the other lines wait."""
        file = pages.visible(request.user, pk)
        services.stop_statement(actor=request.user, file=file)
        return _answer(file)


class StatementDiscard(APIView):
    """Discard one statement."""

    required_permission = policies.UPLOAD

    @extend_schema(
        operation_id="statements_discard",
        request=None,
        responses={204: None, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Discard a statement nothing of which is posted; it can then be sent anew."""
        services.discard_statement(actor=request.user, file=pages.visible(request.user, pk))
        return Response(status=204)


class StatementLines(APIView):
    """The lines of one statement."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="statements_lines",
        parameters=[shapes.LinesIn],
        responses={200: shapes.StatementLinePage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List lines with what became of each: its loan, suspense, or every reason against it."""
        asked = shapes.LinesIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        state = asked.validated_data.get("state", "")
        page = keyset.page(
            statement_lists.lines_shown(
                pages.visible(request.user, pk), request.user, status=state
            ),
            by=("number", "id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        found = shapes.StatementLinePage({"results": page.rows, "after": page.after})
        return Response(found.data)


class StatementRefused(APIView):
    """The refused rows of one statement."""

    required_permission = policies.UPLOAD

    @extend_schema(
        operation_id="statements_refused",
        responses={(200, "text/csv"): OpenApiTypes.STR, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> StreamingHttpResponse:
        """Send the refused rows as CSV, as they were, with row and reasons: mend and send again."""
        return pages.refused_rows(request, pages.visible(request.user, pk))


class Suspense(APIView):
    """Money in suspense, and taking some in whose loan is not known yet."""

    required_permission = {"GET": policies.SEE, "POST": repayments.POST}

    @extend_schema(
        operation_id="suspense_list",
        parameters=[shapes.PageIn],
        responses={200: shapes.StatementLinePage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """List the money that names no loan, the oldest first."""
        asked = shapes.PageIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            statement_lists.suspense(request.user),
            by=("day", "id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        found = shapes.StatementLinePage({"results": page.rows, "after": page.after})
        return Response(found.data)

    @extend_schema(
        operation_id="suspense_take",
        request=shapes.UnidentifiedIn,
        responses={201: shapes.StatementLineOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Take in money whose loan is not known yet; known by its reference, it is returned."""
        given = shapes.UnidentifiedIn(data=request.data)
        given.is_valid(raise_exception=True)
        values, now = dict(given.validated_data), timezone.now()
        branch = _branch(request.user, values.pop("branch", None))
        is_day_told = "day" in values
        values.setdefault("day", holding.today_of(branch, now))
        money = services.Unidentified(**values, is_day_told=is_day_told)
        line = services.take_unidentified(actor=request.user, branch=branch, money=money, now=now)
        return Response(shapes.StatementLineOut(line).data, status=201)


class OneSuspense(APIView):
    """One line's money."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="suspense_read", responses={200: shapes.SuspenseOut, **_REFUSED}, tags=_TAGS
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return one line's money with what the payer wrote and the loans it may be for."""
        return _money(request.user, pk)


class SuspensePlace(APIView):
    """Place money."""

    required_permission = policies.PLACE

    @extend_schema(
        operation_id="suspense_place",
        request=shapes.PlaceIn,
        responses={200: shapes.SuspenseOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Place money on a loan, where it counts from its value date."""
        line = suspense_pages.visible(request.user, pk)
        given = shapes.PlaceIn(data=request.data)
        given.is_valid(raise_exception=True)
        rows = Loan.objects.select_related("branch__entity", "application")
        loan = get_visible(rows, request.user, pk=given.validated_data["loan"])
        services.place_money(
            actor=request.user,
            line=line,
            loan=loan,
            now=timezone.now(),
            day=given.validated_data.get("day"),
        )
        return _money(request.user, pk)


class _WithReason(APIView):
    """Something that is done with one line's money for a reason."""

    required_permission = policies.PLACE

    def done(self, request: Request, pk: uuid.UUID, act: Callable[..., Any]) -> Response:
        """Do it and answer with the line."""
        line = suspense_pages.visible(request.user, pk)
        given = shapes.StatementReasonIn(data=request.data)
        given.is_valid(raise_exception=True)
        act(actor=request.user, line=line, reason=given.validated_data["reason"])
        return _money(request.user, pk)


class SuspenseMisplaced(_WithReason):
    """Take money back from a wrong loan."""

    @extend_schema(
        operation_id="suspense_misplaced",
        request=shapes.StatementReasonIn,
        responses={200: shapes.SuspenseOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take money back from the loan it is on; it waits in suspense again."""
        return self.done(
            request, pk, lambda **given: services.misplace_money(now=timezone.now(), **given)
        )


class SuspenseReturnAsked(_WithReason):
    """Ask for the return of money."""

    @extend_schema(
        operation_id="suspense_ask_return",
        request=shapes.StatementReasonIn,
        responses={200: shapes.SuspenseOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask that money goes back to who paid it; another person returns it."""
        return self.done(request, pk, services.ask_return)


class SuspenseReturned(APIView):
    """Return money."""

    required_permission = policies.RETURN

    @extend_schema(
        operation_id="suspense_return",
        request=shapes.GiveBackIn,
        responses={200: shapes.SuspenseOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that money went back, which another person asked for."""
        line = suspense_pages.visible(request.user, pk)
        given = shapes.GiveBackIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.give_back(
            actor=request.user, line=line, day=given.validated_data["day"], now=timezone.now()
        )
        return _money(request.user, pk)


def _answer(file: StatementFile, *, status: int = 200) -> Response:
    context = {"counts": statement_lists.counts_of([file])}
    return Response(shapes.StatementOut(file, context=context).data, status=status)


def _money(actor: Any, pk: uuid.UUID) -> Response:
    rows = StatementLine.objects.filter(status__in=TAKEN).select_related("file__branch__entity")
    line = get_visible(statement_lists.with_loan(rows, actor), actor, pk=pk)
    is_held = line.status == "suspense"
    suggested = suspense_pages.suggested(actor, line) if is_held else []
    return Response(shapes.SuspenseOut(line, context={"suggested": suggested}).data)


def _branch(actor: User, code: str | None) -> Branch:
    if code is None:
        return Branch.objects.select_related("entity").get(pk=actor.branch_id)
    rows = Branch.objects.select_related("entity").filter(code=code)
    if not actor.works_everywhere:
        rows = rows.filter(pk__in=accounts.branch_ids(actor))
    found = rows.first()
    if found is None:
        sentence = _("You do not work in a branch of this code.")
        raise DomainError("unknown_branch", sentence, fields={"branch": sentence})
    return found


urlpatterns = [
    path("statements", bodies.limits_itself(Statements.as_view()), name="statements"),
    path("statements/<uuid:pk>", OneStatement.as_view(), name="statement"),
    path("statements/<uuid:pk>/start", StatementStart.as_view(), name="statement_start"),
    path("statements/<uuid:pk>/stop", StatementStop.as_view(), name="statement_stop"),
    path("statements/<uuid:pk>/discard", StatementDiscard.as_view(), name="statement_discard"),
    path("statements/<uuid:pk>/lines", StatementLines.as_view(), name="statement_lines"),
    path("statements/<uuid:pk>/refused", StatementRefused.as_view(), name="statement_refused"),
    path("suspense", Suspense.as_view(), name="suspense"),
    path("suspense/<uuid:pk>", OneSuspense.as_view(), name="suspense_line"),
    path("suspense/<uuid:pk>/place", SuspensePlace.as_view(), name="suspense_place"),
    path("suspense/<uuid:pk>/misplaced", SuspenseMisplaced.as_view(), name="suspense_misplaced"),
    path("suspense/<uuid:pk>/ask-return", SuspenseReturnAsked.as_view(), name="suspense_ask"),
    path("suspense/<uuid:pk>/return", SuspenseReturned.as_view(), name="suspense_return"),
]
