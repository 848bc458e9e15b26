"""Tell which column of a file is what; remembered for the next file with the same header."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.bulk import columns, policies, selectors
from apps.bulk.models import SavedMapping, Upload, UploadRow
from apps.bulk.services import _ground
from apps.core.errors import Conflict, DomainError


@transaction.atomic
def tell_columns(*, actor: User, upload: Upload, headings: Mapping[str, str]) -> Upload:
    """Store what the columns are: the file's heading -> our column, empty for one not used.

    A file that was checked is to be checked anew. Raises NotPermitted, DomainError with a sentence
    for each heading told wrongly and for each column that is missing, Conflict once work on the
    file has begun.
    """
    _ground.permit(policies.may_work_on, actor=actor, upload=upload)
    mapping = _checked(upload, headings)
    if not upload.lifecycle.allows("tell", upload.status):
        raise Conflict("already_begun", _("Work on this file has begun; its columns are settled."))
    upload.move("tell", mapping=mapping, checked_at=None)
    upload.rows.update(state=UploadRow.State.WAITING, faults=[], application=None)
    told = {name: upload.header[place] for name, place in mapping.items()}
    SavedMapping.objects.update_or_create(
        user=actor, signature=selectors.signature(upload.header), defaults={"headings": told}
    )
    audit.record(actor, "bulk.columns_told", upload, columns=sorted(mapping))
    return upload


def require_columns(upload: Upload) -> None:
    """Raise DomainError when the file lacks a column that every row needs."""
    missing = missing_columns(upload.mapping)
    if missing:
        raise DomainError(
            "columns_missing",
            _("Tell first which columns hold: %(columns)s.")
            % {"columns": ", ".join([*missing.values()])},
            fields={name: _("No column of the file is told to be this.") for name in missing},
        )


def missing_columns(mapping: Mapping[str, int]) -> dict[str, str]:
    """Return what the file must have and lacks, by column, in words."""
    missing = {name: name for name in columns.NEEDED if name not in mapping}
    if not any(name in mapping for name in columns.WHO):
        missing["customer_number"] = _("%(columns)s (one of them)") % {
            "columns": ", ".join(columns.WHO)
        }
    return missing


def _checked(upload: Upload, headings: Mapping[str, str]) -> dict[str, int]:
    places = {name: place for place, name in enumerate(upload.header)}
    mapping: dict[str, int] = {}
    errors: dict[str, str] = {}
    for heading, name in headings.items():
        if heading not in places:
            errors[heading] = _("The file has no column of this name.")
        elif name and name not in columns.BY_NAME:
            errors[heading] = _("There is no such column of an application.")
        elif name in mapping:
            errors[heading] = _("Another column is told to be the same.")
        elif name:
            mapping[name] = places[heading]
    missing = missing_columns(mapping)
    if missing:
        told = _("No column of the file is told to be: %(columns)s.")
        # Beside no heading: headings may have the names of our columns.
        errors["*"] = told % {"columns": ", ".join(missing.values())}
    if errors:
        sentence = _("The columns are not told completely.")
        raise DomainError("columns_refused", sentence, fields=errors)
    return mapping
