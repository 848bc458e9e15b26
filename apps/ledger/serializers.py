"""What the API says of the ledger."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from apps.ledger.chart import Account, Event


class Money(serializers.DecimalField):
    """An amount, as text with two decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=24, decimal_places=2, **options)


class LineAnswer(serializers.Serializer[Any]):
    """A debit or a credit of one account."""

    account = serializers.ChoiceField(choices=[one.value for one in Account])
    debit = Money()
    credit = Money()


class EntryAnswer(serializers.Serializer[Any]):
    """An entry with its lines."""

    id = serializers.IntegerField()
    event = serializers.ChoiceField(choices=[one.value for one in Event])
    day = serializers.DateField()
    posted_at = serializers.DateTimeField()
    reference = serializers.CharField()
    branch = serializers.UUIDField(source="branch_id")
    currency = serializers.CharField()
    loan = serializers.UUIDField(source="loan_id", allow_null=True)
    customer = serializers.UUIDField(source="customer_id", allow_null=True)
    reverses = serializers.IntegerField(source="reverses_id", allow_null=True)
    actor = serializers.CharField()
    facts = serializers.JSONField()
    lines = LineAnswer(many=True)


class EntryPage(serializers.Serializer[Any]):
    """Some entries, and the position to ask for after them (empty: nothing there)."""

    results = EntryAnswer(many=True)
    after = serializers.CharField(allow_blank=True)


class HeldAnswer(serializers.Serializer[Any]):
    """What an account holds: on one of its sides, or nothing."""

    account = serializers.ChoiceField(choices=[one.value for one in Account])
    number = serializers.IntegerField(source="account.number")
    debit = Money()
    credit = Money()


class PartAnswer(serializers.Serializer[Any]):
    """The accounts of one currency."""

    currency = serializers.CharField()
    accounts = HeldAnswer(many=True)
    debit = Money()
    credit = Money()


class TrialBalanceAnswer(serializers.Serializer[Any]):
    """What every account held at the end of a day, currency by currency."""

    as_of = serializers.DateField()
    currencies = PartAnswer(many=True)


class LoanBalancesAnswer(serializers.Serializer[Any]):
    """What a loan's accounts hold on their normal side, and what the borrower owes in all."""

    loan = serializers.UUIDField()
    as_of = serializers.DateField(allow_null=True)
    known_at = serializers.DateTimeField(allow_null=True)
    currency = serializers.CharField()
    owed = Money()
    accounts = serializers.DictField(child=Money())


class RowAnswer(serializers.Serializer[Any]):
    """One line of a statement; interest accrued day by day is one line a month.

    `of_day` is the day that it corrects, where that was closed when it was posted.
    """

    entry = serializers.IntegerField(source="entry_id")
    day = serializers.DateField()
    until = serializers.DateField()
    of_day = serializers.DateField(allow_null=True)
    event = serializers.ChoiceField(choices=[one.value for one in Event])
    reference = serializers.CharField(allow_blank=True)
    charged = Money()
    paid = Money()
    owed = Money()
    parts = serializers.DictField(child=Money())


class StatementAnswer(serializers.Serializer[Any]):
    """A statement of account from one day to another, both included."""

    loan = serializers.UUIDField(source="loan_id")
    currency = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    opening = Money(source="opening.owed")
    charged = Money()
    paid = Money()
    closing = Money(source="closing.owed")
    rows = RowAnswer(many=True)


class OffenderAnswer(serializers.Serializer[Any]):
    """The first thing a check fails for, with both figures."""

    name = serializers.CharField()
    expected = serializers.CharField()
    found = serializers.CharField()
    loan_id = serializers.CharField(allow_blank=True)


class CheckAnswer(serializers.Serializer[Any]):
    """What one check found."""

    code = serializers.CharField()
    holds = serializers.BooleanField()
    offender = OffenderAnswer(allow_null=True)


class ProofAnswer(serializers.Serializer[Any]):
    """One run of the proofs."""

    id = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    seconds = serializers.DecimalField(max_digits=9, decimal_places=3)
    holds = serializers.BooleanField()
    results = CheckAnswer(many=True)


class SpanQuery(serializers.Serializer[Any]):
    """Days that narrow an answer, both included."""

    from_date = serializers.DateField(required=False)
    to_date = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        start, end = attrs.get("from_date"), attrs.get("to_date")
        if start and end and end < start:
            raise serializers.ValidationError({"to_date": _("This day is before the first one.")})
        return attrs


class EntriesQuery(SpanQuery):
    """What a list of entries is narrowed to."""

    event = serializers.ChoiceField(choices=[one.value for one in Event], required=False)
    branch = serializers.UUIDField(required=False)
    loan = serializers.UUIDField(required=False)
    reference = serializers.CharField(max_length=120, required=False)
    after = serializers.CharField(required=False, help_text="The position from the page before.")


class TrialBalanceQuery(serializers.Serializer[Any]):
    """The day (default: today) and the branch (default: all) of a trial balance."""

    as_of = serializers.DateField(required=False)
    branch = serializers.UUIDField(required=False)


class BalancesQuery(serializers.Serializer[Any]):
    """The day, and the moment as it was known; left out: everything posted."""

    as_of = serializers.DateField(required=False)
    known_at = serializers.DateTimeField(required=False)


class StatementQuery(SpanQuery):
    """The days of a statement; left out: the loan's whole life."""

    corrections = serializers.BooleanField(default=False)


class ClosingRequest(serializers.Serializer[Any]):
    """Whose books to close, up to which day; every day before it is closed with it."""

    entity = serializers.UUIDField()
    day = serializers.DateField()


class ClosingAnswer(serializers.Serializer[Any]):
    """A closed day: nothing is posted there any more, nor before it."""

    id = serializers.IntegerField()
    entity = serializers.UUIDField(source="entity_id")
    day = serializers.DateField()
    actor = serializers.CharField()
    closed_at = serializers.DateTimeField()


class ClosingPage(serializers.Serializer[Any]):
    """Closed days, the last one first."""

    results = ClosingAnswer(many=True)
    after = serializers.CharField(allow_blank=True)
