"""Which terms go together: method and its own fields, grace, first period, tranches. Pure.

Called once every field by itself is sound.
"""

from datetime import timedelta
from itertools import pairwise

from apps.core.formatting import format_money
from apps.schedules import grace
from apps.schedules.refusals import Faults, gettext_noop
from apps.schedules.terms import FirstPeriod, Frequency, Method, Terms

# The longest a first instalment may be waited for: longer is what grace is for.
LONGEST_FIRST_PERIOD_DAYS = 1096
_ONE_PERIOD = frozenset({Method.SINGLE, Method.CUSTOM})
_OWN_FIELDS = ((Method.BALLOON, "balloon"), (Method.STEPPED, "steps"), (Method.CUSTOM, "rows"))


def check(terms: Terms, faults: Faults) -> None:
    """Note every pair of terms that contradict each other."""
    _check_own_fields(terms, faults)
    _check_down_payment(terms, faults)
    _check_first_due(terms, faults)
    _check_first_period(terms, faults)
    _check_grace(terms, faults)
    _check_balloon(terms, faults)
    _check_steps(terms, faults)
    _check_rows(terms, faults)
    _check_tranches(terms, faults)
    _check_fees(terms, faults)


def _check_own_fields(terms: Terms, faults: Faults) -> None:
    for method, name in _OWN_FIELDS:
        is_given = getattr(terms, name) not in (None, ())
        if terms.method == method and not is_given:
            pattern = gettext_noop("The method “%(method)s” needs this.")
            faults.add(name, "missing", pattern, method=method)
        if terms.method != method and is_given:
            pattern = gettext_noop("Only the method “%(method)s” has this.")
            faults.add(name, "not_of_method", pattern, method=method)


def _check_down_payment(terms: Terms, faults: Faults) -> None:
    if terms.down_payment >= terms.principal:
        pattern = gettext_noop("The down payment leaves nothing to lend.")
        faults.add("down_payment", "down_payment", pattern)


def _check_first_due(terms: Terms, faults: Faults) -> None:
    first = terms.first_due_on
    if first is None:
        return
    if first <= terms.disbursed_on:
        pattern = gettext_noop("The first instalment must fall due after the loan is paid out.")
        faults.add("first_due_on", "first_due_on", pattern)
    if (first - terms.disbursed_on).days > LONGEST_FIRST_PERIOD_DAYS:
        pattern = gettext_noop("The first instalment must fall due within %(days)s days.")
        faults.add("first_due_on", "first_due_on", pattern, days=LONGEST_FIRST_PERIOD_DAYS)
    is_month_end = (first + timedelta(days=1)).day == 1
    if terms.frequency == Frequency.END_OF_MONTH and not is_month_end:
        pattern = gettext_noop("The first instalment must fall due on the last day of a month.")
        faults.add("first_due_on", "first_due_on", pattern)
    if terms.rows and first != terms.rows[0].due_on:
        pattern = gettext_noop("This is not the due date of the first agreed row.")
        faults.add("first_due_on", "first_due_on", pattern)


def _check_first_period(terms: Terms, faults: Faults) -> None:
    if terms.first_period == FirstPeriod.AMORTISED:
        return
    if terms.method in _ONE_PERIOD:
        pattern = gettext_noop("The method “%(method)s” has no regular periods to compare with.")
        faults.add("first_period", "first_period", pattern, method=terms.method)
    if terms.first_period == FirstPeriod.UPFRONT and len(terms.tranches) > 1:
        pattern = gettext_noop("Interest of several tranches cannot be deducted upfront.")
        faults.add("first_period", "first_period", pattern)
    if terms.first_period == FirstPeriod.UPFRONT and terms.grace.interest_free:
        pattern = gettext_noop("A first period that is free of interest has none to deduct.")
        faults.add("first_period", "first_period", pattern)


def _check_grace(terms: Terms, faults: Faults) -> None:
    given = terms.grace
    _check_grace_of_method(terms, faults)
    longest = max(given.principal, given.interest, given.interest_free)
    if longest >= grace.number_of_instalments(terms) and longest:
        pattern = gettext_noop("Grace must leave at least one instalment to repay the loan.")
        name = next(
            name
            for name in ("principal", "interest", "interest_free")
            if getattr(given, name) == longest
        )
        faults.add(f"grace.{name}", "grace", pattern)
    if terms.method != Method.INTEREST_ONLY and given.interest > given.principal:
        pattern = gettext_noop("An instalment that pays no interest cannot repay principal.")
        faults.add("grace.interest", "grace", pattern)


def _check_grace_of_method(terms: Terms, faults: Faults) -> None:
    given = terms.grace
    if terms.method == Method.INTEREST_ONLY and given.principal:
        pattern = gettext_noop("Interest-only instalments repay no principal before the last.")
        faults.add("grace.principal", "grace", pattern)
    if terms.method == Method.SINGLE and (given.principal or given.interest):
        pattern = gettext_noop("A single repayment can only be free of interest for a time.")
        faults.add("grace.principal", "grace", pattern)
    if terms.method == Method.CUSTOM and (given.principal or given.interest or given.interest_free):
        pattern = gettext_noop("Agreed rows say themselves what is paid when: grace adds nothing.")
        faults.add("grace.principal", "grace", pattern)
    if terms.method == Method.FLAT and given.capitalised and given.interest:
        pattern = gettext_noop("Flat interest is charged on the amount lent: it joins no balance.")
        faults.add("grace.capitalised", "grace", pattern)


def _check_balloon(terms: Terms, faults: Faults) -> None:
    if terms.balloon is not None and terms.balloon >= terms.lent:
        pattern = gettext_noop("The balloon must be below the amount lent.")
        faults.add("balloon", "balloon", pattern)


def _check_steps(terms: Terms, faults: Faults) -> None:
    firsts = [step.first for step in terms.steps]
    if any(later <= earlier for earlier, later in pairwise(firsts)):
        faults.add("steps", "steps", gettext_noop("Steps must begin one after the other."))
    if firsts and firsts[-1] > grace.number_of_instalments(terms):
        faults.add("steps", "steps", gettext_noop("A step begins after the last instalment."))


def _check_rows(terms: Terms, faults: Faults) -> None:
    if not terms.rows:
        return
    if len(terms.rows) != terms.instalments:
        pattern = gettext_noop(
            "Agreed rows: %(rows)s. Instalments: %(instalments)s. There must be as many."
        )
        values = {"rows": len(terms.rows), "instalments": terms.instalments}
        faults.add("rows", "rows", pattern, **values)
    days = [terms.disbursed_on, *(row.due_on for row in terms.rows)]
    if any(later <= earlier for earlier, later in pairwise(days)):
        pattern = gettext_noop("Agreed due dates must follow the pay-out and each other.")
        faults.add("rows", "rows", pattern)
    if sum(row.principal for row in terms.rows) != terms.lent or not terms.rows[-1].principal:
        pattern = gettext_noop(
            "The agreed principals must sum to the amount lent, %(lent)s, the last above zero."
        )
        faults.add("rows", "rows", pattern, lent=format_money(terms.lent, terms.currency))


def _check_tranches(terms: Terms, faults: Faults) -> None:
    if not terms.tranches:
        return
    if sum(tranche.amount for tranche in terms.tranches) != terms.lent:
        pattern = gettext_noop("The tranches must sum to the amount lent, %(lent)s.")
        faults.add("tranches", "tranches", pattern, lent=format_money(terms.lent, terms.currency))
    if terms.tranches[0].paid_on != terms.disbursed_on:
        pattern = gettext_noop("The first tranche must be paid out on the day of disbursement.")
        faults.add("tranches", "tranches", pattern)
    days = [tranche.paid_on for tranche in terms.tranches]
    if any(later <= earlier for earlier, later in pairwise(days)):
        pattern = gettext_noop("Tranches must be paid out one after the other.")
        faults.add("tranches", "tranches", pattern)
    if terms.method == Method.FLAT and len(terms.tranches) > 1:
        pattern = gettext_noop("A flat rate is charged on one amount, paid out at once.")
        faults.add("tranches", "tranches", pattern)


def _check_fees(terms: Terms, faults: Faults) -> None:
    codes = [fee.code for fee in terms.fees]
    if not all(codes) or len(set(codes)) != len(codes):
        faults.add("fees", "fees", gettext_noop("Each fee needs a code of its own."))
