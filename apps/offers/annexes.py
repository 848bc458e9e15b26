"""The parts of a statement after the first: Annex A part 2, Annex B and Annex C of the rules."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.core.formatting import format_amount, format_money, format_percent
from apps.letters.statements import Line, Part
from apps.offers.key_facts import Colending, KeyFacts
from apps.offers.shown import (
    bucket,
    day,
    day_count,
    days,
    first_period,
    months,
    per_year,
    short_day,
)

# Methods under which instalments before the last are of one amount that pays principal back.
LEVEL = ("equal_instalment", "flat", "balloon")


def part_two(facts: KeyFacts) -> tuple[Line, ...]:
    """Return the items of part 2, in the order and with the numbers of Annex A."""
    found = facts.agreement
    if found is None:
        return ()
    officer = " · ".join(
        text for text in (found.nodal_officer, found.nodal_phone, found.nodal_email) if text
    )
    return (
        Line(
            number="1",
            label=_("Clause of the agreement on recovery agents"),
            value=found.recovery_clause,
        ),
        Line(
            number="2",
            label=_("Clause of the agreement on complaints"),
            value=found.grievance_clause,
        ),
        Line(number="3", label=_("Nodal officer for complaints"), value=officer or _("None named")),
        Line(
            number="4",
            label=_("May the loan be transferred to others or securitised?"),
            value=_("Yes") if found.is_transferable else _("No"),
        ),
        Line(number="5", label=_("Lent together with another lender"), value=_colent(facts)),
        Line(number="6", label=_("Cooling-off time"), value=_cooling_off(facts)),
        Line(
            label=_("Service provider that may recover the loan"),
            value=found.recovery_agent or _("None"),
        ),
        Line(
            label=_("A payment is taken for, in this order"),
            value=", ".join(bucket(code) for code in facts.allocation_order),
        ),
    )


def rate_sheet(facts: KeyFacts) -> tuple[Line, ...]:
    """Return how the annual percentage rate comes about, as Annex B computes it."""

    def amount(value: Decimal) -> str:
        return format_money(value, facts.currency)

    kept_back = facts.principal - facts.net_disbursed
    return (
        Line(number="1", label=_("Sanctioned amount"), value=amount(facts.principal)),
        Line(number="2", label=_("Term of the loan"), value=months(facts.term_months)),
        Line(number="3", label=_("Number of instalments"), value=str(facts.instalments)),
        *(
            [Line(label=_("Each instalment"), value=amount(facts.instalment))]
            if facts.method in LEVEL
            else []
        ),
        Line(number="4", label=_("Interest rate"), value=per_year(facts.annual_rate)),
        Line(label=_("Days are counted"), value=day_count(facts.day_count)),
        Line(label=_("A longer first period"), value=first_period(facts.first_period)),
        Line(number="5", label=_("Interest in all"), value=amount(facts.total_interest)),
        Line(
            number="6",
            label=_("Fees in all (A + B)"),
            value=amount(facts.own_fees + facts.third_party_fees),
        ),
        Line(label=_("Taken off what is paid out"), value=amount(kept_back)),
        Line(number="7", label=_("Paid out to you"), value=amount(facts.net_disbursed)),
        *_own_loan(facts, amount),
        Line(number="8", label=_("You pay back in all"), value=amount(facts.total_payable)),
        Line(
            number="9",
            label=_("Annual percentage rate (APR)"),
            value="" if facts.apr is None else format_percent(facts.apr, decimals=2),
        ),
        Line(
            label=_("The same with compounding"),
            value=format_percent(facts.effective_annual, decimals=2),
        ),
        Line(number="10", label=_("Paid out on"), value=day(facts.disbursal_date)),
        Line(number="11", label=_("Last instalment due"), value=day(facts.last_due_date)),
    )


def _own_loan(facts: KeyFacts, amount: Callable[[Decimal], str]) -> tuple[Line, ...]:
    """Return what of that pays off another loan with us, and what reaches the borrower."""
    own = facts.own_loan
    if own is None:
        return ()
    values = {
        "amount": amount(own.amount),
        "number": own.number,
        "most": amount(own.most),
        "day": day(own.until),
    }
    said = _("%(amount)s pays off your loan %(number)s; at most %(most)s until %(day)s") % values
    return (
        Line(label=_("Of that, for a loan you have with us"), value=said),
        Line(label=_("What then reaches you"), value=amount(facts.paid_over)),
    )


def schedule(facts: KeyFacts) -> Part:
    """Return the schedule of repayment, as Annex C wants it."""

    def amount(value: Decimal) -> str:
        return format_amount(value, facts.currency)

    has_fees = any(row.fee for row in facts.schedule)
    columns = [
        *(_("No."), _("Due"), _("Owed before"), _("Principal"), _("Interest")),
        *([_("Fees")] if has_fees else []),
        _("Instalment"),
    ]
    rows = tuple(
        (
            *(str(row.number), short_day(row.due_date), amount(row.opening)),
            *(amount(row.principal), amount(row.interest)),
            *([amount(row.fee)] if has_fees else []),
            amount(row.instalment),
        )
        for row in facts.schedule
    )
    return Part(
        heading=_("Repayment schedule"),
        paragraphs=(
            _(
                "All amounts in %(currency)s. The schedule is for a payment on %(day)s; if the loan"
                " is paid out on another day, you get one with the days and interest for that day."
            )
            % {"currency": facts.currency, "day": day(facts.disbursal_date)},
        ),
        columns=tuple(columns),
        rows=rows,
    )


def _colent(facts: KeyFacts) -> str:
    found = facts.colending
    return _("No") if found is None else _shares(found)


def _shares(found: Colending) -> str:
    return _(
        "%(other)s: %(share)s at %(rate)s; we: %(own_share)s at %(own_rate)s; together %(blended)s"
    ) % {
        "other": found.lender,
        "share": format_percent(found.share, decimals=2),
        "rate": format_percent(found.rate, decimals=2),
        "own_share": format_percent(found.own_share, decimals=2),
        "own_rate": format_percent(found.own_rate, decimals=2),
        "blended": format_percent(found.blended_rate, decimals=2),
    }


def _cooling_off(facts: KeyFacts) -> str:
    if not facts.cooling_off_days:
        return _("None")
    sentence = _(
        "%(days)s: you may step back by paying the principal you received and the annual percentage"
        " rate for the days you had it, without a penalty"
    ) % {"days": days(facts.cooling_off_days)}
    kept = [fee.name for fee in facts.fees if fee.code in facts.kept_on_exit]
    if not kept:
        return sentence
    return sentence + _("; these fees are kept: %(fees)s") % {"fees": ", ".join(kept)}
