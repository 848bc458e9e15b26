"""An offer of a loan: what it costs, until when it holds, and what the applicant said to it."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import withheld
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.models import Decision
from apps.letters.models import Letter
from apps.offers.key_facts import OwnLoan, own_loan_of
from apps.offers.lifecycle import AGREED, LIFECYCLE, LIVE
from apps.offers.models.bounds import STILL_DECIDED, WITHIN_DECISION

# What was offered never changes; another offer is another row.
_OFFERED = (
    *("application", "decision", "sequence", "number", "principal", "currency", "annual_rate"),
    *("term_months", "instalments", "instalment", "disbursal_date", "first_due_date"),
    *("net_disbursed", "total_payable", "apr", "terms", "key_facts", "key_facts_hash"),
    *("language", "letter", "statement_hash", "offered_at", "offered_date", "offered_by"),
    *("valid_until", "cooling_off_days"),
)


class Channel(models.TextChoices):
    """How the applicant gave the answer."""

    LINK = "link", _("By the applicant's link")
    SIGNED = "signed", _("On a signed paper")
    COUNTER = "counter", _("At the counter")
    PHONE = "phone", _("By telephone, recorded")
    EMAIL = "email", _("By e-mail")


class OfferQuerySet(models.QuerySet["Offer"]):
    """Which rows a person may see, and which still count."""

    def visible_to(self, actor: User) -> "OfferQuerySet":
        """Keep the offers of applications in reach of the person, but for those withheld."""
        if actor.works_everywhere:
            seen = self.all()
        else:
            seen = self.filter(
                accounts.in_reach(actor, branch_field="application__branch_id")
                | Q(application__in=accounts.granted_ids(actor, Application))
            )
        return withheld.without(seen, actor, field="application_id")

    def live(self) -> "OfferQuerySet":
        """Keep those that are open, accepted or lent under."""
        return self.filter(status__in=LIVE)


class Offer(Identified, Timestamped, Stateful):
    """What a lender offers under the decision that binds, never beyond it.

    `terms` is the document of the schedule's terms (`apps.schedules.documents`), `key_facts` what
    the applicant was told before agreeing; `statement_hash` is the SHA-256 of the PDF that was
    handed over. Nothing of it changes after it was made. The schedule is computed for a payment on
    `disbursal_date`; a loan that is paid out on another day has its own.
    """

    lifecycle = LIFECYCLE

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="offers")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="offers")
    sequence = models.PositiveSmallIntegerField(_("sequence"))
    # The unique proposal number. Rule book 6.6.
    number = models.CharField(_("number"), max_length=32, unique=True)
    principal = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    annual_rate = models.DecimalField(_("interest rate a year"), max_digits=7, decimal_places=6)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    instalments = models.PositiveSmallIntegerField(_("number of instalments"))
    instalment = models.DecimalField(_("instalment"), max_digits=18, decimal_places=2)
    disbursal_date = models.DateField(_("paid out"))
    first_due_date = models.DateField(_("first instalment due"))
    net_disbursed = models.DecimalField(_("paid to the borrower"), max_digits=18, decimal_places=2)
    total_payable = models.DecimalField(_("paid back in all"), max_digits=18, decimal_places=2)
    # A fraction a year, as computed; the statement shows it with two decimals of a per cent.
    apr = models.DecimalField(_("annual percentage rate"), max_digits=12, decimal_places=8)
    terms = models.JSONField(encoder=DjangoJSONEncoder)
    key_facts = models.JSONField(encoder=DjangoJSONEncoder)
    key_facts_hash = models.CharField(max_length=64)
    language = models.CharField(_("language"), max_length=8)
    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, related_name="offer")
    statement_hash = models.CharField(_("hash of the PDF"), max_length=64)
    offered_at = models.DateTimeField(_("offered"))
    offered_date = models.DateField(_("offered on"))
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="offers_made")
    # The last day on which it can be accepted, in the lender's calendar.
    valid_until = models.DateField(_("valid until"))
    cooling_off_days = models.PositiveSmallIntegerField(_("cooling-off days"))

    accepted_at = models.DateTimeField(_("accepted"), null=True)
    accepted_via = models.CharField(_("accepted"), max_length=8, choices=Channel, blank=True)
    # None: the applicant, by a signed link.
    accepted_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="acceptances_recorded"
    )
    # People of the lender who made a link by which it may have been accepted, or took the statement
    # with one; none of them approves the payment.
    link_held_by = ArrayField(models.UUIDField(), default=list)
    consent_reference = models.CharField(_("where the consent is kept"), max_length=120, blank=True)
    # Of the statement whose receipt and reading the applicant acknowledged.
    acknowledged_hash = models.CharField(max_length=64, blank=True)
    # The last day to step back; it runs anew from the day the money was paid.
    cooling_off_until = models.DateField(_("cooling-off until"), null=True)
    taken_up_at = models.DateTimeField(_("loan opened"), null=True)
    paid_out_date = models.DateField(_("money paid on"), null=True)
    # What stepping back costs, as `cooling_off.ExitQuote.to_json` writes it; null before payment.
    exit_quote = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    # When the borrower asked to step back, where that could not be done at once; this day counts.
    exit_asked_date = models.DateField(_("asked to step back on"), null=True)
    exit_asked_via = models.CharField(
        _("how it was asked"), max_length=8, choices=Channel, blank=True
    )
    # None: the borrower, by a signed link.
    exit_asked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="exits_asked"
    )
    exit_asked_at = models.DateTimeField(_("noted"), null=True)
    exit_asked_reference = models.CharField(_("where that is kept"), max_length=120, blank=True)
    # When and why it ended otherwise than by a loan; the reason is a person's own words or a code.
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="offers_ended"
    )
    end_reason = models.CharField(_("why it ended"), max_length=300, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_offer", _("See offers")),
            ("make_offer", _("Make and withdraw offers")),
            ("answer_offer", _("Record what an applicant answers to an offer")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="offers_offer_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="offers_offer_as_made", fields=list(_OFFERED)),
            pgtrigger.Trigger(
                name="offers_offer_within_decision",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("decided", "RECORD")],
                func=WITHIN_DECISION,
            ),
            pgtrigger.Trigger(
                name="offers_offer_still_decided",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    "NEW.status IN ('accepted', 'taken_up') AND OLD.status <> NEW.status"
                ),
                declare=[("decided", "RECORD")],
                func=STILL_DECIDED,
            ),
            pgtrigger.Protect(
                name="offers_offer_begins_open",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.status <> 'offered'"),
            ),
            pgtrigger.Protect(
                name="offers_offer_ends_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status IN ('declined', 'withdrawn', 'expired', 'superseded', 'exited')"
                    " AND (OLD.status, OLD.accepted_at, OLD.ended_at, OLD.end_reason)"
                    " IS DISTINCT FROM"
                    " (NEW.status, NEW.accepted_at, NEW.ended_at, NEW.end_reason)"
                ),
            ),
            # Whom the applicant agreed with, how and to what, is written once.
            pgtrigger.Protect(
                name="offers_offer_agreed_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.accepted_at IS NOT NULL AND (OLD.accepted_at, OLD.accepted_via,"
                    " OLD.accepted_by_id, OLD.consent_reference, OLD.acknowledged_hash,"
                    " OLD.link_held_by)"
                    " IS DISTINCT FROM (NEW.accepted_at, NEW.accepted_via,"
                    " NEW.accepted_by_id, NEW.consent_reference, NEW.acknowledged_hash,"
                    " NEW.link_held_by)"
                ),
            ),
            # So is when and how the borrower asked to step back: its cost hangs on that day.
            pgtrigger.Protect(
                name="offers_offer_exit_asked_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.exit_asked_at IS NOT NULL AND (OLD.exit_asked_date, OLD.exit_asked_via,"
                    " OLD.exit_asked_by_id, OLD.exit_asked_at, OLD.exit_asked_reference)"
                    " IS DISTINCT FROM (NEW.exit_asked_date, NEW.exit_asked_via,"
                    " NEW.exit_asked_by_id, NEW.exit_asked_at, NEW.exit_asked_reference)"
                ),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "offers_status_known"),
            models.UniqueConstraint(fields=["application", "sequence"], name="offers_offer_number"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(status__in=LIVE), name="offers_one_live"
            ),
            models.CheckConstraint(
                condition=Q(principal__gt=0)
                & Q(instalment__gt=0)
                & Q(instalments__gte=1)
                & Q(net_disbursed__gt=0)
                & Q(net_disbursed__lte=F("principal")),
                name="offers_amounts_make_sense",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("offered_date"))
                & Q(disbursal_date__gte=F("offered_date"))
                & Q(first_due_date__gt=F("disbursal_date")),
                name="offers_days_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(key_facts_hash="") & ~Q(statement_hash=""),
                name="offers_statement_frozen",
            ),
            # Agreeing is acknowledging the very statement that was handed over. Rule book 6.6.
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, acknowledged_hash="", accepted_via="")
                | Q(
                    acknowledged_hash=F("statement_hash"),
                    cooling_off_until__isnull=False,
                    accepted_at__gte=F("offered_at"),
                ),
                name="offers_agreed_to_the_statement",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=AGREED) | Q(accepted_at__isnull=False),
                name="offers_agreed_when",
            ),
            models.CheckConstraint(
                condition=Q(accepted_via="", accepted_by__isnull=True)
                | Q(accepted_via="link", accepted_by__isnull=True)
                | (
                    ~Q(accepted_via__in=["", "link"])
                    & Q(accepted_by__isnull=False)
                    & ~Q(consent_reference="")
                ),
                name="offers_consent_recorded",
            ),
            models.CheckConstraint(
                condition=Q(accepted_via="link") | Q(link_held_by=[]),
                name="offers_link_held_by",
            ),
            models.CheckConstraint(
                condition=Q(
                    exit_asked_at__isnull=True,
                    exit_asked_date__isnull=True,
                    exit_asked_via="",
                    exit_asked_by__isnull=True,
                    exit_asked_reference="",
                )
                | Q(accepted_at__isnull=False, exit_asked_at__isnull=False)
                & Q(exit_asked_date__isnull=False)
                & (
                    Q(exit_asked_via="link", exit_asked_by__isnull=True)
                    | ~Q(exit_asked_via__in=["", "link"])
                    & Q(exit_asked_by__isnull=False)
                    & ~Q(exit_asked_reference="")
                ),
                name="offers_exit_asked_recorded",
            ),
            models.CheckConstraint(
                condition=~Q(status="taken_up") | Q(taken_up_at__isnull=False),
                name="offers_taken_up_when",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE) | Q(ended_at__isnull=False),
                name="offers_ended_when",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["valid_until", "id"], condition=Q(status="offered"), name="offers_open"
            ),
            models.Index(fields=["-offered_at", "id"], name="offers_newest"),
        ]
        verbose_name = _("offer")
        verbose_name_plural = _("offers")

    def __str__(self) -> str:
        return self.number

    @property
    def own_loan(self) -> OwnLoan | None:
        """The loan with us that is paid off out of it, as the borrower was told."""
        return own_loan_of(self.key_facts)

    @property
    def paid_over(self) -> Decimal:
        """What reaches the borrower where it is paid out as planned."""
        own = self.own_loan
        return self.net_disbursed - (own.amount if own else Decimal(0))

    @property
    def is_open(self) -> bool:
        """Whether it waits for the applicant's answer."""
        return self.status == "offered"

    @property
    def version(self) -> str:
        """What a form carries to notice that the offer changed since the page was opened."""
        return self.updated_at.isoformat()
