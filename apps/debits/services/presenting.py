"""Files of debits: prepared by one person, released by another, fetched for the bank."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, Sum
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, Entity, User
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.debits import errors, layouts, owing, policies, selecting, sentences
from apps.debits.lifecycle import GIVEN_UP, UNDERWAY
from apps.debits.models import Debit, DebitFile, DebitRule, Mandate, MandateQuerySet
from apps.debits.selecting import Chosen, LeftOut, Rule
from apps.loans.models import Loan, LoanQuerySet
from apps.repayments import hooks

# So many days ahead money may be asked for: a bank takes no more.
MOST_AHEAD = timedelta(days=10)
_CHUNK = 1000
# Numbers of files must be given one after the other; the number is ours ("DDEB").
_NUMBERING = 0x44444542
MACHINE = audit.system("debits")


@dataclass(frozen=True)
class _Found:
    """A loan with its mandate, and what is asked for."""

    loan: Loan
    mandate: Mandate
    chosen: Chosen


@transaction.atomic
def prepare_file(
    *, actor: Any, entity: Entity, branch: Branch | None, collect_on: date, now: datetime
) -> DebitFile:
    """Prepare what is asked for on a day of the loans of a branch, or of a whole lender.

    The actor is a person, or the name of the system's own work: then somebody takes the file on
    before another person releases it. Raises NotPermitted, NothingToPresent, DomainError for a
    day that is over or too far ahead, Conflict where somebody else prepares the same loans.
    """
    person = actor if isinstance(actor, User) else None
    if person is not None:
        _permit(person, branch)
    today = dates.local_date(now, entity.time_zone)
    if not today <= collect_on <= today + MOST_AHEAD:
        sentence = _("Choose a day from today on, at most %(days)s days ahead.")
        said = sentence % {"days": MOST_AHEAD.days}
        raise DomainError("day_refused", said, fields={"collect_on": said})
    found, left_out = _select(person, entity, branch, collect_on)
    if not found:
        raise _nothing(left_out)
    file = DebitFile(
        entity=entity,
        branch=branch,
        number=_next_number(entity),
        currency=entity.currency,
        collect_on=collect_on,
        left_out=dict(sorted(left_out.items())),
        made_at=now,
    )
    file.save(force_insert=True)
    if person is not None:
        file.move("take_on", made_by=person)
    _write(file, found)
    audit.record(actor, "debits.file_prepared", file, **_said(file), debits=len(found))
    return file


@transaction.atomic
def take_file_on(*, actor: User, file: DebitFile) -> DebitFile:
    """Take on a file that the machine prepared: another person releases it then.

    Raises NotPermitted, NotVisible, Conflict where somebody else has taken it on.
    """
    errors.require(policies.may(actor, policies.PREPARE))
    held = _held(actor, file)
    held.move("take_on", made_by=actor)
    audit.record(actor, "debits.file_taken_on", held, **_said(held))
    return held


@transaction.atomic
def withdraw_file(*, actor: User, file: DebitFile, reason: str) -> DebitFile:
    """Give up a file no bank was told of, with its debits. Raises NotPermitted, Conflict."""
    errors.require(policies.may(actor, policies.PREPARE) or policies.may(actor, policies.RELEASE))
    said = errors.required_words(reason)
    held = _held(actor, file)
    held.move("withdraw", withdrawn_by=actor, withdrawn_reason=said)
    Debit.move_all(held.debits.filter(status="waiting"), "withdraw", reason_code="file_withdrawn")
    # Not why: a person's words may tell about a borrower; the file keeps them.
    audit.record(actor, "debits.file_withdrawn", held, **_said(held))
    return held


@transaction.atomic
def release_file(*, actor: User, file: DebitFile, now: datetime) -> DebitFile:
    """Release a file that another person prepared, and write its bytes for the bank.

    What was paid meanwhile, or may not be taken any more, is left out. Raises NotPermitted,
    OwnFile, NotVisible, Conflict, and NothingToPresent where nothing is left to ask for.
    """
    errors.require(policies.may(actor, policies.RELEASE))
    held = _held(actor, file)
    if held.made_by_id == actor.pk:
        raise errors.OwnFile
    held.lifecycle.target("release", held.status)
    today = dates.local_date(now, held.entity.time_zone)
    if held.collect_on < today:
        raise Conflict(
            "day_over", _("The day of this file is over. Withdraw it and prepare another one.")
        )
    standing = _still_standing(held)
    if not standing:
        raise errors.NothingToPresent(
            "nothing_left", _("Nothing of this file is to be asked for any more. Withdraw it.")
        )
    written = layouts.content(_head(held), [_instruction(one) for one in standing])
    Debit.move_all(held.debits.filter(status="waiting"), "present")
    held.move(
        "release",
        released_by=actor,
        released_at=now,
        layout=layouts.DEBITS,
        debits_count=len(standing),
        total=sum((one.amount for one in standing), Decimal(0)),
        content=written,
        sha256=layouts.fingerprint(written),
    )
    audit.record(
        actor,
        "debits.file_released",
        held,
        **_said(held),
        debits=len(standing),
        total=str(held.total),
        sha256=held.sha256,
    )
    return held


@transaction.atomic
def fetch_file(*, actor: User, file: DebitFile) -> bytes:
    """Return the bytes of a released file, and note who took it.

    Raises NotPermitted, also where one of its loans is withheld from the person, and Conflict
    where it was recalled, or is not the file that was released.
    """
    errors.require(policies.may(actor, policies.PREPARE) or policies.may(actor, policies.RELEASE))
    found = get_visible(DebitFile.objects.select_related("entity"), actor, pk=file.pk)
    if found.content is None:
        raise Conflict("not_released", _("This file was not released yet."))
    if found.status == "recalled":
        raise Conflict("recalled", _("This file was recalled. It is not handed over any more."))
    if found.debits.exclude(pk__in=Debit.objects.visible_to(actor).values("pk")).exists():
        raise NotPermitted(
            "withheld", _("A loan of this file is withheld from you; another person fetches it.")
        )
    content = bytes(found.content)
    if layouts.fingerprint(content) != found.sha256:
        raise Conflict(
            "file_altered", _("This is not the file that was released; it is not handed over.")
        )
    audit.record(actor, "debits.file_fetched", found, **_said(found), sha256=found.sha256)
    return content


def prepare_due(*, now: datetime) -> int:
    """Prepare the files of lenders who want that done every day; return how many are made.

    Safe to run at any time and twice.
    """
    rules = DebitRule.objects.filter(prepares_itself=True).select_related("entity")
    return sum(_prepare_for(rule, now) for rule in rules.order_by("entity__code"))


def _prepare_for(rule: DebitRule, now: datetime) -> int:
    today = dates.local_date(now, rule.entity.time_zone)
    day = today + timedelta(days=rule.days_ahead)
    if DebitFile.objects.filter(entity=rule.entity, branch=None, collect_on=day).exists():
        # Also where somebody withdrew it: a day is prepared once.
        return 0
    try:
        prepare_file(
            actor=MACHINE,
            entity=rule.entity,
            branch=None,
            collect_on=day,
            now=now,
        )
    except (errors.NothingToPresent, Conflict):
        return 0
    return 1


def rule_of(entity_id: Any) -> Rule:
    """Return how a lender presents debits; what falls due on the day, once, without a rule."""
    found = DebitRule.objects.filter(entity=entity_id).first()
    if found is None:
        return Rule()
    return Rule(found.takes_overdue, found.most_tries, found.days_between)


# --- what is asked for ---------------------------------------------------------------------------
def _select(
    person: User | None, entity: Entity, branch: Branch | None, day: date
) -> tuple[list[_Found], Counter[str]]:
    """Return what is asked for in the order of the loans' numbers, and why the rest is not."""
    mandates = Mandate.objects.filter(entity=entity, status="active", from_date__lte=day)
    mandates = mandates.filter(Q(until_date__isnull=True) | Q(until_date__gte=day))
    mandates = mandates.defer("holder", "account_number", "evidence", "reason")
    of_loans = {one.loan_id: one for one in mandates if one.loan_id}
    of_people = {one.customer_id: one for one in mandates if not one.loan_id}
    loans = Loan.objects.filter(branch__entity=entity, status="active", currency=entity.currency)
    if branch is not None:
        loans = loans.filter(branch=branch)
    if person is not None:
        loans = loans.visible_to(person)
    for_all = mandates.filter(loan__isnull=True)
    covered = loans.filter(
        Q(pk__in=mandates.values("loan"))
        | (Q(customer__in=for_all.values("customer")) & ~Q(pk__in=_paused(entity).values("loan")))
    )
    rule, left_out, found = rule_of(entity.pk), Counter[str](), list[_Found]()
    asked = _not_left_alone(covered, day, left_out)
    # On most days nothing falls due on most loans: those are counted and not read.
    due = asked.filter(Exists(owing.unpaid(day).filter(loan=OuterRef("pk"))))
    ordered = list(due.order_by("number"))
    if rest := asked.count() - len(ordered):
        left_out[LeftOut.NOTHING_DUE.value] = rest
    for start in range(0, len(ordered), _CHUNK):
        some = ordered[start : start + _CHUNK]
        keys = [one.pk for one in some]
        owed, before = owing.owing(keys, day), owing.tried(keys)
        for loan in some:
            mandate = of_loans.get(loan.pk) or of_people[loan.customer_id]
            chosen = selecting.choose(
                owed[loan.pk], before[loan.pk], maximum=mandate.maximum, rule=rule, day=day
            )
            if isinstance(chosen, LeftOut):
                left_out[chosen.value] += 1
            else:
                found.append(_Found(loan, mandate, chosen))
    return found, left_out


def _nothing(left_out: Counter[str]) -> errors.NothingToPresent:
    """Return the refusal of a file without debits, with why loans with a mandate are left out."""
    said = _("No loan with a mandate has anything to ask for on that day.")
    reasons = "; ".join(f"{why}: {count}" for why, count in sentences.left_out(left_out))
    if reasons:
        more = _("Loans left out: %(reasons)s.") % {"reasons": reasons}
        said = f"{said} {more}"
    return errors.NothingToPresent("nothing_to_present", said)


def _paused(entity: Entity) -> MandateQuerySet:
    """Return the paused mandates of single loans: those are not paid under that of all loans."""
    return Mandate.objects.filter(entity=entity, status="paused", loan__isnull=False)


def _not_left_alone(loans: LoanQuerySet, day: date, left_out: Counter[str]) -> LoanQuerySet:
    """Return the loans without those whose borrowers are left alone on a day, which are counted."""
    kept = loans
    for keys in hooks.left_alone(day):
        kept = kept.exclude(pk__in=keys)
    number = loans.count() - kept.count()
    if number:
        left_out[LeftOut.LEFT_ALONE.value] = number
    return kept


def _write(file: DebitFile, found: Sequence[_Found]) -> None:
    rows = [
        Debit(
            file=file,
            number=number,
            mandate=one.mandate,
            loan=one.loan,
            reference=f"{file}-{number:05}",
            due_date=one.chosen.due_date,
            attempt=one.chosen.attempt,
            amount=one.chosen.amount,
            owed=one.chosen.owed,
        )
        for number, one in enumerate(found, start=1)
    ]
    try:
        with transaction.atomic():
            Debit.objects.bulk_create(rows, batch_size=_CHUNK)
    except IntegrityError as refusal:
        if not Debit.objects.filter(
            loan__in=[one.loan.pk for one in found], status__in=UNDERWAY
        ).exists():
            raise
        raise Conflict(
            "prepared_meanwhile",
            _("Somebody else prepares debits of the same loans. Look at that file first."),
        ) from refusal


def _still_standing(file: DebitFile) -> list[Debit]:
    """Hold the debits of a file; withdraw those nothing is to be taken for, return the others."""
    rows = Debit.objects.select_related("mandate", "loan").filter(file=file, status="waiting")
    held = list(rows.select_for_update(of=("self",), no_key=True).order_by("number"))
    keys = [one.loan_id for one in held]
    owed = owing.owing(keys, file.collect_on)
    asked = _not_left_alone(Loan.objects.filter(pk__in=keys), file.collect_on, Counter())
    not_spared = set(asked.values_list("pk", flat=True))
    paused = set(_paused(file.entity).filter(loan__in=keys).values_list("loan", flat=True))
    rule = rule_of(file.entity_id)
    gone: dict[str, list[uuid.UUID]] = {}
    standing = []
    for one in held:
        left = selecting.amount_owed(owed[one.loan_id], due=one.due_date, rule=rule)
        if not one.mandate.holds_on(file.collect_on):
            gone.setdefault("mandate_ended", []).append(one.pk)
        elif one.loan_id in paused:
            gone.setdefault("mandate_paused", []).append(one.pk)
        elif one.loan_id not in not_spared:
            gone.setdefault(LeftOut.LEFT_ALONE.value, []).append(one.pk)
        elif one.loan.status != "active" or left < one.amount:
            gone.setdefault("paid_meanwhile", []).append(one.pk)
        else:
            standing.append(one)
    for code, keys in gone.items():
        Debit.move_all(Debit.objects.filter(pk__in=keys), "withdraw", reason_code=code)
    return standing


def _instruction(one: Debit) -> layouts.Instruction:
    return layouts.Instruction(
        reference=one.reference,
        mandate=one.mandate.reference,
        holder=str(one.mandate.holder),
        account=str(one.mandate.account_number),
        bank=one.mandate.bank_code,
        amount=one.amount,
        loan=one.loan.number,
    )


def _head(file: DebitFile) -> layouts.Head:
    return layouts.Head(
        lender=file.entity.code,
        name=str(file),
        currency=file.currency,
        collect_on=file.collect_on,
    )


def _permit(person: User, branch: Branch | None) -> None:
    errors.require(policies.may(person, policies.PREPARE))
    if branch is None and not person.works_everywhere:
        raise NotPermitted("not_permitted", _("You prepare debits for your own branches."))
    if branch is not None and not policies.reaches(person, branch):
        raise NotPermitted("not_permitted", _("You prepare debits for your own branches."))


def _held(actor: User, file: DebitFile) -> DebitFile:
    rows = DebitFile.objects.select_related("entity")
    return get_visible(rows.select_for_update(of=("self",), no_key=True), actor, pk=file.pk)


def _next_number(entity: Entity) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERING])
    last = DebitFile.objects.filter(entity=entity).aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def _said(file: DebitFile) -> dict[str, Any]:
    return {"file": str(file), "collect_on": file.collect_on.isoformat()}


def asked_for(file: DebitFile) -> tuple[int, Decimal]:
    """Return how many debits of a file stand, and their total."""
    rows = file.debits.exclude(status__in=GIVEN_UP)
    total = rows.aggregate(total=Sum("amount"))["total"]
    return rows.count(), total or Decimal(0)
