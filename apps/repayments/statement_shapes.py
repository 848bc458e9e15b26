"""What the API of statements and of money in suspense takes and answers."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api import Strict
from apps.core.table_formats import Format
from apps.repayments import statement_columns as columns
from apps.repayments import statement_forms, statement_sentences
from apps.repayments.models import StatementFile, StatementLine
from apps.repayments.services.holding import CHANNELS, LONGEST_REFERENCE
from apps.repayments.statement_lifecycle import LINE, STATEMENT


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


class StatementIn(Strict):
    """A statement, its layout, and how it writes."""

    file = serializers.FileField(help_text="CSV or Excel (.xlsx), as the bank or Safaricom writes.")
    layout = serializers.ChoiceField(choices=StatementFile.Layout.choices)
    branch = serializers.SlugField(required=False, help_text="A code; left out, your own branch.")
    encoding = serializers.ChoiceField(choices=statement_forms.ENCODINGS, default="utf-8")
    delimiter = serializers.ChoiceField(choices=statement_forms.DELIMITERS, default="auto")
    decimal = serializers.ChoiceField(choices=statement_forms.DECIMALS, default="point")
    dates = serializers.ChoiceField(choices=statement_forms.DATES, default="day_first")
    columns = serializers.CharField(
        required=False,
        default="",
        max_length=2_000,
        help_text=(
            "JSON: what the file's headings are called, for those that are not recognised, by"
            f" {', '.join(columns.ROLES)}."
        ),
    )

    def validate_columns(self, text: str) -> dict[str, str]:
        """Return the headings by role; the service refuses roles that are none."""
        try:
            told = json.loads(text) if text else {}
        except ValueError:
            raise serializers.ValidationError("Send a JSON object.") from None
        if not isinstance(told, dict) or not all(isinstance(one, str) for one in told.values()):
            raise serializers.ValidationError("Send a JSON object of texts.")
        return told

    def format(self) -> Format:
        """Return how the file writes numbers and days."""
        given = self.validated_data
        names = ("encoding", "delimiter", "decimal", "dates")
        return Format(**{name: given[name] for name in names})


class StatementOut(serializers.Serializer[StatementFile]):
    """A statement and how far it has come."""

    id = serializers.UUIDField()
    state = serializers.CharField(
        source="status", help_text=f"One of {', '.join(sorted(STATEMENT.states))}."
    )
    layout = serializers.ChoiceField(choices=StatementFile.Layout.choices)
    branch = serializers.CharField(source="branch.code")
    currency = serializers.CharField()
    sha256 = serializers.CharField()
    header = serializers.ListField(child=serializers.CharField())
    columns = serializers.SerializerMethodField()
    uploaded_by = serializers.EmailField(source="uploaded_by.email")
    uploaded_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    total_rows = serializers.IntegerField()
    lines = serializers.SerializerMethodField()
    to_post = serializers.SerializerMethodField()
    to_hold = serializers.SerializerMethodField()

    def get_columns(self, file: StatementFile) -> dict[str, str]:
        """Return the file's heading of each column that is read."""
        return {role: file.header[place] for role, place in file.roles.items()}

    def get_lines(self, file: StatementFile) -> dict[str, int]:
        """Return how many lines are in each state."""
        return dict(self.context["counts"][file.pk].by_status)

    def get_to_post(self, file: StatementFile) -> int:
        """Return how many of the waiting lines would go to a loan."""
        return int(self.context["counts"][file.pk].to_post)

    def get_to_hold(self, file: StatementFile) -> int:
        """Return how many of the waiting lines would wait in suspense."""
        return int(self.context["counts"][file.pk].to_hold)


class StatementPage(serializers.Serializer[Any]):
    """Some statements, newest first; `after` leads to the next page and is empty at the end."""

    results = StatementOut(many=True)
    after = serializers.CharField(allow_blank=True)


class PageIn(serializers.Serializer[Any]):
    """Which page of a list."""

    after = serializers.CharField(max_length=300, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=200, default=25)


class LinesIn(PageIn):
    """Which lines of a statement."""

    state = serializers.ChoiceField(choices=[(one, one) for one in LINE.states], required=False)


class RowFault(serializers.Serializer[Any]):
    """One thing that is wrong with a row."""

    column = serializers.CharField(
        allow_blank=True, help_text="The file's heading; empty: the row as a whole."
    )
    sentence = serializers.CharField()


class StatementLineOut(serializers.Serializer[StatementLine]):
    """One row of a statement and what became of it."""

    id = serializers.UUIDField()
    row = serializers.IntegerField(source="number", help_text="As a spreadsheet numbers it.")
    state = serializers.CharField(
        source="status", help_text=f"One of {', '.join(sorted(LINE.states))}."
    )
    because = serializers.CharField(help_text="A code of why it came to that; empty: no reason.")
    reason = serializers.SerializerMethodField()
    value_date = serializers.DateField(source="day", allow_null=True)
    amount = _money(allow_null=True)
    reference = serializers.CharField(help_text="The bank's own.")
    loan = serializers.SerializerMethodField()
    loan_number = serializers.SerializerMethodField()
    repayment = serializers.UUIDField(source="event_id", allow_null=True)
    faults = serializers.SerializerMethodField()

    def get_reason(self, line: StatementLine) -> str:
        """Return in words why it came to that."""
        return statement_sentences.because(line.because)

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_loan(self, line: StatementLine) -> str | None:
        """Return the loan's key; null without one, or with one you may not see."""
        return str(line.loan_id) if _is_seen(line) else None

    def get_loan_number(self, line: StatementLine) -> str:
        """Return the loan's number; empty where `loan` is null."""
        return line.loan.number if line.loan is not None and _is_seen(line) else ""

    @extend_schema_field(RowFault(many=True))
    def get_faults(self, line: StatementLine) -> list[dict[str, str]]:
        """Return everything that is wrong with the row, in your language."""
        return statement_sentences.of_row(line.faults)


class StatementLinePage(serializers.Serializer[Any]):
    """Some lines; `after` leads on and is empty at the end."""

    results = StatementLineOut(many=True)
    after = serializers.CharField(allow_blank=True)


class SuggestionOut(serializers.Serializer[Any]):
    """A loan money may be for, with the reasons, the strongest first."""

    loan = serializers.UUIDField(source="loan.pk")
    loan_number = serializers.CharField(source="loan.number")
    takes_money = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class SuspenseOut(StatementLineOut):
    """Money in suspense, with what the payer wrote and the loans it may be for."""

    details = serializers.DictField(child=serializers.CharField(), help_text="As it was sent.")
    return_asked_by = serializers.UUIDField(source="return_asked_by_id", allow_null=True)
    suggestions = serializers.SerializerMethodField()

    @extend_schema_field(SuggestionOut(many=True))
    def get_suggestions(self, _line: StatementLine) -> Any:
        """Return the loans anything speaks for, of those you may see, the best first."""
        return SuggestionOut(self.context["suggested"], many=True).data


class UnidentifiedIn(Strict):
    """Money whose loan is not known yet."""

    amount = _money()
    channel = serializers.ChoiceField(choices=CHANNELS)
    external_reference = serializers.CharField(
        max_length=LONGEST_REFERENCE, help_text="Of the payer or the bank. It is taken once."
    )
    day = serializers.DateField(required=False, help_text="When it came in; left out: today.")
    currency = serializers.CharField(
        required=False, default="", max_length=3, help_text="Checked, where it is sent."
    )
    branch = serializers.SlugField(required=False, help_text="A code; left out, your own branch.")
    party = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=300, help_text="Who paid."
    )
    narrative = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=300, help_text="What was said."
    )


class PlaceIn(Strict):
    """On which loan, and from when it counts."""

    loan = serializers.UUIDField()
    day = serializers.DateField(
        required=False, help_text="Left out: the value date. Another one where that is closed."
    )


class StatementReasonIn(Strict):
    """Why."""

    reason = serializers.CharField(max_length=300)


class GiveBackIn(Strict):
    """When the money went back."""

    day = serializers.DateField()


def _is_seen(line: StatementLine) -> bool:
    return line.loan_id is not None and bool(getattr(line, "is_seen", False))
