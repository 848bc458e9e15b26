"""What happened on loans' accounts: the history that everything else is computed from."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import stored_reasons, withheld
from apps.core.fields import EncryptedJSONField, EncryptedTextField
from apps.core.models import Identified, Stateful, status_constraint
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments.lifecycle import EVENT

_AS_IT_HAPPENED = (
    *("loan", "kind", "day", "position", "amount", "currency", "parameters", "reference"),
    *("made_by", "made_at", "approved_by"),
)
# These give away what is owed or what was paid: one person asks, another agrees.
BY_TWO = ("waiver", "write_off", "refund")
WITHOUT_AMOUNT = ("write_off", "change")


class AccountEventQuerySet(models.QuerySet["AccountEvent"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "AccountEventQuerySet":
        """Keep what happened on loans of the branches the person works in, but those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class AccountEvent(Identified, Stateful):
    """One thing that happened on the account of a loan; see `facts` for the kinds.

    It is never changed: what was wrong is taken back, and counts as if it had not happened. The
    account follows from the live events by day and, within a day, by position. The reference is of
    whoever reports it, and is taken once.
    """

    lifecycle = EVENT

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Payment")
        PART_PREPAYMENT = "part_prepayment", _("Part pre-payment")
        PAYOFF = "payoff", _("Pay-off")
        RECOVERY = "recovery", _("Recovery")
        REFUND = "refund", _("Refund")
        CHARGE = "charge", _("Charge")
        WAIVER = "waiver", _("Waiver")
        WRITE_OFF = "write_off", _("Write-off")
        CHANGE = "change", _("Change of the schedule")

    # A unique constraint below begins with it.
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(_("what"), max_length=16, choices=Kind)
    day = models.DateField(_("day"))
    position = models.PositiveIntegerField(_("position within the day"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(_("currency"), max_length=3)
    # No personal data: channel, references, what a change needs.
    parameters = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    # What people wrote of it, by name: why, and how the borrower agreed.
    words = EncryptedJSONField(_("what people wrote"), null=True)
    reference = models.CharField(_("reference"), max_length=120, unique=True)
    # None: by the system, for example a charge of the day's end.
    made_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(_("reported"))
    approved_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The entry that stands for it now; another one after history was replayed.
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    # Of a charge: what was paid or given up of it, as its allocations say.
    settled = models.DecimalField(_("settled"), max_digits=18, decimal_places=2, default=0)
    reversed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reversed_at = models.DateTimeField(_("taken back"), null=True)
    reversed_reason = EncryptedTextField(_("why"), null=True)

    objects = AccountEventQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_repayment", _("See payments and what happened on loans' accounts")),
            ("post_repayment", _("Post payments")),
            ("reverse_repayment", _("Take payments back")),
            ("charge_account", _("Ask for fees and charges, and take them back")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="repayments_event_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="repayments_event_as_happened", fields=[*_AS_IT_HAPPENED]),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(EVENT, "repayments_event_status_known"),
            models.UniqueConstraint(
                fields=["loan", "day", "position"], name="repayments_event_in_its_place"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        *("receipt", "part_prepayment", "payoff", "recovery", "refund"),
                        *("charge", "waiver", "write_off", "change"),
                    ]
                ),
                name="repayments_event_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=WITHOUT_AMOUNT, amount__isnull=True)
                | (~Q(kind__in=WITHOUT_AMOUNT) & Q(amount__gt=0)),
                name="repayments_event_amount_fits",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=BY_TWO)
                | Q(made_by__isnull=False, approved_by__isnull=False)
                & ~Q(made_by=F("approved_by")),
                name="repayments_event_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(settled=0) | Q(kind="charge", settled__gte=0, settled__lte=F("amount")),
                name="repayments_event_settled_at_most",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="live", reversed_at=None, reversed_by=None, reversed_reason__isnull=True
                )
                | Q(status="reversed", reversed_at__isnull=False, reversed_reason__isnull=False),
                name="repayments_event_reversed_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(reference=""), name="repayments_event_has_reference"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["-made_at", "-id"], name="repayments_event_newest"),
            # Whose events are these: only of people. A day's end writes for nobody.
            *(
                models.Index(
                    fields=[one],
                    condition=Q(**{f"{one}__isnull": False}),
                    name=f"repayments_event_{one}",
                )
                for one in ("made_by", "approved_by", "reversed_by")
            ),
            models.Index(fields=["kind", "-made_at", "-id"], name="repayments_event_of_kind"),
            # Whatever was reported or taken back, but for what the end of a day charges itself: a
            # day's end asks every late loan whether there is any.
            models.Index(
                fields=["loan", "made_at"],
                condition=~Q(kind="charge") | Q(made_by__isnull=False) | Q(status="reversed"),
                name="repayments_event_told",
            ),
            # Charges that are still owed are looked for at every payment.
            models.Index(
                fields=["loan", "day"],
                condition=Q(kind="charge", status="live", settled__lt=F("amount")),
                name="repayments_unpaid_charges",
            ),
        ]
        verbose_name = _("account event")
        verbose_name_plural = _("account events")

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"

    @property
    def reason(self) -> str:
        """Why somebody entered it; empty where nobody said."""
        return stored_reasons.said(str((self.words or {}).get("reason", "")))

    @property
    def why_reversed(self) -> str:
        """Why it was taken back, in the reader's language; empty while it stands."""
        return stored_reasons.said(self.reversed_reason or "")
