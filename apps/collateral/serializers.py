"""What the API takes and shows of collateral."""

from typing import Any

from rest_framework import serializers

from apps.collateral.liability import Role
from apps.collateral.lifecycle import LIFECYCLE, RELEASES
from apps.collateral.models import Kind, Method
from apps.collateral.models.answering import Liability
from apps.core.api import Strict
from apps.core.money import MINOR_UNITS

RELEASE_STATES = [(state, state) for state in RELEASES.states]
ITEM_STATES = [(state, state) for state in LIFECYCLE.states]


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


class ItemValuationRequest(Strict):
    """What an item is worth; the same key again returns the valuation that is there."""

    key = serializers.UUIDField(required=False)
    valuer = serializers.CharField(max_length=120)
    valued_date = serializers.DateField()
    method = serializers.ChoiceField(choices=Method.choices)
    amount = _money()
    realisable_amount = _money(required=False, allow_null=True)
    valid_until = serializers.DateField(required=False, allow_null=True)


class ItemRequest(Strict):
    """A thing to register. Its owner is a customer of ours, or a person by name."""

    key = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(choices=Kind.choices)
    description = serializers.CharField(max_length=200)
    currency = serializers.ChoiceField(choices=[(one, one) for one in MINOR_UNITS])
    owner = serializers.UUIDField(required=False, allow_null=True)
    owner_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    registration = serializers.CharField(max_length=40, required=False, allow_blank=True)
    price = _money(required=False, allow_null=True)
    valuation = ItemValuationRequest(required=False)


class InsuranceRequest(Strict):
    """A policy that insures an item; the same key again returns the policy that is there."""

    key = serializers.UUIDField(required=False)
    insurer = serializers.CharField(max_length=120)
    policy_number = serializers.CharField(max_length=60)
    sum_insured = _money()
    from_date = serializers.DateField()
    valid_until = serializers.DateField()


class LienRequest(Strict):
    """A lien: for an application, or another lender's."""

    key = serializers.UUIDField(required=False)
    application = serializers.UUIDField(required=False, allow_null=True)
    holder = serializers.CharField(max_length=120, required=False, allow_blank=True)
    secured_amount = _money()
    currency = serializers.CharField(max_length=3, required=False)
    rank = serializers.IntegerField(min_value=1, required=False, allow_null=True)


class DeedRequest(Strict):
    """When a deed was signed or a charge entered, and its reference there."""

    day = serializers.DateField()
    reference = serializers.CharField(max_length=80)


class LienAnswer(serializers.Serializer[Any]):
    """A lien that stands, and what it gets of the item's value."""

    id = serializers.UUIDField()
    rank = serializers.IntegerField()
    application = serializers.UUIDField(
        allow_null=True, help_text="Null for another lender's, and for one you may not see."
    )
    holder = serializers.CharField(help_text="Empty where the lien is ours.")
    secured_amount = _money()
    gets = _money()
    gets_of_a_sale = _money()


class ItemAnswer(serializers.Serializer[Any]):
    """An item with its worth on a day; amounts are null without a valuation by then."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    state = serializers.ChoiceField(choices=ITEM_STATES)
    description = serializers.CharField()
    owner = serializers.UUIDField(allow_null=True, help_text="The customer, if it is one.")
    currency = serializers.CharField()
    on = serializers.DateField()
    value = _money(allow_null=True)
    realisable = _money(allow_null=True)
    haircut = serializers.DecimalField(max_digits=6, decimal_places=4)
    counts_as_security = serializers.BooleanField()
    valuation_holds_until = serializers.DateField(allow_null=True)
    valuation_is_stale = serializers.BooleanField()
    insured_until = serializers.DateField(allow_null=True)
    lacks_insurance = serializers.BooleanField()
    secured = _money()
    left = _money()
    shortfall = _money()
    liens = LienAnswer(many=True)


class ItemPage(serializers.Serializer[Any]):
    """A page of the register, and the position to go on with."""

    results = ItemAnswer(many=True)
    after = serializers.CharField(help_text="Empty at the end.")


class ItemValuationAnswer(serializers.Serializer[Any]):
    """A valuation; a corrected one counts no more."""

    id = serializers.UUIDField()
    valued_date = serializers.DateField()
    method = serializers.ChoiceField(choices=Method.choices)
    amount = _money()
    realisable_amount = _money(allow_null=True)
    valid_until = serializers.DateField()
    recorded_at = serializers.DateTimeField()
    corrects = serializers.UUIDField(allow_null=True)


class ReleaseRequest(Strict):
    """What is to be released: without a lien, the item with every lien of ours on it."""

    reason = serializers.CharField(max_length=300)
    lien = serializers.UUIDField(required=False, allow_null=True)


class ReleaseRefusal(Strict):
    """Why a release is refused."""

    note = serializers.CharField(max_length=300)


class ReleaseAnswer(serializers.Serializer[Any]):
    """A request to release, and what came of it."""

    id = serializers.UUIDField()
    item = serializers.UUIDField()
    lien = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(choices=RELEASE_STATES)
    reason = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)


class CoBorrowerRequest(Strict):
    """A customer who owes the loan together with the borrower; `share` is a fraction."""

    customer = serializers.UUIDField()
    liability = serializers.ChoiceField(choices=Liability.choices)
    share = serializers.DecimalField(
        max_digits=5, decimal_places=4, required=False, allow_null=True
    )


class CoBorrowerAnswer(serializers.Serializer[Any]):
    """Who owes a loan together with the borrower, and for how much."""

    id = serializers.UUIDField()
    customer = serializers.UUIDField()
    liability = serializers.ChoiceField(choices=Liability.choices)
    share = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)


class LackAnswer(serializers.Serializer[Any]):
    """One thing that stands in the way of paying out."""

    code = serializers.CharField()
    sentence = serializers.CharField()


class StandingAnswer(serializers.Serializer[Any]):
    """How an application is secured on a day, and what lacks before money is paid out."""

    application = serializers.UUIDField()
    on = serializers.DateField()
    amount = _money()
    currency = serializers.CharField()
    demanded = serializers.BooleanField()
    ready = serializers.BooleanField()
    unsecured = serializers.BooleanField(help_text="Rule book 1.9.")
    value = _money()
    realisable = _money()
    ltv = serializers.FloatField(allow_null=True)
    ltv_decided = serializers.FloatField(allow_null=True)
    lacks = LackAnswer(many=True)


class ExposureLineAnswer(serializers.Serializer[Any]):
    """One application or loan a customer answers for."""

    role = serializers.ChoiceField(choices=[(one.value, one.value) for one in Role])
    application = serializers.UUIDField()
    state = serializers.CharField()
    loan = serializers.CharField(help_text="The loan's number; empty where nothing was lent.")
    currency = serializers.CharField()
    debt = _money()
    answers_for = _money()
    is_owed = serializers.BooleanField(help_text="False for what is only asked for.")


class ExposureTotalAnswer(serializers.Serializer[Any]):
    """What the lines of one currency add up to."""

    currency = serializers.CharField()
    as_borrower = _money()
    as_co_borrower = _money()
    as_guarantor = _money()
    together = _money()
    asked = _money()


class ExposureAnswer(serializers.Serializer[Any]):
    """Everything a customer answers for, as far as the caller may see it."""

    lines = ExposureLineAnswer(many=True)
    totals = ExposureTotalAnswer(many=True)
