"""The schedules of a loan, their instalments, and what was paid towards each."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Timestamped
from apps.ledger.models import Entry
from apps.loans.models.contract import Loan


def _amount(label: Any, **options: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=18, decimal_places=2, **options)


class ScheduleVersion(Identified, Timestamped):
    """One schedule of a loan. The original stays for good; the latest one is in force.

    It was in force from the end of `starts_on` to before the end of `ends_on`: by the history of
    the loan as it stands, so days that were told of late or taken back move them.
    """

    # Those that come from the contract and the money; all others follow from the history.
    CONTRACTUAL = ("opened", "paid_on_another_day", "rest_put_off", "rest_given_up", "taken_on")

    class Kind(models.TextChoices):
        ORIGINAL = "original", _("As agreed")
        CURRENT = "current", _("As it came to be")

    class Reason(models.TextChoices):
        OPENED = "opened", _("Agreed in the contract")
        PAID_ON_ANOTHER_DAY = "paid_on_another_day", _("Paid out on another day than planned")
        REST_PUT_OFF = "rest_put_off", _("The rest was not paid out on its day")
        REST_GIVEN_UP = "rest_given_up", _("The rest is not paid out any more")
        EXITED = "exited", _("Given back in the cooling-off period")
        TAKEN_ON = "taken_on", _("Taken on from a tape")
        PART_PREPAYMENT = "part_prepayment", _("A part was paid before its time")
        PAYOFF = "payoff", _("Paid off before its time")
        WRITE_OFF = "write_off", _("Written off")
        RATE_CHANGE = "rate_change", _("Another rate of interest")
        RESCHEDULE = "reschedule", _("Rescheduled")
        RESTRUCTURE = "restructure", _("Restructured")
        MORATORIUM = "moratorium", _("A pause was agreed")
        DUE_DATE_CHANGE = "due_date_change", _("Another day of the month")
        IN_DUPLUM = "in_duplum", _("Interest stopped at the principal")
        IN_DUPLUM_LIFTED = "in_duplum_lifted", _("Interest runs again")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="schedules")
    number = models.PositiveSmallIntegerField(_("version"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    reason = models.CharField(_("reason"), max_length=24, choices=Reason)
    # What `schedules.building.build` makes the rows from.
    terms = models.JSONField(_("terms"))
    in_force = models.BooleanField(_("in force"), default=True)
    # None: from the beginning.
    starts_on = models.DateField(_("in force from"), null=True)
    # None: nothing took its place; of one that is not in force, it is no part of the history.
    ends_on = models.DateField(_("in force until"), null=True)
    # None: taken on from a tape by the system.
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="loans_schedule_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="loans_schedule_as_made",
                fields=["loan", "number", "kind", "reason", "terms", "made_by"],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["loan", "number"], name="loans_schedule_number"),
            models.UniqueConstraint(
                fields=["loan"], condition=Q(in_force=True), name="loans_one_schedule_in_force"
            ),
            models.CheckConstraint(
                condition=Q(number=1, kind="original") | Q(number__gt=1, kind="current"),
                name="loans_first_schedule_is_original",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["ends_on"],
                condition=Q(ends_on__isnull=False),
                name="loans_schedules_replaced",
            )
        ]
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")

    def __str__(self) -> str:
        return f"{self.loan}/{self.number}"


class Instalment(Identified):
    """One instalment of a schedule: what falls due on a day, and what was paid towards it.

    What is due never changes; another schedule takes its place. Paid is never more than due.
    """

    schedule = models.ForeignKey(
        ScheduleVersion, on_delete=models.PROTECT, related_name="instalments"
    )
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="instalments")
    number = models.PositiveSmallIntegerField(_("number"))
    due_date = models.DateField(_("due"))
    # The same as its schedule's: day-end reads unpaid instalments in force from one index.
    in_force = models.BooleanField(default=True)
    opening = _amount(_("owed before"))
    principal = _amount(_("principal"))
    interest = _amount(_("interest"))
    fee = _amount(_("fee"), default=Decimal(0))
    closing = _amount(_("owed after"))
    paid_principal = _amount(_("principal paid"), default=Decimal(0))
    paid_interest = _amount(_("interest paid"), default=Decimal(0))
    paid_fee = _amount(_("fee paid"), default=Decimal(0))

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="loans_instalment_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="loans_instalment_as_made",
                fields=[
                    *("schedule", "loan", "number", "due_date", "opening"),
                    *("principal", "interest", "fee", "closing"),
                ],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["schedule", "number"], name="loans_instalment_once"),
            models.CheckConstraint(
                condition=Q(principal__gte=0, interest__gte=0, fee__gte=0),
                name="loans_instalment_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(paid_principal__gte=0, paid_principal__lte=F("principal"))
                & Q(paid_interest__gte=0, paid_interest__lte=F("interest"))
                & Q(paid_fee__gte=0, paid_fee__lte=F("fee")),
                name="loans_instalment_paid_at_most_due",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["loan", "due_date"],
                include=[
                    *("principal", "interest", "fee"),
                    *("paid_principal", "paid_interest", "paid_fee"),
                ],
                condition=Q(in_force=True)
                & (
                    Q(paid_principal__lt=F("principal"))
                    | Q(paid_interest__lt=F("interest"))
                    | Q(paid_fee__lt=F("fee"))
                ),
                name="loans_unpaid_instalments",
            )
        ]
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")

    def __str__(self) -> str:
        return f"{self.schedule}#{self.number}"

    @property
    def due(self) -> Decimal:
        """What falls due in all."""
        return self.principal + self.interest + self.fee

    @property
    def paid(self) -> Decimal:
        """What was paid of it."""
        return self.paid_principal + self.paid_interest + self.paid_fee

    @property
    def unpaid(self) -> Decimal:
        """What of it was not paid."""
        return self.due - self.paid


class Allocation(Identified):
    """A part of one journal entry that went to one instalment; a reversal takes it away again."""

    class Bucket(models.TextChoices):
        PRINCIPAL = "principal", _("Principal")
        INTEREST = "interest", _("Interest")
        FEE = "fee", _("Fee")

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="allocations")
    bucket = models.CharField(_("went to"), max_length=10, choices=Bucket)
    amount = _amount(_("amount"))
    # How often before a part of the entry came to or left this instalment: where history is
    # replayed onto another schedule, the same entry pays another instalment.
    place = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="loans_allocation_kept", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entry", "instalment", "bucket", "place"], name="loans_allocation_once"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="loans_allocation_not_zero"),
            models.CheckConstraint(
                condition=Q(bucket__in=["principal", "interest", "fee"]),
                name="loans_allocation_bucket_known",
            ),
        ]
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")

    def __str__(self) -> str:
        return f"{self.bucket} {self.amount}"
