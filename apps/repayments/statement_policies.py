"""Who may do what with statements and with money in suspense."""

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.repayments.models import StatementFile, StatementLine

SEE = "repayments.view_statement"
UPLOAD = "repayments.upload_statement"
PLACE = "repayments.place_money"
RETURN = "repayments.return_money"


def may_upload(actor: User) -> bool:
    """Say whether the person may take in statements and post what they say."""
    return actor.is_active and actor.has_perm(UPLOAD)


def may_upload_for(actor: User, branch: Branch) -> bool:
    """Say whether the person may take in statements for a branch."""
    return may_upload(actor) and (actor.works_everywhere or branch.pk in accounts.branch_ids(actor))


def may_work_on(actor: User, file: StatementFile) -> bool:
    """Say whether the person may check, post and discard the statement."""
    return may_upload_for(actor, file.branch)


def may_place(actor: User) -> bool:
    """Say whether the person may place money in suspense, or ask for its return."""
    return actor.is_active and actor.has_perm(PLACE)


def may_return(actor: User, line: StatementLine) -> bool:
    """Say whether the person may return the money: never who asked for it."""
    is_asked = line.return_asked_by_id not in (None, actor.pk)
    return actor.is_active and actor.has_perm(RETURN) and is_asked
