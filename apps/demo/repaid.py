"""Loans of the demonstration that are being repaid: lent in past months, each with another story.

One is paid on time, one ahead, one is late with a promise to pay, one paid with a cheque that
bounced. The bank's latest statement is posted; two of its lines name no loan. All of it goes
through the services, on the days on which it happened.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import dates
from apps.core.money import money
from apps.core.table_formats import Format
from apps.decisions.errors import NoPolicy
from apps.demo import applicants, lent, people, today
from apps.demo.applicants import Applicant
from apps.loans.models import Instalment, Loan
from apps.products.models import Product
from apps.repayments import services
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent, StatementFile
from apps.repayments.services import Asked, Money, PromiseEntry, Statement, charging
from apps.scoring.errors import NoChampion

_PLACE = applicants.PLACES[0]
_BRANCH = "pune"
_SEED = 11
# People who come until one is approved at once; whoever is not leaves no trace.
_COME = 60
# Away from the numbers of today's applicants, so that nobody is registered twice.
_SERIALS = 4_000
_HEADER = "Date,Narration,Ref No,Withdrawal Amt.,Deposit Amt.,Closing Balance"
_PROMISED_IN = timedelta(days=5)
_SHORTEST_MONTHS = 12
# Of a year's income.
_MODEST = 0.4


@dataclass(frozen=True)
class _Story:
    """When a loan was lent, and how its instalments are paid: the first `paid`, then no more.

    The day is some months ago and `days` more, so that the last instalment fell due so many days
    ago.
    """

    name: str
    months: int
    days: int
    channel: str
    paid: int


# Of the loans that pay on, the instalment that fell due last comes with the bank's statement.
_ON_TIME = _Story("on time", 5, 3, "direct_debit", 4)
_AHEAD = _Story("ahead", 4, 4, "bank_transfer", 3)
_LATE = _Story("late", 4, 10, "cash", 2)
_BOUNCED = _Story("after a cheque that bounced", 3, 5, "bank_transfer", 2)
STORIES = (_ON_TIME, _AHEAD, _LATE, _BOUNCED)


@dataclass(frozen=True)
class _Lent:
    """A loan of a story, with its instalments as they fall due."""

    story: _Story
    loan: Loan
    rows: list[Instalment]

    @property
    def latest(self) -> Instalment:
        """The instalment that fell due last."""
        return self.rows[self.story.months - 1]


@dataclass(frozen=True)
class _Desk:
    """Who works on it, and when that is: `on` gives a moment of an earlier day."""

    officer: User
    manager: User
    now: datetime
    today: date

    def on(self, day: date) -> datetime:
        """Return the moment of a day at which work was done."""
        return self.now - (self.today - day)


@transaction.atomic
def write(*, now: datetime) -> list[str]:
    """Lend in the past and let the borrowers repay, all or nothing; return what, in words.

    Nothing where payments are there already, or where no policy or model decided so long ago.
    """
    if AccountEvent.objects.exists():
        return []
    officer = people.of_role("loan_officer", _BRANCH)
    day = dates.local_date(now, officer.branch.entity.time_zone)
    desk = _Desk(officer, people.of_role("credit_manager"), now, day)
    found = [one for story in STORIES if (one := _lent(story, desk))]
    if not found:
        return []
    _live_through(found, desk)
    said = [f"loan {one.loan} repaid {one.story.name}" for one in found]
    # What the bank tells is known before yesterday's late instalments are charged.
    posted = _statement(found, desk)
    _accrue(desk.today - timedelta(days=1), desk)
    return [*said, posted, *_today(found, desk)]


# --- lending ------------------------------------------------------------------------------------
def _lent(story: _Story, desk: _Desk) -> _Lent | None:
    """Lend to somebody who is approved on the day of a story; None where nobody is."""
    day = dates.add_months(desk.today - timedelta(days=story.days), -story.months)
    came = desk.on(day)
    application = _approved(story, desk, came)
    if application is None:
        return None
    lent.lend(application, officer=desk.officer, manager=desk.manager, now=came)
    loan = Loan.objects.select_related("branch__entity").get(application=application)
    rows = loan.instalments.filter(in_force=True).order_by("due_date", "number")
    return _Lent(story, loan, list(rows))


def _approved(story: _Story, desk: _Desk, came: datetime) -> Application | None:
    seed = _SEED + STORIES.index(story)
    for one, product in today.who_come(_PLACE, rows=_COME, seed=seed, day=came.date()):
        if not _is_promising(one):
            continue
        apart = replace(one, serial=one.serial + _SERIALS + _COME * STORIES.index(story))
        try:
            taken = _approved_at_once(apart, product, desk, came)
        except (NoPolicy, NoChampion):
            return None
        if taken is not None:
            return taken
    return None


def _is_promising(one: Applicant) -> bool:
    """Say whether it is worth asking: with proved income, a credit history, and a modest wish."""
    asked = one.features
    return (
        one.branch == _BRANCH
        and not one.bad
        and one.has_bureau_file
        and int(asked["term_months"]) >= _SHORTEST_MONTHS
        and asked["income_verification"] in ("documents", "source")
        and asked["amount_to_income"] < _MODEST
    )


def _approved_at_once(
    one: Applicant, product: Product, desk: _Desk, came: datetime
) -> Application | None:
    """Take an application that is approved at once; whoever is not was never here."""
    with transaction.atomic():
        taken = today.take(_PLACE, desk.officer, one, product, now=came)
        if taken.status == "approved":
            return taken
        transaction.set_rollback(True)
    return None


# --- what happened since ------------------------------------------------------------------------
@dataclass(frozen=True, order=True)
class _Payment:
    """An instalment paid on a day by somebody."""

    day: date
    number: str
    amount: Decimal
    channel: str


def _live_through(found: list[_Lent], desk: _Desk) -> None:
    """Let the months pass: payments on their days, and the books brought to every month's end."""
    payments = sorted(one for each in found for one in _payments(each))
    bounced = next((each for each in found if each.story is _BOUNCED), None)
    ends = list(_ends(found, desk))
    for one in payments:
        while ends and ends[0] < one.day:
            _accrue(ends.pop(0), desk)
        _take(one, desk)
        if bounced is not None and one.channel == "cheque":
            _bounce(bounced, one, desk)
    for end in ends:
        _accrue(end, desk)


def _accrue(day: date, desk: _Desk) -> None:
    entity = desk.officer.branch.entity
    services.accrue_day(actor=people.ACTOR, entity=entity, day=day, now=desk.on(day))


def _payments(one: _Lent) -> Iterator[_Payment]:
    for place, row in enumerate(one.rows[: one.story.paid]):
        is_cheque = one.story is _BOUNCED and place == 0
        channel = "cheque" if is_cheque else one.story.channel
        yield _Payment(row.due_date, one.loan.number, _amount(row), channel)


def _amount(row: Instalment) -> Decimal:
    return row.principal + row.interest + row.fee


def _ends(found: Iterable[_Lent], desk: _Desk) -> Iterator[date]:
    """Yield the last day of every month since the first instalment fell due, before yesterday."""
    yesterday = desk.today - timedelta(days=1)
    first = min(one.rows[0].due_date for one in found).replace(day=1)
    while (end := dates.add_months(first, 1) - timedelta(days=1)) < yesterday:
        yield end
        first = dates.add_months(first, 1)


def _take(one: _Payment, desk: _Desk) -> AccountEvent:
    [event] = services.take(
        actor=desk.officer,
        money=Money(
            number=one.number,
            amount=one.amount,
            channel=one.channel,
            external_reference=f"{one.channel[:3].upper()}{one.day:%y%m%d}{one.number[-5:]}",
            day=one.day,
        ),
        now=desk.on(one.day),
    )
    return event


def _bounce(one: _Lent, cheque: _Payment, desk: _Desk) -> None:
    """Take a cheque back, ask for what a bounced one costs, and let the borrower pay again."""
    event = AccountEvent.objects.get(loan=one.loan, kind="receipt", day=cheque.day)
    day = cheque.day + timedelta(days=4)
    reason = "The bank returned the cheque: funds insufficient."
    services.take_back(actor=desk.manager, event=event, reason=reason, now=desk.on(day))
    told = charging.told(one.loan).get("bounce", Decimal(0))
    if told:
        asked = Asked(
            code="bounce", bucket=Bucket.FEE, amount=told, day=day, due_on=day, reason=reason
        )
        services.charge(
            actor=desk.manager,
            loan=one.loan,
            asked=asked,
            reference=f"bounce:{event.pk}",
            now=desk.on(day),
        )
    again = replace(cheque, day=day + timedelta(days=2), channel="bank_transfer")
    _take(again, desk)


# --- the bank's statement -----------------------------------------------------------------------
def _statement(found: Iterable[_Lent], desk: _Desk) -> str:
    """Post the bank's latest statement; two of its lines name nobody. Say what came of it."""
    paying = [one for one in found if one.story is not _LATE]
    rows = [
        f"{one.latest.due_date:%d/%m/%Y},NEFT {one.loan.number} EMI,"
        f"UTR{one.latest.due_date:%y%m%d}{number:04},,{_amount(one.latest)},"
        for number, one in enumerate(paying, start=1)
    ]
    day = desk.today - timedelta(days=1)
    rows += [
        f"{day:%d/%m/%Y},CASH DEPOSIT CAMP BRANCH,UTR{day:%y%m%d}0101,,4500.00,",
        f"{day:%d/%m/%Y},IMPS LOAN PAYMENT THANK YOU,UTR{day:%y%m%d}0102,,7250.00,",
        f"{day:%d/%m/%Y},ACCOUNT CHARGES,CHG{day:%y%m%d},118.00,,",
    ]
    file, _is_new = services.receive_statement(
        actor=desk.officer,
        branch=desk.officer.branch,
        statement=Statement(
            layout="bank",
            filename=f"statement-{day:%Y-%m-%d}.csv",
            stream=io.BytesIO("\n".join([_HEADER, *rows, ""]).encode()),
            form=Format(dates="day_first"),
        ),
        now=desk.now,
    )
    _post(file, desk)
    waiting = file.lines.filter(status="suspense").count()
    return f"a statement of {len(rows)} lines posted, {waiting} of them in suspense"


def _post(file: StatementFile, desk: _Desk) -> None:
    services.check_statement(file_id=file.pk, now=desk.now)
    file.refresh_from_db()
    services.start_statement(actor=desk.officer, file=file, now=desk.now)
    while services.advance_statement(file_id=file.pk, now=desk.now):
        pass


# --- today --------------------------------------------------------------------------------------
def _today(found: Iterable[_Lent], desk: _Desk) -> Iterator[str]:
    """Let one borrower pay ahead at the counter, and another promise to pay; say so."""
    by_story = {one.story: one for one in found}
    if (ahead := by_story.get(_AHEAD)) is not None:
        next_one = ahead.rows[ahead.story.months]
        _take(_Payment(desk.today, ahead.loan.number, _amount(next_one), "cash"), desk)
        yield f"an instalment of loan {ahead.loan} paid ahead"
    if (late := by_story.get(_LATE)) is not None:
        owed = _amount(late.rows[late.story.paid])
        services.take_promise(
            actor=people.of_role("collections_officer", _BRANCH),
            loan=late.loan,
            entry=PromiseEntry(
                amount=money(owed, late.loan.currency),
                promised_date=desk.today + _PROMISED_IN,
                channel="phone",
                # At whatever hour the demonstration is made.
                is_inbound=True,
            ),
            now=desk.now,
        )
        yield f"a payment of loan {late.loan} promised"
