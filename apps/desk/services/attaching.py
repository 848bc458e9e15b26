"""Lay a file beside a case, encrypted, and hand it out, on the record."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.customers import filetypes, sentences
from apps.customers.findings import Findings
from apps.decisions.models import ReviewCase
from apps.desk import policies
from apps.desk.models import CaseAttachment
from apps.desk.services import working

DOWNLOAD = "customers.download_document"


@transaction.atomic
def attach(
    *, actor: User, case: ReviewCase, filename: str, content: bytes, now: datetime
) -> CaseAttachment:
    """Store a PDF, JPEG or PNG file beside a case; what it is, is read from its bytes.

    Raises as `working.locked`, DomainError beside the field, Conflict for a file it has already.
    """
    content_type, name = sentences.checked(_checked, filename, content)
    found = working.locked(actor, case.pk)
    digest = hashlib.sha256(content).hexdigest()
    if CaseAttachment.objects.filter(case=found, sha256=digest).exists():
        sentence = _("This very file lies beside the case already.")
        raise Conflict("attachment_exists", sentence, fields={"file": sentence})
    made = CaseAttachment(
        case=found,
        filename=name,
        content_type=content_type,
        size=len(content),
        sha256=digest,
        content=content,
        uploaded_by=actor,
        uploaded_at=now,
    )
    made.save(force_insert=True)
    audit.record(
        actor,
        "desk.attached",
        made,
        case=found.application,
        content_type=content_type,
        size=len(content),
        sha256=digest,
    )
    return made


@transaction.atomic
def read_attachment(*, actor: User, attachment: CaseAttachment) -> bytes:
    """Return the bytes of a file beside a case and note who opened it."""
    found = get_visible(
        CaseAttachment.objects.select_related("case__application"), actor, pk=attachment.pk
    )
    if not (actor.has_perm(DOWNLOAD) and actor.has_perm(policies.VIEW_QUEUE)):
        raise NotPermitted("not_permitted", _("Your role does not open documents."))
    content: bytes = found.content
    audit.record(actor, "desk.attachment_read", found, case=found.case.application)
    return content


def _checked(filename: str, content: bytes) -> tuple[str, str]:
    """Return media type and bare file name."""
    found = Findings()
    found.clean("file", filetypes.size, len(content), limit=settings.DOCUMENT_MAX_BYTES)
    content_type = found.clean("file", filetypes.sniff, content)
    name = content_type and found.clean("file", filetypes.file_name, filename, content_type)
    found.finish()
    return str(content_type), str(name)
