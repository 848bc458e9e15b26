"""What the whole portfolio came to at the end of a day, thresholds on it, and alerts."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.npa.measures import Measure
from apps.npa.models.delivery import Delivery, delivery_constraints, delivery_indexes
from apps.npa.watch_lifecycle import ALERT, STANDING

_MEASURES = [measure.value for measure in Measure]


def _amount(label: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=22, decimal_places=2, default=0)


class PortfolioDayQuerySet(models.QuerySet["PortfolioDay"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "PortfolioDayQuerySet":
        """Keep the sums of the branches the person works in."""
        return self.filter(accounts.in_reach(actor))


class PortfolioDay(models.Model):
    """The sums over the snapshots of a day, by branch, currency, class and bucket.

    Written by the day-end beside the snapshots, and never by anybody else: pages that show months
    read these and not a million loans a day.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    asset_class = models.CharField(_("class"), max_length=16)
    bucket = models.CharField(_("bucket"), max_length=16)
    is_restructured = models.BooleanField(_("restructured"), default=False)
    loans = models.PositiveIntegerField(_("loans"), default=0)
    principal = _amount(_("principal"))
    interest = _amount(_("interest"))
    charges = _amount(_("charges"))
    suspended = _amount(_("suspended"))
    secured = _amount(_("secured"))
    unsecured = _amount(_("unsecured"))
    provision = _amount(_("provision"))
    reserve = _amount(_("reserve"))
    npa_loans = models.PositiveIntegerField(_("non-performing loans"), default=0)
    npa_principal = _amount(_("non-performing"))
    npa_provision = _amount(_("provision for non-performing"))
    # The whole principal of loans more than thirty days past due, by the plain count.
    over_30 = _amount(_("more than 30 days past due"))

    objects = PortfolioDayQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=[
                    *("entity", "day", "branch", "currency"),
                    *("asset_class", "bucket", "is_restructured"),
                ],
                name="npa_portfolio_day_once",
            ),
        ]
        verbose_name = _("portfolio at a day's end")
        verbose_name_plural = _("portfolio at a day's end")

    def __str__(self) -> str:
        return f"{self.day} {self.asset_class}"


class DayFigures(models.Model):
    """What was measured of a lender's whole portfolio at the end of a day, in one currency.

    `values` holds each measure as a fraction in text, `names` who the largest borrower, sector and
    branch were: the customer's number, the purpose, the branch's code.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    currency = models.CharField(_("currency"), max_length=3)
    values = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    names = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "day", "currency"], name="npa_figures_once"),
        ]
        verbose_name = _("figures of a day")
        verbose_name_plural = _("figures of days")

    def __str__(self) -> str:
        return f"{self.day}"


class OfEntity(models.QuerySet[Any]):
    """Rows of lenders: which a person may see."""

    def visible_to(self, actor: User) -> "OfEntity":
        """Keep the rows of the lenders in whose branches the person works."""
        reach = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
        return self.filter(entity__in=reach.order_by().values("entity"))


class Threshold(Identified, Timestamped):
    """The bound of one measure for a lender, and who answers for it; every change is on record.

    The owner is told by e-mail; where a webhook is named, it is told as well.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    measure = models.CharField(
        _("measure"), max_length=20, choices=[(one, one) for one in _MEASURES]
    )
    bound = models.DecimalField(_("threshold"), max_digits=7, decimal_places=6)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    webhook_url = models.CharField(_("webhook"), max_length=300, blank=True)
    is_watched = models.BooleanField(_("watched"), default=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(_("set"))

    objects = OfEntity.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("manage_thresholds", _("Set the thresholds of the portfolio's alerts")),
            ("acknowledge_alert", _("Acknowledge alerts about the portfolio")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.ReadOnly(name="npa_threshold_of", fields=["entity", "measure"]),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "measure"], name="npa_threshold_once"),
            models.CheckConstraint(
                condition=Q(measure__in=_MEASURES), name="npa_threshold_measure_known"
            ),
            models.CheckConstraint(
                condition=Q(bound__gt=0, bound__lte=1), name="npa_threshold_is_a_share"
            ),
        ]
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")

    def __str__(self) -> str:
        return self.measure

    @staticmethod
    def reaches(actor: User, entity: Entity) -> bool:
        """Say whether the person works for a lender."""
        reach = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
        return reach.filter(entity=entity).exists()


class Alert(Identified, Timestamped, Stateful):
    """A measure beyond its threshold: raised once, until it was within it or watched no more.

    `day` and `value` are those of the night that raised it; `last_day` and `last_value` follow
    each night while the breach lasts.
    """

    lifecycle = ALERT

    threshold = models.ForeignKey(Threshold, on_delete=models.PROTECT, related_name="alerts")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    measure = models.CharField(_("measure"), max_length=20)
    # Who is meant, for concentrations: the customer's number, the purpose, the branch's code.
    subject = models.CharField(_("of"), max_length=60, blank=True)
    bound = models.DecimalField(_("threshold"), max_digits=7, decimal_places=6)
    day = models.DateField(_("raised for"))
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=10)
    last_day = models.DateField(_("last measured"))
    last_value = models.DecimalField(_("value then"), max_digits=18, decimal_places=10)
    raised_at = models.DateTimeField(_("raised"))
    acknowledged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    cleared_day = models.DateField(_("within again on"), null=True)

    objects = OfEntity.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="npa_alert_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="npa_alert_as_raised",
                fields=[
                    *("threshold", "entity", "currency", "measure", "bound", "day", "value"),
                    "raised_at",
                ],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(ALERT, "npa_alert_status_known"),
            # The same breach is told once.
            models.UniqueConstraint(
                fields=["threshold", "currency"],
                condition=Q(status__in=STANDING),
                name="npa_alert_one_of_a_breach",
            ),
            models.CheckConstraint(
                condition=Q(status="over", cleared_day__isnull=False)
                | (~Q(status="over") & Q(cleared_day=None)),
                name="npa_alert_over_on_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status="acknowledged")
                | (Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False) & ~Q(note="")),
                name="npa_alert_acknowledged_with_a_note",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["-raised_at", "-id"], name="npa_alert_newest"),
        ]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")

    def __str__(self) -> str:
        return f"{self.measure} {self.day}"


class AlertDelivery(Delivery):
    """One message about an alert on its way: by e-mail to the owner, or to a webhook."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="deliveries")

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = delivery_constraints("npa", "alert")
        indexes: ClassVar[list[Any]] = delivery_indexes("npa")
        verbose_name = _("message about an alert")
        verbose_name_plural = _("messages about alerts")

    def __str__(self) -> str:
        return f"{self.channel} {self.alert_id}"
