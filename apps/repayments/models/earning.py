"""The period in which each loan earns now: what a day's interest is computed from, by one query."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.loans.models import Loan, ScheduleVersion


class EarningPeriod(models.Model):
    """The time over which a loan earns interest now, as its schedule in force has it.

    Nothing here is known from elsewhere: schedule and history say the same, and whoever finds no
    row that holds computes it anew. It holds while `schedule` is in force, from the day `since` and
    before `until`, when something falls due: by the end of such a day are earned `base` and of
    `interest` the part of the time from `starts_on` to `ends_on` that has passed.
    """

    loan = models.OneToOneField(
        Loan, primary_key=True, on_delete=models.CASCADE, related_name="earning_period"
    )
    schedule = models.ForeignKey(
        ScheduleVersion, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    since = models.DateField(_("holds from"))
    until = models.DateField(_("holds before"))
    base = models.DecimalField(_("earned before"), max_digits=18, decimal_places=2)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    interest = models.DecimalField(_("interest"), max_digits=18, decimal_places=2)
    # The share of a year the whole is charged as.
    share_numerator = models.BigIntegerField()
    share_denominator = models.BigIntegerField()
    day_count = models.CharField(_("day count"), max_length=16)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(interest__gte=0, share_numerator__gte=0, share_denominator__gt=0)
                & Q(ends_on__gte=F("starts_on")),
                name="repayments_earning_sound",
            )
        ]
        verbose_name = _("period of earning")
        verbose_name_plural = _("periods of earning")

    def __str__(self) -> str:
        return f"{self.starts_on} {self.ends_on}"
