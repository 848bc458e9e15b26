"""Who the customer is; what nobody may decide on stands in a table apart."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.fields import EncryptedDateField, EncryptedJSONField, EncryptedTextField
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
            ("correct_customer", _("Correct facts that an appeal shows to be wrong")),
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
