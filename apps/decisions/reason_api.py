"""The managed list of reasons over the API, by the same services as the pages."""

import uuid
from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import reason_list, services
from apps.decisions.lifecycle import REASON_LIFECYCLE
from apps.decisions.models import ListedReason

_LONGEST_NOTE = 2_000
_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAGS = ["reason codes"]


class ListedReasonOut(serializers.Serializer[Any]):
    """One reason of the list: what it says, for which verdict, and since and until when."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=ListedReason.Kind.choices)
    verdict = serializers.ChoiceField(
        choices=ListedReason.Verdict.choices, allow_blank=True, help_text="Empty fits both."
    )
    sentence = serializers.SerializerMethodField(help_text="As a reviewer reads it.")
    words = serializers.DictField(
        child=serializers.CharField(), help_text="By language; empty where it is translated by us."
    )
    about = serializers.CharField(source="input")
    lender = serializers.CharField(source="entity.code", default=None, allow_null=True)
    owner = serializers.CharField()
    state = serializers.ChoiceField(source="status", choices=REASON_LIFECYCLE.states)
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    note = serializers.CharField()

    def get_sentence(self, row: ListedReason) -> str:
        """Return the reason in the active language."""
        return reason_list.words(reason_list.as_pure(row))


class ReasonPage(serializers.Serializer[Any]):
    """The whole list, with what is proposed and what ended."""

    results = ListedReasonOut(many=True)


class ProposeReasonIn(Strict):
    """A reason for the list."""

    code = serializers.SlugField(max_length=40)
    kind = serializers.ChoiceField(choices=ListedReason.Kind.choices)
    verdict = serializers.ChoiceField(
        choices=ListedReason.Verdict.choices, required=False, default="", allow_blank=True
    )
    words = serializers.DictField(
        child=serializers.CharField(max_length=300),
        help_text="A sentence each in en, hi and sw; %(value)s is the applicant's value.",
    )
    about = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    lender = serializers.SlugField(required=False, help_text="Its code; left out for every lender.")
    owner = serializers.CharField(max_length=120)
    active_from = serializers.DateField()
    note = serializers.CharField(max_length=_LONGEST_NOTE)


class RefuseReasonIn(Strict):
    """Why a proposed reason is refused."""

    note = serializers.CharField(max_length=_LONGEST_NOTE)


class EndReasonIn(Strict):
    """Until when a reason may be given, and why it ends."""

    last_day = serializers.DateField()
    note = serializers.CharField(max_length=_LONGEST_NOTE)


class Reasons(APIView):
    """The managed list."""

    required_permission = {"GET": reason_list.READ, "POST": reason_list.PROPOSE}

    @extend_schema(
        operation_id="reasons_list",
        responses={200: ReasonPage, 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return every reason of your lenders."""
        return Response(ReasonPage({"results": reason_list.rows(request.user)}).data)

    @extend_schema(
        operation_id="reasons_propose",
        request=ProposeReasonIn,
        responses={201: ListedReasonOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Propose a reason; another person lists it."""
        given = _given(ProposeReasonIn, request)
        entity = _lender(given.pop("lender", None))
        made = services.propose_reason(
            actor=request.user,
            entry=services.ReasonEntry(**given, entity=entity),
            now=timezone.now(),
        )
        return Response(ListedReasonOut(made).data, status=201)


class _Act(APIView):
    """One step of a reason's life."""

    def _answer(
        self, request: Request, pk: uuid.UUID, service: Callable[..., ListedReason], **given: Any
    ) -> Response:
        reason = get_visible(ListedReason.objects.select_related("entity"), request.user, pk=pk)
        return Response(ListedReasonOut(service(actor=request.user, reason=reason, **given)).data)


class ListReason(_Act):
    """Put a proposed reason on the list."""

    required_permission = reason_list.APPROVE

    @extend_schema(
        operation_id="reasons_accept",
        request=None,
        responses={200: ListedReasonOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """List what another person proposed."""
        return self._answer(request, pk, services.list_reason, now=timezone.now())


class RefuseReason(_Act):
    """Refuse a proposed reason."""

    required_permission = reason_list.APPROVE

    @extend_schema(
        operation_id="reasons_refuse",
        request=RefuseReasonIn,
        responses={200: ListedReasonOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse what another person proposed, saying why."""
        given = _given(RefuseReasonIn, request)
        return self._answer(request, pk, services.refuse_reason, now=timezone.now(), **given)


class AskReasonEnd(_Act):
    """Ask that a reason ends."""

    required_permission = reason_list.PROPOSE

    @extend_schema(
        operation_id="reasons_ask_end",
        request=EndReasonIn,
        responses={200: ListedReasonOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask that a reason ends after a day; another person decides."""
        return self._answer(request, pk, services.ask_reason_end, **_given(EndReasonIn, request))


class EndReason(_Act):
    """End a reason as another person asked."""

    required_permission = reason_list.APPROVE

    @extend_schema(
        operation_id="reasons_end",
        request=None,
        responses={200: ListedReasonOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End a reason; past verdicts keep it."""
        return self._answer(request, pk, services.end_reason)


class KeepReason(_Act):
    """Keep a reason that was to end."""

    required_permission = reason_list.APPROVE

    @extend_schema(
        operation_id="reasons_keep",
        request=None,
        responses={200: ListedReasonOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Keep a reason that another person asked to end."""
        return self._answer(request, pk, services.keep_reason)


def _given(asked: type[Strict], request: Request) -> dict[str, Any]:
    given = asked(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _lender(code: str | None) -> Entity | None:
    if code is None:
        return None
    found = Entity.objects.filter(code=code).first()
    if found is None:
        sentence = _("There is no such lender.")
        raise DomainError("no_such_lender", sentence, fields={"lender": sentence})
    return found


urlpatterns = [
    path("reasons", Reasons.as_view(), name="reasons"),
    path("reasons/<uuid:pk>/list", ListReason.as_view(), name="reason_list"),
    path("reasons/<uuid:pk>/refuse", RefuseReason.as_view(), name="reason_refuse"),
    path("reasons/<uuid:pk>/ask-end", AskReasonEnd.as_view(), name="reason_ask_end"),
    path("reasons/<uuid:pk>/end", EndReason.as_view(), name="reason_end"),
    path("reasons/<uuid:pk>/keep", KeepReason.as_view(), name="reason_keep"),
]
