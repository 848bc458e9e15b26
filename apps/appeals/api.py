"""Appeals over the API: register, list, assign, answer, sign, and what came of them."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.appeals import measures, policies, presentation, selectors, serializers, services
from apps.appeals.models import Appeal
from apps.appeals.selectors import NEWEST, ORDER, SHOWN, Filters
from apps.applications.models import Application
from apps.core import dates, keyset
from apps.core.api import APIView, Problem
from apps.core.errors import DomainError
from apps.core.visibility import get_visible

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


def _answer(appeal: Appeal) -> dict[str, Any]:
    today = dates.local_date(timezone.now(), appeal.application.branch.entity.time_zone)
    values = {
        "id": appeal.pk,
        "name": str(appeal),
        "application": appeal.application_id,
        "decision": appeal.decision_id,
        "state": appeal.status,
        "channel": appeal.channel,
        "grounds": appeal.grounds,
        "received_at": appeal.received_at,
        "due_date": appeal.due_date,
        "late": presentation.near(appeal, today) == "late",
        "rule": appeal.rule,
        "reviewer": appeal.reviewer_id,
        "version": appeal.version,
        "answered_at": appeal.answered_at,
        "outcome": appeal.outcome_id,
        "letter": appeal.letter_id,
        "corrections": list(appeal.corrections.all()),
    }
    return dict(serializers.AppealAnswer(values).data)


def _seen(request: Request, pk: uuid.UUID) -> Appeal:
    return get_visible(selectors.detailed(), request.user, pk=pk)


def _again(pk: uuid.UUID) -> Response:
    return Response(_answer(selectors.detailed().get(pk=pk)))


class Appeals(APIView):
    """The appeals one may see, and registering one."""

    required_permission = {"GET": policies.VIEW, "POST": policies.REGISTER}

    @extend_schema(
        operation_id="appeals_list",
        parameters=[
            OpenApiParameter("show", enum=list(SHOWN)),
            OpenApiParameter("after", description="The position from the page before."),
        ],
        responses={200: serializers.AppealPage, 400: Problem, 401: Problem, 403: Problem},
        tags=["appeals"],
    )
    def get(self, request: Request) -> Response:
        """Return appeals, those that wait with the first due at the head."""
        show = request.query_params.get("show", "waiting")
        today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
        rows = selectors.worklist(request.user, Filters(show=show), today=today)
        rows = rows.select_related("application__branch__entity").prefetch_related("corrections")
        by = ORDER if show in ("waiting", "mine", "late") else NEWEST
        page = keyset.page(rows, by=by, after=request.query_params.get("after", ""))
        return Response({"results": [_answer(one) for one in page.rows], "after": page.after})

    @extend_schema(
        operation_id="appeals_register",
        request=serializers.AppealRequest,
        responses={201: serializers.AppealAnswer, **_REFUSED},
        tags=["appeals"],
    )
    def post(self, request: Request) -> Response:
        """Register an appeal against the latest decision on an application."""
        given = serializers.AppealRequest(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        application = get_visible(Application.objects.all(), request.user, pk=values["application"])
        made = services.ask(
            actor=request.user,
            application=application,
            asked=services.Asked(
                channel=values["channel"],
                grounds=tuple(values["grounds"]),
                statement=values["statement"],
                claims=tuple(services.Claim(**one) for one in values.get("claims", ())),
                key=values.get("key") or uuid.uuid4(),
            ),
            now=timezone.now(),
        )
        return Response(_answer(selectors.detailed().get(pk=made.pk)), status=201)


class OneAppeal(APIView):
    """One appeal."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="appeals_read",
        responses={200: serializers.AppealAnswer, 401: Problem, 403: Problem, 404: Problem},
        tags=["appeals"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return an appeal."""
        return Response(_answer(_seen(request, pk)))


class AssignAppeal(APIView):
    """Give an appeal to who took no part."""

    required_permission = policies.DECIDE

    @extend_schema(
        operation_id="appeals_assign",
        request=serializers.AssignRequest,
        responses={200: serializers.AppealAnswer, **_REFUSED},
        tags=["appeals"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give an appeal to a person, without one to the caller."""
        given = serializers.AssignRequest(data=request.data)
        given.is_valid(raise_exception=True)
        appeal = _seen(request, pk)
        person = _person(request.user, given.validated_data.get("person"))
        services.assign(actor=request.user, appeal=appeal, person=person, now=timezone.now())
        return _again(pk)


class AnswerAppeal(APIView):
    """Answer an appeal one holds."""

    required_permission = policies.DECIDE

    @extend_schema(
        operation_id="appeals_answer",
        request=serializers.AnswerRequest,
        responses={200: serializers.AppealAnswer, **_REFUSED},
        tags=["appeals"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Uphold the decision or change it; above one's limit it waits for a second signature."""
        given = serializers.AnswerRequest(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        services.answer(
            actor=request.user,
            appeal=_seen(request, pk),
            given=services.Answer(
                outcome=values["outcome"],
                text=values["text"],
                codes=tuple(values.get("codes", ())),
                note=values.get("note", ""),
                amount=values.get("amount"),
                term_months=values.get("term_months"),
            ),
            now=timezone.now(),
        )
        return _again(pk)


class SignAppeal(APIView):
    """Sign another person's answer."""

    required_permission = policies.DECIDE

    @extend_schema(
        operation_id="appeals_sign",
        request=serializers.SignRequest,
        responses={200: serializers.AppealAnswer, **_REFUSED},
        tags=["appeals"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Sign the answer that waits for a second person."""
        given = serializers.SignRequest(data=request.data)
        given.is_valid(raise_exception=True)
        services.countersign(
            actor=request.user,
            appeal=_seen(request, pk),
            now=timezone.now(),
            version=given.validated_data["version"],
        )
        return _again(pk)


class SendAppealBack(APIView):
    """Disagree with another person's answer."""

    required_permission = policies.DECIDE

    @extend_schema(
        operation_id="appeals_send_back",
        request=serializers.SendBackRequest,
        responses={200: serializers.AppealAnswer, **_REFUSED},
        tags=["appeals"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the answer that waits for a second person to who wrote it, and say why."""
        given = serializers.SendBackRequest(data=request.data)
        given.is_valid(raise_exception=True)
        services.send_back(
            actor=request.user,
            appeal=_seen(request, pk),
            now=timezone.now(),
            **given.validated_data,
        )
        return _again(pk)


class WithdrawAppeal(APIView):
    """End an appeal that the applicant does not want any more."""

    required_permission = policies.REGISTER

    @extend_schema(
        operation_id="appeals_withdraw",
        request=None,
        responses={200: serializers.AppealAnswer, **_REFUSED},
        tags=["appeals"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Withdraw for the applicant; the decision stands."""
        services.withdraw(actor=request.user, appeal=_seen(request, pk), now=timezone.now())
        return _again(pk)


class AppealOutcomes(APIView):
    """What came of appeals."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="appeals_outcomes",
        parameters=[OpenApiParameter("by", enum=list(measures.BY))],
        responses={
            200: serializers.AppealMeasure(many=True),
            400: Problem,
            401: Problem,
            403: Problem,
        },
        tags=["appeals"],
    )
    def get(self, request: Request) -> Response:
        """Return how many appeals changed the outcome, how soon, and how many late, in groups."""
        by = request.query_params.get("by", "all")
        if by not in measures.BY:
            sentence = _("Group by one of: %(choices)s.") % {"choices": ", ".join(measures.BY)}
            raise DomainError("unknown_group", sentence, fields={"by": sentence})
        today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
        found = measures.measured(request.user, by=by, since=None, until=None, today=today)
        return Response(serializers.AppealMeasure(found, many=True).data)


def _person(caller: User, key: uuid.UUID | None) -> User:
    if key is None:
        return caller
    found = User.objects.filter(pk=key).first()
    if found is None:
        sentence = _("There is no such person.")
        raise DomainError("unknown_person", sentence, fields={"person": sentence})
    return found


urlpatterns = [
    path("appeals", Appeals.as_view(), name="appeals"),
    path("appeals/outcomes", AppealOutcomes.as_view(), name="appeal_outcomes"),
    path("appeals/<uuid:pk>", OneAppeal.as_view(), name="appeal"),
    path("appeals/<uuid:pk>/assign", AssignAppeal.as_view(), name="appeal_assign"),
    path("appeals/<uuid:pk>/answer", AnswerAppeal.as_view(), name="appeal_answer"),
    path("appeals/<uuid:pk>/sign", SignAppeal.as_view(), name="appeal_sign"),
    path("appeals/<uuid:pk>/send-back", SendAppealBack.as_view(), name="appeal_send_back"),
    path("appeals/<uuid:pk>/withdraw", WithdrawAppeal.as_view(), name="appeal_withdraw"),
]
