"""Write what people must say of a model, and sign it together with the facts of the machine."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError
from apps.governance import card, policies, selectors
from apps.governance.models import ModelDocument
from apps.governance.services import _said
from apps.scoring.models import ModelVersion
from ml import canonical


@transaction.atomic
def write_document(
    *, actor: User, model: ModelVersion, body: Mapping[str, Any], now: datetime
) -> ModelDocument:
    """Keep what was written of a model as its draft, however much is missing, and return it.

    Raises NotPermitted, and DomainError for a text that is too long.
    """
    _said.permit(actor, policies.WRITE)
    tidy = card.tidy(body)
    for name in card.NAMES:
        if len(tidy[name]) > card.LONGEST:
            raise _said.refused(name, _("This text is too long."))
    draft = ModelDocument.objects.select_for_update().filter(model=model, status="draft").first()
    if draft is None:
        draft = ModelDocument(model=model)
    draft.body, draft.written_by, draft.written_at = tidy, actor, now
    draft.save()
    return draft


@transaction.atomic
def sign_document(*, actor: User, document: ModelDocument, now: datetime) -> ModelDocument:
    """Sign a complete draft with the facts as they stand; neither ever changes again.

    Raises NotPermitted, DomainError for what is missing (rule book 7.3), Conflict for one signed
    and while a promotion of the model is open: people judge by what it was asked for on.
    """
    _said.permit(actor, policies.WRITE)
    rows = ModelDocument.objects.select_for_update(of=("self",)).select_related("model")
    found = rows.get(pk=document.pk)
    lacking = card.missing(found.body)
    if lacking:
        sentence = _("Complete the documentation first; every limitation needs its mitigant.")
        raise DomainError(
            "document_incomplete", sentence, fields={name: _lack(name) for name in lacking}
        )
    if selectors.open_promotion(found.model) is not None:
        raise Conflict(
            "promotion_open",
            _("The promotion of this model is open; what it was asked for on stays as it is."),
        )
    facts = selectors.documented_facts(found.model)
    sha256 = canonical.sha256(
        canonical.canonical_bytes({"model": found.model.sha256, "body": found.body, "facts": facts})
    )
    found.move("sign", facts=facts, sha256=sha256, signed_by=actor, signed_at=now)
    audit.record(actor, "governance.document_signed", found, model=str(found.model), sha256=sha256)
    return found


def _lack(name: str) -> str:
    """Return what must still be written of one part of the card."""
    sentences = {
        "limitations": _("Name at least one limitation, each in words."),
        "mitigants": _("Say what is done about every limitation."),
    }
    return sentences.get(name) or _("Write this before it is signed.")
