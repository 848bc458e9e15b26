"""What the API takes and gives of payments."""

from typing import Any

from rest_framework import serializers

from apps.core.api import Strict
from apps.repayments.facts import Bucket
from apps.repayments.services.holding import CHANNELS, LONGEST_REFERENCE


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


class RepaymentRequest(Strict):
    """Money against a loan, or against a customer for all loans."""

    loan = serializers.UUIDField(required=False)
    customer = serializers.UUIDField(
        required=False, help_text="Instead of a loan: what is due first is paid first."
    )
    day = serializers.DateField(required=False, help_text="Left out: today.")
    amount = _money()
    currency = serializers.CharField(
        max_length=3, required=False, help_text="Told, it must be the loan's."
    )
    channel = serializers.ChoiceField(choices=CHANNELS)
    external_reference = serializers.CharField(
        max_length=LONGEST_REFERENCE,
        help_text="Of whoever moved the money. The same again posts nothing again.",
    )


class ReversalRequest(Strict):
    """Why a payment is taken back."""

    reason = serializers.CharField(max_length=300)


class RepaymentAnswer(serializers.Serializer[Any]):
    """A payment, and what it went to."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField()
    loan_number = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField(help_text="live, or reversed")
    day = serializers.DateField()
    amount = _money()
    currency = serializers.CharField()
    channel = serializers.CharField()
    external_reference = serializers.CharField()
    parts = serializers.DictField(
        child=_money(), help_text=f"By bucket: {', '.join(Bucket)}. Empty once it is reversed."
    )
    to_advances = _money(help_text="What waits for what falls due.")
    entry = serializers.IntegerField(allow_null=True)
    made_by = serializers.UUIDField(allow_null=True)
    made_at = serializers.DateTimeField()
    reversed_by = serializers.UUIDField(allow_null=True)
    reversed_at = serializers.DateTimeField(allow_null=True)
    reversed_reason = serializers.CharField()


class RepaymentsAnswer(serializers.Serializer[Any]):
    """The payments that money was posted as: one for each loan it went to."""

    results = RepaymentAnswer(many=True)


class RepaymentPage(RepaymentsAnswer):
    """Some payments, and the position to ask for the next ones at."""

    after = serializers.CharField()


class PlannedRowAnswer(serializers.Serializer[Any]):
    """A row of a schedule as it would stand."""

    number = serializers.IntegerField()
    due_date = serializers.DateField()
    principal = _money()
    interest = _money()
    fee = _money()
    due = _money()
    paid = _money()


class AccountArrears(serializers.Serializer[Any]):
    """What would be overdue."""

    amount = _money()
    instalments = serializers.IntegerField()
    days_past_due = serializers.IntegerField(source="days")


class SideAnswer(serializers.Serializer[Any]):
    """How the account stands at the end of a day."""

    day = serializers.DateField()
    state = serializers.CharField(source="status")
    owed = serializers.DictField(child=_money())
    principal_outstanding = _money(source="principal")
    advances = _money()
    arrears = AccountArrears()
    next_due = PlannedRowAnswer(allow_null=True)


class PreviewAnswer(serializers.Serializer[Any]):
    """What a payment of a loan would come to."""

    loan = serializers.UUIDField()
    amount = _money()
    parts = serializers.DictField(child=_money())
    to_advances = _money()
    to_income = _money()
    is_replayed = serializers.BooleanField(
        help_text="What came after would be computed anew: it counts for an earlier day."
    )
    before = SideAnswer()
    after = SideAnswer()


class PreviewsAnswer(serializers.Serializer[Any]):
    """What money would come to, for each loan it would go to."""

    results = PreviewAnswer(many=True)
    already_posted = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="The payments this money was posted as before: posted again, it does nothing.",
    )
