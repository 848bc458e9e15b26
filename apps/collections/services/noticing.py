"""Write a notice about arrears, open it for printing, and write down what became of it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collections import notice_paper, noticing, policies, selectors
from apps.collections.models import Notice, NoticeWord
from apps.collections.notice_paper import Owed
from apps.collections.noticing import Kind, Sent, Status, Word
from apps.collections.services import _ground, mailing
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.customers.models import Customer
from apps.decisions.services import lettering
from apps.letters import services as letters
from apps.letters.checks import ContentRefused
from apps.letters.models import Letter
from apps.letters.typesetting import RenderingFailed
from apps.loans import selectors as loans
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent

LONGEST_REFERENCE = 80
_CHANNELS = {Word.POSTED: "post", Word.HANDED: "hand"}


@dataclass(frozen=True, kw_only=True)
class NoticeEntry:
    """Which notice, and by which day the borrower is to pay."""

    kind: str
    pay_by: date


@dataclass(frozen=True, kw_only=True)
class WordEntry:
    """What became of a notice, on which day, under which reference of the post."""

    word: str
    happened_on: date
    reference: str = ""


@transaction.atomic
def issue_notice(*, actor: User, loan: Loan, entry: NoticeEntry, now: datetime) -> Notice:
    """Write a notice in the borrower's language, frozen at once and put down for delivery.

    It goes by e-mail where the borrower may be sent a message now; else a person prints and brings
    it. Raises NotPermitted, NotVisible, Conflict where nothing is overdue, a settlement is agreed,
    one of the kind was written days ago, or what must come before it did not go out, DomainError
    with a sentence for a field.
    """
    _ground.permit(actor, policies.NOTICE)
    _ground.hold(loan)
    found = _ground.running(actor, loan)
    today = _ground.today(found, now)
    # As for contacts: two who write to one borrower at once wait for each other.
    Customer.objects.select_for_update(no_key=True).get(pk=found.customer_id)
    kind = _checked(entry, today)
    _ground.require_no_settlement(found)
    owed = _owed(found, today)
    _require_order(found, kind, today, since=owed.since)
    made = Notice(
        loan=found,
        kind=kind.value,
        overdue=owed.total,
        issued_on=today,
        pay_by=entry.pay_by,
        issued_by=actor,
        issued_at=now,
    )
    made.letter = _letter(actor, made, owed, now=now)
    if not mailing.allows(found, kind, made.letter, now):
        letters.leave_to_person(made.letter)
    made.save(force_insert=True)
    audit.record(
        actor,
        "collections.notice_issued",
        found,
        case=_ground.case_of(found),
        notice=str(made.pk),
        kind=made.kind,
        by=made.pay_by.isoformat(),
    )
    return made


@transaction.atomic
def write_word(*, actor: User, notice: Notice, entry: WordEntry, now: datetime) -> NoticeWord:
    """Write down what became of a notice: posted, handed over, delivered, or come back.

    Raises NotPermitted, NotVisible, Conflict where it was not sent yet or was sent already,
    DomainError with a sentence for each field.
    """
    _ground.permit(actor, policies.NOTICE)
    rows = Notice.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(rows.select_related("letter", "loan__branch__entity"), actor, pk=notice.pk)
    word = _checked_word(found, entry, _ground.today(found.loan, now))
    stands = selectors.notice_status(found)
    if word in _CHANNELS and stands == Status.DELIVERED:
        raise Conflict("letter_sent", _("It was delivered already."))
    if word in _CHANNELS:
        # Who may see the notice brings its letter, though that stays in the branch of its day.
        letters.hand_over(
            actor=actor,
            letter=found.letter,
            channel=_CHANNELS[word],
            now=now,
            came_back=stands == Status.RETURNED,
        )
    elif not found.letter.deliveries.filter(sent_at__isnull=False).exists():
        raise Conflict("not_sent", _("It was not sent yet: write down how it went out first."))
    made = NoticeWord(
        notice=found,
        word=word.value,
        happened_on=entry.happened_on,
        reference=" ".join(entry.reference.split()),
        told_by=actor,
        told_at=now,
    )
    made.save(force_insert=True)
    audit.record(
        actor,
        "collections.notice_followed",
        found.loan,
        case=_ground.case_of(found.loan),
        notice=str(found.pk),
        word=made.word,
        on=made.happened_on.isoformat(),
    )
    return made


@transaction.atomic
def open_notice(*, actor: User, notice: Notice) -> Letter:
    """Return the letter of a notice to print, after that is on record.

    Raises NotPermitted, NotVisible, Conflict where what is stored is damaged.
    """
    _ground.permit(actor, policies.NOTICE)
    found = get_visible(Notice.objects.select_related("letter"), actor, pk=notice.pk)
    if not letters.is_whole(found.letter):
        raise Conflict("letter_damaged", _("The stored letter does not match its hash."))
    letters.record_opening(actor=actor, letter=found.letter, form="pdf")
    return found.letter


def _checked(entry: NoticeEntry, today: date) -> Kind:
    if entry.kind not in set(Kind):
        sentence = _("There is no such notice.")
        raise DomainError("notice_refused", sentence, fields={"kind": sentence})
    kind = Kind(entry.kind)
    if not noticing.gives_time(kind, today, entry.pay_by):
        least, most = noticing.PAY_WITHIN[kind]
        sentence = _("This notice gives from %(least)s to %(most)s days to pay.") % {
            "least": least,
            "most": most,
        }
        raise DomainError("notice_refused", sentence, fields={"pay_by": sentence})
    return kind


def _owed(loan: Loan, today: date) -> Owed:
    """Return what is overdue by the schedule, and charges that are due. Raises Conflict."""
    arrears = loans.position(loan, today).arrears
    if not arrears.amount or arrears.since is None:
        raise Conflict("not_overdue", _("Nothing is overdue under this loan."))
    asked = AccountEvent.objects.filter(loan=loan, kind="charge", status="live", day__lte=today)
    charges = asked.aggregate(sum=Sum(F("amount") - F("settled")))["sum"]
    return Owed(
        since=arrears.since,
        days=arrears.days,
        instalments=arrears.amount,
        charges=charges or Decimal(0),
    )


def _require_order(loan: Loan, kind: Kind, today: date, *, since: date) -> None:
    before = [
        Sent(Kind(one.kind), one.issued_on, one.pay_by, selectors.notice_status(one))
        for one in selectors.all_notices(loan)
    ]
    if noticing.too_soon(kind, today, before):
        raise Conflict(
            "too_soon",
            _("One of this kind was written less than %(days)s days ago.")
            % {"days": noticing.BETWEEN_DAYS},
        )
    if not noticing.is_demanded(kind, today, before, since=since):
        raise Conflict(
            "not_demanded",
            _(
                "A formal demand about these arrears goes out first, and the borrower has until its"
                " last day to pay."
            ),
        )


def _letter(actor: User, made: Notice, owed: Owed, *, now: datetime) -> Letter:
    loan, kind = made.loan, Kind(made.kind)
    with translation.override(loan.customer.language):
        try:
            stated = notice_paper.statement(
                loan,
                kind=kind,
                owed=owed,
                pay_by=made.pay_by,
                dated=made.issued_on,
                address=tuple(lettering.address(loan.application).splitlines()),
            )
            return letters.issue_statement(
                actor=actor,
                branch=loan.branch,
                kind=made.kind,
                subject=audit.reference(made),
                case=_ground.case_of(loan),
                regime="",
                statement=stated,
                now=now,
            )
        except (RenderingFailed, ContentRefused) as refusal:
            raise Conflict("letter_not_set", str(refusal)) from refusal


def _checked_word(notice: Notice, entry: WordEntry, today: date) -> Word:
    fields: dict[str, object] = {}
    if entry.word not in set(Word):
        fields["word"] = _("There is nothing such to be written down.")
    if not notice.issued_on <= entry.happened_on <= today:
        fields["happened_on"] = _("Not before the notice, and not to come.")
    reference = entry.reference.strip()
    if len(reference) > LONGEST_REFERENCE or (entry.word == Word.POSTED and not reference):
        fields["reference"] = _("Give the reference of the post, in at most %(most)s letters.") % {
            "most": LONGEST_REFERENCE
        }
    if fields:
        raise DomainError("word_refused", _("This is not complete."), fields=fields)
    return Word(entry.word)
