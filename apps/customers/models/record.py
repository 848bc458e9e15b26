"""What is known about a customer: work, home, debts, bureau reports."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Timestamped
from apps.customers.models.person import Customer


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

    class Proof(models.TextChoices):
        PAYSLIP = "payslip", _("Payslip")
        BANK_STATEMENT = "bank_statement", _("Bank statement")
        TAX_RETURN = "tax_return", _("Tax return")

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
    # What documents show, beside what the customer declares above.
    documented_net_monthly_income = models.DecimalField(
        _("net income a month by documents"),
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
    )
    documented_by = models.CharField(_("shown by"), max_length=16, choices=Proof, blank=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=(Q(gross_annual_income__isnull=True) | Q(gross_annual_income__gte=0))
                & (Q(net_monthly_income__isnull=True) | Q(net_monthly_income__gte=0)),
                name="customers_employment_income_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(documented_net_monthly_income__isnull=True, documented_by="")
                | Q(
                    # Null compares as unknown, and a check lets unknown pass.
                    documented_net_monthly_income__isnull=False,
                    documented_net_monthly_income__gte=0,
                    documented_by__in=["payslip", "bank_statement", "tax_return"],
                ),
                name="customers_employment_document_named",
            ),
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
    """A debt the customer pays elsewhere, unless it was marked as a loan of ours."""

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
    # The number of our own loan that this turned out to be: our books count it, and this does not.
    own_loan = models.CharField(_("is our loan"), max_length=24, blank=True)
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


class NoObligations(Identified, Timestamped):
    """The customer's word on a day that nothing is paid elsewhere.

    Without it, no obligation on record means that nobody asked.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="no_obligations")
    declared_date = models.DateField(_("declared on"))
    channel = models.CharField(_("declared"), max_length=20)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    class Meta:
        default_permissions = ()
        indexes: ClassVar[list[Any]] = [models.Index(fields=["customer", "-declared_date"])]
        verbose_name = _("declaration that nothing is paid elsewhere")
        verbose_name_plural = _("declarations that nothing is paid elsewhere")

    def __str__(self) -> str:
        return f"{self.declared_date}"


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
