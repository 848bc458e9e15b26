"""Recall a released file of debits: one person asks, another who may release files confirms.

Debits without an answer are freed, so that the next file asks for them again; those with one stay.
Locks are taken in one order: debits, their file, the recall.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.core.visibility import get_visible
from apps.debits import errors, policies
from apps.debits.models import AnswerLine, Debit, DebitFile, Recall


@transaction.atomic
def ask_recall(*, actor: User, file: DebitFile, reason: str, now: datetime) -> Recall:
    """Ask that a released file be recalled, which the bank does not have; return the request.

    Raises NotPermitted, NotVisible, DomainError without words, AllAnswered, and Conflict for a
    file that is not with the bank, or where somebody has asked already.
    """
    errors.require(policies.may(actor, policies.RECALL))
    said = errors.required_words(reason)
    # Held, so that the last answer does not come in between: what was asked would wait for good.
    rows = DebitFile.objects.select_related("entity").defer("content")
    held = get_visible(rows.select_for_update(of=("self",), no_key=True), actor, pk=file.pk)
    _require_released(held)
    if not held.debits.filter(status="presented").exists():
        raise errors.AllAnswered
    if held.recalls.filter(status="asked").exists():
        raise Conflict("recall_waits", _("Somebody asked for this already; it waits."))
    asked = Recall(file=held, asked_by=actor, asked_at=now)
    asked.reason = said
    asked.save(force_insert=True)
    # Not why: a person's words may tell about a borrower; the request keeps them.
    audit.record(actor, "debits.recall_asked", held, file=str(held))
    return asked


@transaction.atomic
def confirm_recall(*, actor: User, recall: Recall, now: datetime) -> Recall:
    """Recall the file another person asked about; what the bank did not answer is freed.

    Raises NotPermitted, OwnRecall, NotVisible, AllAnswered, Conflict where the request was
    answered, or answers of the bank are being posted, StaleRecord where somebody was faster.
    """
    errors.require(policies.may(actor, policies.RELEASE))
    found = _found(actor, recall)
    if found.asked_by_id == actor.pk:
        raise errors.OwnRecall
    file = found.file
    rows = Debit.objects.filter(file=file, status="presented")
    open_ones = list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
    # What another one did while we waited for the debits.
    file.refresh_from_db(fields=["status"])
    found.refresh_from_db(fields=["status"])
    if found.status != "lapsed":
        _require_asked(found)
    _require_released(file)
    if not open_ones:
        raise errors.AllAnswered
    _require_nothing_underway(file)
    freed = Debit.objects.filter(pk__in=[one.pk for one in open_ones])
    Debit.move_all(freed, "recall", reason_code="file_recalled")
    file.move("recall")
    found.move("confirm", answered_by=actor, answered_at=now, freed=len(open_ones))
    audit.record(
        actor,
        "debits.file_recalled",
        file,
        file=str(file),
        asked_by=str(found.asked_by_id),
        freed=len(open_ones),
        total=str(sum((one.amount for one in open_ones), Decimal(0))),
    )
    return found


@transaction.atomic
def refuse_recall(*, actor: User, recall: Recall, note: str, now: datetime) -> Recall:
    """Leave a file with the bank that was to be recalled, and say why; who asked may, too.

    Raises NotPermitted, NotVisible, DomainError without words, Conflict where it was answered.
    """
    said = errors.required_words(note, name="note")
    found = _found(actor, recall)
    is_own = found.asked_by_id == actor.pk
    errors.require(policies.may(actor, policies.RECALL if is_own else policies.RELEASE))
    _require_asked(found)
    found.move("refuse", answered_by=actor, answered_at=now, note=said)
    audit.record(
        actor,
        "debits.recall_refused",
        found.file,
        file=str(found.file),
        asked_by=str(found.asked_by_id),
    )
    return found


def _found(actor: User, recall: Recall) -> Recall:
    rows = Recall.objects.select_related("file__entity").defer("file__content")
    return get_visible(rows, actor, pk=recall.pk)


def _require_asked(recall: Recall) -> None:
    if not recall.may("confirm"):
        raise Conflict("answered_already", _("This request was answered already."))


def _require_released(file: DebitFile) -> None:
    if file.status == "settled":
        raise errors.AllAnswered
    if not file.may("recall"):
        raise Conflict(
            "not_released", _("Only a file that was released for the bank can be recalled.")
        )


def _require_nothing_underway(file: DebitFile) -> None:
    """Raise Conflict while rows of the bank's answers wait that name debits of the file."""
    waiting = AnswerLine.objects.filter(
        file__entity=file.entity_id,
        file__status__in=["running", "halted"],
        status="waiting",
        reference__startswith=f"{file}-",
    )
    if waiting.exists():
        raise Conflict(
            "answers_underway",
            _("Answers of the bank to this file are being posted. Wait until they are done."),
        )
