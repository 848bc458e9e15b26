"""The legal steps that were taken on loans that are overdue."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.collections.legal import MOVES, Stage
from apps.collections.models.assigning import OfLoan
from apps.core.models import Identified, Timestamped
from apps.loans.models import Loan

_STAGES = [(one.value, one.value) for one in Stage]
_FOLLOWS = """
    IF NEW.number > 1 AND NOT EXISTS (
        SELECT 1 FROM collections_legalstep
        WHERE loan_id = NEW.loan_id AND number = NEW.number - 1
            AND stage = NEW.before AND made_on <= NEW.made_on
    ) THEN
        RAISE EXCEPTION 'collections_legal_follows: a legal step follows the one before'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


def _moves() -> Q:
    found = Q()
    for before, after in MOVES.items():
        found |= Q(before=before.value, stage__in=[one.value for one in after])
    return found


class LegalStep(Identified, Timestamped):
    """One legal step on a loan, the stage before it and the stage after; never changed after.

    Where a matter stands is the stage of the step with the largest number.
    """

    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="legal_steps", db_index=False
    )
    number = models.PositiveSmallIntegerField(_("number"))
    before = models.CharField(_("stage before"), max_length=12, choices=_STAGES)
    stage = models.CharField(_("stage"), max_length=12, choices=_STAGES)
    made_on = models.DateField(_("on"))
    # Of the court, the lawyer or the post: it names the matter.
    reference = models.CharField(_("reference"), max_length=80)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = OfLoan.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=_moves(), name="collections_legal_move_allowed"),
            models.CheckConstraint(
                condition=Q(number=1, before="none") | (Q(number__gt=1) & ~Q(before="none")),
                name="collections_legal_begins_at_one",
            ),
            models.CheckConstraint(
                condition=~Q(reference=""), name="collections_legal_has_reference"
            ),
            models.UniqueConstraint(fields=["loan", "number"], name="collections_legal_numbered"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="collections_legal_kept",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
            pgtrigger.Trigger(
                name="collections_legal_follows",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_FOLLOWS,
            ),
        ]
        verbose_name = _("legal step")
        verbose_name_plural = _("legal steps")

    def __str__(self) -> str:
        return f"{self.stage} {self.made_on}"
