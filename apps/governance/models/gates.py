"""What the lender asks of a model before it may decide, from a day on, by two people."""

from datetime import date
from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.governance.lifecycle import GATES

ONCE_ANSWERED = """
    IF OLD.status <> 'proposed' THEN
        RAISE EXCEPTION 'governance_gates_once_answered: what was answered stays as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class GateSetQuerySet(models.QuerySet["GateSet"]):
    """Which gates are in force."""

    def in_force(self, day: date) -> "GateSet | None":
        """Return the approved gates that hold on a day; None before the first."""
        rows = self.filter(status="approved", effective_from__lte=day)
        return rows.order_by("-effective_from").first()


class GateSet(Identified, Timestamped, Stateful):
    """Limits, see `gates`; they hold from `effective_from` until the next approved ones do."""

    lifecycle = GATES

    effective_from = models.DateField(_("from"))
    body = models.JSONField(_("limits"), encoder=DjangoJSONEncoder)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    reason = models.CharField(_("reason"), max_length=2_000)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = models.CharField(_("note"), max_length=2_000, blank=True)

    objects = GateSetQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_gates", _("Propose what a model must reach before it may decide")),
            ("approve_gates", _("Approve what another person proposed that a model must reach")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="governance_gates_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="governance_gates_as_proposed",
                fields=["effective_from", "body", "sha256", "reason", "proposed_by", "proposed_at"],
            ),
            pgtrigger.Trigger(
                name="governance_gates_once_answered",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=ONCE_ANSWERED,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(GATES, "governance_gates_status_known"),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None)
                | (~Q(status="proposed") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="governance_gates_answered_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | ~Q(answered_by=F("proposed_by")),
                name="governance_gates_by_two_people",
            ),
            models.UniqueConstraint(
                fields=["effective_from"],
                condition=Q(status="approved"),
                name="governance_gates_one_a_day",
            ),
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status="proposed"),
                name="governance_gates_one_proposed",
            ),
        ]
        verbose_name = _("gates")
        verbose_name_plural = _("gates")

    def __str__(self) -> str:
        return f"{self.effective_from}"
