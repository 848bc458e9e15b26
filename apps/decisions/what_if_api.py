"""What would have turned a decline, and what model and policy say of other facts, by API."""

import uuid
from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.models import Application
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.decisions import explaining, recourse_words, selectors, what_if
from apps.decisions.models import Outcome

# What a policy and a model that cannot be asked any more are answered with.
_UNANSWERED = {400: Problem, 503: Problem}
_REFUSALS = {**_UNANSWERED, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class RecourseChange(serializers.Serializer[Any]):
    """One thing that would have had to be otherwise; amounts as text, durations in months."""

    what = serializers.ChoiceField(choices=sorted(recourse_words.NAMES))
    before = serializers.CharField(allow_null=True, help_text="What the application has.")
    after = serializers.CharField(help_text="What would have done.")


class RecourseSuggestion(serializers.Serializer[Any]):
    """Changes that, made together, would have been approved."""

    sentence = serializers.CharField()
    changes = RecourseChange(many=True)
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    term_months = serializers.IntegerField()
    annual_rate = serializers.DecimalField(max_digits=7, decimal_places=6)
    instalment = serializers.DecimalField(max_digits=18, decimal_places=2)


class MissedCutOff(serializers.Serializer[Any]):
    """By how much the score missed the cut-off of the policy."""

    pd = serializers.DecimalField(
        max_digits=None, decimal_places=None, help_text="The PD at which approvals end."
    )
    points = serializers.IntegerField(help_text="The same in points of the score.")
    by_points = serializers.IntegerField(help_text="How many points were missing.")
    by_log_odds = serializers.FloatField()


class RecourseAnswer(serializers.Serializer[Any]):
    """What would have turned the latest decision."""

    looked = serializers.BooleanField(
        help_text="False where nobody looked: it was no decline by machine, or under a policy"
        " without a table of changes."
    )
    sentences = serializers.ListField(child=serializers.CharField())
    suggestions = RecourseSuggestion(many=True)
    missed = MissedCutOff(allow_null=True, help_text="Null where the score kept the cut-off.")


class WhatIfRequest(Strict):
    """The facts to try; what is left out stays as it is."""

    amount = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    term_months = serializers.IntegerField(required=False)
    obligations_monthly = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    revolving_balance = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    security_value = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    employment_months = serializers.IntegerField(required=False)
    income_verification = serializers.CharField(required=False)


class WhatIfRatio(serializers.Serializer[Any]):
    """One ratio as tried, and as asked for."""

    code = serializers.CharField()
    value = serializers.DecimalField(max_digits=None, decimal_places=None)
    as_asked = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True)


class WhatIfAnswer(serializers.Serializer[Any]):
    """What model and policy of the latest decision say; nothing is stored."""

    outcome = serializers.ChoiceField(choices=Outcome.choices)
    pd = serializers.FloatField()
    score = serializers.IntegerField()
    score_as_asked = serializers.IntegerField()
    band = serializers.CharField()
    annual_rate = serializers.DecimalField(max_digits=7, decimal_places=6)
    instalment = serializers.DecimalField(max_digits=18, decimal_places=2)
    ratios = WhatIfRatio(many=True)
    not_met = serializers.ListField(child=serializers.CharField())


class Recourse(APIView):
    """What would have turned the latest decision on an application."""

    required_permission = "applications.view_application"

    @extend_schema(
        operation_id="applications_recourse",
        responses={200: RecourseAnswer, **_UNANSWERED, 401: Problem, 403: Problem, 404: Problem},
        tags=["decisions"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the suggestions as they were stored with the decision; 404 without a decision.

        503 where the model of the decision, 400 where its policy cannot be asked any more.
        """
        rows = Application.objects.select_related("product")
        application = get_visible(rows, request.user, pk=pk)
        decision = selectors.latest(application)
        if decision is None:
            raise NotVisible("not_decided", _("This application has not been decided yet."))
        decision.application = application
        stored = decision.recourse or {"suggestions": []}
        values = {
            "looked": decision.recourse is not None,
            "sentences": recourse_words.of_decision(decision),
            "suggestions": [_suggestion(one) for one in stored["suggestions"]],
            "missed": explaining.missed(decision),
        }
        return Response(RecourseAnswer(values).data)


class WhatIf(APIView):
    """Try an application with other facts."""

    required_permission = "applications.view_application"

    @extend_schema(
        operation_id="applications_what_if",
        request=WhatIfRequest,
        responses={200: WhatIfAnswer, **_REFUSALS},
        tags=["decisions"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what the model and policy of the latest decision say of these facts."""
        asked = WhatIfRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        rows = Application.objects.select_related(
            "product", "branch__entity", "customer", "employment", "bureau_report"
        )
        application = get_visible(rows, request.user, pk=pk)
        decision, trial = what_if.trial_of(application)
        form = what_if.form_of(application, trial, asked.validated_data)
        strange = sorted(asked.validated_data.keys() - form.fields.keys())
        if strange or not form.is_valid():
            raise _refused(strange, form.errors)
        found = what_if.answer(decision, trial, form.point())
        return Response(WhatIfAnswer(_answer(found)).data)


def _refused(strange: list[str], errors: Any) -> serializers.ValidationError:
    fields = {name: [str(one) for one in found] for name, found in errors.items()}
    fields |= {name: [_("The application does not have this.")] for name in strange}
    return serializers.ValidationError(fields)


def _suggestion(one: dict[str, Any]) -> dict[str, Any]:
    changes = [
        {"what": each["what"], "before": each["from"], "after": each["to"]}
        for each in one["changes"]
    ]
    return {**one, "changes": changes, "sentence": recourse_words.suggestion(one)}


def _answer(found: what_if.Answer) -> dict[str, Any]:
    judged = found.tried.judged
    return {
        "outcome": found.outcome,
        "pd": float(judged.trace.pd),
        "score": found.points,
        "score_as_asked": found.points_as_asked,
        "band": judged.trace.band.name,
        "annual_rate": judged.annual_rate,
        "instalment": judged.instalment,
        "ratios": [
            {"code": code, "value": value, "as_asked": asked}
            for code, _label, value, asked in found.ratios
        ],
        "not_met": [line.sentence for line in found.not_met],
    }


urlpatterns = [
    path("applications/<uuid:pk>/recourse", Recourse.as_view(), name="application_recourse"),
    path("applications/<uuid:pk>/what-if", WhatIf.as_view(), name="application_what_if"),
]
