"""What a person enters for one offer of a quote; all of it stands in the address."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import money
from apps.core.errors import DomainError
from apps.core.form_fields import DayField, FactorField, PercentField
from apps.customers.forms import fields
from apps.schedules import words
from apps.schedules.checks import (
    HIGHEST_RATE,
    LARGEST_AMOUNT,
    LARGEST_FACTOR,
    MOST_INSTALMENTS,
)
from apps.schedules.terms import (
    Adjustment,
    Calendar,
    CustomRow,
    DayCount,
    Fee,
    FeeTiming,
    FirstPeriod,
    Frequency,
    Grace,
    GraceTerm,
    Method,
    Rounding,
    Step,
    Terms,
    Tranche,
)

_PERCENT = Decimal(100)
# More would not fit into the address of a page.
MOST_LINES = 50
_SATURDAY, _SUNDAY = 5, 6
WEEKENDS = {
    "": frozenset[int](),
    "sunday": frozenset({_SUNDAY}),
    "saturday_sunday": frozenset({_SATURDAY, _SUNDAY}),
}
# Typed in by whoever means an offer; everything else begins with something that makes sense.
MAIN = ("principal", "annual_rate", "instalments")
COMMON = (
    *MAIN,
    *("currency", "frequency", "method", "disbursed_on", "first_due_on"),
    *("fee_upfront", "fee_third_party"),
)
# Where the page has another name for what a refusal speaks of.
_NAMES = {
    "grace": "grace_principal",
    "calendar": "adjustment",
    "calendar.holidays": "holidays",
    "calendar.weekend": "weekend",
    "calendar.adjustment": "adjustment",
    "fees": "fee_upfront",
}


class RateField(PercentField):
    """A yearly rate typed in per cent; the value is the fraction."""

    def __init__(self, **options: Any) -> None:
        highest = HIGHEST_RATE * _PERCENT
        super().__init__(max_value=highest, max_digits=14, decimal_places=8, **options)

    def clean(self, value: Any) -> Decimal | None:
        """Return the fraction; raise ValidationError for what is no number, or nobody's rate.

        The arithmetic refuses it as well, but speaks of the fraction that it takes.
        """
        percent = super().clean(value)
        return None if percent is None else percent / _PERCENT


class SumField(fields.AmountField):
    """An amount that the arithmetic takes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_value=LARGEST_AMOUNT, **options)


class LinesField(forms.CharField):
    """Several values, one a line; the value is a tuple of what `read` makes of each line."""

    def __init__(self, read: Callable[[str], Any], **options: Any) -> None:
        self._read = read
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(required=False, max_length=4_000, **options)

    def clean(self, value: Any) -> tuple[Any, ...]:
        """Return what stands in the lines; raise ValidationError with the number of a bad one."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(
                gettext("At most %(most)s lines; the API takes more.") % {"most": MOST_LINES}
            )
        found = []
        for number, line in enumerate(lines, start=1):
            try:
                found.append(self._read(line))
            except ValidationError as error:
                words_of = {"number": number, "fault": " ".join(error.messages)}
                raise ValidationError(gettext("Line %(number)s: %(fault)s") % words_of) from None
        return tuple(found)


def _day(text: str) -> date:
    found = DayField().clean(text)
    assert found is not None  # noqa: S101 - a required field answers with a value
    return found


def _pair(line: str) -> tuple[str, str]:
    first, _space, second = line.partition(" ")
    if not second.strip():
        raise ValidationError(gettext("Write two values with a space between them."))
    return first, second.strip()


def _tranche(line: str) -> Tranche:
    day, amount = _pair(line)
    return Tranche(paid_on=_day(day), amount=_amount(amount))


def _custom_row(line: str) -> CustomRow:
    day, amount = _pair(line)
    return CustomRow(due_on=_day(day), principal=_amount(amount))


def _step(line: str) -> Step:
    first, factor = _pair(line)
    number = fields.CountField(min_value=2, max_value=MOST_INSTALMENTS).clean(first)
    times = FactorField(max_value=LARGEST_FACTOR).clean(factor)
    return Step(first=int(number or 0), factor=Decimal(times or 0))


def _amount(text: str) -> Decimal:
    return Decimal(SumField().clean(text) or 0)


def _choice(label: Any, kind: Mapping[Any, Any], **options: Any) -> forms.ChoiceField:
    choices = [(str(one), text) for one, text in kind.items()]
    return forms.ChoiceField(label=label, choices=choices, **options)


def _grace_count(label: Any) -> fields.CountField:
    return fields.CountField(label=label, required=False, max_value=MOST_INSTALMENTS)


class OfferForm(forms.Form):
    """The terms of one offer."""

    principal = SumField(label=_("Amount"))
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(code, code) for code in sorted(money.MINOR_UNITS)]
    )
    annual_rate = RateField(label=_("Interest rate a year"))
    instalments = fields.CountField(label=_("Instalments"), min_value=1, max_value=MOST_INSTALMENTS)
    frequency = _choice(_("Frequency"), words.FREQUENCIES)
    method = _choice(_("Repayment"), words.METHODS)
    disbursed_on = DayField(label=_("Paid out on"))
    first_due_on = DayField(label=_("First instalment on"), required=False)
    fee_upfront = SumField(label=_("Fee, deducted"), required=False)
    fee_third_party = SumField(label=_("Third parties' fees, deducted"), required=False)
    fee_first = SumField(label=_("Fee with the first instalment"), required=False)
    fee_each = SumField(label=_("Fee with each instalment"), required=False)
    down_payment = SumField(label=_("Down payment"), required=False)
    rounding_unit = SumField(
        label=_("Instalment in whole"),
        required=False,
        help_text=_("1 rounds to whole units; empty rounds to the smallest unit."),
    )
    rounding_mode = _choice(_("Rounded"), words.ROUNDINGS)
    day_count = _choice(_("Days are counted"), words.DAY_COUNTS)
    first_period = _choice(_("A longer or shorter first period"), words.FIRST_PERIODS)
    grace_principal = _grace_count(_("Instalments without principal"))
    grace_interest = _grace_count(_("Instalments without interest payment"))
    grace_interest_free = _grace_count(_("Instalments free of interest"))
    grace_capitalised = forms.BooleanField(
        label=_("Unpaid interest joins the balance"), required=False
    )
    grace_term = _choice(_("Instalments of grace"), words.GRACE_TERMS)
    balloon = SumField(
        label=_("Balloon"), required=False, help_text=_("Paid with the last instalment.")
    )
    steps = LinesField(
        _step,
        label=_("Steps"),
        help_text=_("One a line: from which instalment, times what; for example 13 1.10"),
    )
    rows = LinesField(
        _custom_row,
        label=_("Agreed instalments"),
        help_text=_(
            "One a line: due date and principal; for example 2027-01-05 12000. For a quote only:"
            " an offer follows the schedule of its product."
        ),
    )
    tranches = LinesField(
        _tranche,
        label=_("Paid out in parts"),
        help_text=_("One a line: day and amount; for example 2027-01-05 50000"),
    )
    weekend = forms.ChoiceField(
        label=_("Days off"),
        required=False,
        choices=[
            ("", _("None")),
            ("sunday", _("Sundays")),
            ("saturday_sunday", _("Saturdays and Sundays")),
        ],
    )
    holidays = LinesField(_day, label=_("Holidays"), help_text=_("One day a line."))
    adjustment = _choice(_("A due date on a day off"), words.ADJUSTMENTS)

    def terms(self) -> Terms:
        """Return the terms entered."""
        given = self.cleaned_data
        return Terms(
            principal=given["principal"],
            currency=given["currency"],
            annual_rate=given["annual_rate"],
            instalments=given["instalments"],
            disbursed_on=given["disbursed_on"],
            first_due_on=given["first_due_on"],
            frequency=Frequency(given["frequency"]),
            method=Method(given["method"]),
            day_count=DayCount(given["day_count"]),
            rounding_unit=given["rounding_unit"],
            rounding_mode=Rounding(given["rounding_mode"]),
            grace=_grace(given),
            first_period=FirstPeriod(given["first_period"]),
            calendar=Calendar(
                holidays=frozenset(given["holidays"]),
                weekend=WEEKENDS[given["weekend"]],
                adjustment=Adjustment(given["adjustment"]),
            ),
            balloon=given["balloon"],
            steps=given["steps"],
            rows=given["rows"],
            down_payment=given["down_payment"] or Decimal(0),
            tranches=given["tranches"],
            fees=_fees(given),
        )

    def show(self, error: DomainError) -> None:
        """Put a refusal beside the inputs it speaks of, else above the form."""
        for path, sentence in error.fields.items():
            name = _name_of(path)
            self.add_error(name if name in self.fields else None, str(sentence))
        if not error.fields:
            self.add_error(None, str(error.sentence))


def _name_of(path: str) -> str:
    """Return the input a refusal speaks of: `grace.interest` is `grace_interest`."""
    if path in _NAMES:
        return _NAMES[path]
    whole, _dot, _part = path.partition(".")
    return path.replace(".", "_") if whole == "grace" else _NAMES.get(whole, whole)


def _grace(given: Mapping[str, Any]) -> Grace:
    return Grace(
        principal=given["grace_principal"] or 0,
        interest=given["grace_interest"] or 0,
        interest_free=given["grace_interest_free"] or 0,
        capitalised=given["grace_capitalised"],
        term=GraceTerm(given["grace_term"]),
    )


def _fees(given: Mapping[str, Any]) -> tuple[Fee, ...]:
    kinds = (
        ("fee_upfront", FeeTiming.UPFRONT, False),
        ("fee_third_party", FeeTiming.UPFRONT, True),
        ("fee_first", FeeTiming.FIRST_INSTALMENT, False),
        ("fee_each", FeeTiming.EACH_INSTALMENT, False),
    )
    return tuple(
        Fee(code=name, amount=given[name], timing=timing, is_third_party=is_third_party)
        for name, timing, is_third_party in kinds
        if given[name]
    )
