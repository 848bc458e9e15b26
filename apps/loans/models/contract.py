"""Loans and what became of them."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core import withheld
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.customers.models import Customer
from apps.decisions.models.bounds import LATEST, beyond
from apps.loans.lifecycle import LOAN
from apps.offers.models import Offer
from apps.products.models import Product

# An imported loan was decided elsewhere, as its application from the same tape says. Any other
# needs the approving decision that binds, and stays within it, however it is written.
_WITHIN_DECISION = (
    """
    IF NEW.source <> '' THEN
        IF EXISTS (
            SELECT 1 FROM applications_application a
            WHERE a.id = NEW.application_id AND a.source = NEW.source
        ) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'loans_loan_within_decision: the application is not from this tape'
            USING ERRCODE = 'check_violation';
    END IF;
    $LATEST
    IF decided.outcome IS DISTINCT FROM 'approve' OR decided.status <> 'approved'
        OR decided.decided_at < decided.submitted_at
        OR (decided.valid_until AT TIME ZONE decided.time_zone)::date < NEW.opened_date
            AND (decided.override_id IS NOT NULL OR decided.is_counter_offer IS FALSE
                OR $NOT_TAKEN_UP)
        OR (NEW.customer_id, NEW.product_id, NEW.currency)
            IS DISTINCT FROM (decided.customer_id, decided.product_id, decided.currency)
    THEN
        RAISE EXCEPTION 'loans_loan_within_decision: no approving decision binds for this loan'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.annual_rate IS DISTINCT FROM decided.annual_rate
        OR NEW.principal > decided.asked_amount OR $BEYOND
    THEN
        RAISE EXCEPTION 'loans_loan_within_decision: principal, term or rate is beyond what was'
            ' decided' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
""".replace("$LATEST", LATEST.replace("$ID", "NEW.application_id"))
    .replace("$BEYOND", beyond("NEW.principal", "NEW.annual_rate", "NEW.term_months"))
    .replace(
        "$NOT_TAKEN_UP",
        beyond("decided.asked_amount", "decided.annual_rate", "decided.asked_term_months"),
    )
)
_WHAT_IS_LENT = (
    "principal",
    "term_months",
    "annual_rate",
    "currency",
    "application_id",
    "customer_id",
    "product_id",
    "source",
)


class LoanQuerySet(models.QuerySet["Loan"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "LoanQuerySet":
        """Keep the loans of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor))
        return withheld.without(seen, actor, field="application_id")


class Loan(Identified, Timestamped, Stateful):
    """A loan contract: within the decision that bound when it was opened.

    A loan of a tape is `imported`: what became of it is known, and nothing of it is on the books
    unless it is taken on.
    """

    lifecycle = LOAN

    number = models.CharField(_("loan number"), max_length=24, unique=True)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="loans")
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="loan")
    # What the applicant agreed to; a loan of a tape has none.
    offer = models.OneToOneField(Offer, null=True, on_delete=models.PROTECT, related_name="loan")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="loans")
    principal = models.DecimalField(_("principal"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    annual_rate = models.DecimalField(_("interest rate a year"), max_digits=7, decimal_places=6)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    instalment = models.DecimalField(_("instalment"), max_digits=18, decimal_places=2)
    opened_date = models.DateField(_("opened"))
    # The day of the first pay-out; none before it, and none again after it was taken back.
    disbursed_date = models.DateField(_("disbursed"), db_index=True, null=True)
    # What of the principal was not paid out and never will be.
    given_up = models.DecimalField(
        _("given up"), max_digits=18, decimal_places=2, default=Decimal(0)
    )
    given_up_date = models.DateField(_("given up on"), null=True)
    given_up_reason = models.CharField(_("why it was given up"), max_length=300, blank=True)
    # None: the system, when the term was too short for the rest.
    given_up_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(_("source"), max_length=60, blank=True)
    source_reference = models.CharField(_("reference there"), max_length=80, blank=True)

    objects = LoanQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_loan", _("See loans")),
            ("open_loan", _("Open the loan of an accepted offer")),
            ("request_disbursement", _("Ask for the payment of a loan")),
            ("approve_disbursement", _("Approve payments another person asked for")),
            ("settle_disbursement", _("Instruct payments and record what the bank says")),
            ("reverse_disbursement", _("Reverse a payment that came back")),
            ("manage_disbursement_limits", _("Set what one person may pay out alone")),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="loans_loan_within_decision",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf(*_WHAT_IS_LENT),
                when=pgtrigger.Before,
                declare=[("decided", "RECORD")],
                func=_WITHIN_DECISION,
            )
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LOAN, "loans_status_known"),
            models.CheckConstraint(condition=Q(principal__gt=0), name="loans_principal_positive"),
            models.CheckConstraint(
                condition=Q(status__in=["opened", "cancelled"], disbursed_date__isnull=True)
                | Q(
                    status__in=["active", "closed", "written_off", "imported"],
                    disbursed_date__isnull=False,
                ),
                name="loans_paid_out_on_a_day",
            ),
            models.CheckConstraint(
                condition=Q(source="") & ~Q(status="imported")
                | ~Q(source="") & Q(status__in=["imported", "active", "closed", "written_off"]),
                name="loans_imported_from_a_tape",
            ),
            models.CheckConstraint(
                condition=Q(given_up=0, given_up_date__isnull=True, given_up_reason="")
                | Q(given_up__gt=0, given_up__lt=F("principal"), given_up_date__isnull=False)
                & ~Q(given_up_reason=""),
                name="loans_rest_given_up_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["source", "source_reference"],
                condition=~Q(source=""),
                name="loans_source_once",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["branch", "-opened_date", "id"], name="loans_newest_of_branch"),
            # The few of which nothing was paid out yet, of a book of any size.
            models.Index(
                fields=["branch"], condition=Q(status="opened"), name="loans_nothing_paid_out"
            ),
        ]
        verbose_name = _("loan")
        verbose_name_plural = _("loans")

    def __str__(self) -> str:
        return self.number

    @property
    def lent(self) -> Decimal:
        """What is lent in all: the principal of the contract, without a rest that was given up."""
        return self.principal - self.given_up

    @property
    def is_exited(self) -> bool:
        """Whether its borrower stepped back; it stays on the books until that is settled."""
        return self.offer is not None and self.offer.status == "exited"


class Outcome(Identified, Timestamped):
    """What became of a finished loan, as its tape reports it. Never a feature, only a label."""

    loan = models.OneToOneField(Loan, on_delete=models.CASCADE, related_name="outcome")
    defaulted = models.BooleanField(_("defaulted"))
    reported_status = models.CharField(_("status on the tape"), max_length=80)
    total_paid = models.DecimalField(_("paid in all"), max_digits=18, decimal_places=2, null=True)
    principal_paid = models.DecimalField(
        _("principal paid"), max_digits=18, decimal_places=2, null=True
    )
    interest_paid = models.DecimalField(
        _("interest paid"), max_digits=18, decimal_places=2, null=True
    )
    recovered = models.DecimalField(
        _("recovered after default"), max_digits=18, decimal_places=2, null=True
    )
    recovery_cost = models.DecimalField(
        _("cost of recovery"), max_digits=18, decimal_places=2, null=True
    )
    last_payment_date = models.DateField(_("last payment"), null=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("loan outcome")
        verbose_name_plural = _("loan outcomes")

    def __str__(self) -> str:
        return self.reported_status
