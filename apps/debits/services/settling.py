"""What people do about rows that were refused and debits that failed."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.debits import errors, policies, sentences
from apps.debits.lifecycle import UNPAID
from apps.debits.models import AnswerLine, Debit
from apps.debits.services import outcomes, posting_answers
from apps.repayments import services as repayments

# Faults of rows whose money came and is not in the books: the bank gave more than was asked for, or
# sooner, or its day is closed, or nothing is owed, or we failed to post it.
_UNBOOKED = {
    *("day_closed", "nothing_owed", "more_than_asked", "before_asked", "unexpected"),
    # Or we had given the debit up.
    "recalled",
}


@transaction.atomic
def post_on_day(*, actor: User, line: AnswerLine, day: date, now: datetime) -> AnswerLine:
    """Post collected money that was refused, so that it counts from a day the person chooses.

    The day is the value date or a later one that is not closed. Raises NotPermitted, NotVisible,
    Conflict for a row that is no such money, DayClosed, and what the loan's account refuses.
    """
    held = _held(actor, line)
    if held.status != "refused" or held.debit_id is None or held.outcome != "collected":
        raise Conflict("not_refused", _("This row brings no money that waits to be posted."))
    rows = Debit.objects.select_related("mandate", "loan", "file")
    debit = get_visible(rows.select_for_update(of=("self",), no_key=True), actor, pk=held.debit_id)
    if debit.status not in UNPAID or held.money > debit.amount:
        raise Conflict("answered_otherwise", _("The bank answered this debit otherwise."))
    today = dates.local_date(now, held.file.branch.entity.time_zone)
    if held.value_date is None or not held.value_date <= day <= today:
        sentence = _("Choose a day from the value date to today.")
        raise DomainError("day_refused", sentence, fields={"day": sentence})
    event = repayments.enter(
        actor=actor,
        loan=debit.loan,
        fact=outcomes.fact_of(held, debit, day=day),
        reference=outcomes.reference_of(held.file, debit),
        now=now,
    )
    debit.move("collect", **outcomes.collected_as(held, debit, event.pk, now))
    held.move("post", because="posted_later", settled_by=actor, settled_at=now)
    posting_answers.settle({debit.file_id}, now=now)
    audit.record(
        actor,
        "debits.answer_posted",
        debit.loan,
        case=f"applications.application:{debit.loan.application_id}",
        reference=debit.reference,
        amount=str(held.amount),
        value_date=str(held.value_date),
        day=day.isoformat(),
    )
    return held


@transaction.atomic
def run_again(*, actor: User, line: AnswerLine, now: datetime) -> AnswerLine:
    """Do what a refused row says that the bank returned, now that the bank said it had collected.

    Raises NotPermitted, NotVisible, Conflict for another row, and DomainError with the sentence of
    what is still wrong with it: then nothing is done.
    """
    held = _held(actor, line)
    if held.status != "refused" or held.debit_id is None or held.outcome != "returned":
        raise Conflict("not_refused", _("This row says of no debit that the bank returned it."))
    debit = get_visible(Debit.objects.select_related("loan"), actor, pk=held.debit_id)
    found = posting_answers.take_back_again(held, debit, now=now)
    if found["status"] == "refused":
        [said] = sentences.of_row(found["faults"])
        raise DomainError("still_refused", said["sentence"])
    action = "record" if found["status"] == "recorded" else "pass_over"
    held.move(action, because=found["because"], settled_by=actor, settled_at=now)
    audit.record(
        actor,
        "debits.answer_run_again",
        debit.loan,
        case=f"applications.application:{debit.loan.application_id}",
        reference=debit.reference,
        amount=str(held.amount),
        state=held.status,
    )
    return held


@transaction.atomic
def close_answer(*, actor: User, line: AnswerLine, note: str, now: datetime) -> AnswerLine:
    """Say what became of a row that was refused; it is done with then.

    Money collected for a debit that is not answered otherwise goes into suspense, all of it, also
    where it is more than was asked for or came sooner: no words take its place. Raises
    NotPermitted, NotVisible, Conflict, DomainError without words, and what `outcomes.keep` raises.
    """
    said = errors.required_words(note, name="note")
    held = _held(actor, line)
    _keep(held, actor=actor, now=now)
    held.move("close", because="closed", note=said, settled_by=actor, settled_at=now)
    # Of a row that names no debit of ours, the reference is anything the bank's file holds.
    known = held.reference if held.debit_id else ""
    audit.record(actor, "debits.answer_closed", held, row=held.number, reference=known)
    return held


@transaction.atomic
def look_at(*, actor: User, debit: Debit, note: str, now: datetime) -> Debit:
    """Say what was done about a debit that failed or came amiss; it leaves the list.

    Raises NotPermitted, NotVisible, Conflict where somebody else did, DomainError without words.
    """
    errors.require(policies.may(actor, policies.FOLLOW))
    said = errors.required_words(note, name="note")
    rows = Debit.objects.select_related("loan")
    held = get_visible(rows.select_for_update(of=("self",), no_key=True), actor, pk=debit.pk)
    if not held.needs_look:
        raise Conflict("looked_at", _("Somebody looked at this already. Reload the page."))
    held.needs_look, held.looked_by, held.looked_at, held.note = False, actor, now, said
    held.save(update_fields=["needs_look", "looked_by", "looked_at", "note", "updated_at"])
    audit.record(
        actor,
        "debits.looked_at",
        held.loan,
        case=f"applications.application:{held.loan.application_id}",
        reference=held.reference,
        state=held.status,
    )
    return held


def _keep(line: AnswerLine, *, actor: User, now: datetime) -> None:
    """Keep money of a row in suspense that came for a debit and is nowhere in the books."""
    is_money = line.status == "refused" and line.outcome == "collected"
    is_unbooked = is_money and {one["code"] for one in line.faults} & _UNBOOKED
    if not is_unbooked or line.debit_id is None:
        return
    rows = Debit.objects.select_related("mandate", "loan", "file")
    debit = rows.select_for_update(of=("self",), no_key=True).get(pk=line.debit_id)
    if debit.status in UNPAID:
        outcomes.keep(line.file, line, debit, actor=actor, now=now)
        posting_answers.settle({debit.file_id}, now=now)


def _held(actor: User, line: AnswerLine) -> AnswerLine:
    errors.require(policies.may(actor, policies.ANSWER))
    rows = AnswerLine.objects.select_related(
        "file__branch__entity", "file__entity", "file__uploaded_by"
    )
    return get_visible(rows.select_for_update(of=("self",), no_key=True), actor, pk=line.pk)
