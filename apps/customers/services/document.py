"""Take documents in, encrypted, and hand them out, on the record."""

import hashlib

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.customers import filetypes, policies, sentences
from apps.customers.findings import Findings
from apps.customers.models import Customer, Document
from apps.customers.services import _ground


@transaction.atomic
def upload_document(
    *, actor: User, customer: Customer, kind: str, filename: str, content: bytes
) -> Document:
    """Store a PDF, JPEG or PNG file, encrypted in the database.

    What it is, is read from its bytes. Raises DomainError with a sentence beside the field,
    Conflict when the customer has this very file already.
    """
    _ground.permit(policies.may_upload, actor=actor, customer=customer)
    content_type, name = _checked(kind, filename, content)
    customer = _ground.lock(customer)
    digest = hashlib.sha256(content).hexdigest()
    if Document.objects.filter(customer=customer, sha256=digest).exists():
        sentence = _("This very file is already among the customer's documents.")
        raise Conflict("document_exists", sentence, fields={"file": sentence})
    document = Document.objects.create(
        customer=customer,
        kind=kind,
        filename=name,
        content_type=content_type,
        size=len(content),
        sha256=digest,
        content=content,
        uploaded_by=actor,
    )
    audit.record(
        actor,
        "customers.document_uploaded",
        customer,
        document=document.pk,
        kind=kind,
        content_type=content_type,
        size=len(content),
        sha256=digest,
    )
    return document


@transaction.atomic
def read_document(*, actor: User, document: Document) -> bytes:
    """Return the bytes of a document and note who opened it."""
    _ground.permit(policies.may_download, actor=actor, customer=document.customer)
    content: bytes = document.content
    audit.record(actor, "customers.document_read", document.customer, document=document.pk)
    return content


def _checked(kind: str, filename: str, content: bytes) -> tuple[str, str]:
    """Return media type and bare file name."""
    if kind not in Document.Kind.values:
        raise sentences.refuse("kind", "not_a_choice")

    def check() -> tuple[str, str]:
        found = Findings()
        found.clean("file", filetypes.size, len(content), limit=settings.DOCUMENT_MAX_BYTES)
        content_type = found.clean("file", filetypes.sniff, content)
        name = content_type and found.clean("file", filetypes.file_name, filename, content_type)
        found.finish()
        return str(content_type), str(name)

    return sentences.checked(check)
