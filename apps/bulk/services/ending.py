"""Stop work on a file, or discard one nothing was taken in from."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.bulk import policies
from apps.bulk.models import Upload
from apps.bulk.services import _ground


@transaction.atomic
def cancel(*, actor: User, upload: Upload, now: datetime) -> Upload:
    """Stop a dry run, or the taking in: what was taken in stays, the rest waits.

    Raises NotPermitted, Conflict when nothing is at work.
    """
    _ground.permit(policies.may_stop, actor=actor, upload=upload)
    if upload.status == "checking":
        upload.move("stop_checking")
    else:
        # Waits for the chunks that land at this moment; nothing lands after this.
        upload.move("cancel", ended_at=now)
    audit.record(actor, "bulk.stopped", upload)
    return upload


@transaction.atomic
def discard(*, actor: User, upload: Upload) -> Upload:
    """Discard a file nothing was taken in from, with its rows; it can then be uploaded anew.

    Raises NotPermitted, Conflict once the taking in has begun.
    """
    _ground.permit(policies.may_work_on, actor=actor, upload=upload)
    upload.move("discard")
    upload.rows.all().delete()
    audit.record(actor, "bulk.discarded", upload)
    return upload
