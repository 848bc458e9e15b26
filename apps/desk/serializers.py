"""What the review queue takes and gives over the API."""

from typing import Any

from rest_framework import serializers

from apps.core.api import Strict
from apps.decisions.lifecycle import LIFECYCLE
from apps.decisions.models import ReviewCase
from apps.desk import selectors
from apps.desk.models import CaseNote, Escalation, InformationRequest
from apps.desk.services.working import LONGEST_TEXT


class ListQueueIn(Strict):
    """What of the queue to list."""

    show = serializers.ChoiceField(choices=selectors.SHOWN, required=False)
    cause = serializers.CharField(max_length=40, required=False)
    product = serializers.CharField(max_length=40, required=False)
    branch = serializers.SlugField(required=False)
    number = serializers.CharField(max_length=24, required=False)
    amount_from = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    amount_to = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    waiting_hours = serializers.IntegerField(min_value=0, max_value=87_600, required=False)
    sort = serializers.ChoiceField(choices=list(selectors.SORTS), required=False)
    after = serializers.CharField(max_length=400, required=False, help_text="From the last answer.")
    limit = serializers.IntegerField(min_value=1, max_value=200, default=25)


class CaseOut(serializers.Serializer[Any]):
    """A case in review and its place in the queue."""

    id = serializers.UUIDField()
    application = serializers.UUIDField(source="application_id")
    number = serializers.CharField(source="application.number")
    state = serializers.ChoiceField(source="status", choices=LIFECYCLE.states)
    causes = serializers.ListField(child=serializers.CharField())
    amount = serializers.DecimalField(source="application.amount", max_digits=18, decimal_places=2)
    currency = serializers.CharField(source="application.currency")
    product = serializers.CharField(source="application.product.code")
    branch = serializers.CharField(source="application.branch.code")
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When the service level ends.")
    rank = serializers.IntegerField(
        help_text="What comes first: 0 escalated, 1 ordinary, 2 waiting for information."
    )
    service_hours = serializers.SerializerMethodField()
    paused_at = serializers.DateTimeField(allow_null=True)
    holder = serializers.UUIDField(source="claimed_by_id", allow_null=True)
    held_until = serializers.DateTimeField(source="claim_until", allow_null=True)
    version = serializers.CharField(help_text="Send it along to be told when the case changed.")

    def get_service_hours(self, case: ReviewCase) -> int | None:
        """Return the hours of the service level, null where the lender has set none."""
        hours = case.service.get("hours")
        return None if hours is None else int(hours)


class CasePage(serializers.Serializer[Any]):
    """A page of cases; `after` is empty at the end."""

    results = CaseOut(many=True)
    after = serializers.CharField()


class TextIn(Strict):
    """A text to colleagues."""

    text = serializers.CharField(max_length=LONGEST_TEXT)


class ToPersonIn(Strict):
    """A person, and why."""

    person = serializers.UUIDField()
    why = serializers.CharField(max_length=LONGEST_TEXT)
    version = serializers.CharField(max_length=40, required=False, default="")


class NoteOut(serializers.Serializer[Any]):
    """A note beside a case."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=CaseNote.Kind.choices)
    text = serializers.CharField()
    written_by = serializers.UUIDField(source="written_by_id")
    written_at = serializers.DateTimeField()


class EscalationOut(serializers.Serializer[Any]):
    """An escalation of a case."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(source="status", choices=Escalation.lifecycle.states)
    to = serializers.UUIDField(source="to_id")
    why = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    raised_at = serializers.DateTimeField()


class InformationIn(Strict):
    """What is asked for, from whom, until when."""

    item = serializers.ChoiceField(choices=InformationRequest.Item.choices)
    text = serializers.CharField(max_length=LONGEST_TEXT)
    asked_of = serializers.ChoiceField(source="source", choices=InformationRequest.Source.choices)
    by_date = serializers.DateField()


class InformationOut(serializers.Serializer[Any]):
    """A request for information."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(source="status", choices=InformationRequest.lifecycle.states)
    item = serializers.ChoiceField(choices=InformationRequest.Item.choices)
    text = serializers.CharField()
    asked_of = serializers.ChoiceField(source="source", choices=InformationRequest.Source.choices)
    by_date = serializers.DateField()
    asked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_null=True)
