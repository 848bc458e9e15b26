"""What the API of direct debits takes and answers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api import Strict
from apps.debits import reasons, sentences
from apps.debits.lifecycle import ANSWER, ANSWERS, DEBIT, FILE, MANDATE, RECALL
from apps.debits.models import AnswerFile, AnswerLine, Debit, DebitFile, Mandate, Recall
from apps.repayments.statement_shapes import RowFault


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


def _one_of(states: tuple[str, ...]) -> str:
    return f"One of {', '.join(states)}."


class MandateIn(Strict):
    """What a borrower consents to."""

    holder = serializers.CharField(max_length=120)
    account_number = serializers.CharField(max_length=40)
    bank_code = serializers.CharField(max_length=24)
    maximum = _money(help_text="At most so much each time, in the loan's currency.")
    from_date = serializers.DateField()
    until_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Null: until it is ended."
    )
    for_all_loans = serializers.BooleanField(default=False)
    reference = serializers.CharField(max_length=35, required=False, default="", allow_blank=True)
    consent_channel = serializers.ChoiceField(choices=Mandate.Consent.choices)
    consent_date = serializers.DateField()
    evidence = serializers.CharField(max_length=300, help_text="Where the consent is kept.")


class MandateOut(serializers.Serializer[Mandate]):
    """A mandate; of the account only the end is shown."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    state = serializers.CharField(source="status", help_text=_one_of(MANDATE.states))
    loan = serializers.UUIDField(source="loan_id", allow_null=True, help_text="Null: every loan.")
    customer = serializers.UUIDField(source="customer_id")
    account = serializers.CharField(source="account_tail")
    bank_code = serializers.CharField()
    currency = serializers.CharField()
    maximum = _money()
    from_date = serializers.DateField()
    until_date = serializers.DateField(allow_null=True)
    consent_channel = serializers.ChoiceField(choices=Mandate.Consent.choices)
    consent_date = serializers.DateField()
    bank_reference = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class MandateStepIn(Strict):
    """What a step of a mandate needs: the bank's reference, or a reason; some need neither."""

    bank_reference = serializers.CharField(
        max_length=60, required=False, default="", help_text="Of `activate`."
    )
    reason = serializers.CharField(
        max_length=300, required=False, default="", help_text="Of `reject`, `pause`, `cancel`."
    )


class DebitFileIn(Strict):
    """Which day is asked for, of which branch."""

    collect_on = serializers.DateField()
    branch = serializers.SlugField(
        required=False, help_text="A code. Left out, every branch where you work everywhere."
    )


class DebitFileOut(serializers.Serializer[DebitFile]):
    """A file of debits; count, total and hash are those of the bytes for the bank."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="__str__")
    state = serializers.CharField(source="status", help_text=_one_of(FILE.states))
    branch = serializers.CharField(source="branch.code", allow_null=True, default=None)
    currency = serializers.CharField()
    collect_on = serializers.DateField()
    left_out = serializers.DictField(child=serializers.IntegerField())
    made_by = serializers.EmailField(source="made_by.email", allow_null=True, default=None)
    made_at = serializers.DateTimeField()
    released_by = serializers.EmailField(source="released_by.email", allow_null=True, default=None)
    released_at = serializers.DateTimeField(allow_null=True)
    layout = serializers.CharField()
    debits = serializers.IntegerField(source="debits_count", allow_null=True)
    total = _money(allow_null=True)
    sha256 = serializers.CharField()


class DebitFilePage(serializers.Serializer[Any]):
    """Some files, newest first; `after` leads on and is empty at the end."""

    results = DebitFileOut(many=True)
    after = serializers.CharField(allow_blank=True)


class RecallOut(serializers.Serializer[Recall]):
    """A request to recall a file of debits, and what was answered."""

    id = serializers.UUIDField()
    file = serializers.UUIDField(source="file_id")
    name = serializers.CharField(source="__str__", help_text="Of the file.")
    state = serializers.CharField(source="status", help_text=_one_of(RECALL.states))
    reason = serializers.CharField()
    asked_by = serializers.EmailField(source="asked_by.email")
    asked_at = serializers.DateTimeField()
    answered_by = serializers.EmailField(source="answered_by.email", allow_null=True, default=None)
    answered_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_null=True)
    freed = serializers.IntegerField(allow_null=True, help_text="Debits; of a confirmed recall.")


class RecallPage(serializers.Serializer[Any]):
    """Some recalls that wait, oldest first; `after` leads on and is empty at the end."""

    results = RecallOut(many=True)
    after = serializers.CharField(allow_blank=True)


class DebitOut(serializers.Serializer[Debit]):
    """One debit and what the bank answered."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    state = serializers.CharField(source="status", help_text=_one_of(DEBIT.states))
    loan = serializers.UUIDField(source="loan_id")
    mandate = serializers.UUIDField(source="mandate_id")
    due_date = serializers.DateField()
    attempt = serializers.IntegerField()
    amount = _money()
    owed = _money()
    collected = _money(allow_null=True)
    value_date = serializers.DateField(allow_null=True)
    reason = serializers.CharField(
        source="reason_code", help_text=f"Of a failure: {', '.join(reasons.table())}."
    )
    retry_on = serializers.DateField(allow_null=True)
    needs_look = serializers.BooleanField()


class DebitPage(serializers.Serializer[Any]):
    """Some debits; `after` leads on and is empty at the end."""

    results = DebitOut(many=True)
    after = serializers.CharField(allow_blank=True)


class DebitReasonIn(Strict):
    """Why."""

    reason = serializers.CharField(max_length=300)


class DebitNoteIn(Strict):
    """What was done."""

    note = serializers.CharField(max_length=300)


class AnswersIn(Strict):
    """What the bank sent."""

    file = serializers.FileField(help_text="CSV, layout creditrisk-debit-answers-1.")
    branch = serializers.SlugField(required=False, help_text="A code; left out, your own branch.")


class AnswersOut(serializers.Serializer[AnswerFile]):
    """A file of answers, and how many of its rows are in each state."""

    id = serializers.UUIDField()
    state = serializers.CharField(source="status", help_text=_one_of(ANSWERS.states))
    name = serializers.CharField(source="bank_reference")
    branch = serializers.CharField(source="branch.code")
    currency = serializers.CharField()
    sha256 = serializers.CharField()
    total_rows = serializers.IntegerField()
    collected = _money(help_text="By the trailer.")
    returned = _money(help_text="By the trailer.")
    rows = serializers.SerializerMethodField()
    uploaded_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_rows(self, file: AnswerFile) -> dict[str, int]:
        """Return how many rows are in each state."""
        return dict(self.context["counts"][file.pk])


class AnswersPage(serializers.Serializer[Any]):
    """Some files of answers, newest first; `after` leads on and is empty at the end."""

    results = AnswersOut(many=True)
    after = serializers.CharField(allow_blank=True)


class AnswerOut(serializers.Serializer[AnswerLine]):
    """One row of the bank's answers, and what it came to."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    state = serializers.CharField(source="status", help_text=_one_of(ANSWER.states))
    reference = serializers.CharField()
    outcome = serializers.CharField()
    amount = _money(allow_null=True)
    value_date = serializers.DateField(allow_null=True)
    reason = serializers.CharField(source="reason_code")
    came_to = serializers.CharField(source="because")
    debit = serializers.SerializerMethodField()
    faults = serializers.SerializerMethodField()

    def get_debit(self, line: AnswerLine) -> str | None:
        """Return the debit's key; null without one, or with one you may not see."""
        is_seen = getattr(line, "is_seen", True)
        return str(line.debit_id) if line.debit_id and is_seen else None

    @extend_schema_field(RowFault(many=True))
    def get_faults(self, line: AnswerLine) -> list[dict[str, str]]:
        """Return everything that is wrong with the row, in your language."""
        return sentences.of_row(line.faults)


class AnswerPage(serializers.Serializer[Any]):
    """Some rows; `after` leads on and is empty at the end."""

    results = AnswerOut(many=True)
    after = serializers.CharField(allow_blank=True)


class AnswerDayIn(Strict):
    """From which day the money counts."""

    day = serializers.DateField()
