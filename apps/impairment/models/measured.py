"""The measurement at the end of a month: one run of a lender, one row a loan."""

from datetime import timedelta
from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import ExtractDay
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core import withheld
from apps.core.models import Stateful, status_constraint
from apps.customers.models import Customer
from apps.impairment.lifecycle import RUN
from apps.impairment.models.estimate import Estimate
from apps.impairment.models.parameter_set import ParameterSet
from apps.impairment.staging import Reason
from apps.loans.models import Loan
from apps.products.models import Product

# Statements at a time, not rows: a million of them go where a day is measured anew.
_KEPT_FINISHED = """
    IF EXISTS (
        SELECT FROM impairment_run r WHERE r.status <> 'running'
            AND r.id IN (SELECT DISTINCT run_id FROM gone)
    ) THEN
        RAISE EXCEPTION 'impairment_loss_kept: losses of a finished measurement stay'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
_ADDED_FINISHED = """
    IF EXISTS (
        SELECT FROM impairment_run r WHERE r.status <> 'running'
            AND r.id IN (SELECT DISTINCT run_id FROM came)
    ) THEN
        RAISE EXCEPTION 'impairment_%s_added: nothing is added to a finished measurement'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
_NEXT_DAY = ExpressionWrapper(F("day") + Value(timedelta(days=1)), output_field=models.DateField())


def _amount(label: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=18, decimal_places=2)


def _share(label: Any, **more: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=10, decimal_places=9, **more)


class RunQuerySet(models.QuerySet["Run"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "RunQuerySet":
        """Keep those of the lenders in whose branches the person works."""
        reach = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
        return self.filter(entity__in=reach.order_by().values("entity"))


class Run(Stateful):
    """The measurement of a lender's losses on a day: one row, however often it was run.

    `last_loan` is how far the present run came, so that one that was cut off goes on there.
    `day_run` is out of which run of the day's end; `before` what stages come from.
    """

    lifecycle = RUN

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    run = models.PositiveSmallIntegerField(_("run"), default=1)
    day_run = models.PositiveSmallIntegerField(_("run of the day's end"))
    parameters = models.ForeignKey(ParameterSet, on_delete=models.PROTECT, related_name="+")
    estimate = models.ForeignKey(Estimate, on_delete=models.PROTECT, related_name="+")
    before = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    before_run = models.PositiveSmallIntegerField(_("run before"), null=True)
    started_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    last_loan = models.UUIDField(_("as far as"), null=True)
    loans = models.PositiveIntegerField(_("loans"), default=0)
    # By currency: loans, what is owed, and the loss.
    totals = models.JSONField(_("totals"), default=dict, encoder=DjangoJSONEncoder)

    objects = RunQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="impairment_run_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="impairment_run_as_begun", fields=["entity", "day"]),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(RUN, "impairment_run_status_known"),
            models.UniqueConstraint(fields=["entity", "day"], name="impairment_run_once"),
            models.CheckConstraint(
                condition=Q(status="running", finished_at=None)
                | Q(status="finished", finished_at__gte=F("started_at")),
                name="impairment_run_in_order",
            ),
            models.CheckConstraint(
                condition=Exact(ExtractDay(_NEXT_DAY), 1), name="impairment_run_ends_month"
            ),
        ]
        verbose_name = _("measurement of expected credit loss")
        verbose_name_plural = _("measurements of expected credit loss")

    def __str__(self) -> str:
        return f"{self.day}"


class LoanLossQuerySet(models.QuerySet["LoanLoss"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "LoanLossQuerySet":
        """Keep the loans of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor))
        return withheld.without(seen, actor, field="loan__application_id")


class LoanLoss(models.Model):
    """What is expected to be lost of a loan, and all that it was measured by.

    It keeps no foreign keys to loans, customers and branches in the database: a million rows would
    look up as many that the run has just read. `loss` is what counts: that of twelve months in
    stage 1, of a lifetime in stages 2 and 3.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="losses", db_index=False)
    loan = models.ForeignKey(
        Loan, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    branch = models.ForeignKey(
        Branch, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    product = models.ForeignKey(
        Product, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    currency = models.CharField(_("currency"), max_length=3)

    stage = models.PositiveSmallIntegerField(_("stage"))
    reason = models.CharField(_("reason"), max_length=16)
    better_since = models.DateField(_("better since"), null=True)
    days_late = models.PositiveIntegerField(_("days past due"))
    band = models.PositiveSmallIntegerField(_("band"))
    age = models.PositiveSmallIntegerField(_("months on book"))
    months_left = models.PositiveSmallIntegerField(_("months left"))
    is_bullet = models.BooleanField(_("repaid at the end"))
    annual_rate = models.DecimalField(_("interest rate a year"), max_digits=7, decimal_places=6)
    effective_rate = models.DecimalField(_("effective rate"), max_digits=12, decimal_places=8)
    security = models.CharField(_("secured by"), max_length=24)
    segment = models.CharField(_("segment"), max_length=40)

    pd_12 = _share(_("PD over twelve months"))
    pd_lifetime = _share(_("PD over the lifetime"))
    # What its score at origination says of the same months as `pd_lifetime`; 0: it has none.
    pd_expected = _share(_("PD expected"))
    lgd = models.DecimalField(_("LGD"), max_digits=7, decimal_places=6)
    drawn = _amount(_("owed"))
    undrawn = _amount(_("may be drawn still"))
    ead = _amount(_("exposure at default"))
    loss_12 = _amount(_("loss over twelve months"))
    loss_lifetime = _amount(_("loss over the lifetime"))
    loss = _amount(_("expected credit loss"))
    # The same under each scenario.
    loss_base = _amount(_("loss, base"))
    loss_upside = _amount(_("loss, upside"))
    loss_downside = _amount(_("loss, downside"))

    objects = LoanLossQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="impairment_loss_as_measured", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="impairment_loss_kept",
                level=pgtrigger.Statement,
                operation=pgtrigger.Delete,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(old="gone"),
                func=_KEPT_FINISHED,
            ),
            pgtrigger.Trigger(
                name="impairment_loss_added",
                level=pgtrigger.Statement,
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(new="came"),
                func=_ADDED_FINISHED.replace("%s", "loss"),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["run", "loan"], name="impairment_loss_once"),
            models.CheckConstraint(
                condition=Q(stage__in=[1, 2, 3]), name="impairment_loss_stage_known"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=[one.value for one in Reason]),
                name="impairment_loss_reason_known",
            ),
            models.CheckConstraint(
                condition=Q(stage=1, loss=F("loss_12"))
                | (Q(stage__in=[2, 3]) & Q(loss=F("loss_lifetime"))),
                name="impairment_loss_by_stage",
            ),
        ]
        verbose_name = _("expected credit loss of a loan")
        verbose_name_plural = _("expected credit losses of loans")

    def __str__(self) -> str:
        return f"{self.loan_id} {self.loss}"


class LossSum(models.Model):
    """What the loans of a branch and product come to in a measurement, by all that pages group by.

    Written once, as the measurement is finished, so that its pages cost the same for any number of
    loans; a test proves them equal to the rows they are of.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="sums", db_index=False)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, db_index=False, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, db_index=False, related_name="+")
    currency = models.CharField(_("currency"), max_length=3)
    stage = models.PositiveSmallIntegerField(_("stage"))
    reason = models.CharField(_("reason"), max_length=16)
    security = models.CharField(_("secured by"), max_length=24)
    loans = models.PositiveIntegerField(_("loans"))
    drawn = _amount(_("owed"))
    ead = _amount(_("exposure at default"))
    loss_12 = _amount(_("loss over twelve months"))
    loss_lifetime = _amount(_("loss over the lifetime"))
    loss = _amount(_("expected credit loss"))
    loss_base = _amount(_("loss, base"))
    loss_upside = _amount(_("loss, upside"))
    loss_downside = _amount(_("loss, downside"))

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="impairment_sum_as_measured", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="impairment_sum_kept",
                level=pgtrigger.Statement,
                operation=pgtrigger.Delete,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(old="gone"),
                func=_KEPT_FINISHED.replace("impairment_loss_kept", "impairment_sum_kept"),
            ),
            pgtrigger.Trigger(
                name="impairment_sum_added",
                level=pgtrigger.Statement,
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(new="came"),
                func=_ADDED_FINISHED.replace("%s", "sum"),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["run", "branch", "product", "currency", "stage", "reason", "security"],
                name="impairment_sum_once",
            ),
        ]
        verbose_name = _("sum of expected credit losses")
        verbose_name_plural = _("sums of expected credit losses")

    def __str__(self) -> str:
        return f"{self.stage} {self.loss}"
