"""Which model was the champion of a segment from when to when."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Timestamped
from apps.scoring.models.versions import ModelVersion

_SAID = ("segment", "model", "began_at", "began_by", "how", "reason", "restores")


class SegmentNumber(Func):
    """The segment as a number of 64 bits: PostgreSQL excludes ranges without an extension."""

    function = "hashtextextended"
    output_field = models.BigIntegerField()


def _segment() -> Func:
    number = SegmentNumber(F("segment"), Value(0))
    return Func(
        number, number, Value("[]"), function="int8range", output_field=BigIntegerRangeField()
    )


class Reign(Identified, Timestamped):
    """A time in which one model decided in a segment. It is ended once and never changes else.

    No two reigns of a segment overlap. A rollback begins a new reign that `restores` an earlier
    one: what comes before it in turn is what came before that one, so that who rolls back twice
    never comes forward again to the model that failed.
    """

    class How(models.TextChoices):
        PROMOTION = "promotion", _("Promotion")
        ROLLBACK = "rollback", _("Rollback")

    segment = models.SlugField(_("segment"), max_length=40)
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reigns")
    began_at = models.DateTimeField(_("champion from"))
    ended_at = models.DateTimeField(_("champion until"), null=True)
    began_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(_("by"), max_length=10, choices=How)
    reason = models.TextField(_("why"), blank=True)
    restores = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            ExclusionConstraint(
                name="scoring_reign_one_at_a_time",
                expressions=[
                    (_segment(), RangeOperators.OVERLAPS),
                    (
                        Func(
                            "began_at",
                            "ended_at",
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.CheckConstraint(
                condition=Q(how="promotion", restores=None)
                | (
                    Q(how="rollback", restores__isnull=False, began_by__isnull=False)
                    & ~Q(reason="")
                ),
                name="scoring_reign_rollback_says_why",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="scoring_reign_said", fields=list(_SAID)),
            pgtrigger.Protect(
                name="scoring_reign_ended_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.ended_at IS NOT NULL"),
            ),
            pgtrigger.Protect(name="scoring_reign_kept", operation=pgtrigger.Delete),
        ]
        verbose_name = _("time as champion")
        verbose_name_plural = _("times as champion")

    def __str__(self) -> str:
        return f"{self.model} {self.began_at:%Y-%m-%d}"
