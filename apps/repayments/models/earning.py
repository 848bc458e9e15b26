"""How each loan earns and is late now: what a day comes to is reckoned from that by one query."""

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


class LateLoan(models.Model):
    """How what a loan owes for being late goes on while nothing happens to it.

    Nothing here is known from elsewhere: the history says the same. It was taken from it at
    `known_at` for the end of the day `since`, and holds up to `until`. `settled` is what
    instalments cost that were late and are paid; `charged` what was asked for so far.
    """

    loan = models.OneToOneField(
        Loan, primary_key=True, on_delete=models.CASCADE, related_name="late_loan"
    )
    known_at = models.DateTimeField(_("known"))
    since = models.DateField(_("holds from"))
    until = models.DateField(_("holds up to"))
    overdue = models.PositiveSmallIntegerField(_("instalments late"))
    # As the contract has it: what its charges say they were reckoned by.
    penal_rate = models.CharField(_("penal rate"), max_length=20)
    interest_runs_on = models.BooleanField(_("interest on an unpaid instalment"))
    penal_settled = models.DecimalField(max_digits=18, decimal_places=2)
    penal_charged = models.DecimalField(max_digits=18, decimal_places=2)
    interest_settled = models.DecimalField(max_digits=18, decimal_places=2)
    interest_charged = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        default_permissions = ()
        verbose_name = _("loan that is late")
        verbose_name_plural = _("loans that are late")

    def __str__(self) -> str:
        return f"{self.since}"


class LateInstalment(models.Model):
    """An instalment that is late: what it cost up to a day, as a fraction, and how it goes on."""

    id = models.BigAutoField(primary_key=True)
    late_loan = models.ForeignKey(LateLoan, on_delete=models.CASCADE, related_name="instalments")
    amount = models.DecimalField(_("unpaid"), max_digits=18, decimal_places=2)
    penal_from = models.DateField()
    penal_numerator = models.DecimalField(max_digits=60, decimal_places=0)
    penal_denominator = models.DecimalField(max_digits=60, decimal_places=0)
    interest_from = models.DateField()
    interest_numerator = models.DecimalField(max_digits=60, decimal_places=0)
    interest_denominator = models.DecimalField(max_digits=60, decimal_places=0)
    annual_rate = models.DecimalField(max_digits=12, decimal_places=10)
    day_count = models.CharField(max_length=16)

    class Meta:
        default_permissions = ()
        verbose_name = _("instalment that is late")
        verbose_name_plural = _("instalments that are late")

    def __str__(self) -> str:
        return f"{self.amount}"
