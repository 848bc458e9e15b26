"""Hold a loan while its account changes, and see that what is reported can have happened."""

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.core import dates, prepared, withheld
from apps.core.errors import NotVisible
from apps.core.money import money
from apps.core.visibility import get_visible
from apps.ledger import selectors as ledger
from apps.ledger.services import posting
from apps.loans.models import Loan
from apps.repayments import facts, hooks, policies
from apps.repayments.errors import NotAllowed, NothingOwed, PaidInPart, Settled, refused_field
from apps.repayments.facts import MONEY_IN, Charge, Fact, Kind, Payoff, Receipt, Recovery
from apps.repayments.models import AccountEvent

CHANNELS = ("cash", "bank_transfer", "direct_debit", "mobile_money", "cheque", "card", "other")
# Out of a new loan of the same borrower: nobody types this, and nothing passes through a bank.
NETTED = "own_loan"
LONGEST_REFERENCE = 60
# States of a loan in which its account goes on.
OPEN = ("active", "closed", "written_off")
# States in which money is asked for: of a closed loan nothing is owed.
OWING = ("active", "written_off")
# What happens to a loan that runs, and to no other.
_OF_RUNNING = (Kind.PART_PREPAYMENT, Kind.PAYOFF, Kind.WRITE_OFF)
# No single payment of a person is more, in any currency.
LARGEST = Decimal(10) ** 12
# What is lent comes back this many times over at the very most, with all that can be asked for.
MOST_TIMES = 20
# How long after it was asked for a charge falls due.
LONGEST_NOTICE = timedelta(days=366)


def hold(actor: Any, loan: Loan) -> Loan:
    """Return the loan, held until the transaction ends: accounts change one fact at a time.

    The loan's row is always locked first. Raises NotVisible for a person who may not see it.
    """
    if isinstance(actor, User) and withheld.concerns(actor):
        return _held_of(actor, loan)
    # A loan that moved to another branch while this waited is left out by the database, which had
    # joined it to the branch of before: asked once more, it is there.
    found = _HELD.first(loan=loan.pk) or _HELD.first(loan=loan.pk)
    if found is None and not isinstance(actor, User):
        raise Loan.DoesNotExist
    if found is None or not _reaches(actor, found):
        # Says that there is no such loan, whether there is none or it is another branch's.
        return _held_of(actor, loan)
    return found


def _held_of(actor: User, loan: Loan) -> Loan:
    """Return a loan held among those a person may see, as `hold` says."""
    try:
        return get_visible(_held(), actor, pk=loan.pk)
    except NotVisible:
        return get_visible(_held(), actor, pk=loan.pk)


def _reaches(actor: Any, loan: Loan) -> bool:
    """Say whether somebody works in the branch of a loan; the system works in all."""
    if not isinstance(actor, User) or loan.branch_id == actor.branch_id:
        return True
    return actor.works_everywhere or loan.branch_id in accounts.branch_ids(actor)


def see(actor: Any, key: uuid.UUID) -> Loan:
    """Return a loan with its branch, lender and product. Raises NotVisible for one not seen."""
    found = None if withheld.concerns(actor) else _SEEN.first(loan=key)
    if found is not None and _reaches(actor, found):
        return found
    return get_visible(_with_product(), actor, pk=key)


def hold_all(keys: Collection[uuid.UUID]) -> list[Loan]:
    """Return some loans held until the transaction ends, locked in the order of their keys."""
    found = list(_held().filter(pk__in=keys).order_by("pk"))
    if len(found) < len(set(keys)):
        # Those that moved to another branch while this waited; the others are held already.
        found = list(_held().filter(pk__in=keys).order_by("pk"))
    return found


def _held() -> "QuerySet[Loan]":
    rows: QuerySet[Loan] = Loan.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("branch__entity", "product__conditions", "offer")


def _held_by_key() -> "QuerySet[Loan]":
    return _held().filter(pk=prepared.Given("loan")).order_by()


def _with_product() -> "QuerySet[Loan]":
    return Loan.objects.select_related("branch__entity", "product__conditions")


def _seen_by_key() -> "QuerySet[Loan]":
    return _with_product().filter(pk=prepared.Given("loan")).order_by()


# Asked for every fact of every loan.
_SEEN = prepared.Query(_seen_by_key)
_HELD = prepared.Query(_held_by_key)


def permit(actor: Any, fact: Fact) -> None:
    """Raise NotAllowed for a payment by somebody who may not post; the rest the caller permits."""
    if isinstance(fact, Receipt | Recovery) and isinstance(actor, User):
        require(actor, policies.POST)


def require(actor: Any, permission: str) -> None:
    """Raise NotAllowed where a person's role does not allow this; the system may."""
    if isinstance(actor, User) and not actor.has_perm(permission):
        raise NotAllowed


def today(loan: Loan, now: datetime) -> date:
    """Return the day it is in the lender's calendar."""
    return today_of(loan.branch, now)


def today_of(branch: Branch, now: datetime) -> date:
    """Return the day it is in the calendar of a branch's lender."""
    return dates.local_date(now, branch.entity.time_zone)


def require_possible(
    loan: Loan, fact: Fact, *, now: datetime, settled: Collection[uuid.UUID] | None = None
) -> None:
    """Raise FactRefused, NothingOwed or PaidInPart for what cannot have happened on this loan.

    Whoever asks about many loans at once says which of them are `settled` for good.
    """
    _require_state(loan, fact)
    if isinstance(fact, Recovery):
        require_claim(loan, settled)
    _require_day(loan, fact.day, now)
    if fact.kind in _OF_RUNNING:
        require_paid_out(loan)
    amount = facts.amount_of(fact)
    if amount is not None:
        require_amount(amount, loan.currency)
        _require_of_this_loan(loan, amount)
    if fact.kind in (*MONEY_IN, Kind.REFUND):
        _require_words(fact)
    if isinstance(fact, Charge):
        _require_due(fact)


def require_claim(loan: Loan, settled: Collection[uuid.UUID] | None = None) -> None:
    """Raise Settled for a loan whose rest was given up for good."""
    if loan.pk in (hooks.settled([loan.pk]) if settled is None else settled):
        raise Settled


def require_paid_out(loan: Loan) -> None:
    """Raise PaidInPart where a part of a loan of our own is still to be paid out.

    Its schedule plans that part, too: who paid it all early would pay back what was never lent.
    """
    paid = loan.disbursements.filter(status="paid").aggregate(sum=Sum("amount"))["sum"]
    if not loan.source and (paid or Decimal(0)) < loan.lent:
        raise PaidInPart


def require_open(loan: Loan, day: date) -> None:
    """Raise DayClosed where the books of a day are closed: the next open day is named."""
    last = ledger.closed_up_to(loan.branch.entity_id)
    if last is not None and day <= last.day:
        raise posting.day_closed(loan.branch)


def require_amount(amount: Decimal, currency: str) -> None:
    """Raise FactRefused for what is no amount of money that can be paid."""
    if not amount.is_finite() or amount <= 0:
        raise refused_field("amount_refused", "amount", _("Enter an amount above zero."))
    if amount > LARGEST:
        raise refused_field("amount_refused", "amount", _("That is no amount of a payment."))
    if amount != money(amount, currency):
        sentence = _("%(currency)s has no such fractions.") % {"currency": currency}
        raise refused_field("amount_refused", "amount", sentence)


def _require_of_this_loan(loan: Loan, amount: Decimal) -> None:
    """Raise FactRefused for an amount that nobody can owe on a loan, or have paid on it."""
    if amount > loan.principal * MOST_TIMES:
        sentence = _("That is more than this loan could ever come to. Check the amount.")
        raise refused_field("amount_refused", "amount", sentence)


def _require_due(charge: Charge) -> None:
    if charge.due_on < charge.day:
        raise refused_field("due_before", "due_on", _("Nothing is owed before it was asked for."))
    if charge.due_on > charge.day + LONGEST_NOTICE:
        sentence = _("What is asked for falls due within a year.")
        raise refused_field("due_too_late", "due_on", sentence)


def require_currency(currency: str, told: str) -> None:
    """Raise FactRefused where money is said to be in another currency than a loan's."""
    if told and told != currency:
        sentence = _("This loan is in %(currency)s.") % {"currency": currency}
        raise refused_field("other_currency", "currency", sentence)


def _require_state(loan: Loan, fact: Fact) -> None:
    if loan.status not in OPEN:
        words = {
            "opened": _("Nothing of this loan was paid out yet, so nothing is owed."),
            "cancelled": _("This loan was given up before anything was paid out."),
            "imported": _("This loan is known from a tape; take it on the books first."),
        }
        raise NothingOwed("loan_not_on_books", words[loan.status])
    if loan.offer is not None and loan.offer.status == "exited":
        raise NothingOwed(
            "loan_exited",
            _("The borrower stepped back from this loan; what that costs is settled at once."),
        )
    if loan.status != "active" and fact.kind in _OF_RUNNING and not is_netted(fact):
        raise _not_running(loan)
    if loan.status == "closed" and isinstance(fact, Receipt) and not _reaches_back(loan, fact):
        raise nothing_owed()


def is_netted(fact: Fact) -> bool:
    """Say whether money was kept back of a new loan: it came, whatever became of this one."""
    return isinstance(fact, Payoff) and fact.channel == NETTED


def _not_running(loan: Loan) -> NothingOwed:
    """Return the refusal of what only happens to a loan that runs."""
    if loan.status == "written_off":
        return NothingOwed(
            "loan_written_off",
            _("This loan was written off; what still comes in is posted as recovered."),
        )
    return nothing_owed()


def nothing_owed() -> NothingOwed:
    """Return the refusal of money for a loan that is settled."""
    return NothingOwed(
        "nothing_owed", _("Nothing is owed on this loan any more; keep the money as unidentified.")
    )


def _reaches_back(loan: Loan, fact: Fact) -> bool:
    """Say whether something happened after the fact: it was paid before the loan was settled."""
    later = Q(day__gt=fact.day)
    return AccountEvent.objects.filter(later, loan=loan, status="live").exists()


def _require_day(loan: Loan, day: date, now: datetime) -> None:
    if day > today(loan, now):
        raise refused_field("day_refused", "day", _("This day is still to come."))
    if loan.disbursed_date is None or day < loan.disbursed_date:
        sentence = _("The loan was paid out on %(day)s; nothing was paid back before.") % {
            "day": date_format(loan.disbursed_date, "DATE_FORMAT") if loan.disbursed_date else ""
        }
        raise refused_field("day_refused", "day", sentence)


def _require_words(fact: Any) -> None:
    if fact.channel not in (*CHANNELS, NETTED):
        raise refused_field("channel_unknown", "channel", _("Say how the money came."))
    told = fact.external_reference
    if not 0 < len(told.strip()) <= LONGEST_REFERENCE or not told.isprintable():
        raise refused_field(
            "reference_refused",
            "external_reference",
            _("Enter the reference of the payment, of at most %(most)s letters.")
            % {"most": LONGEST_REFERENCE},
        )
