"""The dry run of a statement: what each line would come to as things stand; nothing is posted."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import rows as core_rows
from apps.core.jobs import enqueue
from apps.repayments import candidates, matching, statement_lists
from apps.repayments import statement_policies as policies
from apps.repayments.matching import Because, Suggestion
from apps.repayments.models import StatementFile, StatementLine
from apps.repayments.services import _permitting
from apps.repayments.statement_lifecycle import TAKEN

CHUNK = 200


@transaction.atomic
def check_statement_again(*, actor: User, file: StatementFile) -> StatementFile:
    """Let a worker look again at what every line would come to.

    Raises NotPermitted, Conflict unless the file was checked.
    """
    _permitting.require(policies.may_work_on(actor, file))
    file.move("check", checked_at=None)
    enqueue("repayments.check_statement", file_id=str(file.pk))
    return file


def check_statement(*, file_id: uuid.UUID | str, now: datetime) -> None:
    """Note for every waiting line which loan it is for, or why none; safe to run twice."""
    file = StatementFile.objects.select_related("branch__entity", "uploaded_by").get(pk=file_id)
    after = 0
    while (last := _look(file, after)) is not None:
        after = last
        StatementFile.objects.filter(pk=file.pk).update(updated_at=Now())
    _report(file, now=now)


def foreseen(
    line: StatementLine, suggestions: Sequence[Suggestion], known: Mapping[str, StatementLine]
) -> tuple[uuid.UUID | None, str]:
    """Return the loan a line is for and why; without a loan, why it would wait or be passed over.

    `known` are the lines of the lender that took the same movements before, by their key.
    """
    before = known.get(line.key)
    if before is not None:
        is_same = (before.day, before.amount) == (line.day, line.amount)
        return None, "known" if is_same else "reference_used"
    one = matching.certain(suggestions)
    if one is not None:
        return one.loan_id, one.reasons[0].value
    strong = [each for each in suggestions if _says_more_than_likely(each)]
    if not strong:
        return None, "no_loan"
    is_over = not any(each.takes_money for each in strong)
    return None, "loan_over" if is_over else "several_loans"


def known_lines(lines: Sequence[StatementLine]) -> dict[str, StatementLine]:
    """Return the lines that took the same movements before, by their key."""
    if not lines:
        return {}
    rows = StatementLine.objects.filter(
        entity=lines[0].entity_id, key__in=[line.key for line in lines], status__in=TAKEN
    )
    found = rows.select_related("file").only("key", "day", "amount", "number", "file__uploaded_at")
    return {line.key: line for line in found}


@transaction.atomic
def _look(file: StatementFile, after: int) -> int | None:
    """Look at some lines; return the last one's row, None where there are no more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status FROM repayments_statementfile WHERE id = %s FOR SHARE", [file.pk]
        )
        (status,) = cursor.fetchone()
    waiting = StatementLine.objects.filter(file=file, status="waiting", number__gt=after)
    lines = list(waiting.order_by("number")[:CHUNK])
    if status != "checking" or not lines:
        return None
    known = known_lines(lines)
    found = candidates.suggestions(lines, entity=file.branch.entity)
    changes: dict[Any, dict[str, Any]] = {}
    for line, suggestions in zip(lines, found, strict=True):
        loan_id, because = foreseen(line, suggestions, known)
        changes[line.pk] = {"loan_id": loan_id, "because": because}
    core_rows.change_each(StatementLine, changes, while_={"status": "waiting"})
    return lines[-1].number


@transaction.atomic
def _report(file: StatementFile, *, now: datetime) -> None:
    locked = StatementFile.objects.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
    if locked.status != "checking":
        # Another delivery of the task has reported, or somebody has discarded the file.
        return
    locked.move("report", checked_at=now)
    counts = statement_lists.counts(locked)
    audit.record(
        file.uploaded_by,
        "repayments.statement_checked",
        locked,
        to_post=counts.to_post,
        to_hold=counts.to_hold,
        refused=counts.refused,
    )


def _says_more_than_likely(one: Suggestion) -> bool:
    return any(reason not in (Because.AMOUNT, Because.NAME) for reason in one.reasons)
