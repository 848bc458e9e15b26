"""Customers as the API takes and gives them. Personal data goes out masked, never in clear."""

import uuid
from dataclasses import fields as entry_fields
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.accounts.models import Branch
from apps.core.api import Strict
from apps.core.money import MINOR_UNITS
from apps.customers import checks, identity, reveals, sentences, wordings
from apps.customers.entries import (
    AddressEntry,
    BureauEntry,
    CustomerEntry,
    EmploymentEntry,
    HouseholdEntry,
    NoObligationsEntry,
    ObligationEntry,
)
from apps.customers.findings import Finding
from apps.customers.models import (
    BureauReport,
    Consent,
    Customer,
    Employment,
    Household,
    IdentityNumber,
    NoObligations,
    Obligation,
)

ADDRESS = tuple(field.name for field in entry_fields(AddressEntry))
KINDS = tuple(IdentityNumber.Kind.values)


class Amount(serializers.DecimalField):
    """Money as a decimal string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, min_value=0, **options)


class Currency(serializers.ChoiceField):
    """A currency the lender uses."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=sorted(MINOR_UNITS), **options)


class Text(serializers.CharField):
    """Text that may be left out."""

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(
            max_length=max_length, required=False, allow_blank=True, default="", **options
        )


class Count(serializers.IntegerField):
    """A whole number that may be unknown."""

    def __init__(self, *, most: int, least: int = 0, **options: Any) -> None:
        super().__init__(
            min_value=least,
            max_value=most,
            required=False,
            allow_null=True,
            default=None,
            **options,
        )


class CustomerIn(Strict):
    """A customer to register. At least one official number of the country is needed."""

    branch = serializers.CharField(
        max_length=50, help_text="A branch you work in: its code, or its id."
    )
    country = serializers.ChoiceField(choices=Customer.Country.choices)
    full_name = serializers.CharField(max_length=120)
    date_of_birth = serializers.DateField()
    phone = serializers.CharField(max_length=40, help_text="E.164, or as dialled in the country.")
    email = Text(max_length=254)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, default="en")
    street = serializers.CharField(max_length=200)
    city = serializers.CharField(max_length=80)
    region = Text(max_length=80)
    postal_code = Text(max_length=12)
    pan = Text(max_length=identity.MAX_LENGTH)
    aadhaar = Text(max_length=identity.MAX_LENGTH)
    ke_national_id = Text(max_length=identity.MAX_LENGTH)
    kra_pin = Text(max_length=identity.MAX_LENGTH)
    confirmed_distinct = serializers.BooleanField(
        default=False,
        help_text="The customers with the same telephone or e-mail were looked at; this is "
        "another person.",
    )

    def validate_branch(self, text: str) -> uuid.UUID:
        """Return the id of the branch; whether the caller works there is for the service."""
        try:
            return uuid.UUID(text)
        except ValueError:
            found = Branch.objects.filter(code=text).first()
        if found is None:
            raise serializers.ValidationError(sentences.words(Finding("not_a_choice")))
        return found.pk

    def entry(self, key: uuid.UUID) -> CustomerEntry:
        """Return what was sent; `key` names the submission."""
        data = dict(self.validated_data)
        return CustomerEntry(
            key=key,
            branch_id=data.pop("branch"),
            address=AddressEntry(**{name: data.pop(name) for name in ADDRESS}),
            identities={kind: number for kind in KINDS if (number := data.pop(kind))},
            **data,
        )


class MaskedValue(serializers.Serializer[Any]):
    """A personal value, masked."""

    field = serializers.CharField()
    masked = serializers.CharField()


class CustomerOut(serializers.ModelSerializer[Customer]):
    """A customer; telephone, e-mail, birth, street and official numbers masked."""

    branch = serializers.CharField(source="branch.code")
    city = serializers.SerializerMethodField()
    personal = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields = (
            "id",
            "number",
            "branch",
            "country",
            "language",
            "full_name",
            "city",
            "personal",
            "created_at",
        )

    # EncryptedTextField is a binary column to Django; the API gives text.
    full_name = serializers.CharField()

    def get_city(self, customer: Customer) -> str:
        """Return the town or city, or nothing where no address is on record."""
        address = getattr(customer, "address", None)
        return address.city if address else ""

    def get_personal(self, customer: Customer) -> list[dict[str, str]]:
        """Return the personal values, masked."""
        rows = reveals.masked(customer).values()
        return [{"field": row.field, "masked": row.value} for row in rows if row.value]


class CustomerPage(serializers.Serializer[Any]):
    """A page of customers; ask for the next one with `after`."""

    results = CustomerOut(many=True)
    after = serializers.CharField(allow_blank=True)


class EmploymentIn(Strict):
    """Work and income as of a day."""

    as_of = serializers.DateField()
    type = serializers.ChoiceField(choices=Employment.Type.choices)
    employer = Text(max_length=120)
    months_employed = Count(most=checks.MAX_MONTHS)
    currency = Currency()
    gross_annual_income = Amount()
    net_monthly_income = Amount()
    basic_monthly_pay = Amount(required=False, allow_null=True, default=None)
    verification = serializers.ChoiceField(choices=Employment.Verification.choices)
    documented_net_monthly_income = Amount(
        required=False,
        allow_null=True,
        default=None,
        help_text="What a document shows, beside what the customer declares.",
    )
    documented_by = serializers.ChoiceField(
        choices=Employment.Proof.choices, required=False, allow_blank=True, default=""
    )

    def entry(self, key: uuid.UUID) -> EmploymentEntry:
        """Return what was sent."""
        return EmploymentEntry(key=key, **self.validated_data)


class EmploymentOut(serializers.ModelSerializer[Employment]):
    """Work and income as recorded."""

    class Meta:
        model = Employment
        fields = (
            "id",
            "as_of",
            "type",
            "employer",
            "months_employed",
            "currency",
            "gross_annual_income",
            "net_monthly_income",
            "basic_monthly_pay",
            "verification",
            "documented_net_monthly_income",
            "documented_by",
        )


class HouseholdIn(Strict):
    """The home and who depends on the income; replaces what is on record."""

    home = serializers.ChoiceField(choices=Household.Home.choices)
    dependants = Count(most=30)
    monthly_expenses = Amount(required=False, allow_null=True, default=None)
    shown = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="`updated_at` of the household you replace; left out where there is none.",
    )

    def entry(self) -> HouseholdEntry:
        """Return what was sent."""
        data = self.validated_data
        return HouseholdEntry(
            home=data["home"],
            dependants=data["dependants"],
            monthly_expenses=data["monthly_expenses"],
        )


class HouseholdOut(serializers.ModelSerializer[Household]):
    """The household as recorded."""

    class Meta:
        model = Household
        fields = ("id", "home", "dependants", "monthly_expenses", "updated_at")


class ObligationIn(Strict):
    """A debt paid elsewhere."""

    kind = serializers.ChoiceField(choices=Obligation.Kind.choices)
    lender = Text(max_length=120)
    currency = Currency()
    monthly_payment = Amount()
    outstanding = Amount(required=False, allow_null=True, default=None)
    from_date = serializers.DateField()

    def entry(self, key: uuid.UUID) -> ObligationEntry:
        """Return what was sent."""
        return ObligationEntry(key=key, **self.validated_data)


class ObligationOut(serializers.ModelSerializer[Obligation]):
    """A debt as recorded."""

    class Meta:
        model = Obligation
        fields = (
            "id",
            "kind",
            "lender",
            "currency",
            "monthly_payment",
            "outstanding",
            "from_date",
            "ended_date",
            "own_loan",
        )


class OwnLoanIn(Strict):
    """Which loan of ours a debt on record is; empty where it is none after all."""

    loan = serializers.CharField(max_length=24, allow_blank=True)


class NoObligationsIn(Strict):
    """The customer declares that nothing is paid elsewhere."""

    declared_date = serializers.DateField()
    channel = serializers.ChoiceField(choices=wordings.CHANNEL_CODES)

    def entry(self, key: uuid.UUID) -> NoObligationsEntry:
        """Return what was sent."""
        return NoObligationsEntry(key=key, **self.validated_data)


class NoObligationsOut(serializers.ModelSerializer[NoObligations]):
    """A declaration as recorded."""

    class Meta:
        model = NoObligations
        fields = ("id", "declared_date", "channel", "created_at")


class BureauIn(Strict):
    """What a bureau reported; leave out what it did not report."""

    bureau = serializers.CharField(max_length=60)
    reference = Text(max_length=80)
    pulled_date = serializers.DateField()
    currency = Currency()
    score = Count(most=1000)
    oldest_account_date = serializers.DateField(required=False, allow_null=True, default=None)
    revolving_balance = Amount(required=False, allow_null=True, default=None)
    revolving_utilisation = serializers.DecimalField(
        max_digits=9,
        decimal_places=4,
        min_value=0,
        max_value=10,
        required=False,
        allow_null=True,
        default=None,
        help_text="A fraction: 0.3000 for 30 %.",
    )

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, one for every count a bureau gives."""
        counts = {name: Count(most=most) for name, most in checks.BUREAU_COUNTS.items()}
        return {**super().get_fields(), **counts}

    def entry(self, key: uuid.UUID) -> BureauEntry:
        """Return what was sent."""
        return BureauEntry(key=key, **self.validated_data)


class BureauOut(serializers.ModelSerializer[BureauReport]):
    """A bureau report as recorded."""

    class Meta:
        model = BureauReport
        fields = (
            "id",
            "bureau",
            "reference",
            "pulled_date",
            "currency",
            "score",
            "oldest_account_date",
            *checks.BUREAU_COUNTS,
            "revolving_balance",
            "revolving_utilisation",
        )


class ConsentIn(Strict):
    """A consent the customer has just given to one of our wordings."""

    purpose = serializers.ChoiceField(choices=Consent.Purpose.choices)
    wording_version = serializers.CharField(max_length=20, default=wordings.CURRENT)
    channel = serializers.ChoiceField(choices=wordings.CHANNEL_CODES)


class ConsentOut(serializers.ModelSerializer[Consent]):
    """A consent as recorded."""

    class Meta:
        model = Consent
        fields = ("id", "purpose", "wording_version", "channel", "given_at", "withdrawn_at")


class ListQuery(serializers.Serializer[Any]):
    """What the list of customers can be asked."""

    q = Text(
        max_length=254,
        help_text=_("The whole customer number, telephone, e-mail or official number."),
    )
    country = serializers.ChoiceField(choices=Customer.Country.choices, required=False)
    after = Text(max_length=400, help_text=_("`after` of the page before."))
