"""What the customer agreed to, and the files that prove what is recorded."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.fields import EncryptedBytesField, EncryptedTextField
from apps.core.models import Identified, Timestamped
from apps.customers.models.person import Customer


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
