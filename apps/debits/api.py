"""Mandates and files of debits over the API; the rest is in `answer_api` and `recall_api`."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.debits import answer_api, policies, recall_api, scopes, selectors, services
from apps.debits import serializers as shapes
from apps.debits.models import Debit, DebitFile, Mandate
from apps.debits.views import files as pages
from apps.loans.models import Loan
from apps.repayments.statement_shapes import PageIn

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem}
_ACTED = {**_REFUSED, 409: Problem}
_TAGS = ["debits"]
_STEPS = ("register", "activate", "reject", "pause", "resume", "cancel")


class LoanMandates(APIView):
    """The mandates of a loan."""

    required_permission = {"GET": policies.SEE, "POST": policies.KEEP}

    @extend_schema(
        operation_id="loan_mandates_list",
        responses={200: shapes.MandateOut(many=True), **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the mandates for a loan, and for all loans of its borrower, newest first."""
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        found: Any = selectors.mandates_of(loan, request.user)
        return Response(shapes.MandateOut(found, many=True).data)

    @extend_schema(
        operation_id="loan_mandates_record",
        request=shapes.MandateIn,
        responses={201: shapes.MandateOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record a mandate; nothing is taken until the bank has accepted it."""
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        given = shapes.MandateIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.record_mandate(
            actor=request.user,
            loan=loan,
            entry=services.MandateEntry(**given.validated_data),
            now=timezone.now(),
        )
        return Response(shapes.MandateOut(made).data, status=201)


class OneMandate(APIView):
    """One mandate."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="mandates_read",
        responses={200: shapes.MandateOut, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a mandate as it stands."""
        return Response(shapes.MandateOut(_mandate(request, pk)).data)


class MandateStep(APIView):
    """A step of a mandate."""

    required_permission = policies.KEEP

    @extend_schema(
        operation_id="mandates_step",
        parameters=[OpenApiParameter("action", location="path", enum=list(_STEPS))],
        request=shapes.MandateStepIn,
        responses={200: shapes.MandateOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID, action: str) -> Response:
        """Tell what the bank or the borrower did: a borrower's `cancel` holds at once."""
        mandate = _mandate(request, pk)
        given = shapes.MandateStepIn(data=request.data)
        given.is_valid(raise_exception=True)
        if action not in _STEPS:
            raise DomainError("unknown_action", _("There is no such step of a mandate."))
        act: Callable[..., Mandate] = scopes.mandate_step(
            action, given=given.validated_data, now=timezone.now()
        )
        return Response(shapes.MandateOut(act(actor=request.user, mandate=mandate)).data)


class DebitFiles(APIView):
    """The files of debits."""

    required_permission = {"GET": policies.SEE, "POST": policies.PREPARE}

    @extend_schema(
        operation_id="debit_files_list",
        parameters=[PageIn],
        responses={200: shapes.DebitFilePage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """List files of debits, the newest first."""
        asked = PageIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            selectors.files(request.user),
            by=selectors.NEWEST_FILES,
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        found = shapes.DebitFilePage({"results": page.rows, "after": page.after})
        return Response(found.data)

    @extend_schema(
        operation_id="debit_files_prepare",
        request=shapes.DebitFileIn,
        responses={201: shapes.DebitFileOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Prepare what is asked for on a day; another person releases it."""
        given = shapes.DebitFileIn(data=request.data)
        given.is_valid(raise_exception=True)
        entity, branch = scopes.of(request.user, given.validated_data.get("branch"))
        made = services.prepare_file(
            actor=request.user,
            entity=entity,
            branch=branch,
            collect_on=given.validated_data["collect_on"],
            now=timezone.now(),
        )
        return _file(request, made.pk, status=201)


class OneDebitFile(APIView):
    """One file of debits."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_files_read",
        responses={200: shapes.DebitFileOut, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a file as it stands."""
        return _file(request, pk)


class DebitsOfFile(APIView):
    """The debits of a file."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_files_debits",
        parameters=[PageIn],
        responses={200: shapes.DebitPage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List the debits of a file in its order."""
        asked = PageIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            selectors.debits_of(pages.visible(request.user, pk), request.user),
            by=("number", "id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(shapes.DebitPage({"results": page.rows, "after": page.after}).data)


class DebitFileContent(APIView):
    """The bytes for the bank."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_files_content",
        responses={(200, "text/csv"): OpenApiTypes.STR, **_ACTED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """Send the file as it was released; its SHA-256 is that of the file."""
        return pages.handed_over(request, pages.visible(request.user, pk))


class DebitFileTakeOn(APIView):
    """Take on a file."""

    required_permission = policies.PREPARE

    @extend_schema(
        operation_id="debit_files_take_on",
        request=None,
        responses={200: shapes.DebitFileOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take on a file that was prepared automatically."""
        services.take_file_on(actor=request.user, file=pages.visible(request.user, pk))
        return _file(request, pk)


class DebitFileRelease(APIView):
    """Release a file."""

    required_permission = policies.RELEASE

    @extend_schema(
        operation_id="debit_files_release",
        request=None,
        responses={200: shapes.DebitFileOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Release a file that another person prepared; what was paid meanwhile is left out."""
        file = pages.visible(request.user, pk)
        services.release_file(actor=request.user, file=file, now=timezone.now())
        return _file(request, pk)


class DebitFileWithdraw(APIView):
    """Withdraw a file."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_files_withdraw",
        request=shapes.DebitReasonIn,
        responses={200: shapes.DebitFileOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give up a file no bank was told of, with its debits."""
        file = pages.visible(request.user, pk)
        given = shapes.DebitReasonIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.withdraw_file(actor=request.user, file=file, **given.validated_data)
        return _file(request, pk)


class DebitsToFollow(APIView):
    """What is to be followed up."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debits_to_follow",
        parameters=[PageIn, OpenApiParameter("view", enum=["look", "again"])],
        responses={200: shapes.DebitPage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """List debits that failed or came amiss (`look`), or that are tried again (`again`)."""
        asked = PageIn(data={k: v for k, v in request.query_params.items() if k != "view"})
        asked.is_valid(raise_exception=True)
        view = request.query_params.get("view", "look")
        if view not in ("look", "again"):
            raise DomainError("unknown_view", _("There is no such view."))
        page = keyset.page(
            selectors.to_follow(request.user, view),
            by=("answered_at", "id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(shapes.DebitPage({"results": page.rows, "after": page.after}).data)


class DebitLook(APIView):
    """Follow up a debit."""

    required_permission = policies.FOLLOW

    @extend_schema(
        operation_id="debits_look",
        request=shapes.DebitNoteIn,
        responses={200: shapes.DebitOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Say what was done about a debit; it leaves the list."""
        debit = get_visible(Debit.objects.all(), request.user, pk=pk)
        given = shapes.DebitNoteIn(data=request.data)
        given.is_valid(raise_exception=True)
        seen = services.look_at(
            actor=request.user, debit=debit, now=timezone.now(), **given.validated_data
        )
        return Response(shapes.DebitOut(seen).data)


def _mandate(request: Request, pk: uuid.UUID) -> Mandate:
    return get_visible(Mandate.objects.all(), request.user, pk=pk)


def _file(request: Request, pk: uuid.UUID, *, status: int = 200) -> Response:
    found: DebitFile = pages.visible(request.user, pk)
    return Response(shapes.DebitFileOut(found).data, status=status)


urlpatterns = [
    path("loans/<uuid:pk>/mandates", LoanMandates.as_view(), name="loan_mandates"),
    path("mandates/<uuid:pk>", OneMandate.as_view(), name="mandate"),
    path("mandates/<uuid:pk>/<slug:action>", MandateStep.as_view(), name="mandate_step"),
    path("debit-files", DebitFiles.as_view(), name="debit_files"),
    path("debit-files/<uuid:pk>", OneDebitFile.as_view(), name="debit_file"),
    path("debit-files/<uuid:pk>/debits", DebitsOfFile.as_view(), name="debit_file_debits"),
    path("debit-files/<uuid:pk>/content", DebitFileContent.as_view(), name="debit_file_content"),
    path("debit-files/<uuid:pk>/take-on", DebitFileTakeOn.as_view(), name="debit_file_take_on"),
    path("debit-files/<uuid:pk>/release", DebitFileRelease.as_view(), name="debit_file_release"),
    path("debit-files/<uuid:pk>/withdraw", DebitFileWithdraw.as_view(), name="debit_file_withdraw"),
    path("debits/to-follow", DebitsToFollow.as_view(), name="debits_to_follow"),
    path("debits/<uuid:pk>/look", DebitLook.as_view(), name="debit_look"),
    *recall_api.urlpatterns,
    *answer_api.urlpatterns,
]
