"""The ends of days, lender by lender: how far each came, what it changed, what it posted."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.models import Stateful, status_constraint
from apps.ledger.chart import Account
from apps.npa.lifecycle import DAY_END
from apps.npa.reserve_lifecycle import KEPT


class DayEndQuerySet(models.QuerySet["DayEnd"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "DayEndQuerySet":
        """Keep the day-ends of the lenders in whose branches the person works."""
        reach = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
        return self.filter(entity__in=reach.order_by().values("entity"))


class DayEnd(Stateful):
    """The end of one day of a lender: one row, however often it was interrupted or run again.

    `stages` says of each stage of the current run that is done how much was done, how long it
    took and when it ended; `progress` how far the one that runs has come. `problems` are what was
    left out and why: number of the loan and code. While there are any, the day is not closed.
    """

    lifecycle = DAY_END

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    # Counts from 1; another one begins where an open day is ended once more.
    run = models.PositiveSmallIntegerField(_("run"), default=1)
    started_by = models.CharField(_("who"), max_length=80)
    started_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    stages = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    progress = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    loans = models.PositiveIntegerField(_("loans"), default=0)
    # Loans of which this run found something else than the run before it.
    changed = models.PositiveIntegerField(_("changed"), default=0)
    problems = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    # Who wants its books left open, until a person lifts it; nobody where it is empty.
    kept_open_by = models.CharField(_("kept open by"), max_length=80, blank=True, default="")

    objects = DayEndQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_quality", _("See the quality of the book: classes, provisions, day-ends")),
            ("run_day_end", _("End days")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="npa_day_end_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="npa_day_end_as_begun", fields=["entity", "day"]),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(DAY_END, "npa_day_end_status_known"),
            models.UniqueConstraint(fields=["entity", "day"], name="npa_day_end_once"),
            models.CheckConstraint(
                condition=Q(status="running", finished_at=None)
                | Q(status__in=["finished", "closed"], finished_at__gte=F("started_at")),
                name="npa_day_end_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(kept_open_by=""),
                name="npa_day_end_open_or_closed",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["-day", "-id"], name="npa_day_end_newest"),
        ]
        verbose_name = _("day-end")
        verbose_name_plural = _("day-ends")

    def __str__(self) -> str:
        return f"{self.day}"

    @property
    def keep_open(self) -> bool:
        """Whether its books are left open until a person lifts that."""
        return bool(self.kept_open_by)

    def is_done(self, stage: str) -> bool:
        """Say whether a stage of the current run is done."""
        return stage in self.stages


class Changed(models.Model):
    """What another run of an open day found otherwise for a loan than the run before it.

    `before` and `after` hold the columns of `LoanDay` that differ; one of them is empty where the
    loan was not, or is no longer, among the loans of the day.
    """

    id = models.BigAutoField(primary_key=True)
    day_end = models.ForeignKey(DayEnd, on_delete=models.PROTECT, related_name="differences")
    run = models.PositiveSmallIntegerField(_("run"))
    loan_id = models.UUIDField(_("loan"))
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="npa_changed_kept", operation=pgtrigger.Update),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["day_end", "run", "loan_id"], name="npa_changed_once"),
        ]
        verbose_name = _("difference between two runs")
        verbose_name_plural = _("differences between two runs")

    def __str__(self) -> str:
        return f"{self.loan_id}"


class ProvisionMovement(models.Model):
    """How the provisions, or the reserves, of a branch's loans of one class moved on a day.

    Opening and closing are sums over the snapshots of the day before and of the day, by the class
    the loans had then; what went from a class to another is a release there and an addition here.
    opening + additions - releases - written_off = closing, and closing less opening is posted.
    `written_off` of provisions is negative where write-offs that earlier nights saw are taken back.
    `account` is the ledger's account that holds it: provisions, or the reserve that a second regime
    demands on top of them (rule book 1.12, 2.4). A reserve is never used up by a write-off. Where
    the regulator's leave is needed to take from it, what is no longer asked for stands in a row of
    the class `kept`, and `written_off` there is what people took out with that leave.
    """

    id = models.BigAutoField(primary_key=True)
    day_end = models.ForeignKey(DayEnd, on_delete=models.PROTECT, related_name="movements")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    account = models.CharField(_("account"), max_length=16, default=Account.PROVISIONS.value)
    asset_class = models.CharField(_("class"), max_length=16)
    opening = models.DecimalField(_("opening"), max_digits=20, decimal_places=2)
    additions = models.DecimalField(_("additions"), max_digits=20, decimal_places=2)
    releases = models.DecimalField(_("releases"), max_digits=20, decimal_places=2)
    written_off = models.DecimalField(_("written off"), max_digits=20, decimal_places=2)
    closing = models.DecimalField(_("closing"), max_digits=20, decimal_places=2)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["day_end", "account", "branch", "currency", "asset_class"],
                name="npa_movement_once",
            ),
            models.CheckConstraint(
                condition=Q(account=Account.PROVISIONS.value)
                | Q(account=Account.LOSS_RESERVE.value, written_off=0)
                | Q(account=Account.LOSS_RESERVE.value, asset_class=KEPT),
                name="npa_movement_account_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    closing=F("opening") + F("additions") - F("releases") - F("written_off")
                ),
                name="npa_movement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(additions__gte=0, releases__gte=0)
                & (Q(account=Account.PROVISIONS.value) | Q(written_off__gte=0)),
                name="npa_movement_not_negative",
            ),
        ]
        verbose_name = _("movement of provisions")
        verbose_name_plural = _("movements of provisions")

    def __str__(self) -> str:
        return f"{self.asset_class} {self.closing}"
