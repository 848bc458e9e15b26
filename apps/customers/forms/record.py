"""What is recorded about a customer: one form per kind of fact."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.core.money import MINOR_UNITS
from apps.customers import checks, protected, protected_words, wordings
from apps.customers.entries import (
    BureauEntry,
    EmploymentEntry,
    HouseholdEntry,
    NoObligationsEntry,
    ObligationEntry,
)
from apps.customers.forms.fields import (
    AmountField,
    CountField,
    KeyField,
    LenderCurrencyField,
    PickField,
    ShownField,
)
from apps.customers.models import Consent, Employment, Household, Obligation

CURRENCIES = [(code, code) for code in sorted(MINOR_UNITS)]


class EmploymentForm(forms.Form):
    """Work and income as of a day."""

    key = KeyField()
    as_of = DayField(label=_("As of"))
    type = PickField(label=_("Type of work"), choices=Employment.Type.choices)
    employer = forms.CharField(label=_("Employer or business"), max_length=120, required=False)
    months_employed = CountField(label=_("Months in this work"), required=False)
    currency = forms.ChoiceField(label=_("Currency"), choices=CURRENCIES)
    gross_annual_income = AmountField(label=_("Gross income a year"))
    net_monthly_income = AmountField(
        label=_("Net income a month"), help_text=_("What arrives on the account.")
    )
    basic_monthly_pay = AmountField(
        label=_("Basic pay a month"),
        required=False,
        help_text=_("Without allowances; needed where a share of it must remain."),
    )
    verification = PickField(label=_("Income verified"), choices=Employment.Verification.choices)
    documented_net_monthly_income = AmountField(
        label=_("Net income a month by documents"),
        required=False,
        help_text=_("What the document shows, whatever the customer declares."),
    )
    documented_by = PickField(label=_("Shown by"), required=False, choices=Employment.Proof.choices)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"] = LenderCurrencyField(currency)

    def entry(self) -> EmploymentEntry:
        """Return what was entered."""
        return EmploymentEntry(**self.cleaned_data)


class HouseholdForm(forms.Form):
    """The home and who depends on the income."""

    shown = ShownField()
    home = PickField(label=_("Home"), choices=Household.Home.choices)
    dependants = CountField(label=_("Dependants"), required=False)
    monthly_expenses = AmountField(
        label=_("Household expenses a month"),
        required=False,
        help_text=_("Without rent and debts recorded elsewhere."),
    )

    def entry(self) -> HouseholdEntry:
        """Return what was entered."""
        names = ("home", "dependants", "monthly_expenses")
        return HouseholdEntry(**{name: self.cleaned_data[name] for name in names})


class ObligationForm(forms.Form):
    """A debt paid elsewhere."""

    key = KeyField()
    kind = PickField(label=_("Kind"), choices=Obligation.Kind.choices)
    lender = forms.CharField(label=_("To whom"), max_length=120, required=False)
    currency = forms.ChoiceField(label=_("Currency"), choices=CURRENCIES)
    monthly_payment = AmountField(label=_("Payment a month"))
    outstanding = AmountField(label=_("Outstanding"), required=False)
    from_date = DayField(label=_("Known since"))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"] = LenderCurrencyField(currency)

    def entry(self) -> ObligationEntry:
        """Return what was entered."""
        return ObligationEntry(**self.cleaned_data)


class NoObligationsForm(forms.Form):
    """The customer's declaration that nothing is paid elsewhere."""

    key = KeyField()
    declared_date = DayField(label=_("Declared on"))
    channel = PickField(label=_("How it is declared"), choices=list(wordings.CHANNELS.items()))

    def entry(self) -> NoObligationsEntry:
        """Return what was entered."""
        return NoObligationsEntry(**self.cleaned_data)


class EndForm(forms.Form):
    """When a debt ended."""

    ended_date = DayField(label=_("Ended on"))


_COUNT_LABELS = {
    "delinquencies_24m": _("Times 30 or more days late in two years"),
    "months_since_delinquency": _("Months since the last late payment"),
    "enquiries_6m": _("Enquiries in six months"),
    "open_accounts": _("Open accounts"),
    "total_accounts": _("Accounts ever"),
    "public_records": _("Public records"),
    "months_since_public_record": _("Months since the last public record"),
    "bankruptcies": _("Bankruptcies"),
    "accounts_delinquent_now": _("Accounts late now"),
}


class BureauForm(forms.Form):
    """What a bureau reported. What it did not report stays empty; empty is not zero."""

    key = KeyField()
    bureau = forms.CharField(label=_("Bureau"), max_length=60)
    reference = forms.CharField(label=_("Report number"), max_length=80, required=False)
    pulled_date = DayField(label=_("Report date"))
    currency = forms.ChoiceField(label=_("Currency"), choices=CURRENCIES)
    oldest_account_date = DayField(label=_("Oldest account opened"), required=False)
    revolving_balance = AmountField(label=_("Revolving balance"), required=False)
    utilisation_percent = forms.DecimalField(
        label=_("Share of revolving limits used"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(1000),
        max_digits=6,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("In per cent."),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        least, most = checks.BUREAU_SCORES[country]
        self.fields["score"] = CountField(
            label=_("Bureau score"),
            required=False,
            min_value=least,
            max_value=most,
            help_text=_("%(least)s to %(most)s; empty where the bureau gave none.")
            % {"least": least, "most": most},
        )
        for name, most in checks.BUREAU_COUNTS.items():
            label = _COUNT_LABELS[name]
            self.fields[name] = CountField(label=label, required=False, max_value=most)

    def entry(self) -> BureauEntry:
        """Return what was entered, the share as a fraction."""
        data = dict(self.cleaned_data)
        percent = data.pop("utilisation_percent")
        return BureauEntry(revolving_utilisation=None if percent is None else percent / 100, **data)


class ConsentForm(forms.Form):
    """A consent the customer gives now, to the wording shown."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=Consent.Purpose)
    wording_version = forms.CharField(
        max_length=20, widget=forms.HiddenInput, initial=wordings.CURRENT
    )
    channel = forms.ChoiceField(label=_("How it is given"), choices=wordings.CHANNELS.items())


class ProtectedForm(forms.Form):
    """What the customer says about themselves for fairness monitoring; all of it optional."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, values in protected.CHOICES.items():
            choices = [(value, protected_words.VALUES[value]) for value in values]
            self.fields[name] = forms.ChoiceField(
                label=protected_words.ATTRIBUTES[name],
                choices=[("", _("Not stated")), *choices],
                required=False,
            )
