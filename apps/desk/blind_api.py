"""Blind quality control over the API: take, judge, put back, agreement, follow-up, shares."""

import uuid
from decimal import Decimal
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity
from apps.core import keyset
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.decisions.models import ListedReason
from apps.desk import agreement, blind_rows, policies, services
from apps.desk.lifecycle import BLIND
from apps.desk.models import BlindSample, SamplingShare
from apps.desk.sampling import LARGEST_SHARE, SMALLEST_SHARE
from apps.desk.services.working import LONGEST_TEXT
from apps.products.models import Product
from apps.scoring.proportions import Share

REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
TAGS = ["blind second opinions"]
OUTCOMES = ListedReason.Verdict.choices


class BlindFactsOut(serializers.Serializer[Any]):
    """A sample one holds: the request, and nothing of what was decided about it."""

    id = serializers.UUIDField()
    number = serializers.CharField(source="application.number")
    product = serializers.CharField(source="application.product.code")
    amount = serializers.DecimalField(source="application.amount", max_digits=18, decimal_places=2)
    currency = serializers.CharField(source="application.currency")
    term_months = serializers.IntegerField(source="application.term_months")
    purpose = serializers.CharField(source="application.purpose")
    gross_annual_income = serializers.DecimalField(
        source="application.employment.gross_annual_income",
        max_digits=18,
        decimal_places=2,
        allow_null=True,
        default=None,
    )
    obligations_monthly = serializers.DecimalField(
        source="application.obligations_monthly",
        max_digits=18,
        decimal_places=2,
        allow_null=True,
    )
    own_obligations_monthly = serializers.DecimalField(
        source="application.own_obligations_monthly",
        max_digits=18,
        decimal_places=2,
        allow_null=True,
        help_text="The part of the obligations that other loans with us take.",
    )
    bureau_score = serializers.IntegerField(
        source="application.bureau_report.score", allow_null=True, default=None
    )
    held_until = serializers.DateTimeField(source="claim_until")


class BlindSampleOut(serializers.Serializer[Any]):
    """A judged sample: what the machine decided and what the person would have."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(source="status", choices=BLIND.states)
    application = serializers.UUIDField(source="application_id")
    machine = serializers.ChoiceField(source="decision.outcome", choices=OUTCOMES)
    verdict = serializers.ChoiceField(choices=OUTCOMES)
    codes = serializers.ListField(child=serializers.CharField())
    agrees = serializers.BooleanField()
    reviewed_by = serializers.UUIDField(source="reviewed_by_id")
    reviewed_at = serializers.DateTimeField()
    follow_up = serializers.CharField(
        help_text="`none` or `reopened` once a manager has looked at a disagreement, else empty."
    )


class BlindSamplePage(serializers.Serializer[Any]):
    """A page of samples; `after` is empty at the end."""

    results = BlindSampleOut(many=True)
    after = serializers.CharField()


class BlindListSamplesIn(Strict):
    """Which place of the list."""

    after = serializers.CharField(max_length=400, required=False, help_text="From the last answer.")
    limit = serializers.IntegerField(min_value=1, max_value=200, default=25)


class BlindVerdictIn(Strict):
    """What one would have decided, and why."""

    outcome = serializers.ChoiceField(choices=OUTCOMES)
    codes = serializers.ListField(child=serializers.CharField(max_length=40), max_length=4)
    note = serializers.CharField(
        max_length=LONGEST_TEXT, required=False, default="", allow_blank=True
    )


class BlindFollowIn(Strict):
    """What is done about a disagreement, and why."""

    action = serializers.ChoiceField(choices=BlindSample.FollowUp.choices)
    why = serializers.CharField(max_length=LONGEST_TEXT)


class BlindAgreementOut(serializers.Serializer[Any]):
    """How often person and machine said the same."""

    judged = serializers.IntegerField()
    agreed = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="Wilson's, 95 %."
    )
    kappa = serializers.FloatField(allow_null=True, help_text="Cohen's; null where undefined.")
    is_few = serializers.BooleanField(help_text="Too few samples to conclude anything.")


class BlindShareIn(Strict):
    """Which share of a lender's automatic decisions is sampled, and why."""

    entity = serializers.SlugField(help_text="The lender's code.")
    product = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    share = serializers.DecimalField(
        max_digits=5, decimal_places=4, min_value=SMALLEST_SHARE, max_value=LARGEST_SHARE
    )
    days = serializers.IntegerField(min_value=1, max_value=90)
    why = serializers.CharField(max_length=300)


class BlindShareOut(serializers.Serializer[Any]):
    """A share that is or was sampled."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.code")
    product = serializers.CharField(source="product.code", allow_null=True, default=None)
    share = serializers.DecimalField(max_digits=5, decimal_places=4)
    days = serializers.IntegerField()
    why = serializers.CharField()
    entered_by = serializers.UUIDField(source="entered_by_id")
    entered_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class Samples(APIView):
    """Judged samples."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="blind_samples",
        parameters=[BlindListSamplesIn],
        responses={200: BlindSamplePage, 400: Problem, 401: Problem, 403: Problem},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the disagreements nobody has looked at, or what you judged yourself."""
        asked = BlindListSamplesIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        sees_all = request.user.has_perm(policies.VIEW_BLIND)
        rows = (blind_rows.disagreements if sees_all else blind_rows.own)(request.user)
        by = ("reviewed_at", "id") if sees_all else ("-reviewed_at", "id")
        page = keyset.page(rows, by=by, after=given.get("after", ""), size=given["limit"])
        return Response(BlindSamplePage({"results": page.rows, "after": page.after}).data)


class Take(APIView):
    """Take up a sample."""

    required_permission = policies.REVIEW_BLIND

    @extend_schema(
        operation_id="blind_take",
        request=None,
        responses={200: BlindFactsOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Return the sample you hold, or else the one that waits longest; 404 where none waits."""
        found = services.take_blind(actor=request.user, now=timezone.now())
        found.application = blind_rows.application_of(found)
        return Response(BlindFactsOut(found).data)


class Judge(APIView):
    """Judge a sample."""

    required_permission = policies.REVIEW_BLIND

    @extend_schema(
        operation_id="blind_judge",
        request=BlindVerdictIn,
        responses={200: BlindSampleOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give your verdict on a sample you hold; only now the answer has the decision's."""
        given = BlindVerdictIn(data=request.data)
        given.is_valid(raise_exception=True)
        known = given.validated_data
        verdict = services.BlindVerdict(
            outcome=known["outcome"], codes=tuple(known["codes"]), note=known["note"]
        )
        sample = _sample(request, pk)
        services.judge_blind(actor=request.user, sample=sample, verdict=verdict, now=timezone.now())
        return Response(BlindSampleOut(_sample(request, pk)).data)


class Release(APIView):
    """Put a sample back."""

    required_permission = policies.REVIEW_BLIND

    @extend_schema(
        operation_id="blind_release", request=None, responses={204: None, **REFUSALS}, tags=TAGS
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Put the sample you hold back; somebody else may take it, and so may you."""
        sample = _sample(request, pk)
        services.release_blind(actor=request.user, sample=sample, now=timezone.now())
        return Response(status=204)


class StepBack(APIView):
    """Step back from a sample."""

    required_permission = policies.REVIEW_BLIND

    @extend_schema(
        operation_id="blind_step_back", request=None, responses={204: None, **REFUSALS}, tags=TAGS
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Say that you know the applicant or the outcome; you are not given it again."""
        sample = _sample(request, pk)
        services.recuse_blind(actor=request.user, sample=sample, now=timezone.now())
        return Response(status=204)


class Follow(APIView):
    """Answer a disagreement."""

    required_permission = policies.FOLLOW_BLIND

    @extend_schema(
        operation_id="blind_follow_up",
        request=BlindFollowIn,
        responses={200: BlindSampleOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Say why nothing is done, or take the decision up anew."""
        given = BlindFollowIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.follow_blind(
            actor=request.user,
            sample=_sample(request, pk),
            now=timezone.now(),
            **given.validated_data,
        )
        return Response(BlindSampleOut(_sample(request, pk)).data)


class Agreement(APIView):
    """How far person and machine agree."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="blind_agreement",
        responses={200: BlindAgreementOut, 401: Problem, 403: Problem},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the agreement over all samples you may see, or over your own."""
        sees_all = request.user.has_perm(policies.VIEW_BLIND)
        rows = (
            BlindSample.objects.visible_to(request.user)
            if sees_all
            else blind_rows.own(request.user)
        )
        pairs = sum(blind_rows.pairs_by(rows).values(), agreement.Pairs())
        share = Share(pairs.agreed, pairs.total)
        found = {
            "judged": pairs.total,
            "agreed": pairs.agreed,
            "share": share.rate,
            "interval": share.bounds,
            "kappa": agreement.kappa(pairs),
            "is_few": pairs.is_few,
        }
        return Response(BlindAgreementOut(found).data)


class Shares(APIView):
    """The shares sampled."""

    required_permission = {"GET": policies.VIEW_BLIND, "POST": policies.SET_SAMPLING}

    @extend_schema(
        operation_id="blind_shares",
        responses={200: BlindShareOut(many=True), 401: Problem, 403: Problem},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the shares in force."""
        return Response(BlindShareOut(blind_rows.shares(request.user), many=True).data)

    @extend_schema(
        operation_id="blind_set_share",
        request=BlindShareIn,
        responses={201: BlindShareOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Set a share for decisions from now on; one for the same product is ended by it."""
        given = BlindShareIn(data=request.data)
        given.is_valid(raise_exception=True)
        known: dict[str, Any] = dict(given.validated_data)
        entity = Entity.objects.filter(code=known.pop("entity")).first()
        code = known.pop("product")
        product = Product.objects.filter(entity=entity, code=code).first() if code else None
        if entity is None or (code and product is None):
            raise NotVisible("not_found", _("There is no such lender or product."))
        entry = services.ShareEntry(
            entity=entity,
            product=product,
            share=Decimal(known["share"]),
            days=known["days"],
            why=known["why"],
        )
        made = services.set_share(actor=request.user, entry=entry, now=timezone.now())
        return Response(BlindShareOut(made).data, status=201)


class EndShare(APIView):
    """End a share."""

    required_permission = policies.SET_SAMPLING

    @extend_schema(
        operation_id="blind_end_share",
        request=None,
        responses={200: BlindShareOut, **REFUSALS},
        tags=TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End a share: nothing more is sampled by it."""
        share = get_visible(SamplingShare.objects.all(), request.user, pk=pk)
        found = services.end_share(actor=request.user, share=share, now=timezone.now())
        return Response(BlindShareOut(found).data)


def _sample(request: Request, pk: uuid.UUID) -> BlindSample:
    rows = BlindSample.objects.select_related("decision", "application")
    return get_visible(rows, request.user, pk=pk)


urlpatterns = [
    path("blind/samples", Samples.as_view(), name="blind_samples"),
    path("blind/samples/take", Take.as_view(), name="blind_take"),
    path("blind/samples/<uuid:pk>/judge", Judge.as_view(), name="blind_judge"),
    path("blind/samples/<uuid:pk>/release", Release.as_view(), name="blind_release"),
    path("blind/samples/<uuid:pk>/step-back", StepBack.as_view(), name="blind_step_back"),
    path("blind/samples/<uuid:pk>/follow-up", Follow.as_view(), name="blind_follow_up"),
    path("blind/agreement", Agreement.as_view(), name="blind_agreement"),
    path("blind/shares", Shares.as_view(), name="blind_shares"),
    path("blind/shares/<uuid:pk>/end", EndShare.as_view(), name="blind_end_share"),
]
