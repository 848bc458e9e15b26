"""What a product's contracts say beside amount, term and price."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Identified, Timestamped
from apps.products.conditions import FEWEST_WORKING_DAYS, LARGEST_STEP, MOST_WORKING_DAYS
from apps.products.models.product import Product


def _whole_or_empty(name: str) -> Q:
    """Return the condition that an order of allocation names every bucket, or none."""
    whole = Q(
        **{f"{name}__len": 4, f"{name}__contains": ["fees", "penal", "interest", "principal"]}
    )
    return whole | Q(**{name: []})


class Conditions(Identified, Timestamped):
    """What a product's contracts say beside amount, term and price; every offer tells it.

    A product without this row offers nothing: nothing in it is filled in. What each field means,
    and in which unit, stands in `apps.products.conditions`.
    """

    class Frequency(models.TextChoices):
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")
        FORTNIGHTLY = "fortnightly", _("Every two weeks")
        FOUR_WEEKLY = "four_weekly", _("Every four weeks")
        SEMI_MONTHLY = "semi_monthly", _("Twice a month")
        MONTHLY = "monthly", _("Every month")
        END_OF_MONTH = "end_of_month", _("At the end of every month")
        QUARTERLY = "quarterly", _("Every three months")
        HALF_YEARLY = "half_yearly", _("Every six months")
        YEARLY = "yearly", _("Every year")

    class DayCount(models.TextChoices):
        THIRTY_360_US = "30_360_us", _("30/360 (US)")
        THIRTY_360_EU = "30_360_eu", _("30/360 (European)")
        ACT_365 = "act_365", _("Actual/365")
        ACT_360 = "act_360", _("Actual/360")
        ACT_ACT_ISDA = "act_act_isda", _("Actual/actual (ISDA)")

    class Rounding(models.TextChoices):
        HALF_UP = "half_up", _("To the nearest, halves up")
        HALF_EVEN = "half_even", _("To the nearest, halves to even")
        UP = "up", _("Up")
        DOWN = "down", _("Down")

    class FirstPeriod(models.TextChoices):
        AMORTISED = "amortised", _("Spread over all instalments")
        IN_FIRST_INSTALMENT = "in_first_instalment", _("In the first instalment")
        UPFRONT = "upfront", _("Taken off what is paid out")

    class Adjustment(models.TextChoices):
        NONE = "none", _("Stays on that day")
        PREVIOUS = "previous", _("The working day before")
        NEXT = "next", _("The next working day")
        MODIFIED_FOLLOWING = "modified_following", _("The next working day of the same month")

    class RateType(models.TextChoices):
        FIXED = "fixed", _("Fixed")
        FLOATING = "floating", _("Floating")

    class Bucket(models.TextChoices):
        FEES = "fees", _("Fees")
        PENAL = "penal", _("Penal charges")
        INTEREST = "interest", _("Interest")
        PRINCIPAL = "principal", _("Principal")

    class Across(models.TextChoices):
        HORIZONTAL = "horizontal", _("All of the oldest instalment")
        VERTICAL = "vertical", _("One purpose of all instalments")

    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="conditions")
    frequency = models.CharField(_("instalments"), max_length=16, choices=Frequency)
    day_count = models.CharField(_("day count"), max_length=16, choices=DayCount)
    rounding_unit = models.DecimalField(_("instalment rounded to"), max_digits=18, decimal_places=2)
    rounding_mode = models.CharField(_("rounding"), max_length=16, choices=Rounding)
    first_period = models.CharField(_("longer first period"), max_length=24, choices=FirstPeriod)
    date_adjustment = models.CharField(
        _("instalment due on a day off"), max_length=24, choices=Adjustment
    )
    # Of the schedules of these names, and of no other.
    balloon_share = models.DecimalField(
        _("balloon, share of the loan"), max_digits=7, decimal_places=6, null=True
    )
    step_every = models.PositiveSmallIntegerField(_("instalments between steps"), null=True)
    step_factor = models.DecimalField(
        _("each step times"), max_digits=7, decimal_places=6, null=True
    )
    rate_type = models.CharField(_("kind of rate"), max_length=16, choices=RateType)
    benchmark = models.CharField(_("benchmark"), max_length=120, blank=True)
    benchmark_rate = models.DecimalField(
        _("benchmark rate"), max_digits=7, decimal_places=6, null=True
    )
    reset_months = models.PositiveSmallIntegerField(_("months between resets"), null=True)
    penal_charge_rate = models.DecimalField(
        _("penal charge a year"), max_digits=7, decimal_places=6
    )
    # Whether the contract's interest goes on running on an instalment that is not paid in time.
    overdue_interest = models.BooleanField(_("interest on an unpaid instalment"))
    bounce_charge = models.DecimalField(
        _("charge for a returned payment"), max_digits=18, decimal_places=2
    )
    foreclosure_rate = models.DecimalField(
        _("charge for paying early"), max_digits=7, decimal_places=6
    )
    switching_charge = models.DecimalField(
        _("charge for changing the kind of rate"), max_digits=18, decimal_places=2
    )
    is_staged = models.BooleanField(_("paid out in stages"))
    staged_clause = models.CharField(_("clause on stages"), max_length=40, blank=True)
    recovery_clause = models.CharField(_("clause on recovery agents"), max_length=40)
    grievance_clause = models.CharField(_("clause on complaints"), max_length=40)
    is_transferable = models.BooleanField(_("may be transferred or securitised"))
    is_colent = models.BooleanField(_("lent together with another lender"))
    colender = models.CharField(_("other lender"), max_length=120, blank=True)
    colender_share = models.DecimalField(
        _("share of the other lender"), max_digits=7, decimal_places=6, null=True
    )
    colender_rate = models.DecimalField(
        _("rate of the other lender"), max_digits=7, decimal_places=6, null=True
    )
    is_digital = models.BooleanField(_("digital loan"))
    recovery_agent = models.CharField(_("recovery agent"), max_length=200, blank=True)
    allocation_order = ArrayField(
        models.CharField(max_length=12, choices=Bucket), verbose_name=_("a payment is taken for")
    )
    allocation_across = models.CharField(_("first"), max_length=12, choices=Across)
    # Empty: as of a standard loan.
    npa_allocation_order = ArrayField(
        models.CharField(max_length=12, choices=Bucket),
        verbose_name=_("on a loan that does not perform"),
        blank=True,
    )
    written_off_allocation_order = ArrayField(
        models.CharField(max_length=12, choices=Bucket),
        verbose_name=_("on a loan that was written off"),
        blank=True,
    )
    settlement_allocation_order = ArrayField(
        models.CharField(max_length=12, choices=Bucket),
        verbose_name=_("under a settlement"),
        blank=True,
    )
    offer_working_days = models.PositiveSmallIntegerField(_("working days an offer holds"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(rate_type="fixed", benchmark="", benchmark_rate=None, reset_months=None)
                | (
                    Q(rate_type="floating", benchmark_rate__isnull=False, reset_months__gte=1)
                    & ~Q(benchmark="")
                ),
                name="products_conditions_rate_is_told",
            ),
            models.CheckConstraint(
                condition=(
                    Q(balloon_share=None)
                    | Q(balloon_share__gt=0, balloon_share__lt=1, balloon_share__isnull=False)
                )
                & (
                    Q(step_every=None, step_factor=None)
                    | Q(step_every__gte=1, step_every__isnull=False)
                    & Q(step_factor__gt=0, step_factor__isnull=False)
                ),
                name="products_conditions_schedule_is_told",
            ),
            # Not validated: what was stored while instalments might fall stays until it is changed.
            models.CheckConstraint(
                condition=Q(step_factor=None)
                | Q(step_factor__gt=1, step_factor__lte=LARGEST_STEP, step_factor__isnull=False),
                name="products_conditions_steps_rise",
            ),
            models.CheckConstraint(
                condition=Q(rounding_unit__gt=0)
                & Q(penal_charge_rate__gte=0)
                & Q(bounce_charge__gte=0)
                & Q(foreclosure_rate__gte=0)
                & Q(switching_charge__gte=0),
                name="products_conditions_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(is_colent=False, colender="", colender_share=None, colender_rate=None)
                | (
                    Q(is_colent=True, colender_share__gt=0, colender_share__lt=1)
                    & Q(colender_rate__isnull=False)
                    & ~Q(colender="")
                ),
                name="products_conditions_colender_is_told",
            ),
            models.CheckConstraint(
                condition=(Q(is_staged=False, staged_clause="") | Q(is_staged=True))
                & ~Q(is_staged=True, staged_clause="")
                & ~Q(recovery_clause="")
                & ~Q(grievance_clause=""),
                name="products_conditions_clauses_are_named",
            ),
            models.CheckConstraint(
                condition=Q(allocation_order__len=4)
                & Q(allocation_order__contains=["fees", "penal", "interest", "principal"]),
                name="products_conditions_allocation_is_whole",
            ),
            models.CheckConstraint(
                condition=_whole_or_empty("npa_allocation_order")
                & _whole_or_empty("written_off_allocation_order")
                & _whole_or_empty("settlement_allocation_order")
                & Q(allocation_across__in=["horizontal", "vertical"]),
                name="products_conditions_other_orders_whole",
            ),
            models.CheckConstraint(
                condition=Q(offer_working_days__gte=FEWEST_WORKING_DAYS)
                & Q(offer_working_days__lte=MOST_WORKING_DAYS),
                name="products_conditions_offer_in_bounds",
            ),
        ]
        verbose_name = _("conditions of the contract")
        verbose_name_plural = _("conditions of contracts")

    def __str__(self) -> str:
        return str(self.product)

    @classmethod
    def label_of(cls, name: str) -> str:
        """Return what a column is called."""
        return str(next(one.verbose_name for one in cls._meta.fields if one.name == name))
