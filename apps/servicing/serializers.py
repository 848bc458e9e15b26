"""What the API takes and gives of changes of loans."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.core.api import Strict
from apps.products.models import Purpose
from apps.repayments.alterations import Change
from apps.repayments.facts import Option
from apps.repayments.rescheduling import Keeps
from apps.repayments.services.holding import CHANNELS
from apps.servicing.models import Proposal

_MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}


class ServicedMoney(Strict):
    """What came in: when, how much, how, under which reference of whoever paid."""

    day = serializers.DateField()
    amount = serializers.DecimalField(**_MONEY)
    channel = serializers.ChoiceField(choices=list(CHANNELS))
    external_reference = serializers.CharField(max_length=60)


class PrepaymentRequest(ServicedMoney):
    """A part pre-payment, and what becomes smaller by it."""

    option = serializers.ChoiceField(choices=[option.value for option in Option])


class PayoffQuote(serializers.Serializer[Any]):
    """What ends a loan on a day, where nothing else happens until then."""

    day = serializers.DateField()
    principal = serializers.DecimalField(**_MONEY)
    interest = serializers.DecimalField(**_MONEY, help_text="Earned to the day.")
    charges = serializers.DecimalField(**_MONEY)
    charge_for_paying_early = serializers.DecimalField(**_MONEY, source="charge")
    advances = serializers.DecimalField(**_MONEY)
    total = serializers.DecimalField(**_MONEY)


class AheadRow(serializers.Serializer[Any]):
    """One instalment ahead."""

    number = serializers.IntegerField()
    due_date = serializers.DateField(source="due_on")
    principal = serializers.DecimalField(**_MONEY)
    interest = serializers.DecimalField(**_MONEY)
    fee = serializers.DecimalField(**_MONEY)
    instalment = serializers.DecimalField(**_MONEY)
    closing = serializers.DecimalField(**_MONEY)


class PrepaymentWay(serializers.Serializer[Any]):
    """What one way of a part pre-payment leads to."""

    option = serializers.CharField()
    interest_saved = serializers.DecimalField(**_MONEY)
    instalments = serializers.IntegerField()
    instalment = serializers.DecimalField(**_MONEY)
    ends_on = serializers.DateField()


class PrepaymentChoices(serializers.Serializer[Any]):
    """Both ways of a part pre-payment."""

    due = serializers.DecimalField(**_MONEY, help_text="Taken for what is due.")
    charge = serializers.DecimalField(**_MONEY, help_text="For paying early.")
    from_ahead = serializers.DecimalField(
        **_MONEY, help_text="What of the charge is taken out of money paid ahead."
    )
    prepaid = serializers.DecimalField(**_MONEY, help_text="Principal paid early.")
    ways = PrepaymentWay(many=True)


class ChangeRequest(Strict):
    """Another schedule for what is ahead; which fields are said depends on the kind."""

    kind = serializers.ChoiceField(choices=[change.value for change in Change])
    reason = serializers.CharField(max_length=300)
    day = serializers.DateField(required=False, help_text="Left out: today.")
    reference = serializers.CharField(
        max_length=100, required=False, help_text="The same reference changes once."
    )
    annual_rate = serializers.DecimalField(max_digits=8, decimal_places=6, required=False)
    keeps = serializers.ChoiceField(choices=[keeps.value for keeps in Keeps], required=False)
    instalments = serializers.IntegerField(min_value=0, required=False)
    first_due_on = serializers.DateField(required=False)
    principal_free = serializers.IntegerField(min_value=0, required=False)
    interest_free = serializers.IntegerField(min_value=0, required=False)
    extends = serializers.BooleanField(required=False)
    difficulty = serializers.BooleanField(
        required=False, help_text="Whether the borrower is in financial difficulty."
    )

    def asked(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the service takes, and apart from it the parameters of the change."""
        given = dict(self.validated_data)
        known = {name: given.pop(name) for name in _OF_SERVICE if name in given}
        if "first_due_on" in given:
            given["first_due_on"] = given["first_due_on"].isoformat()
        if "annual_rate" in given:
            given["annual_rate"] = str(given["annual_rate"])
        return known, given


_OF_SERVICE = ("kind", "reason", "day", "reference")


class ChangePreview(serializers.Serializer[Any]):
    """What is ahead before and after a change."""

    interest_more = serializers.DecimalField(**_MONEY, source="more")
    before = AheadRow(many=True)
    after = AheadRow(many=True)


class ServicedEvent(serializers.Serializer[Any]):
    """Something that changed a loan."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    kind = serializers.CharField()
    state = serializers.CharField(source="status")
    day = serializers.DateField()
    amount = serializers.DecimalField(**_MONEY, allow_null=True)
    currency = serializers.CharField()
    reference = serializers.CharField()
    parameters = serializers.DictField()


class FollowRequest(Strict):
    """Let the rate follow its benchmark."""

    keeps = serializers.ChoiceField(choices=[keeps.value for keeps in Keeps])
    reason = serializers.CharField(max_length=300)
    day = serializers.DateField(required=False)
    reference = serializers.CharField(
        max_length=100, required=False, help_text="The same reference changes once."
    )


class ProposalRequest(Strict):
    """What is to be given up or paid back."""

    kind = serializers.ChoiceField(choices=Proposal.Kind.values)
    reason = serializers.CharField(max_length=300)
    bucket = serializers.ChoiceField(choices=Proposal.Bucket.values, required=False)
    amount = serializers.DecimalField(**_MONEY, required=False, allow_null=True)
    reference = serializers.CharField(
        max_length=80, required=False, help_text="The same reference proposes once."
    )


class ProposalAnswer(serializers.Serializer[Any]):
    """A proposal and what came of it."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    kind = serializers.CharField()
    bucket = serializers.CharField()
    amount = serializers.DecimalField(**_MONEY, allow_null=True)
    currency = serializers.CharField()
    reason = serializers.CharField()
    reference = serializers.CharField()
    state = serializers.CharField(source="status")
    note = serializers.CharField()
    event = serializers.UUIDField(source="event_id", allow_null=True)


class ProposalPage(serializers.Serializer[Any]):
    """Some proposals, and the position to ask for the next ones at."""

    results = ProposalAnswer(many=True)
    after = serializers.CharField()


class ProposalRefusal(Strict):
    """Why it is refused."""

    note = serializers.CharField(max_length=300)


class TransferRequest(Strict):
    """To which branch a loan is to go."""

    branch = serializers.CharField(max_length=50, help_text="The code of the branch.")
    reason = serializers.CharField(max_length=300)
    reference = serializers.CharField(
        max_length=80, required=False, help_text="The same reference proposes once."
    )


class TransferAnswer(serializers.Serializer[Any]):
    """A transfer and what came of it."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    from_branch = serializers.CharField(source="from_branch.code")
    to_branch = serializers.CharField(source="to_branch.code")
    reason = serializers.CharField()
    reference = serializers.CharField()
    state = serializers.CharField(source="status")
    note = serializers.CharField()
    day = serializers.DateField(source="move_made.day", allow_null=True, default=None)


class TransferPage(serializers.Serializer[Any]):
    """Some transfers, and the position to ask for the next ones at."""

    results = TransferAnswer(many=True)
    after = serializers.CharField()


class Recoverable(serializers.Serializer[Any]):
    """What was written off of a loan, and what of it can still be recovered."""

    written_off = serializers.DecimalField(**_MONEY)
    recovered = serializers.DecimalField(**_MONEY)
    recoverable = serializers.DecimalField(
        **_MONEY, help_text="With what was asked for since; no more is taken."
    )
    currency = serializers.CharField()


class LossRow(serializers.Serializer[Any]):
    """A loan that was written off."""

    loan = serializers.UUIDField(source="loan.pk")
    number = serializers.CharField(source="loan.number")
    currency = serializers.CharField(source="loan.currency")
    written_off_on = serializers.DateField(source="day")
    written_off = serializers.DecimalField(**_MONEY)
    recovered = serializers.DecimalField(**_MONEY)
    left = serializers.DecimalField(**_MONEY)
    rate = serializers.DecimalField(
        max_digits=7, decimal_places=6, help_text="The share that was recovered."
    )


class LossPage(serializers.Serializer[Any]):
    """Some loans that were written off, and the position to ask for the next ones at."""

    results = LossRow(many=True)
    after = serializers.CharField()


class TopUpRequest(Strict):
    """What a borrower asks for, with what pays the running loan off in it."""

    product = serializers.CharField(max_length=40, help_text="The code of the product.")
    amount = serializers.DecimalField(**_MONEY)
    term_months = serializers.IntegerField(min_value=1, max_value=480)
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    purpose_note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    reference = serializers.CharField(
        max_length=80, required=False, help_text="The same reference asks once."
    )


class TopUpAnswer(serializers.Serializer[Any]):
    """The request out of whose loan this one is to be paid off."""

    application = serializers.UUIDField(source="pk")
    number = serializers.CharField()
    state = serializers.CharField(source="status")
    amount = serializers.DecimalField(**_MONEY)
    currency = serializers.CharField()


class ServicedReason(Strict):
    """Why."""

    reason = serializers.CharField(max_length=300)


class PauseRequest(Strict):
    """From when until when a borrower in hardship is left alone."""

    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    reason = serializers.CharField(max_length=300)


class PauseAnswer(serializers.Serializer[Any]):
    """A pause for hardship."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    reason = serializers.CharField()
    state = serializers.CharField(source="status")


class ClosureAnswer(serializers.Serializer[Any]):
    """A closure with its letter of no dues."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    repaid_date = serializers.DateField()
    letter = serializers.UUIDField(source="letter_id")
    releases = serializers.IntegerField()
    papers_due_date = serializers.DateField()


class RateRequest(Strict):
    """What a benchmark is from a day on."""

    entity = serializers.CharField(max_length=40, help_text="The lender's code.")
    benchmark = serializers.CharField(max_length=120)
    effective_date = serializers.DateField()
    annual_rate = serializers.DecimalField(
        max_digits=7, decimal_places=6, min_value=Decimal(0), help_text="A fraction a year."
    )
    published_in = serializers.CharField(max_length=200, help_text="Where it was published.")


class RateAnswer(serializers.Serializer[Any]):
    """A row of the table of benchmark rates."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.code")
    benchmark = serializers.CharField()
    effective_date = serializers.DateField()
    annual_rate = serializers.DecimalField(max_digits=7, decimal_places=6)
    published_in = serializers.CharField(source="source")
    taken_back_at = serializers.DateTimeField(allow_null=True)
