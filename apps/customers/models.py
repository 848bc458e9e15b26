"""The customer and what is known about the person, each kind of fact in a table of its own."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.fields import (
    EncryptedBytesField,
    EncryptedDateField,
    EncryptedJSONField,
    EncryptedTextField,
)
from apps.core.models import Identified, Timestamped


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "CustomerQuerySet":
        """Keep the customers of the branches the person works in."""
        return self.filter(accounts.in_reach(actor))


class Customer(Identified, Timestamped):
    """A person who borrows or asks to. Name, birth and ways to reach the person are encrypted."""

    class Country(models.TextChoices):
        INDIA = "IN", _("India")
        KENYA = "KE", _("Kenya")
        UNITED_STATES = "US", _("United States")

    number = models.CharField(_("customer number"), max_length=20, unique=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, verbose_name=_("entity"))
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name=_("branch"))
    country = models.CharField(_("country of residence"), max_length=2, choices=Country)
    language = models.CharField(_("language of letters"), max_length=8, default="en")
    full_name = EncryptedTextField(_("full name"))
    date_of_birth = EncryptedDateField(_("date of birth"), null=True)
    phone = EncryptedTextField(_("telephone"), null=True)
    phone_index = models.CharField(max_length=40, blank=True, db_index=True, editable=False)
    email = EncryptedTextField(_("e-mail"), null=True)
    email_index = models.CharField(max_length=40, blank=True, db_index=True, editable=False)
    # Where the customer came from when not from a counter: the tape's name and its reference.
    source = models.CharField(_("source"), max_length=60, blank=True)
    source_reference = models.CharField(_("reference there"), max_length=80, blank=True)
    registered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_customer", _("See customers, personal data masked")),
            ("edit_customer", _("Register and change customers")),
            ("reveal_customer", _("Read personal data in clear")),
            ("upload_document", _("Upload documents")),
            ("download_document", _("Open documents")),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["source", "source_reference"],
                condition=~Q(source=""),
                name="customers_customer_source_once",
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["branch", "-created_at"])]
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.number


class IdentityNumber(Identified, Timestamped):
    """An official number of a customer; one number belongs to one customer of an entity."""

    class Kind(models.TextChoices):
        PAN = "pan", _("PAN")
        AADHAAR = "aadhaar", _("Aadhaar")
        KE_NATIONAL_ID = "ke_national_id", _("Kenyan national ID")
        KRA_PIN = "kra_pin", _("KRA PIN")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    value = EncryptedTextField(_("number"))
    index = models.CharField(max_length=40, editable=False)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "kind", "index"], name="customers_identity_once_per_entity"
            ),
            models.UniqueConstraint(
                fields=["customer", "kind"], name="customers_identity_one_of_a_kind"
            ),
        ]
        verbose_name = _("identity number")
        verbose_name_plural = _("identity numbers")

    def __str__(self) -> str:
        return self.get_kind_display()


class Address(Identified, Timestamped):
    """Where the customer lives. The street is encrypted, the region is not."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="address")
    street = EncryptedTextField(_("street address"))
    city = models.CharField(_("town or city"), max_length=80)
    region = models.CharField(_("state or county"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("address")
        verbose_name_plural = _("addresses")

    def __str__(self) -> str:
        return self.city


class ProtectedAttributes(Identified, Timestamped):
    """Attributes nobody may decide on; kept only to watch fairness, readable by no feature code."""

    # No way back from the customer: feature code that starts there cannot arrive here.
    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="+")
    values = EncryptedJSONField(_("values"))

    class Meta:
        default_permissions = ()
        verbose_name = _("protected attributes")
        verbose_name_plural = _("protected attributes")

    def __str__(self) -> str:
        return "protected"


class Employment(Identified, Timestamped):
    """Work and income as known from a date; a later row replaces it, none is overwritten."""

    class Type(models.TextChoices):
        SALARIED = "salaried", _("Salaried")
        SELF_EMPLOYED = "self_employed", _("Self-employed")
        PENSIONER = "pensioner", _("Pensioner")
        STUDENT = "student", _("Student")
        OTHER = "other", _("Other")

    class Verification(models.TextChoices):
        NONE = "none", _("Not verified")
        DECLARED = "declared", _("Declared by the customer")
        SOURCE = "source", _("Source of income verified")
        DOCUMENTS = "documents", _("Verified by documents")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="employments")
    as_of = models.DateField(_("as of"))
    type = models.CharField(_("type"), max_length=16, choices=Type, blank=True)
    employer = models.CharField(_("employer or business"), max_length=120, blank=True)
    months_employed = models.PositiveSmallIntegerField(_("months in this work"), null=True)
    currency = models.CharField(_("currency"), max_length=3)
    gross_annual_income = models.DecimalField(
        _("gross income a year"), max_digits=18, decimal_places=2, null=True
    )
    net_monthly_income = models.DecimalField(
        _("net income a month"), max_digits=18, decimal_places=2, null=True
    )
    basic_monthly_pay = models.DecimalField(
        _("basic pay a month"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    verification = models.CharField(_("income verified"), max_length=16, choices=Verification)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=(Q(gross_annual_income__isnull=True) | Q(gross_annual_income__gte=0))
                & (Q(net_monthly_income__isnull=True) | Q(net_monthly_income__gte=0)),
                name="customers_employment_income_not_negative",
            )
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["customer", "-as_of"])]
        verbose_name = _("employment")
        verbose_name_plural = _("employments")

    def __str__(self) -> str:
        return self.get_type_display()


class Household(Identified, Timestamped):
    """The customer's home and who depends on the income."""

    class Home(models.TextChoices):
        OWN = "own", _("Owned")
        MORTGAGE = "mortgage", _("Owned with a mortgage")
        RENT = "rent", _("Rented")
        FAMILY = "family", _("With family")
        OTHER = "other", _("Other")

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="household")
    home = models.CharField(_("home"), max_length=16, choices=Home)
    dependants = models.PositiveSmallIntegerField(_("dependants"), null=True, blank=True)
    monthly_expenses = models.DecimalField(
        _("household expenses a month"), max_digits=18, decimal_places=2, null=True, blank=True
    )

    class Meta:
        default_permissions = ()
        verbose_name = _("household")
        verbose_name_plural = _("households")

    def __str__(self) -> str:
        return self.get_home_display()


class Obligation(Identified, Timestamped):
    """A debt the customer pays elsewhere."""

    class Kind(models.TextChoices):
        LOAN = "loan", _("Loan")
        CARD = "card", _("Credit card")
        RENT = "rent", _("Rent")
        MAINTENANCE = "maintenance", _("Maintenance")
        TOTAL = "total", _("All obligations together")
        OTHER = "other", _("Other")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="obligations")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    lender = models.CharField(_("to whom"), max_length=120, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    monthly_payment = models.DecimalField(_("payment a month"), max_digits=18, decimal_places=2)
    outstanding = models.DecimalField(
        _("outstanding"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    from_date = models.DateField(_("known since"))
    ended_date = models.DateField(_("ended"), null=True, blank=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(monthly_payment__gte=0), name="customers_obligation_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(ended_date__isnull=True) | Q(ended_date__gte=F("from_date")),
                name="customers_obligation_ends_after_start",
            ),
        ]
        verbose_name = _("obligation")
        verbose_name_plural = _("obligations")

    def __str__(self) -> str:
        return self.get_kind_display()


class BureauReport(Identified, Timestamped):
    """What a credit bureau reported on a day. A missing figure means the bureau gave none."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="bureau_reports")
    bureau = models.CharField(_("bureau"), max_length=60)
    reference = models.CharField(_("report number"), max_length=80, blank=True)
    pulled_date = models.DateField(_("report date"))
    score = models.PositiveSmallIntegerField(_("bureau score"), null=True, blank=True)
    oldest_account_date = models.DateField(_("oldest account opened"), null=True, blank=True)
    delinquencies_24m = models.PositiveSmallIntegerField(
        _("times 30 or more days late in two years"), null=True, blank=True
    )
    months_since_delinquency = models.PositiveSmallIntegerField(
        _("months since the last late payment"), null=True, blank=True
    )
    enquiries_6m = models.PositiveSmallIntegerField(
        _("enquiries in six months"), null=True, blank=True
    )
    open_accounts = models.PositiveSmallIntegerField(_("open accounts"), null=True, blank=True)
    total_accounts = models.PositiveSmallIntegerField(_("accounts ever"), null=True, blank=True)
    public_records = models.PositiveSmallIntegerField(_("public records"), null=True, blank=True)
    months_since_public_record = models.PositiveSmallIntegerField(
        _("months since the last public record"), null=True, blank=True
    )
    bankruptcies = models.PositiveSmallIntegerField(_("bankruptcies"), null=True, blank=True)
    accounts_delinquent_now = models.PositiveSmallIntegerField(
        _("accounts late now"), null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3)
    revolving_balance = models.DecimalField(
        _("revolving balance"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    revolving_utilisation = models.DecimalField(
        _("share of revolving limits used"), max_digits=9, decimal_places=4, null=True, blank=True
    )
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["customer", "bureau", "reference"],
                condition=~Q(reference=""),
                name="customers_bureau_report_once",
            )
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["customer", "-pulled_date"])]
        verbose_name = _("bureau report")
        verbose_name_plural = _("bureau reports")

    def __str__(self) -> str:
        return f"{self.bureau} {self.pulled_date}"


class Consent(Identified, Timestamped):
    """A consent: for what, under which wording, when given and when withdrawn."""

    class Purpose(models.TextChoices):
        CREDIT_ASSESSMENT = "credit_assessment", _("Use of my data to assess credit")
        BUREAU_ENQUIRY = "bureau_enquiry", _("Enquiry at a credit bureau")
        AUTOMATED_DECISION = "automated_decision", _("Automated decision with a right to review")
        CONTACT = "contact", _("Contact by telephone, message and e-mail")
        FAIRNESS_MONITORING = "fairness_monitoring", _("Use of protected data to watch fairness")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=32, choices=Purpose)
    wording_version = models.CharField(_("wording"), max_length=20)
    channel = models.CharField(_("given by"), max_length=20)
    given_at = models.DateTimeField(_("given"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["customer", "purpose"],
                condition=Q(withdrawn_at__isnull=True),
                name="customers_consent_one_standing",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
                name="customers_consent_withdrawn_after_given",
            ),
        ]
        verbose_name = _("consent")
        verbose_name_plural = _("consents")

    def __str__(self) -> str:
        return self.get_purpose_display()


class Document(Identified, Timestamped):
    """A file about the customer; the bytes are encrypted and never shown inline."""

    class Kind(models.TextChoices):
        IDENTITY = "identity", _("Identity")
        ADDRESS = "address", _("Address")
        INCOME = "income", _("Income")
        BANK_STATEMENT = "bank_statement", _("Bank statement")
        COLLATERAL = "collateral", _("Collateral")
        OTHER = "other", _("Other")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    filename = EncryptedTextField(_("file name"))
    content_type = models.CharField(_("type"), max_length=80)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64, editable=False)
    content = EncryptedBytesField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["customer", "sha256"], name="customers_document_same_file_once"
            )
        ]
        verbose_name = _("document")
        verbose_name_plural = _("documents")

    def __str__(self) -> str:
        return self.get_kind_display()
