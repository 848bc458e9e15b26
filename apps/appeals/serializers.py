"""What the API takes and shows of appeals."""

from typing import Any

from rest_framework import serializers

from apps.appeals import correctable
from apps.appeals.lifecycle import LIFECYCLE
from apps.appeals.models import Channel, Ground
from apps.appeals.services.answering import LONGEST_ANSWER
from apps.appeals.services.asking import LONGEST_STATEMENT
from apps.core.api import Strict

REGISTERED_THROUGH = [(one, one) for one in Channel.values if one != Channel.LINK]
FACT_CODES = [(code, code) for code in correctable.FACTS]


class ClaimRequest(Strict):
    """A fact that is said to be wrong, and the right value."""

    fact = serializers.ChoiceField(choices=FACT_CODES)
    value = serializers.CharField(max_length=20)


class AppealRequest(Strict):
    """An appeal that came to the branch; the same key again returns the appeal that is there."""

    key = serializers.UUIDField(required=False)
    application = serializers.UUIDField()
    channel = serializers.ChoiceField(choices=REGISTERED_THROUGH)
    grounds = serializers.ListField(
        child=serializers.ChoiceField(choices=[(one, one) for one in Ground.values]), min_length=1
    )
    statement = serializers.CharField(max_length=LONGEST_STATEMENT)
    claims = ClaimRequest(many=True, required=False)


class AssignRequest(Strict):
    """Who is to answer; without a person, the caller."""

    person = serializers.UUIDField(required=False)


class AnswerRequest(Strict):
    """What comes of an appeal, and the text that the applicant receives."""

    outcome = serializers.ChoiceField(choices=["uphold", "change"])
    text = serializers.CharField(max_length=LONGEST_ANSWER)
    codes = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    note = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    amount = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    term_months = serializers.IntegerField(min_value=1, max_value=480, required=False)


class SignRequest(Strict):
    """Which answer is signed: the `version` of the appeal as it was read."""

    version = serializers.CharField(
        max_length=40, help_text="As the appeal has it: signed is what was read, nothing newer."
    )


class SendBackRequest(SignRequest):
    """Why another person's answer goes back."""

    note = serializers.CharField(max_length=2_000)


class AppealCorrectionAnswer(serializers.Serializer[Any]):
    """A fact said to be wrong, and what came of it. Values are in the page and the letter only."""

    id = serializers.UUIDField()
    fact = serializers.CharField()
    answer = serializers.CharField()


class AppealAnswer(serializers.Serializer[Any]):
    """One appeal. What the applicant wrote is personal and read on the page."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    application = serializers.UUIDField()
    decision = serializers.UUIDField()
    state = serializers.ChoiceField(choices=list(LIFECYCLE.states))
    channel = serializers.ChoiceField(choices=[(one, one) for one in Channel.values])
    grounds = serializers.ListField(child=serializers.CharField())
    received_at = serializers.DateTimeField()
    due_date = serializers.DateField()
    late = serializers.BooleanField()
    rule = serializers.CharField(help_text="The section of the rule book that sets the day.")
    reviewer = serializers.UUIDField(allow_null=True)
    version = serializers.CharField(help_text="Changes with the appeal; who signs names it.")
    answered_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.UUIDField(
        allow_null=True, help_text="The decision made on the appeal; null where it was upheld."
    )
    letter = serializers.UUIDField(allow_null=True)
    corrections = AppealCorrectionAnswer(many=True)


class AppealPage(serializers.Serializer[Any]):
    """Some appeals, and the position to ask for the next ones with."""

    results = AppealAnswer(many=True)
    after = serializers.CharField(help_text="Empty at the end.")


class AppealMeasure(serializers.Serializer[Any]):
    """What came of a group of appeals; shares are fractions, null where nothing was answered."""

    group = serializers.CharField(source="label")
    received = serializers.IntegerField()
    waiting = serializers.IntegerField()
    answered = serializers.IntegerField()
    changed = serializers.IntegerField()
    late = serializers.IntegerField()
    share_changed = serializers.FloatField(allow_null=True)
    share_late = serializers.FloatField(allow_null=True)
    median_days = serializers.FloatField(allow_null=True)
