"""What the API gives of expected credit loss."""

from typing import Any

from rest_framework import serializers

_AMOUNT: dict[str, Any] = {"max_digits": 22, "decimal_places": 2}


class LossSums(serializers.Serializer[Any]):
    """What the loans of a stage come to, or all of them."""

    stage = serializers.IntegerField(allow_null=True, help_text="Null: of all stages.")
    loans = serializers.IntegerField()
    drawn = serializers.DecimalField(**_AMOUNT)
    ead = serializers.DecimalField(**_AMOUNT)
    loss_12 = serializers.DecimalField(**_AMOUNT)
    loss_lifetime = serializers.DecimalField(**_AMOUNT)
    loss = serializers.DecimalField(**_AMOUNT)


class LossAnswer(serializers.Serializer[Any]):
    """The expected credit loss of a measurement, of the branches a person works in."""

    lender = serializers.CharField()
    day = serializers.DateField()
    currency = serializers.CharField()
    run = serializers.IntegerField(help_text="How often the day was measured.")
    estimate = serializers.IntegerField(help_text="Version of the estimates from own history.")
    parameters_sha256 = serializers.CharField()
    stages = LossSums(many=True)
    total = LossSums()
    scenarios = serializers.DictField(child=serializers.DecimalField(**_AMOUNT))
