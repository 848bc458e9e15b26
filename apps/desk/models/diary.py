"""What people say, ask and lay beside a case; none of it goes into a letter."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.fields import EncryptedBytesField, EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.models import ReviewCase
from apps.desk.lifecycle import ESCALATION, INFORMATION


def _kept(name: str) -> pgtrigger.Protect:
    return pgtrigger.Protect(name=name, operation=pgtrigger.Delete)


class OfCaseQuerySet(models.QuerySet[Any]):
    """Which rows a person may see: those of the cases they may see."""

    def visible_to(self, actor: User) -> "OfCaseQuerySet":
        """Keep the rows of the cases a person may see."""
        return self.filter(case__in=ReviewCase.objects.visible_to(actor))


class CaseNote(Identified, Timestamped):
    """What somebody says about a case to colleagues; never changed, encrypted."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        ASSIGNED = "assigned", _("Given to somebody")
        RELEASED = "released", _("Put back")

    case = models.ForeignKey(ReviewCase, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.NOTE)
    text = EncryptedTextField(_("note"))
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written"))

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            _kept("desk_note_kept"),
            # The sealed text stays writable, so that keys can be rotated.
            pgtrigger.ReadOnly(
                name="desk_note_written", fields=["case", "kind", "written_by", "written_at"]
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["case", "-written_at"])]
        verbose_name = _("note on a case")
        verbose_name_plural = _("notes on cases")

    def __str__(self) -> str:
        return self.get_kind_display()


class CaseAttachment(Identified, Timestamped):
    """A file laid beside a case for colleagues; the bytes are encrypted and never shown inline."""

    case = models.ForeignKey(ReviewCase, on_delete=models.PROTECT, related_name="attachments")
    filename = EncryptedTextField(_("file name"))
    content_type = models.CharField(_("type"), max_length=80)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64, editable=False)
    content = EncryptedBytesField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["case", "sha256"], name="desk_attachment_once")
        ]
        triggers: ClassVar[list[Any]] = [
            _kept("desk_attachment_kept"),
            pgtrigger.ReadOnly(
                name="desk_attachment_uploaded",
                fields=["case", "content_type", "size", "sha256", "uploaded_by", "uploaded_at"],
            ),
        ]
        verbose_name = _("file beside a case")
        verbose_name_plural = _("files beside cases")

    def __str__(self) -> str:
        return self.content_type


class InformationRequest(Identified, Timestamped, Stateful):
    """What is waited for before a case can go on: what, from whom, until when.

    While one is open the case's clock stands still. It ends when the information arrives, when it
    is withdrawn, when its time has passed, or with the case.
    """

    lifecycle = INFORMATION

    class Item(models.TextChoices):
        INCOME_PROOF = "income_proof", _("Proof of income")
        EMPLOYMENT = "employment", _("Confirmation by the employer")
        BANK_STATEMENT = "bank_statement", _("Bank statement")
        IDENTITY = "identity", _("Proof of identity")
        ADDRESS = "address", _("Proof of address")
        BUREAU = "bureau", _("A fresh bureau report or a corrected entry")
        OBLIGATIONS = "obligations", _("Statement of existing debts")
        VALUATION = "valuation", _("Valuation of the collateral")
        GUARANTOR = "guarantor", _("Papers of a guarantor")
        PURPOSE = "purpose", _("Evidence of the purpose")
        OTHER = "other", _("Something else, see the text")

    class Source(models.TextChoices):
        APPLICANT = "applicant", _("The applicant")
        OFFICER = "officer", _("The officer who took the application")
        EMPLOYER = "employer", _("The employer")
        BUREAU = "bureau", _("The credit bureau")
        GUARANTOR = "guarantor", _("A guarantor")
        VALUER = "valuer", _("The valuer")
        COLLEAGUE = "colleague", _("Somebody else in the house")

    case = models.ForeignKey(ReviewCase, on_delete=models.PROTECT, related_name="information")
    item = models.CharField(_("what"), max_length=16, choices=Item)
    text = EncryptedTextField(_("in words"))
    source = models.CharField(_("from whom"), max_length=12, choices=Source)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    by_date = models.DateField(_("by"))
    # The end of that day at the lender: from then on the clock runs again.
    lapses_at = models.DateTimeField(_("lapses"))
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)
    answer = EncryptedTextField(_("what came of it"), null=True)

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(INFORMATION, "desk_information_status_known"),
            models.CheckConstraint(
                condition=Q(lapses_at__gt=F("asked_at")), name="desk_information_lapses_later"
            ),
            models.CheckConstraint(
                condition=Q(status="open", ended_at__isnull=True, ended_by__isnull=True)
                | (~Q(status="open") & Q(ended_at__isnull=False)),
                name="desk_information_end_is_complete",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            _kept("desk_information_kept"),
            pgtrigger.ReadOnly(
                name="desk_information_asked",
                fields=[
                    *("case", "item", "source", "asked_by"),
                    *("asked_at", "by_date", "lapses_at"),
                ],
            ),
            pgtrigger.Protect(
                name="desk_information_ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> 'open' AND (OLD.status, OLD.ended_at, OLD.ended_by_id)"
                    " IS DISTINCT FROM (NEW.status, NEW.ended_at, NEW.ended_by_id)"
                ),
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["case", "-asked_at"]),
            models.Index(
                fields=["lapses_at"], condition=Q(status="open"), name="desk_information_open"
            ),
        ]
        verbose_name = _("request for information")
        verbose_name_plural = _("requests for information")

    def __str__(self) -> str:
        return self.get_item_display()


class Escalation(Identified, Timestamped, Stateful):
    """A case somebody asks a manager to look at, and why; it goes to the top until answered."""

    lifecycle = ESCALATION

    case = models.ForeignKey(ReviewCase, on_delete=models.PROTECT, related_name="escalations")
    to = models.ForeignKey(User, on_delete=models.PROTECT, related_name="escalations")
    why = EncryptedTextField(_("why"))
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(_("escalated"))
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("answered"), null=True)
    answer = EncryptedTextField(_("answer"), null=True)

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(ESCALATION, "desk_escalation_status_known"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(status="open"), name="desk_escalation_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(to=F("raised_by")), name="desk_escalation_to_another"
            ),
            models.CheckConstraint(
                condition=Q(status="open", ended_at__isnull=True, ended_by__isnull=True)
                | (~Q(status="open") & Q(ended_at__isnull=False)),
                name="desk_escalation_end_is_complete",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            _kept("desk_escalation_kept"),
            pgtrigger.ReadOnly(
                name="desk_escalation_raised", fields=["case", "to", "raised_by", "raised_at"]
            ),
            pgtrigger.Protect(
                name="desk_escalation_ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> 'open' AND (OLD.status, OLD.ended_at, OLD.ended_by_id)"
                    " IS DISTINCT FROM (NEW.status, NEW.ended_at, NEW.ended_by_id)"
                ),
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["to"], condition=Q(status="open"), name="desk_escalation_open_to")
        ]
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")

    def __str__(self) -> str:
        return str(self.to)
