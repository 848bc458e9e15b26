"""Change a decided request, ask for and answer exceptions to a decline, and replay, by API."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications import policies as applications
from apps.applications.models import Application
from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.decisions import policies, services
from apps.decisions.models import Decision, Override, OverrideReason
from apps.decisions.terms_forms import LONGEST_NOTE, LONGEST_TERM_MONTHS

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class Terms(Strict):
    """An amount, in the application's currency, and a term."""

    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    term_months = serializers.IntegerField(min_value=1, max_value=LONGEST_TERM_MONTHS)


class ChangedTerms(Terms):
    """What is asked for instead of what was decided."""

    version = serializers.CharField(
        required=False,
        default="",
        max_length=40,
        help_text="The version it was read with; refused where somebody was faster.",
    )


class ChangedRequest(serializers.Serializer[Any]):
    """A request after its change."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    status = serializers.CharField(
        help_text="`approved`: within the decision, which goes on to bind."
        " `submitted`: decided anew."
    )
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    term_months = serializers.IntegerField()
    version = serializers.CharField()


class ExceptionRequest(Terms):
    """What is to be lent in spite of the decline, and why."""

    reason = serializers.ChoiceField(choices=OverrideReason.choices)
    note = serializers.CharField(max_length=LONGEST_NOTE)


class ExceptionRefusal(Strict):
    """Why an exception is refused."""

    note = serializers.CharField(max_length=LONGEST_NOTE)


class ExceptionAnswer(serializers.Serializer[Any]):
    """An exception to a decline."""

    id = serializers.UUIDField()
    application = serializers.UUIDField(source="application_id")
    decision = serializers.UUIDField(source="decision_id", help_text="The decline it is about.")
    status = serializers.CharField(help_text="`asked`, `authorised`, `refused` or `lapsed`.")
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    term_months = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=OverrideReason.choices)
    note = serializers.CharField()
    requested_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer_note = serializers.CharField()
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when it can be lent under, once it is authorised."
    )


class ReplayDifference(serializers.Serializer[Any]):
    """One thing that comes out otherwise."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF takes it off the class
        choices=["data", "model", "policy", "code"]
    )
    what = serializers.CharField()
    stored = serializers.CharField(allow_blank=True)
    found = serializers.CharField(allow_blank=True)


class ReplayAnswer(serializers.Serializer[Any]):
    """What deriving a decision again has found."""

    decision = serializers.UUIDField()
    application = serializers.CharField(help_text="The application's number.")
    identical = serializers.BooleanField()
    differences = ReplayDifference(many=True)


class ChangeRequest(APIView):
    """Amount and term of a decided request."""

    required_permission = applications.TAKE

    @extend_schema(
        operation_id="applications_change",
        request=ChangedTerms,
        responses={200: ChangedRequest, **_REFUSALS},
        tags=["decisions"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Change it: recorded within what was decided, decided anew beyond it."""
        given = ChangedTerms(data=request.data)
        given.is_valid(raise_exception=True)
        application = get_visible(Application.objects.all(), request.user, pk=pk)
        changed = services.change_request(
            actor=request.user, application=application, now=timezone.now(), **given.validated_data
        )
        return Response(ChangedRequest(changed).data)


class Exceptions(APIView):
    """Exceptions to the decline of an application."""

    required_permission = {
        "GET": "applications.view_application",
        "POST": policies.REQUEST_OVERRIDE,
    }

    @extend_schema(
        operation_id="applications_exceptions",
        responses={200: ExceptionAnswer(many=True), 401: Problem, 403: Problem, 404: Problem},
        tags=["decisions"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return every exception that was asked for, the newest first."""
        application = get_visible(Application.objects.all(), request.user, pk=pk)
        rows = Override.objects.filter(application=application).order_by("-requested_at", "-pk")
        return Response(ExceptionAnswer(rows, many=True).data)

    @extend_schema(
        operation_id="applications_ask_exception",
        request=ExceptionRequest,
        responses={200: ExceptionAnswer, **_REFUSALS},
        tags=["decisions"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask that a declined application be approved in spite of the decline."""
        given = ExceptionRequest(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        entry = services.OverrideEntry(
            terms=services.Terms(values["amount"], values["term_months"]),
            reason=values["reason"],
            note=values["note"],
        )
        made = services.ask_override(
            actor=request.user,
            application=get_visible(Application.objects.all(), request.user, pk=pk),
            entry=entry,
            now=timezone.now(),
        )
        return Response(ExceptionAnswer(made).data)


class AuthoriseException(APIView):
    """The answer yes."""

    required_permission = policies.AUTHORISE_OVERRIDE

    @extend_schema(
        operation_id="exceptions_authorise",
        request=None,
        responses={200: ExceptionAnswer, 401: Problem, 403: Problem, 404: Problem, 409: Problem},
        tags=["decisions"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Authorise what another person asked for: it then binds like a decision, for a time."""
        found = get_visible(Override.objects.all(), request.user, pk=pk)
        services.authorise_override(actor=request.user, override=found, now=timezone.now())
        found.refresh_from_db()
        return Response(ExceptionAnswer(found).data)


class RefuseException(APIView):
    """The answer no."""

    required_permission = policies.AUTHORISE_OVERRIDE

    @extend_schema(
        operation_id="exceptions_refuse",
        request=ExceptionRefusal,
        responses={200: ExceptionAnswer, **_REFUSALS},
        tags=["decisions"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse what another person asked for and say why; the decline stands."""
        given = ExceptionRefusal(data=request.data)
        given.is_valid(raise_exception=True)
        refused = services.refuse_override(
            actor=request.user,
            override=get_visible(Override.objects.all(), request.user, pk=pk),
            note=given.validated_data["note"],
            now=timezone.now(),
        )
        return Response(ExceptionAnswer(refused).data)


class Replay(APIView):
    """Whether a past decision can be derived again."""

    required_permission = policies.REPLAY

    @extend_schema(
        operation_id="decisions_replay",
        request=None,
        responses={200: ReplayAnswer, 401: Problem, 403: Problem, 404: Problem},
        tags=["decisions"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Derive a decision again from what it stored; the replay is on the audit trail."""
        rows = Decision.objects.select_related("application")
        result = services.replay(
            actor=request.user,
            decision=get_visible(rows, request.user, pk=pk),
            now=timezone.now(),
        )
        return Response(ReplayAnswer(result.to_json()).data)


urlpatterns = [
    path("applications/<uuid:pk>/change", ChangeRequest.as_view(), name="application_change"),
    path("applications/<uuid:pk>/exceptions", Exceptions.as_view(), name="application_exceptions"),
    path("exceptions/<uuid:pk>/authorise", AuthoriseException.as_view(), name="authorise"),
    path("exceptions/<uuid:pk>/refuse", RefuseException.as_view(), name="refuse"),
    path("decisions/<uuid:pk>/replay", Replay.as_view(), name="decision_replay"),
]
