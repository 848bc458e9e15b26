"""What the API takes and shows of offers."""

from typing import Any

from rest_framework import serializers

from apps.core.api import Strict
from apps.offers.lifecycle import LIFECYCLE
from apps.offers.models import Channel
from apps.offers.services.accepting import BY_OFFICER, LONGEST_REFERENCE
from apps.offers.services.ending import LONGEST_REASON

ANSWERED_THROUGH = [one.value for one in Channel]
ACCEPTED_THROUGH = [(one.value, one.value) for one in BY_OFFICER]
LANGUAGES = ["en", "hi", "sw"]


class MakeRequest(Strict):
    """The terms of an offer; what is left out is as decided."""

    application = serializers.UUIDField()
    principal = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    term_months = serializers.IntegerField(min_value=1, max_value=480, required=False)
    disbursal_on = serializers.DateField(required=False)
    first_due_on = serializers.DateField(required=False)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)


class AcceptRequest(Strict):
    """How the applicant accepted, and where that can be looked up."""

    channel = serializers.ChoiceField(choices=ACCEPTED_THROUGH)
    reference = serializers.CharField(max_length=LONGEST_REFERENCE)
    acknowledged = serializers.BooleanField()


class ExitAskedRequest(Strict):
    """When and how the borrower asked to step back, and where that can be looked up."""

    day = serializers.DateField()
    channel = serializers.ChoiceField(choices=ACCEPTED_THROUGH)
    reference = serializers.CharField(max_length=LONGEST_REFERENCE)


class OfferReasonRequest(Strict):
    """Why an offer is taken back."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class ExitQuoteAnswer(serializers.Serializer[Any]):
    """What stepping back costs on a day."""

    exit_date = serializers.DateField()
    days = serializers.IntegerField()
    principal = serializers.DecimalField(max_digits=18, decimal_places=2)
    net_disbursed = serializers.DecimalField(max_digits=18, decimal_places=2)
    currency = serializers.CharField()
    apr = serializers.DecimalField(max_digits=12, decimal_places=8)
    cost = serializers.DecimalField(max_digits=18, decimal_places=2)
    kept_fees = serializers.DecimalField(max_digits=18, decimal_places=2)
    returned_fees = serializers.DecimalField(max_digits=18, decimal_places=2)
    beside = serializers.DecimalField(max_digits=18, decimal_places=2)
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)


class OfferAnswer(serializers.Serializer[Any]):
    """An offer with its key facts, as they were told."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    application = serializers.UUIDField(source="application_id")
    decision = serializers.UUIDField(source="decision_id")
    state = serializers.ChoiceField(choices=list(LIFECYCLE.states), source="status")
    principal = serializers.DecimalField(max_digits=18, decimal_places=2)
    currency = serializers.CharField()
    annual_rate = serializers.DecimalField(max_digits=7, decimal_places=6)
    term_months = serializers.IntegerField()
    instalments = serializers.IntegerField()
    instalment = serializers.DecimalField(max_digits=18, decimal_places=2)
    disbursal_date = serializers.DateField()
    first_due_date = serializers.DateField()
    net_disbursed = serializers.DecimalField(max_digits=18, decimal_places=2)
    total_payable = serializers.DecimalField(max_digits=18, decimal_places=2)
    apr = serializers.DecimalField(max_digits=12, decimal_places=8)
    language = serializers.CharField()
    offered_at = serializers.DateTimeField()
    valid_until = serializers.DateField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    accepted_via = serializers.ChoiceField(choices=["", *ANSWERED_THROUGH])
    link_held_by = serializers.ListField(child=serializers.UUIDField())
    cooling_off_until = serializers.DateField(allow_null=True)
    exit_asked_date = serializers.DateField(allow_null=True)
    exit_asked_via = serializers.ChoiceField(choices=["", *ANSWERED_THROUGH])
    letter = serializers.UUIDField(source="letter_id")
    statement_sha256 = serializers.CharField(source="statement_hash")
    key_facts_sha256 = serializers.CharField(source="key_facts_hash")


class OfferDetailAnswer(OfferAnswer):
    """An offer with everything its statement told, as it was stored."""

    key_facts = serializers.JSONField()
    terms = serializers.JSONField()


class OfferPage(serializers.Serializer[Any]):
    """One page of offers, and the position to ask for after it."""

    results = OfferAnswer(many=True)
    after = serializers.CharField(allow_blank=True)
