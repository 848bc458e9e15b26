"""Who may do what with mandates, debits and the bank's answers."""

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.debits.models import AnswerFile, DebitFile, Mandate, Recall

SEE = "debits.view_debit"
KEEP = "debits.keep_mandate"
PREPARE = "debits.prepare_debits"
RELEASE = "debits.release_debits"
RECALL = "debits.recall_debits"
ANSWER = "debits.answer_debits"
FOLLOW = "debits.follow_debits"
RULES = "debits.manage_debit_rules"


def may(actor: User, permission: str) -> bool:
    """Say whether a person's role allows something."""
    return actor.is_active and actor.has_perm(permission)


def reaches(actor: User, branch: Branch) -> bool:
    """Say whether the person works in a branch."""
    return actor.works_everywhere or branch.pk in accounts.branch_ids(actor)


def may_move(actor: User, mandate: Mandate, action: str) -> bool:
    """Say whether the person may move a mandate by an action."""
    return may(actor, KEEP) and mandate.may(action)


def may_release(actor: User, file: DebitFile) -> bool:
    """Say whether the person may release the file: never who prepared it."""
    return may(actor, RELEASE) and file.may("release") and file.made_by_id != actor.pk


def may_confirm(actor: User, recall: Recall) -> bool:
    """Say whether the person may confirm a recall: never who asked for it."""
    return may(actor, RELEASE) and recall.may("confirm") and recall.asked_by_id != actor.pk


def may_refuse(actor: User, recall: Recall) -> bool:
    """Say whether the person may leave a file with the bank; who asked may take that back."""
    is_own = recall.asked_by_id == actor.pk
    return recall.may("refuse") and may(actor, RECALL if is_own else RELEASE)


def may_answer_for(actor: User, branch: Branch) -> bool:
    """Say whether the person may take in answers for a branch."""
    return may(actor, ANSWER) and reaches(actor, branch)


def may_work_on(actor: User, file: AnswerFile) -> bool:
    """Say whether the person may let be posted what the answers say."""
    return may_answer_for(actor, file.branch)
