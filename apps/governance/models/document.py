"""The documentation of a model: facts from the machine, sentences from people, signed."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.governance.lifecycle import DOCUMENT
from apps.scoring.models import ModelVersion

_ONCE_SIGNED = """
    IF OLD.status = 'signed' THEN
        RAISE EXCEPTION 'governance_document_once_signed: what was signed stays as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class ModelDocument(Identified, Timestamped, Stateful):
    """What is written of a model (see `card`); once signed, words and facts are frozen."""

    lifecycle = DOCUMENT

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="documents")
    body = models.JSONField(_("text"), encoder=DjangoJSONEncoder)
    facts = models.JSONField(_("facts"), null=True, encoder=DjangoJSONEncoder)
    sha256 = models.CharField(_("fingerprint"), max_length=64, blank=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written"))
    signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(_("signed"), null=True)

    class Meta:
        default_permissions = ()
        permissions = [("write_document", _("Write and sign the documentation of models"))]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="governance_document_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="governance_document_once_signed",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_ONCE_SIGNED,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(DOCUMENT, "governance_document_status_known"),
            models.CheckConstraint(
                condition=Q(status="draft", signed_by=None, signed_at=None)
                | (
                    Q(status="signed", signed_by__isnull=False, signed_at__isnull=False)
                    & ~Q(sha256="")
                    & Q(facts__isnull=False)
                ),
                name="governance_document_signed_or_not",
            ),
            models.UniqueConstraint(
                fields=["model"],
                condition=Q(status="draft"),
                name="governance_document_one_draft",
            ),
        ]
        verbose_name = _("documentation of a model")
        verbose_name_plural = _("documentation of models")

    def __str__(self) -> str:
        return str(self.model)
