"""What can be asked about the work on one overdue loan, and about who may do it."""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from guardian.models import UserObjectPermission

from apps.accounts.models import Branch, User
from apps.collections import noticing, policies, settlement_loss, settling
from apps.collections.models import (
    Assignment,
    Contact,
    LegalStep,
    Notice,
    NoticeWord,
    Rule,
    Settlement,
)
from apps.collections.noticing import Status, Word
from apps.collections.rules import NUMBERS, Code
from apps.collections.settling import Part
from apps.letters.models import Delivery, Letter
from apps.loans.models import Loan
from apps.npa import portfolio_rows
from apps.npa.models import LoanDay
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent
from apps.servicing import policies as servicing

SHOWN = 10
CONTACTS_SHOWN = 50


def collectors(loan: Loan) -> QuerySet[User]:
    """Return who may be given a loan: collectors of its branch, and those granted it."""
    app, codename = policies.WORK.split(".")
    granted = UserObjectPermission.objects.filter(
        content_type=ContentType.objects.get_for_model(Branch),
        permission__codename="work_in_branch",
        object_pk=str(loan.branch_id),
    )
    may = Q(
        groups__permissions__codename=codename,
        groups__permissions__content_type__app_label=app,
    )
    near = Q(branch=loan.branch_id) | Q(pk__in=granted.values("user"))
    found = User.objects.filter(may, near, is_active=True).select_related("branch")
    return found.order_by("name", "pk").distinct()


def standing(loan: Loan) -> Assignment | None:
    """Return who works on a loan, or None."""
    rows = Assignment.objects.select_related("collector", "assigned_by")
    return rows.filter(loan=loan, ended_at=None).first()


def earlier(loan: Loan) -> list[Assignment]:
    """Return who worked on a loan before, the last first."""
    rows = Assignment.objects.select_related("collector", "ended_by")
    return list(rows.filter(loan=loan, ended_at__isnull=False).order_by("-ended_at")[:SHOWN])


def contacts(loan: Loan) -> list[Contact]:
    """Return the last contacts about a loan, the newest first."""
    rows = Contact.objects.filter(loan=loan).select_related("made_by", "promise")
    return list(rows.order_by("-made_at", "-id")[:CONTACTS_SHOWN])


def legal_steps(loan: Loan) -> list[LegalStep]:
    """Return the legal steps on a loan, the newest first."""
    rows = LegalStep.objects.filter(loan=loan).select_related("made_by")
    return list(rows.order_by("-number"))


def last_legal_step(loan: Loan) -> LegalStep | None:
    """Return the last legal step on a loan; None where none was taken."""
    return LegalStep.objects.filter(loan=loan).order_by("-number").first()


def number(entity_id: uuid.UUID, code: Code, day: date) -> int:
    """Return the number a lender works by on a day; the house's where it set none."""
    rows = Rule.objects.filter(entity=entity_id, code=code.value, from_date__lte=day)
    last = rows.order_by("-from_date").first()
    return NUMBERS[code].house if last is None else last.value


def settlements(loan: Loan) -> list[Settlement]:
    """Return the settlements of a loan with their parts, the newest first."""
    rows = Settlement.objects.filter(loan=loan).prefetch_related("parts")
    people = rows.select_related("loan__product", "proposed_by", "answered_by", "withdrawn_by")
    return list(people.order_by("-proposed_at", "-id")[:SHOWN])


def notices(loan: Loan) -> list[Notice]:
    """Return the notices about a loan with what became of each, the newest first."""
    rows = Notice.objects.filter(loan=loan).select_related("issued_by")
    return list(_with_way(rows).order_by("-issued_at", "-id")[:SHOWN])


def all_notices(loan: Loan) -> list[Notice]:
    """Return all notices about a loan with what became of each, the oldest first."""
    return list(_with_way(Notice.objects.filter(loan=loan)).order_by("issued_at", "id"))


def mailed(customer_id: uuid.UUID, *, but: uuid.UUID | None) -> list[datetime]:
    """Return when notices went, or are about to go, to a borrower by e-mail, but for one letter.

    What was left to a person before a mail server took it is not among them.
    """
    notices = Notice.objects.filter(loan__customer=customer_id).exclude(letter=but)
    rows = Delivery.objects.filter(
        channel=Delivery.Channel.EMAIL, letter__in=notices.values("letter")
    ).exclude(status="cancelled")
    at = Coalesce("sent_at", "claimed_at", "next_try_at", "letter__issued_at")
    return list(rows.annotate(at=at).values_list("at", flat=True))


def last_notices(keys: Collection[uuid.UUID]) -> dict[uuid.UUID, Notice]:
    """Return the last notice about each of some loans, by their keys; three questions in all."""
    rows = Notice.objects.filter(loan__in=keys).order_by("loan_id", "-issued_at")
    return {one.loan_id: one for one in _with_way(rows.distinct("loan_id"))}


def notice_status(notice: Notice) -> Status:
    """Return how a notice stands; its deliveries and words should have been fetched with it."""
    deliveries = sorted(notice.letter.deliveries.all(), key=lambda one: one.created_at)
    words = sorted(notice.words.all(), key=lambda one: (one.told_at, one.created_at))
    return noticing.status([one.status for one in deliveries], [Word(one.word) for one in words])


def _with_way(rows: "QuerySet[Notice]") -> "QuerySet[Notice]":
    sealed = ("facts", "html", "pdf")
    letters = Letter.objects.defer(*sealed).prefetch_related("deliveries__recorded_by")
    words = NoticeWord.objects.select_related("told_by").order_by("told_at", "created_at")
    return rows.prefetch_related(Prefetch("letter", letters), Prefetch("words", words))


# Kept as long as what it gave up stays given up, or the loan is closed where nothing was left.
STILL_KEPT = Q(relief=None, loan__status="closed") | Q(relief__event__status="live")


def is_settled(loan: Loan) -> bool:
    """Say whether a settlement of a loan was kept: nothing is claimed under it any more."""
    return bool(settled([loan.pk]))


def settled(keys: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of some loans of which a settlement was kept.

    As long as what it gave up stays given up: where that was taken back, the loan is owed again.
    """
    rows = Settlement.objects.filter(STILL_KEPT, loan__in=keys, status="kept")
    return set(rows.values_list("loan_id", flat=True))


def is_being_settled(loan: Loan) -> bool:
    """Say whether a settlement of a loan is agreed and neither kept nor broken yet."""
    return Settlement.objects.filter(loan=loan, status="approved").exists()


def came_towards(
    settlement: Settlement, *, but: AccountEvent | None = None
) -> list[tuple[date, Decimal]]:
    """Return what was paid on the loan since a settlement was proposed, by day.

    As of promises: money counts by its own day, whenever it was entered, but not what was on record
    before. `but` is an event that does not count any more.
    """
    money = AccountEvent.objects.filter(
        loan=settlement.loan_id,
        status="live",
        kind__in=[one.value for one in MONEY_IN],
        day__gte=settlement.proposed_on,
        made_at__gt=settlement.proposed_at,
        amount__isnull=False,
    )
    rows = money.exclude(pk=but.pk) if but else money
    return [(one.day, one.amount or Decimal(0)) for one in rows.order_by("day", "position")]


def paid_since(settlement: Settlement) -> Decimal:
    """Return what was entered since a settlement was proposed: its parts do not know of it."""
    rows = AccountEvent.objects.filter(
        loan=settlement.loan_id,
        status="live",
        kind__in=[one.value for one in MONEY_IN],
        made_at__gt=settlement.proposed_at,
    )
    return rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def parts_of(settlement: Settlement) -> list[Part]:
    """Return the parts of a settlement."""
    return [Part(one.due_date, one.amount) for one in settlement.parts.all()]


def stands(settlement: Settlement, day: date, *, but: AccountEvent | None = None) -> str:
    """Return how a settlement stands by what came: kept, broken or open."""
    came = came_towards(settlement, but=but)
    return settling.verdict(parts_of(settlement), came, grace=settlement.grace_days, day=day)


def given_up(settlement: Settlement, day: date) -> Decimal:
    """Return what keeping a settlement gives up that two people agreed to, on a day.

    What the loan costs between the day on which all parts had come and the day of giving up is the
    lender's own delay. What was waived since by other means is not given up here.
    """
    loan = settlement.loan
    complete = settling.complete_on(parts_of(settlement), came_towards(settlement)) or day
    now = settlement_loss.of_offer(loan, day).owed
    return min(settlement_loss.of_offer(loan, complete).owed, now)


def most_given_up(settlement: Settlement) -> Decimal:
    """Return what may be given up for a settlement at most.

    What the second person saw and agreed to; of before that was kept, what that person may agree
    to.
    """
    if settlement.most_given_up is not None:
        return settlement.most_given_up
    if settlement.answered_by is None:
        return Decimal(0)
    return servicing.limit(settlement.answered_by, settlement.loan)


def last_day(actor: User, loan: Loan) -> LoanDay | None:
    """Return how a loan stood at the end of the last day that was ended."""
    day = portfolio_rows.last_day(actor, loan.branch.entity)
    return LoanDay.objects.visible_to(actor).filter(loan=loan, day=day).first() if day else None
