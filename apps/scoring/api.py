"""The API's stateless score: values in, risk and explanation out, nothing kept."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import APIView, Problem, Strict
from apps.scoring import explanation, services


class ScoreRequest(Strict):
    """What to score: a segment and every feature its model knows (null where not known)."""

    segment = serializers.SlugField(max_length=40)
    features = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        help_text="Every feature of the model's schema by name; null where it is not known.",
    )


class ScoredModel(serializers.Serializer[Any]):
    """The model that gave the score."""

    id = serializers.UUIDField()
    segment = serializers.CharField()
    version = serializers.IntegerField(source="number")
    sha256 = serializers.CharField()


class ScoredFactor(serializers.Serializer[Any]):
    """One factor's exact share in the log-odds; positive raised the risk."""

    feature = serializers.CharField()
    group = serializers.CharField()
    value = serializers.JSONField(allow_null=True)
    contribution = serializers.FloatField()


class ScoreAnswer(serializers.Serializer[Any]):
    """The risk of the values sent."""

    pd = serializers.FloatField(help_text="Probability of default, between 0 and 1.")
    score = serializers.IntegerField(help_text="600 at odds of 50 to 1; 20 points double them.")
    log_odds = serializers.FloatField(
        help_text="What is explained; the model's calibration leads from here to `pd`."
    )
    base = serializers.FloatField(
        help_text="Mean log-odds; base and contributions add up to `log_odds`."
    )
    factors = ScoredFactor(many=True)
    model = ScoredModel()


class Score(APIView):
    """Score values without an application."""

    required_permission = "scoring.request_score"

    @extend_schema(
        operation_id="score",
        request=ScoreRequest,
        responses={200: ScoreAnswer, 400: Problem, 401: Problem, 403: Problem, 503: Problem},
        tags=["scoring"],
    )
    def post(self, request: Request) -> Response:
        """Return probability of default, score and exact factors of the values sent."""
        asked = ScoreRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        features = asked.validated_data["features"]
        model, scored = services.score_stateless(
            actor=request.user, segment=asked.validated_data["segment"], features=features
        )
        factors = explanation.of_values(model, features, scored.attributions)
        answer = {
            "pd": scored.pd,
            "score": scored.displayed_score,
            "log_odds": scored.log_odds,
            "base": scored.base,
            "factors": factors,
            "model": model,
        }
        return Response(ScoreAnswer(answer).data)


urlpatterns = [path("score", Score.as_view(), name="score")]
