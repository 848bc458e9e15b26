"""What the API takes and gives of loans and their payments."""

from typing import Any

from rest_framework import serializers

from apps.core.api import Strict
from apps.loans.arrears import State


class LoanAnswer(serializers.Serializer[Any]):
    """A loan as it was opened."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.CharField(source="status")
    application = serializers.UUIDField(source="application_id")
    offer = serializers.UUIDField(source="offer_id", allow_null=True)
    principal = serializers.DecimalField(max_digits=18, decimal_places=2)
    given_up = serializers.DecimalField(
        max_digits=18,
        decimal_places=2,
        help_text="What of the principal was not paid out and never will be.",
    )
    currency = serializers.CharField()
    annual_rate = serializers.DecimalField(max_digits=7, decimal_places=6)
    term_months = serializers.IntegerField()
    instalment = serializers.DecimalField(max_digits=18, decimal_places=2)
    opened_date = serializers.DateField()
    disbursed_date = serializers.DateField(allow_null=True)


class PaymentRequest(Strict):
    """What is to be paid, when and to which account of the borrower."""

    planned_date = serializers.DateField()
    holder = serializers.CharField(max_length=120)
    account_number = serializers.CharField(max_length=40)
    bank_code = serializers.CharField(max_length=24)
    amount = serializers.DecimalField(
        max_digits=18, decimal_places=2, required=False, help_text="Left out: all that is left."
    )
    currency = serializers.CharField(max_length=3, required=False)
    is_net = serializers.BooleanField(
        default=True, help_text="Keep back what is paid upfront, as the offer told."
    )
    rest_planned_date = serializers.DateField(required=False)
    reference = serializers.CharField(
        max_length=40, required=False, help_text="The same reference asks once."
    )


class ReasonRequest(Strict):
    """Why."""

    reason = serializers.CharField(max_length=300)


class ConfirmRequest(Strict):
    """What the bank says it did."""

    paid_date = serializers.DateField()
    bank_reference = serializers.CharField(max_length=60)


class ReverseRequest(ReasonRequest):
    """When the money came back, and why."""

    day = serializers.DateField()


class ExitRequest(Strict):
    """When and under which reference the bank received what stepping back costs."""

    paid_date = serializers.DateField()
    bank_reference = serializers.CharField(max_length=60)


class DisbursementAnswer(serializers.Serializer[Any]):
    """A payment of a loan; of the account only its last digits."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    reference = serializers.CharField()
    tranche = serializers.IntegerField()
    state = serializers.CharField(source="status")
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    deducted = serializers.DecimalField(max_digits=18, decimal_places=2)
    netted = serializers.DecimalField(
        max_digits=18, decimal_places=2, help_text="Pays off another loan of the borrower."
    )
    net_amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    currency = serializers.CharField()
    planned_date = serializers.DateField()
    account = serializers.CharField(source="account_tail")
    paid_date = serializers.DateField(allow_null=True)
    bank_reference = serializers.CharField()
    reason = serializers.CharField(source="ended_reason")


class InstalmentFigures(serializers.Serializer[Any]):
    """One instalment: when it falls due, what of it, and what was paid."""

    number = serializers.IntegerField()
    due_date = serializers.DateField()
    opening = serializers.DecimalField(max_digits=18, decimal_places=2)
    principal = serializers.DecimalField(max_digits=18, decimal_places=2)
    interest = serializers.DecimalField(max_digits=18, decimal_places=2)
    fee = serializers.DecimalField(max_digits=18, decimal_places=2)
    due = serializers.DecimalField(max_digits=18, decimal_places=2)
    paid = serializers.DecimalField(max_digits=18, decimal_places=2)
    closing = serializers.DecimalField(max_digits=18, decimal_places=2)


class InstalmentAnswer(InstalmentFigures):
    """One instalment, and how it stands today."""

    state = serializers.ChoiceField(choices=[state.value for state in State])


class ScheduleAnswer(serializers.Serializer[Any]):
    """A schedule of a loan and its rows."""

    version = serializers.IntegerField()
    kind = serializers.CharField()
    reason = serializers.CharField()
    in_force = serializers.BooleanField()
    instalments = InstalmentAnswer(many=True)


class ArrearsAnswer(serializers.Serializer[Any]):
    """What is overdue on a day."""

    day = serializers.DateField()
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    instalments = serializers.IntegerField()
    days_past_due = serializers.IntegerField(
        help_text="Calendar days since the oldest due date that is not paid in full."
    )


class LoanDetail(LoanAnswer):
    """A loan as it stands."""

    principal_outstanding = serializers.DecimalField(max_digits=18, decimal_places=2)
    arrears = ArrearsAnswer()
    next_due = InstalmentAnswer(allow_null=True)
    disbursements = DisbursementAnswer(many=True)


class LoanPage(serializers.Serializer[Any]):
    """Some loans, and the position to ask for the next ones at."""

    results = LoanAnswer(many=True)
    after = serializers.CharField()


class DisbursementPage(serializers.Serializer[Any]):
    """Some payments, and the position to ask for the next ones at."""

    results = DisbursementAnswer(many=True)
    after = serializers.CharField()


class PaymentFileRequest(Strict):
    """Which approved payments go into one file."""

    disbursements = serializers.ListField(child=serializers.UUIDField(), max_length=1000)


class PaymentFileAnswer(serializers.Serializer[Any]):
    """A file of payment instructions; its content is fetched apart."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="__str__")
    layout = serializers.CharField()
    currency = serializers.CharField()
    payments = serializers.IntegerField()
    total = serializers.DecimalField(max_digits=18, decimal_places=2)
    sha256 = serializers.CharField()
