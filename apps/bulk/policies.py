"""Who may do what with files of applications; used for buttons and enforced in services."""

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.bulk.models import Upload

SEE = "bulk.view_upload"
UPLOAD = "bulk.upload_applications"
# What a row does is what the form does, so who uploads must be allowed both.
_NEEDED = (UPLOAD, "customers.edit_customer", "applications.take_application")


def may_upload(actor: User) -> bool:
    """Say whether the person may take in applications from files."""
    return actor.is_active and all(actor.has_perm(one) for one in _NEEDED)


def may_upload_for(actor: User, branch: Branch) -> bool:
    """Say whether the person may take them in for a branch."""
    return may_upload(actor) and branch.pk in accounts.branch_ids(actor)


def may_work_on(actor: User, upload: Upload) -> bool:
    """Say whether the person may tell the columns, check, start, stop and discard the file.

    Who uploaded it counts as who submitted its applications, so nobody else starts it.
    """
    return upload.uploaded_by_id == actor.pk and may_upload_for(actor, upload.branch)


def may_stop(actor: User, upload: Upload) -> bool:
    """Say whether the person may stop work on the file: whoever may upload for the branch."""
    return may_upload_for(actor, upload.branch)
