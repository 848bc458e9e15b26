"""What was said and done with borrowers about loans that are overdue."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.collections.contacting import Outcome, Way
from apps.collections.models.assigning import OfLoan
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Timestamped
from apps.customers.models import Customer
from apps.loans.models import Loan
from apps.repayments.models import Promise

_WRITTEN = (
    *("loan", "customer", "way", "is_inbound", "made_at", "made_on", "outcome", "next_action"),
    *("next_date", "promise", "made_by"),
)


class Contact(Identified, Timestamped):
    """One contact with a borrower about a loan, as it was written down; never changed after.

    `made_on` is the day of `made_at` by the lender's calendar. What was said, and where somebody
    was visited, tells about a person: both are sealed.
    """

    class Next(models.TextChoices):
        NOTHING = "", _("Nothing")
        CALL = "call", _("Call")
        VISIT = "visit", _("Visit")
        MESSAGE = "message", _("Send a message")
        LETTER = "letter", _("Write a letter")
        WAIT = "wait", _("Look again")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="contacts")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="contacts", db_index=False
    )
    way = models.CharField(_("way"), max_length=8, choices=[(one, one) for one in Way])
    is_inbound = models.BooleanField(_("begun by the borrower"), default=False)
    made_at = models.DateTimeField(_("when"))
    made_on = models.DateField(_("on"))
    outcome = models.CharField(
        _("what came of it"), max_length=16, choices=[(one, one) for one in Outcome]
    )
    note = EncryptedTextField(_("note"), null=True)
    place = EncryptedTextField(_("where"), null=True)
    next_action = models.CharField(_("next"), max_length=8, choices=Next, blank=True)
    next_date = models.DateField(_("next on"), null=True)
    promise = models.OneToOneField(
        Promise, null=True, on_delete=models.PROTECT, related_name="contact"
    )
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = OfLoan.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(way__in=[one.value for one in Way])
                & Q(outcome__in=[one.value for one in Outcome]),
                name="collections_contact_known",
            ),
            models.CheckConstraint(
                condition=Q(next_action="", next_date=None)
                | (~Q(next_action="") & Q(next_date__isnull=False)),
                name="collections_contact_next_has_a_day",
            ),
            models.CheckConstraint(
                condition=Q(outcome="promised", promise__isnull=False)
                | (~Q(outcome="promised") & Q(promise=None)),
                name="collections_contact_promised_a_promise",
            ),
            models.CheckConstraint(
                condition=Q(way="visit", place__isnull=False)
                | (~Q(way="visit") & Q(place__isnull=True)),
                name="collections_contact_visit_somewhere",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["loan", "-made_at", "-id"], name="collections_contacts_of_loan"),
            models.Index(fields=["customer", "-made_on"], name="collections_contacts_of_person"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collections_contact_kept", operation=pgtrigger.Delete),
            # The sealed columns stay writable, so that keys can be rotated.
            pgtrigger.ReadOnly(name="collections_contact_as_written", fields=[*_WRITTEN]),
        ]
        verbose_name = _("contact with a borrower")
        verbose_name_plural = _("contacts with borrowers")

    def __str__(self) -> str:
        return f"{self.way} {self.made_on}"
