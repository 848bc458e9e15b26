"""Events and their seals: two tables that only ever grow."""

import uuid
from typing import Any

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import rows
from apps.core.errors import DomainError


class AppendOnly(DomainError):
    """Rows of this table are never changed or deleted."""

    status = 409


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Refuses in Python what the trigger refuses in the database."""

    def update(self, **kwargs: Any) -> int:
        raise AppendOnly("append_only", _("The audit trail cannot be changed."))

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly("append_only", _("The audit trail cannot be deleted."))


class AppendOnlyModel(models.Model):
    """A table for inserts only."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *_args: Any, **_kwargs: Any) -> None:
        """Write the new row; no signal tells of it, because none of these has a history."""
        if not self._state.adding:
            raise AppendOnly("append_only", _("The audit trail cannot be changed."))
        rows.insert(self)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("append_only", _("The audit trail cannot be deleted."))


def append_only_triggers(name: str) -> list[pgtrigger.Trigger]:
    """Return the triggers that refuse update, delete and truncate, even from raw SQL."""
    return [
        pgtrigger.Protect(name=f"{name}_rows", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name=f"{name}_table",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
        ),
    ]


class Event(AppendOnlyModel):
    """A consequential act: who did what to which thing, when, from where, with which facts.

    Facts never hold personal data; people and things are named by id.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occurred_at = models.DateTimeField(_("when"))
    actor = models.CharField(_("who"), max_length=80)
    verb = models.CharField(_("did"), max_length=64)
    subject = models.CharField(_("to what"), max_length=100)
    case = models.CharField(_("in which case"), max_length=100, blank=True)
    origin = models.CharField(_("from where"), max_length=80)
    facts = models.JSONField(_("facts"), default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_audit", _("Read the audit trail")),
            ("verify_audit", _("Verify the audit chain")),
        ]
        indexes = [
            models.Index(fields=["subject", "id"]),
            models.Index(fields=["case", "id"], condition=~models.Q(case=""), name="audit_case"),
            models.Index(fields=["actor", "id"]),
            models.Index(fields=["verb", "id"]),
        ]
        triggers = append_only_triggers("audit_event")
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"

    def sealed_content(self) -> dict[str, Any]:
        """The content a seal covers."""
        return {
            "uid": str(self.uid),
            "occurred_at": self.occurred_at,
            "actor": self.actor,
            "verb": self.verb,
            "subject": self.subject,
            "case": self.case,
            "origin": self.origin,
            "facts": self.facts,
        }


class Seal(AppendOnlyModel):
    """The place of one event in the chain."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="seal")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("audit_seal")
        verbose_name = _("seal")
        verbose_name_plural = _("seals")

    def __str__(self) -> str:
        return f"{self.position}: {self.hash[:12]}"
