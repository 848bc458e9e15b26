"""What the API takes and answers of what was found about loans."""

from typing import Any

from rest_framework import serializers

from apps.core.api import Strict
from apps.npa.findings import Kind


class FindingRequest(Strict):
    """What was found about a loan, since when and until when it is so, and why."""

    kind = serializers.CharField(max_length=16, help_text=", ".join(Kind))
    value = serializers.CharField(
        max_length=32,
        required=False,
        allow_blank=True,
        help_text="A class, a segment, months of the season, who guarantees, a scheme or a rating;"
        " left out where the kind says all.",
    )
    from_date = serializers.DateField(help_text="Since when it is so.")
    until_date = serializers.DateField(
        required=False, allow_null=True, help_text="The last day; left out: none is known."
    )
    reason = serializers.CharField(max_length=2_000)


class FindingAnswer(serializers.Serializer[Any]):
    """A finding, and how it stands."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    state = serializers.CharField(source="status")
    kind = serializers.CharField()
    value = serializers.CharField()
    from_date = serializers.DateField()
    until_date = serializers.DateField(allow_null=True)
    counts_from = serializers.DateField(
        allow_null=True, help_text="The first day that the rules act on it."
    )
    reason = serializers.CharField()
    proposed_by = serializers.CharField(source="proposed_by.name")
    proposed_at = serializers.DateTimeField()
    answered_by = serializers.CharField(source="answered_by.name", default=None)
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_on = serializers.DateField(allow_null=True)


class FindingPage(serializers.Serializer[Any]):
    """Some findings, and the position of the next."""

    results = FindingAnswer(many=True)
    after = serializers.CharField(allow_blank=True)
