"""The table of benchmark rates, each from its day on; a floating loan follows it."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.models import Identified


class BenchmarkRate(Identified):
    """What a benchmark is from a day on. A fraction a year.

    Rows are only added. One that nothing was posted under may be taken back, once and for good; it
    stays to be seen and counts no longer, so that its day may have another.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    benchmark = models.CharField(_("benchmark"), max_length=120)
    effective_date = models.DateField(_("from"))
    annual_rate = models.DecimalField(_("rate a year"), max_digits=7, decimal_places=6)
    source = models.CharField(_("source"), max_length=200)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(_("entered"))
    taken_back_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    taken_back_at = models.DateTimeField(_("taken back"), null=True, editable=False)
    taken_back_reason = models.CharField(
        _("why it was taken back"), max_length=300, blank=True, default="", editable=False
    )

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="servicing_rate_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="servicing_rate_as_entered",
                fields=[
                    *("entity", "benchmark", "effective_date", "annual_rate", "source"),
                    *("set_by", "set_at"),
                ],
            ),
            pgtrigger.Protect(
                name="servicing_rate_back_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__taken_back_at__isnull=False),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "benchmark", "effective_date"],
                condition=Q(taken_back_at=None),
                name="servicing_rate_once_a_day",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at=None, taken_back_by=None, taken_back_reason="")
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False)
                & ~Q(taken_back_reason=""),
                name="servicing_rate_back_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(annual_rate__gte=0, annual_rate__lt=1)
                & ~Q(benchmark="")
                & ~Q(source=""),
                name="servicing_rate_in_bounds",
            ),
        ]
        verbose_name = _("benchmark rate")
        verbose_name_plural = _("benchmark rates")

    def __str__(self) -> str:
        return f"{self.benchmark} {self.effective_date}"
