"""Files over the API: upload, tell columns, check, start, follow, read rows and refused rows."""

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

from apps.accounts.models import Branch, User
from apps.bulk import policies, selectors, services
from apps.bulk import serializers as shapes
from apps.bulk.models import Upload
from apps.bulk.spelling import csv_lines
from apps.core import bodies, keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.table_formats import Format
from apps.core.visibility import get_visible

PROBLEMS = {400: Problem, 401: Problem, 403: Problem, 404: Problem}
TAGS = ["bulk"]


class Uploads(APIView):
    """The files of applications of your branches."""

    required_permission = {"GET": policies.SEE, "POST": policies.UPLOAD}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="uploads_list",
        parameters=[shapes.UploadListIn],
        responses={200: shapes.UploadPage, **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """List files, the newest first."""
        asked = shapes.UploadListIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            selectors.uploads(request.user),
            by=("-uploaded_at", "-id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        context = {"counts": selectors.counts_of(page.rows, request.user)}
        found = shapes.UploadPage({"results": page.rows, "after": page.after}, context=context)
        return Response(found.data)

    @extend_schema(
        operation_id="uploads_send",
        request={"multipart/form-data": shapes.UploadIn},
        responses={201: shapes.UploadOut, 200: shapes.UploadOut, 413: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Send a file; the same file again is answered with what became of it (200).

        Columns with the template's names, or as you told them for such a file before, are told
        already. Nothing is taken in until it was checked and started.
        """
        services.refuse_announced(bodies.announced_size(request))
        given = shapes.UploadIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        upload, is_new = services.receive(
            actor=request.user,
            branch=_branch(request.user, asked.get("branch")),
            source=asked["source"],
            filename=asked["file"].name,
            stream=asked["file"].file,
            form=given.format(),
            now=timezone.now(),
        )
        return _answer(request.user, upload, status=201 if is_new else 200)


class UploadDetail(APIView):
    """One file."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="uploads_read", responses={200: shapes.UploadOut, **PROBLEMS}, tags=TAGS
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return how far a file has come. Ask again until it is checked or finished."""
        return _answer(request.user, _upload(request, pk))


class UploadColumns(APIView):
    """What the columns of one file are."""

    required_permission = policies.UPLOAD

    @extend_schema(
        operation_id="uploads_columns",
        request=shapes.ColumnsIn,
        responses={200: shapes.UploadOut, 409: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        """Tell what each column is; remembered for your next file with the same header."""
        given = shapes.ColumnsIn(data=request.data)
        given.is_valid(raise_exception=True)
        headings = given.validated_data["columns"]
        upload = services.tell_columns(
            actor=request.user, upload=_upload(request, pk), headings=headings
        )
        return _answer(request.user, upload)


class _Act(APIView):
    """Something that is done with one file."""

    required_permission = policies.UPLOAD
    act: Callable[..., Upload]

    def done(self, request: Request, pk: uuid.UUID, **more: Any) -> Response:
        """Do it and answer with the file."""
        act = type(self).act
        return _answer(request.user, act(actor=request.user, upload=_upload(request, pk), **more))


class UploadCheck(_Act):
    """Check one file."""

    act = services.ask_check

    @extend_schema(
        operation_id="uploads_check",
        request=None,
        responses={200: shapes.UploadOut, 409: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Let every row be checked; nothing is taken in."""
        return self.done(request, pk)


class UploadStart(_Act):
    """Start one file."""

    act = services.start

    @extend_schema(
        operation_id="uploads_start",
        request=None,
        responses={200: shapes.UploadOut, 409: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take the rows of a checked file in; each is judged anew, decided and answered."""
        return self.done(request, pk, now=timezone.now())


class UploadStop(_Act):
    """Stop one file."""

    act = services.cancel

    @extend_schema(
        operation_id="uploads_stop",
        request=None,
        responses={200: shapes.UploadOut, 409: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop work on a file; what was taken in stays, the rest waits."""
        return self.done(request, pk, now=timezone.now())


class UploadResume(_Act):
    """Go on with one file."""

    act = services.resume

    @extend_schema(
        operation_id="uploads_resume",
        request=None,
        responses={200: shapes.UploadOut, 409: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Go on with a file that was stopped."""
        return self.done(request, pk)


class UploadDiscard(_Act):
    """Discard one file."""

    act = services.discard

    @extend_schema(
        operation_id="uploads_discard",
        request=None,
        responses={204: None, 409: Problem, **PROBLEMS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Discard a file nothing was taken in from; it can then be sent anew."""
        services.discard(actor=request.user, upload=_upload(request, pk))
        return Response(status=204)


class UploadRows(APIView):
    """The rows of one file."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="uploads_rows",
        parameters=[shapes.UploadRowsIn],
        responses={200: shapes.UploadRowPage, **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List rows with what became of each: its application, or every reason against it."""
        asked = shapes.UploadRowsIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        state = asked.validated_data.get("state", "")
        page = keyset.page(
            selectors.rows_shown(_upload(request, pk), request.user, state=state),
            by=("number", "id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(shapes.UploadRowPage({"results": page.rows, "after": page.after}).data)


class UploadRejects(APIView):
    """The refused rows of one file."""

    required_permission = policies.UPLOAD

    @extend_schema(
        operation_id="uploads_rejects",
        responses={(200, "text/csv"): OpenApiTypes.STR, **PROBLEMS},
        tags=TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> StreamingHttpResponse:
        """Send the refused rows as CSV, as they were, with row and reasons: mend and send again."""
        upload = _upload(request, pk)
        lines = services.download_rejects(actor=request.user, upload=upload)
        text = csv_lines(lines, Format.from_json(upload.format))
        return StreamingHttpResponse(text, content_type="text/csv; charset=utf-8")


def _upload(request: Request, pk: uuid.UUID) -> Upload:
    return get_visible(selectors.uploads_with_lender(), request.user, pk=pk)


def _answer(actor: User, upload: Upload, *, status: int = 200) -> Response:
    context = {"counts": selectors.counts_of([upload], actor)}
    return Response(shapes.UploadOut(upload, context=context).data, status=status)


def _branch(actor: User, code: str | None) -> Branch:
    if code is None:
        return Branch.objects.select_related("entity").get(pk=actor.branch_id)
    found = selectors.branches(actor).filter(code=code).first()
    if found is None:
        sentence = _("You do not work in a branch of this code.")
        raise DomainError("unknown_branch", sentence, fields={"branch": sentence})
    return found


urlpatterns = [
    path("uploads", bodies.limits_itself(Uploads.as_view()), name="uploads"),
    path("uploads/<uuid:pk>", UploadDetail.as_view(), name="upload"),
    path("uploads/<uuid:pk>/columns", UploadColumns.as_view(), name="upload_columns"),
    path("uploads/<uuid:pk>/check", UploadCheck.as_view(), name="upload_check"),
    path("uploads/<uuid:pk>/start", UploadStart.as_view(), name="upload_start"),
    path("uploads/<uuid:pk>/stop", UploadStop.as_view(), name="upload_stop"),
    path("uploads/<uuid:pk>/resume", UploadResume.as_view(), name="upload_resume"),
    path("uploads/<uuid:pk>/discard", UploadDiscard.as_view(), name="upload_discard"),
    path("uploads/<uuid:pk>/rows", UploadRows.as_view(), name="upload_rows"),
    path("uploads/<uuid:pk>/refused", UploadRejects.as_view(), name="upload_rejects"),
]
