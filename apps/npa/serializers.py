"""What the API takes and gives of the portfolio's quality."""

from typing import Any

from rest_framework import serializers

from apps.core.api import Strict
from apps.npa.measures import Measure
from apps.npa.models import Return

_AMOUNT: dict[str, Any] = {"max_digits": 22, "decimal_places": 2}
_SHARE: dict[str, Any] = {"max_digits": 7, "decimal_places": 6}
_MEASURES = [measure.value for measure in Measure]


class OverrideRequest(Strict):
    """Another class for a loan, for a time, and why."""

    asset_class = serializers.CharField(max_length=16)
    from_date = serializers.DateField()
    until_date = serializers.DateField(help_text="The last day, at most 180 days later.")
    reason = serializers.CharField(max_length=2_000)


class OverrideNote(Strict):
    """Why an override is refused."""

    note = serializers.CharField(max_length=2_000)


class OverrideEnd(Strict):
    """Why an override is to end before its time."""

    reason = serializers.CharField(max_length=2_000)


class OverrideAnswer(serializers.Serializer[Any]):
    """An override of a class, and how it stands."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    state = serializers.CharField(source="status")
    class_before = serializers.CharField()
    asset_class = serializers.CharField()
    from_date = serializers.DateField()
    until_date = serializers.DateField()
    counts_from = serializers.DateField(
        allow_null=True, help_text="The first day whose night respects it; null until approved."
    )
    reason = serializers.CharField()
    proposed_by = serializers.CharField(source="proposed_by.name")
    proposed_at = serializers.DateTimeField()
    answered_by = serializers.CharField(source="answered_by.name", default=None)
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_on = serializers.DateField(allow_null=True)


class OverridePage(serializers.Serializer[Any]):
    """Some overrides, and the position of the next."""

    results = OverrideAnswer(many=True)
    after = serializers.CharField(allow_blank=True)


class ClassSums(serializers.Serializer[Any]):
    """What the loans of a class or a bucket come to."""

    code = serializers.CharField()
    loans = serializers.IntegerField()
    principal = serializers.DecimalField(**_AMOUNT)
    interest = serializers.DecimalField(**_AMOUNT)
    suspended = serializers.DecimalField(**_AMOUNT)
    secured = serializers.DecimalField(**_AMOUNT)
    unsecured = serializers.DecimalField(**_AMOUNT)
    provision = serializers.DecimalField(**_AMOUNT)
    reserve = serializers.DecimalField(**_AMOUNT)


class PortfolioAnswer(serializers.Serializer[Any]):
    """The quality of a portfolio at the end of a day; ratios are fractions."""

    lender = serializers.CharField()
    day = serializers.DateField()
    currency = serializers.CharField()
    classes = ClassSums(many=True)
    buckets = ClassSums(many=True)
    total = ClassSums()
    ratios = serializers.DictField(
        child=serializers.DecimalField(max_digits=14, decimal_places=10),
        help_text=", ".join(_MEASURES[:4]),
    )


class MovementLine(serializers.Serializer[Any]):
    """How the provisions of a class moved."""

    asset_class = serializers.CharField(allow_blank=True)
    opening = serializers.DecimalField(**_AMOUNT)
    additions = serializers.DecimalField(**_AMOUNT)
    releases = serializers.DecimalField(**_AMOUNT)
    written_off = serializers.DecimalField(**_AMOUNT)
    closing = serializers.DecimalField(**_AMOUNT)


class LedgerCheck(serializers.Serializer[Any]):
    """A figure of the snapshots beside the ledger's."""

    name = serializers.CharField()
    snapshots = serializers.DecimalField(**_AMOUNT)
    ledger = serializers.DecimalField(**_AMOUNT)
    difference = serializers.DecimalField(**_AMOUNT)


class ReserveMovement(serializers.Serializer[Any]):
    """The movement of the reserve beyond provisions, and what the ledger says."""

    lines = MovementLine(many=True)
    total = MovementLine()
    checks = LedgerCheck(many=True)


class MovementAnswer(serializers.Serializer[Any]):
    """The movement of provisions between two days, and what the ledger says."""

    since = serializers.DateField()
    day = serializers.DateField()
    currency = serializers.CharField()
    lines = MovementLine(many=True)
    total = MovementLine()
    checks = LedgerCheck(many=True)
    reserve = ReserveMovement()
    missing_days = serializers.ListField(child=serializers.DateField())


class AlertAnswer(serializers.Serializer[Any]):
    """A measure beyond its threshold."""

    id = serializers.UUIDField()
    lender = serializers.CharField(source="entity.code")
    measure = serializers.ChoiceField(choices=_MEASURES)
    subject = serializers.CharField(
        source="told",
        allow_blank=True,
        help_text="Whom it is about; empty, too, for a borrower whose loans you may not see.",
    )
    currency = serializers.CharField()
    state = serializers.CharField(source="status")
    day = serializers.DateField()
    value = serializers.DecimalField(max_digits=18, decimal_places=10)
    threshold = serializers.DecimalField(**_SHARE, source="bound")
    last_day = serializers.DateField()
    last_value = serializers.DecimalField(max_digits=18, decimal_places=10)
    acknowledged_by = serializers.CharField(source="acknowledged_by.name", default=None)
    note = serializers.CharField(allow_blank=True)


class AlertPage(serializers.Serializer[Any]):
    """Some alerts, and the position of the next."""

    results = AlertAnswer(many=True)
    after = serializers.CharField(allow_blank=True)


class Acknowledgement(Strict):
    """What is done about a breach."""

    note = serializers.CharField(max_length=300)


class ThresholdRequest(Strict):
    """The bound of a measure, who answers for it, and who is told."""

    bound = serializers.DecimalField(**_SHARE, help_text="A fraction: 0.05 is 5 %.")
    owner = serializers.EmailField(help_text="The e-mail of a person of the lender.")
    webhook_url = serializers.CharField(max_length=300, allow_blank=True, default="")
    is_watched = serializers.BooleanField(default=True)


class ThresholdAnswer(serializers.Serializer[Any]):
    """A threshold."""

    lender = serializers.CharField(source="entity.code")
    measure = serializers.ChoiceField(choices=_MEASURES)
    bound = serializers.DecimalField(**_SHARE)
    owner = serializers.EmailField(source="owner.email")
    webhook_url = serializers.CharField(allow_blank=True)
    is_watched = serializers.BooleanField()
    set_at = serializers.DateTimeField()


class ReturnRequest(Strict):
    """Which return, of which lender, as on which day."""

    kind = serializers.ChoiceField(choices=Return.Kind.choices)
    lender = serializers.CharField(max_length=50)
    day = serializers.DateField()
    reason = serializers.CharField(
        max_length=300,
        default="",
        allow_blank=True,
        help_text="Asked for only where it differs from the ledger.",
    )


class ReturnAnswer(serializers.Serializer[Any]):
    """A return that was made."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Return.Kind.choices)
    lender = serializers.CharField(source="entity.code")
    day = serializers.DateField()
    due_date = serializers.DateField(allow_null=True)
    is_full = serializers.BooleanField()
    layout = serializers.CharField()
    rows = serializers.IntegerField()
    sha256 = serializers.CharField()
    reconciles = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    checks = LedgerCheck(many=True)
    made_at = serializers.DateTimeField()


class OrderAnswer(serializers.Serializer[Any]):
    """A long return that was asked for, and how it stands."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Return.Kind.choices)
    lender = serializers.CharField(source="entity.code")
    day = serializers.DateField()
    state = serializers.CharField(source="status", help_text="asked, making, made or failed.")
    obstacle = serializers.CharField(
        allow_blank=True, help_text="The code of the refusal, where it could not be made."
    )
    made = serializers.UUIDField(source="made_id", allow_null=True, help_text="The return.")
    asked_at = serializers.DateTimeField()


class ReturnPage(serializers.Serializer[Any]):
    """Some returns, and the position of the next."""

    results = ReturnAnswer(many=True)
    after = serializers.CharField(allow_blank=True)
