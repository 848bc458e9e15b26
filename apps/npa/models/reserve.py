"""Releases from a reserve that needs the regulator's leave, by two people."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.npa.reserve_lifecycle import RELEASE

_AS_PROPOSED = (
    *("entity", "currency", "amount", "leave_reference", "leave_date"),
    *("proposed_by", "proposed_at"),
)
# The reason, who answered, and the day on which the ledger has it, are written once.
_ONCE_ANSWERED = """
    IF NEW.reason IS DISTINCT FROM OLD.reason OR OLD.answered_by_id IS NOT NULL AND (
        NEW.status IS DISTINCT FROM OLD.status
        OR NEW.answered_by_id IS DISTINCT FROM OLD.answered_by_id
        OR NEW.answered_at IS DISTINCT FROM OLD.answered_at
        OR NEW.answer_note IS DISTINCT FROM OLD.answer_note
        OR NEW.day IS DISTINCT FROM OLD.day
    ) THEN
        RAISE EXCEPTION 'npa_release_once_answered: what was answered stays as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class ReserveReleaseQuerySet(models.QuerySet["ReserveRelease"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "ReserveReleaseQuerySet":
        """Keep all for who works everywhere: a reserve is of a whole lender, not of a branch."""
        return self if actor.works_everywhere else self.none()


class ReserveRelease(Identified, Timestamped, Stateful):
    """What is taken from a lender's reserve for credit losses, and by which leave.

    The regulator's letter has a reference and a date. `day` is that of the ledger's entry.
    """

    lifecycle = RELEASE

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=2)
    leave_reference = models.CharField(_("reference of the leave"), max_length=120)
    leave_date = models.DateField(_("leave given"))
    reason = EncryptedTextField(_("reason"))
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = EncryptedTextField(_("note"), null=True)
    day = models.DateField(_("posted"), null=True)

    objects = ReserveReleaseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_reserve", _("See what lenders keep in reserve, and releases from it")),
            ("propose_reserve_release", _("Propose to release from the reserve")),
            ("approve_reserve_release", _("Approve a release from the reserve")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="npa_release_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="npa_release_as_proposed", fields=[*_AS_PROPOSED]),
            pgtrigger.Trigger(
                name="npa_release_once_answered",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_ONCE_ANSWERED,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(RELEASE, "npa_release_status_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="npa_release_positive"),
            models.CheckConstraint(
                condition=~Q(leave_reference=""), name="npa_release_names_the_leave"
            ),
            models.CheckConstraint(
                condition=Q(status="approved", day__isnull=False)
                | (~Q(status="approved") & Q(day=None)),
                name="npa_release_posted_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None)
                | (~Q(status="proposed") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="npa_release_answered_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | ~Q(answered_by=F("proposed_by")),
                name="npa_release_by_two_people",
            ),
            models.UniqueConstraint(
                fields=["entity", "currency"],
                condition=Q(status="proposed"),
                name="npa_release_one_proposed",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["entity", "day"], name="npa_release_of_day"),
            models.Index(fields=["-proposed_at", "-id"], name="npa_release_newest"),
        ]
        verbose_name = _("release from the reserve")
        verbose_name_plural = _("releases from the reserve")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
