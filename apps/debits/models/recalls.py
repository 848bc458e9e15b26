"""Asking that a file of debits be recalled: one person asks, another one answers."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, status_constraint
from apps.debits.lifecycle import RECALL
from apps.debits.models.files import DebitFile


class RecallQuerySet(models.QuerySet["Recall"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "RecallQuerySet":
        """Keep what was asked about files the person may see."""
        return self.filter(accounts.in_reach(actor, branch_field="file__branch_id"))


class Recall(Identified, Stateful):
    """A request to recall a released file: it never reached the bank, or was refused whole.

    A file has one request at a time, and is recalled once; who asks never confirms.
    """

    lifecycle = RECALL

    file = models.ForeignKey(DebitFile, on_delete=models.PROTECT, related_name="recalls")
    # People's words, which may tell about a borrower.
    reason = EncryptedTextField(_("reason"))
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    # None: it waits, or it lapsed.
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    note = EncryptedTextField(_("note"), null=True)
    # How many debits were freed.
    freed = models.PositiveIntegerField(_("debits freed"), null=True)

    objects = RecallQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="debits_recall_kept", operation=pgtrigger.Delete),
            # Sealed columns stay writable, so that keys can be rotated.
            pgtrigger.ReadOnly(name="debits_recall_asked", fields=["file", "asked_by", "asked_at"]),
            pgtrigger.Protect(
                name="debits_recall_answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> 'asked' AND (OLD.status, OLD.answered_by_id, OLD.answered_at,"
                    " OLD.freed) IS DISTINCT FROM (NEW.status, NEW.answered_by_id,"
                    " NEW.answered_at, NEW.freed)"
                ),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(RECALL, "debits_recall_status_known"),
            models.UniqueConstraint(
                fields=["file"],
                condition=Q(status__in=["asked", "confirmed"]),
                name="debits_recall_one_of_a_file",
            ),
            models.CheckConstraint(
                condition=Q(status="asked", answered_by__isnull=True, answered_at__isnull=True)
                | Q(status="lapsed", answered_by__isnull=True, answered_at__isnull=False)
                | Q(
                    status__in=["confirmed", "refused"],
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                ),
                name="debits_recall_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status="confirmed", freed__gt=0) & ~Q(answered_by=F("asked_by"))
                | ~Q(status="confirmed") & Q(freed__isnull=True),
                name="debits_recall_by_two_people",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["asked_at", "id"], condition=Q(status="asked"), name="debits_recalls_asked"
            ),
        ]
        verbose_name = _("recall of a file of debits")
        verbose_name_plural = _("recalls of files of debits")

    def __str__(self) -> str:
        return f"{self.file}"
