"""What the lender decided of expected credit loss, from a day on, by two people."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThan, LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.impairment.lifecycle import PARAMETERS
from apps.impairment.measuring import Outlook
from apps.impairment.parameters import MOST_LGD_SHIFT, MOST_PD_SHIFT


def _shifts_within() -> Q:
    """Return that no outlook multiplies by 0 or less, or by more than the most."""
    found = Q()
    for outlook in Outlook:
        for shift, most in (("pd_shift", MOST_PD_SHIFT), ("lgd_shift", MOST_LGD_SHIFT)):
            text = KT(f"body__scenarios__{outlook.value}__{shift}")
            value = Cast(text, models.DecimalField(max_digits=20, decimal_places=10))
            found &= Q(GreaterThan(value, Decimal(0))) & Q(LessThanOrEqual(value, most))
    return found


_ONCE_ANSWERED = """
    IF OLD.answered_by_id IS NOT NULL AND (
        NEW.answered_by_id IS DISTINCT FROM OLD.answered_by_id
        OR NEW.answered_at IS DISTINCT FROM OLD.answered_at
        OR NEW.answer_note IS DISTINCT FROM OLD.answer_note
        OR NEW.status IS DISTINCT FROM OLD.status
    ) THEN
        RAISE EXCEPTION 'impairment_parameters_once_answered: what was answered stays as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class ParameterSetQuerySet(models.QuerySet["ParameterSet"]):
    """Which rows a person may see, and which is in force."""

    def visible_to(self, actor: User) -> "ParameterSetQuerySet":
        """Keep those of the lenders in whose branches the person works."""
        reach = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
        return self.filter(entity__in=reach.order_by().values("entity"))

    def in_force(self, entity: Entity, day: date) -> "ParameterSet | None":
        """Return what a lender's losses are measured by on a day."""
        rows = self.filter(entity=entity, status="approved", effective_from__lte=day)
        return rows.order_by("-effective_from").first()


class ParameterSet(Identified, Timestamped, Stateful):
    """Weights and shifts of scenarios, stages, floors and the rest; see `parameters`.

    They hold from `effective_from` until the next approved ones do. `sha256` is of the body.
    """

    lifecycle = PARAMETERS

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    effective_from = models.DateField(_("from"))
    body = models.JSONField(_("parameters"), encoder=DjangoJSONEncoder)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    # About the economy and the method, never about a borrower.
    reason = models.CharField(_("reason"), max_length=2_000)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = models.CharField(_("note"), max_length=2_000, blank=True)

    objects = ParameterSetQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_parameters", _("Propose what expected credit loss is measured by")),
            ("approve_parameters", _("Approve what another person proposed to measure it by")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="impairment_parameters_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="impairment_parameters_as_proposed",
                fields=[
                    *("entity", "effective_from", "body", "sha256", "reason"),
                    *("proposed_by", "proposed_at"),
                ],
            ),
            pgtrigger.Trigger(
                name="impairment_parameters_once_answered",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_ONCE_ANSWERED,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(PARAMETERS, "impairment_parameters_status_known"),
            models.CheckConstraint(
                condition=_shifts_within(), name="impairment_parameters_shifts_within"
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None)
                | (~Q(status="proposed") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="impairment_parameters_answered_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | ~Q(answered_by=F("proposed_by")),
                name="impairment_parameters_by_two_people",
            ),
            models.UniqueConstraint(
                fields=["entity", "effective_from"],
                condition=Q(status="approved"),
                name="impairment_parameters_one_a_day",
            ),
            models.UniqueConstraint(
                fields=["entity"],
                condition=Q(status="proposed"),
                name="impairment_parameters_one_proposed",
            ),
        ]
        verbose_name = _("parameters of expected credit loss")
        verbose_name_plural = _("parameters of expected credit loss")

    def __str__(self) -> str:
        return f"{self.effective_from}"
