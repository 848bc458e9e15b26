"""Exceptions to a decline: asked for by one person, authorised by another, for a time."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.lifecycle import OVERRIDE_LIFECYCLE
from apps.decisions.models.decided import Decision


class OverrideReason(models.TextChoices):
    """The managed list of reasons for an exception."""

    NEW_EVIDENCE = "new_evidence", _("New evidence that policy and model do not see")
    SECURITY_OFFERED = "security_offered", _("Security or guarantor makes up for it")
    RELATIONSHIP_PROVEN = "relationship_proven", _("Long and proven relationship")
    DATA_WRONG = "data_wrong", _("A fact on record is proved wrong")
    HARDSHIP_PASSED = "hardship_passed", _("A past hardship is over")
    PROGRAMME = "programme", _("Lending programme of the board")


class OverrideQuerySet(models.QuerySet["Override"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "OverrideQuerySet":
        """Keep the overrides of applications the person may see."""
        return self.filter(application__in=Application.objects.visible_to(actor))


class Override(Identified, Timestamped, Stateful):
    """An exception to a decline: what is to be lent, why, who asked, and who answered.

    What was asked never changes, an answer is given once, and nothing is ever deleted. An
    authorised one makes a decision that binds until `expires_at`.
    """

    lifecycle = OVERRIDE_LIFECYCLE

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="overrides")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="overrides")
    outcome = models.CharField(_("outcome"), max_length=8, default="approve", editable=False)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    reason = models.CharField(_("reason"), max_length=24, choices=OverrideReason)
    note = models.TextField(_("note"))
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="overrides_requested"
    )
    requested_at = models.DateTimeField(_("asked"))
    answered_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="overrides_answered"
    )
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = models.TextField(_("answer"), blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True)

    objects = OverrideQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("request_override", _("Ask for an exception to a decline")),
            ("authorise_override", _("Authorise or refuse an exception to a decline")),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(
                name="decisions_override_request",
                fields=[
                    "application",
                    "decision",
                    "outcome",
                    "amount",
                    "term_months",
                    "reason",
                    "note",
                    "requested_by",
                    "requested_at",
                ],
            ),
            pgtrigger.Protect(
                name="decisions_override_answer",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> 'asked'"),
            ),
            pgtrigger.Protect(name="decisions_override_kept", operation=pgtrigger.Delete),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(OVERRIDE_LIFECYCLE, "decisions_override_status_known"),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(status="asked"),
                name="decisions_override_one_asked_per_application",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(term_months__gte=1) & ~Q(note=""),
                name="decisions_override_says_what_and_why",
            ),
            models.CheckConstraint(
                condition=Q(outcome="approve"), name="decisions_override_approves"
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("requested_by")),
                name="decisions_override_second_is_another",
            ),
            models.CheckConstraint(
                condition=~Q(status="authorised")
                | Q(
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                    expires_at__gt=F("answered_at"),
                ),
                name="decisions_override_authorised_for_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | Q(answered_by__isnull=False) & ~Q(answer_note=""),
                name="decisions_override_refused_by_somebody",
            ),
        ]
        verbose_name = _("override")
        verbose_name_plural = _("overrides")

    def __str__(self) -> str:
        return str(self.get_reason_display())
