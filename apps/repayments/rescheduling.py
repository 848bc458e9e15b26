"""From how a loan stands on a day, and a change, to the rows that are ahead. Pure.

Rows due on or before the day of the change are never touched: what is overdue keeps its due date,
and so its days past due, whatever is agreed about the rest. What changes is the principal that is
not due yet. It is spread over the rows ahead again, as the contract's method says, and comes back
to the smallest unit: the principals of the new rows sum to it, and to interest that joins it.

Interest earned by the day is kept as it is and asked for with the first row that pays interest;
from the day on the new principal earns at the new rate. In a period that has begun, the share of a
year that is left is what the old row was charged for less what has passed of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from apps.core import dates, money
from apps.core.formatting import format_money
from apps.repayments import respreading
from apps.repayments.accruing import Span
from apps.repayments.altering import Alteration, Keeps, Rescheduled, Standing
from apps.repayments.respreading import Part, Stretch
from apps.schedules import checks, days_off, due_dates
from apps.schedules.day_counts import share_of_year
from apps.schedules.interest import EXACT, elapsed
from apps.schedules.refusals import TermsRefused, gettext_noop, refused
from apps.schedules.terms import ZERO, DayCount, Frequency, Grace, Method, Row, Terms

# Methods whose rows follow from the amount alone; the others agreed on a plan of their own.
RECOMPUTED = frozenset(
    {Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY, Method.SINGLE}
)
_THIRTY_360 = frozenset({DayCount.THIRTY_360_US, DayCount.THIRTY_360_EU})
# Rows that are free of principal or interest only make sense where rows repay bit by bit.
_PAUSING = frozenset({Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL})
# Interest that was agreed for the term as a whole does not follow another number of instalments.
_WHOLE_TERM = frozenset({Method.FLAT, Method.SINGLE})
# The first due date may move on by a month, not by more: a longer pause is a moratorium.
LONGEST_MOVE_DAYS = 31
LONGEST_YEARS = 50


def reschedule(standing: Standing, change: Alteration) -> Rescheduled:
    """Return the schedule after a change.

    Guaranteed: rows due by the day stay as they are; the principals of the new rows, less interest
    that joins them, sum to the principal that was not due less what was prepaid; due dates
    strictly increase; no figure is negative. Raises TermsRefused where there is nothing ahead, the
    loan is not paid out in full, the change is absurd, or the new terms cannot amortise.
    """
    _check(standing, change)
    terms = _terms(standing, change)
    with localcontext(EXACT):
        stretches = _stretches(standing, terms, change)
        principal = standing.principal_ahead - change.prepaid
        parts = _parts(standing, change, terms, stretches)
        new = _rows(standing, stretches[: len(parts)], parts, principal)
    return Rescheduled(
        terms=terms,
        kept=standing.kept,
        new=new,
        carried=standing.earned,
        spans=_spans(new, parts),
    )


# --- what is refused ----------------------------------------------------------------------------
def _check(standing: Standing, change: Alteration) -> None:
    if not standing.ahead or standing.principal_ahead <= 0:
        raise refused(
            "day", "nothing_ahead", gettext_noop("Nothing of this loan is still to come.")
        )
    openings = [row.opening for row in standing.ahead[1:]]
    closings = [row.closing for row in standing.ahead[:-1]]
    if openings != closings:
        pattern = gettext_noop("This loan is not paid out in full yet; it changes afterwards.")
        raise refused("day", "not_paid_out", pattern)
    _check_prepaid(standing, change.prepaid)
    _check_counts(standing, change)
    _check_rate(standing.terms, change.annual_rate)
    _check_first_due(standing, change)


def _check_prepaid(standing: Standing, prepaid: Decimal) -> None:
    whole = prepaid.is_finite() and not prepaid % money.quantum(standing.terms.currency)
    if not whole or prepaid < 0:
        raise refused("amount", "amount", gettext_noop("This is no amount that can be prepaid."))
    if prepaid >= standing.principal_ahead:
        pattern = gettext_noop(
            "Only %(principal)s is not due yet: whoever pays that much pays the loan off."
        )
        said = format_money(standing.principal_ahead, standing.terms.currency)
        raise refused("amount", "pays_off", pattern, principal=said)


def _check_counts(standing: Standing, change: Alteration) -> None:
    for name in ("principal_free", "interest_free"):
        if not 0 <= getattr(change, name) <= checks.MOST_INSTALMENTS:
            pattern = gettext_noop("This is no number of instalments.")
            raise refused(name, "count", pattern)
    if change.interest_free > change.principal_free:
        pattern = gettext_noop("An instalment that pays no interest cannot repay principal.")
        raise refused("interest_free", "grace", pattern)
    number = change.instalments
    if number is not None and not 1 <= number <= checks.MOST_INSTALMENTS:
        pattern = gettext_noop("This must be a whole number from %(least)s to %(most)s.")
        raise refused("instalments", "count", pattern, least=1, most=checks.MOST_INSTALMENTS)
    method = standing.terms.method
    if change.principal_free and method not in _PAUSING:
        pattern = gettext_noop("A loan that is repaid in this way has no instalments to pause.")
        raise refused("principal_free", "method", pattern)
    if number is not None and method in _WHOLE_TERM:
        pattern = gettext_noop("The interest of this loan was agreed for the whole term.")
        raise refused("instalments", "method", pattern)
    if change.annual_rate is not None and method == Method.FLAT:
        pattern = gettext_noop("A flat rate was agreed for the whole term; it does not change.")
        raise refused("annual_rate", "method", pattern)


def _check_rate(terms: Terms, rate: Decimal | None) -> None:
    if rate is None:
        return
    if not rate.is_finite() or not 0 <= rate <= checks.HIGHEST_RATE or rate != round(rate, 6):
        pattern = gettext_noop(
            "The rate is a fraction a year, 0.12 for 12 %%, and at most %(highest)s."
        )
        raise refused("annual_rate", "rate", pattern, highest=checks.HIGHEST_RATE)
    if rate == terms.annual_rate:
        raise refused("annual_rate", "same_rate", gettext_noop("That is the rate already."))


def _check_first_due(standing: Standing, change: Alteration) -> None:
    first = change.first_due_on
    if first is None:
        return
    if standing.terms.method == Method.CUSTOM:
        pattern = gettext_noop("Agreed rows say themselves when they fall due.")
        raise refused("first_due_on", "method", pattern)
    if not all(row.fraction for row in standing.ahead):
        pattern = gettext_noop("Some instalments are free of interest; change the day after them.")
        raise refused("first_due_on", "interest_free", pattern)
    latest = standing.ahead[0].due_on + timedelta(days=LONGEST_MOVE_DAYS)
    earliest = standing.day + timedelta(days=1)
    if not earliest <= first <= latest:
        pattern = gettext_noop("The next instalment falls due from %(earliest)s to %(latest)s.")
        raise refused("first_due_on", "first_due_on", pattern, earliest=earliest, latest=latest)
    is_month_end = (first + timedelta(days=1)).day == 1
    if standing.terms.frequency == Frequency.END_OF_MONTH and not is_month_end:
        pattern = gettext_noop("The first instalment must fall due on the last day of a month.")
        raise refused("first_due_on", "first_due_on", pattern)


# --- the terms and the times --------------------------------------------------------------------
def _terms(standing: Standing, change: Alteration) -> Terms:
    """Return the terms that are in force from the day on; what they were agreed from stays."""
    terms = standing.terms
    if change.annual_rate is not None:
        terms = replace(terms, annual_rate=change.annual_rate)
    if change.first_due_on is not None:
        terms = replace(terms, first_due_on=change.first_due_on)
    if change.instalments is not None and terms.method not in RECOMPUTED:
        # Their own plan ends here: what is left comes back in equal instalments.
        terms = replace(terms, method=Method.EQUAL_INSTALMENT, balloon=None, steps=(), rows=())
    return terms


def _number(standing: Standing, change: Alteration) -> int:
    """Return how many rows there are ahead, before an instalment that stays makes them fewer."""
    number = change.instalments or len(standing.ahead)
    if change.extends:
        number += change.principal_free
    is_open = change.keeps == Keeps.INSTALMENT and change.annual_rate is not None
    if is_open and standing.terms.method == Method.EQUAL_INSTALMENT:
        # Room for a higher rate; where that is not enough the loan does not amortise.
        number = 3 * number + 12
    return number


def _stretches(standing: Standing, terms: Terms, change: Alteration) -> list[Stretch]:
    """Return the times the new rows pay for, the first from the day of the change on."""
    ahead = standing.ahead
    number = _number(standing, change)
    found: list[Stretch] = []
    if change.first_due_on is None:
        found = [
            Stretch(row.starts_on, row.due_on, row.fraction, row.fee) for row in ahead[:number]
        ]
        left = ahead[0].fraction - elapsed(ahead[0], standing.day, terms.day_count)
        found[0] = replace(found[0], starts_on=max(standing.day, ahead[0].starts_on), share=left)
    start = found[-1].due_on if found else standing.day
    for regular, due_on in _later(terms, start, number - len(found)):
        fee = ahead[min(len(found), len(ahead) - 1)].fee
        found.append(Stretch(start, due_on, _share(terms, (start, due_on), regular), fee))
        start = due_on
    return _within_reason(standing, change, found)


def _within_reason(standing: Standing, change: Alteration, found: list[Stretch]) -> list[Stretch]:
    """Return the stretches that nobody is too old for. Raises TermsRefused where that is all."""
    latest = dates.add_months(standing.terms.disbursed_on, 12 * LONGEST_YEARS)
    if found[-1].due_on <= latest:
        return found
    if change.keeps == Keeps.TERM:
        raise _too_long()
    return [one for one in found if one.due_on <= latest]


def _too_long() -> TermsRefused:
    pattern = gettext_noop("The loan would last longer than %(years)s years.")
    return refused("instalments", "too_long", pattern, years=LONGEST_YEARS)


def _later(terms: Terms, after: date, number: int) -> list[tuple[tuple[date, date], date]]:
    """Return so many due dates after a day, as the frequency counts them, with regular periods."""
    if number <= 0:
        return []
    if terms.method == Method.CUSTOM:
        pattern = gettext_noop("Agreed rows say themselves when they fall due.")
        raise refused("instalments", "method", pattern)
    wanted = number
    while True:
        try:
            planned = due_dates.planned(terms, wanted)
        except (ValueError, OverflowError):
            raise _too_long() from None
        found = [one for one in _moved(terms, planned) if one[1] > after]
        if len(found) >= number:
            return found[:number]
        wanted += number + wanted - len(found)


def _moved(terms: Terms, planned: Sequence[date]) -> list[tuple[tuple[date, date], date]]:
    is_skipping = due_dates.skips_days_off(terms.frequency, terms.calendar)
    return [
        (regular, regular[1] if is_skipping else days_off.moved(regular[1], terms.calendar))
        for regular in pairwise(planned)
    ]


def _share(terms: Terms, days: tuple[date, date], regular: tuple[date, date]) -> Fraction:
    """Return the share of a year of a period, as `schedules.periods` does: whole months whole."""
    whole = due_dates.regular_share(terms.frequency)
    if whole is not None and days == regular and terms.day_count in _THIRTY_360:
        return whole
    return share_of_year(*days, terms.day_count)


# --- the rows -----------------------------------------------------------------------------------
def _parts(
    standing: Standing, change: Alteration, terms: Terms, stretches: Sequence[Stretch]
) -> list[Part]:
    """Return what each new row repays and bears."""
    principal = standing.principal_ahead - change.prepaid
    ahead = standing.ahead
    if terms.method == Method.FLAT:
        return respreading.flat(
            ahead,
            principal,
            earned=standing.earned,
            currency=terms.currency,
            from_the_end=change.keeps == Keeps.INSTALMENT,
        )
    spread = respreading.Spread(
        terms=terms, principal=principal, earned=standing.earned, grace=_grace(standing, change)
    )
    if change.keeps == Keeps.INSTALMENT:
        if terms.method == Method.EQUAL_INSTALMENT:
            return respreading.same_instalment(spread, stretches, _instalment(standing))
        agreed = respreading.cut_from_the_end(ahead, principal)
        return respreading.as_agreed(spread, stretches[: len(agreed)], agreed)
    if terms.method in RECOMPUTED:
        return respreading.recomputed(spread, stretches)
    return respreading.as_agreed(
        spread, stretches, respreading.in_proportion(ahead, principal, terms.currency)
    )


def _instalment(standing: Standing) -> Decimal:
    """Return the instalment that is kept: the one that most rows ahead have."""
    whole = [row for row in standing.ahead[:-1] if row.principal] or list(standing.ahead)
    amounts = [row.principal + row.interest for row in whole]
    return max(set(amounts), key=lambda amount: (amounts.count(amount), amount))


def _grace(standing: Standing, change: Alteration) -> Grace:
    """Return for how many of the next rows nothing is asked for, with what is left of old grace."""
    ahead = standing.ahead
    is_pausing = standing.terms.method in _PAUSING
    no_principal = _leading([not row.principal for row in ahead]) if is_pausing else 0
    unasked = [not row.interest and bool(row.opening and row.fraction) for row in ahead]
    no_interest = _leading(unasked) if standing.terms.annual_rate else 0
    return Grace(
        principal=max(no_principal, change.principal_free),
        interest=max(no_interest, change.interest_free),
        capitalised=any(row.capitalised for row in ahead),
    )


def _leading(flags: Sequence[bool]) -> int:
    return next((index for index, flag in enumerate(flags) if not flag), len(flags))


def _rows(
    standing: Standing, stretches: Sequence[Stretch], parts: Sequence[Part], principal: Decimal
) -> tuple[Row, ...]:
    number = len(standing.kept)
    balance = principal
    found = []
    for stretch, part in zip(stretches, parts, strict=True):
        number += 1
        opening, balance = balance, balance - part.principal + part.capitalised
        found.append(
            Row(
                number=number,
                due_on=stretch.due_on,
                opening=opening,
                principal=part.principal,
                interest=part.interest,
                fee=stretch.fee,
                instalment=part.principal + part.interest + stretch.fee,
                closing=balance,
                capitalised=part.capitalised,
                starts_on=stretch.starts_on,
                fraction=stretch.share,
            )
        )
    return tuple(found)


def _spans(rows: Sequence[Row], parts: Sequence[Part]) -> tuple[Span, ...]:
    """Return over which times the interest of the new rows is earned, what was earned left out."""
    return tuple(
        Span(row.starts_on, row.due_on, part.charge, row.fraction)
        for row, part in zip(rows, parts, strict=True)
        if part.charge
    )


def saved(standing: Standing, after: Rescheduled) -> Decimal:
    """Return how much less interest falls due after a change; negative where it is more."""
    before = sum((row.interest + row.capitalised for row in standing.ahead), ZERO)
    return before - sum((row.interest + row.capitalised for row in after.new), ZERO)


__all__ = ["Alteration", "Keeps", "Rescheduled", "Standing", "reschedule", "saved"]
