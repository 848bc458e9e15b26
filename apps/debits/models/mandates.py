"""Mandates: what borrowers allow to be taken from their accounts; and a lender's rules for it."""

from datetime import date
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core import withheld
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.customers.models import Customer
from apps.debits.lifecycle import IN_FORCE, MANDATE
from apps.loans.models import Loan

# Sealed columns stay writable, so that keys can be rotated.
_AS_CONSENTED = (
    *("entity", "branch", "customer", "loan", "reference", "account_tail", "bank_code", "currency"),
    *("maximum", "from_date", "until_date", "consent_channel", "consent_date"),
    *("recorded_by", "recorded_at"),
)


class DebitRule(Identified, Timestamped):
    """How a lender presents debits. No row: what falls due on the day, once, and by hand."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, related_name="debit_rule")
    takes_overdue = models.BooleanField(_("what is overdue is asked for as well"), default=False)
    prepares_itself = models.BooleanField(_("files are prepared every day"), default=False)
    days_ahead = models.PositiveSmallIntegerField(_("prepared so many days ahead"), default=1)
    most_tries = models.PositiveSmallIntegerField(_("tries for one due date"), default=1)
    days_between = models.PositiveSmallIntegerField(_("days between two tries"), default=3)

    class Meta:
        default_permissions = ()
        permissions = [("manage_debit_rules", _("Set how debits are presented"))]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(
                    days_ahead__lte=10,
                    most_tries__gte=1,
                    most_tries__lte=5,
                    days_between__gte=1,
                    days_between__lte=30,
                ),
                name="debits_rule_within_bounds",
            )
        ]
        verbose_name = _("rule for debits")
        verbose_name_plural = _("rules for debits")

    def __str__(self) -> str:
        return f"{self.entity}"


class MandateQuerySet(models.QuerySet["Mandate"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "MandateQuerySet":
        """Keep the mandates of the branches the person works in, but for those withheld.

        One of a single loan is seen where the loan is, which may have moved since; one for all
        loans where it was recorded, and wherever a loan is that it covers.
        """
        of_loan = accounts.in_reach(actor, branch_field="loan__branch_id")
        covered = Loan.objects.visible_to(actor).filter(
            customer=OuterRef("customer"), branch__entity=OuterRef("entity")
        )
        seen = self.filter(
            Q(loan__isnull=False) & of_loan
            | Q(loan__isnull=True) & (accounts.in_reach(actor) | Exists(covered))
        )
        return withheld.without(seen, actor, field="loan__application_id")


class Mandate(Identified, Timestamped, Stateful):
    """A borrower's consent that a lender takes money from an account, up to an amount each time.

    It is for one loan, or for all loans of the borrower. What was consented to never changes:
    another account or amount is another mandate. It ends at once when the borrower says so.
    """

    lifecycle = MANDATE

    class Consent(models.TextChoices):
        PAPER = "paper", _("Signed on paper")
        ELECTRONIC = "electronic", _("Signed electronically")
        BANK = "bank", _("Given in the bank's own pages")

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="mandates")
    # None: for every loan of the customer.
    loan = models.ForeignKey(Loan, null=True, on_delete=models.PROTECT, related_name="mandates")
    reference = models.CharField(_("mandate reference"), max_length=35)
    holder = EncryptedTextField(_("account holder"))
    account_number = EncryptedTextField(_("account number"))
    account_tail = models.CharField(_("account"), max_length=12)
    bank_code = models.CharField(_("bank code"), max_length=20)
    currency = models.CharField(_("currency"), max_length=3)
    maximum = models.DecimalField(_("at most, each time"), max_digits=18, decimal_places=2)
    from_date = models.DateField(_("from"))
    # None: until it is ended.
    until_date = models.DateField(_("until"), null=True)
    consent_channel = models.CharField(_("consent"), max_length=12, choices=Consent)
    consent_date = models.DateField(_("consent given on"))
    # Where the consent is kept: the number of the form, the bank's log, the document.
    evidence = EncryptedTextField(_("evidence of the consent"))
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))
    registered_at = models.DateTimeField(_("told to the bank"), null=True)
    bank_reference = models.CharField(_("the bank's reference"), max_length=60, blank=True)
    answered_at = models.DateTimeField(_("answered by the bank"), null=True)
    # Why it is paused, or has ended; no personal data, a code or a person's words.
    reason = EncryptedTextField(_("reason"), null=True)
    # None: the bank or the calendar.
    moved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_date = models.DateField(_("ended on"), null=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_debit", _("See mandates, debits and the bank's answers")),
            ("keep_mandate", _("Record and end mandates")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="debits_mandate_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="debits_mandate_as_consented", fields=[*_AS_CONSENTED]),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(MANDATE, "debits_mandate_status_known"),
            models.UniqueConstraint(
                fields=["entity", "reference"], name="debits_mandate_reference_once"
            ),
            models.UniqueConstraint(
                fields=["loan"], condition=Q(status__in=IN_FORCE), name="debits_mandate_one_a_loan"
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(status__in=IN_FORCE, loan__isnull=True),
                name="debits_mandate_one_for_all_loans",
            ),
            models.CheckConstraint(condition=Q(maximum__gt=0), name="debits_mandate_of_something"),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="debits_mandate_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(status__in=IN_FORCE, ended_at__isnull=True)
                | ~Q(status__in=IN_FORCE)
                & Q(ended_at__isnull=False, ended_date__isnull=False, reason__isnull=False),
                name="debits_mandate_ended_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["active", "paused", "rejected"])
                | Q(registered_at__isnull=False, answered_at__isnull=False),
                name="debits_mandate_answered_by_the_bank",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["entity", "id"],
                condition=Q(status="active"),
                name="debits_mandates_active",
            ),
            models.Index(fields=["customer", "-recorded_at"], name="debits_mandates_of_person"),
            models.Index(fields=["branch", "-recorded_at", "-id"], name="debits_mandates_newest"),
        ]
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")

    def __str__(self) -> str:
        return self.reference

    def holds_on(self, day: date) -> bool:
        """Say whether something may be taken on a day under this mandate."""
        is_begun = self.from_date <= day
        return self.status == "active" and is_begun and day <= (self.until_date or day)
