"""Say the key facts of an offer in the language that is active, as a statement to hand over."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.core.formatting import format_money, format_percent
from apps.letters.statements import Line, Part, Statement
from apps.offers import annexes, demands
from apps.offers.key_facts import FeeFact, KeyFacts
from apps.offers.shown import (
    day,
    fee_timing,
    frequency,
    method,
    months,
    per_year,
)


@dataclass(frozen=True, kw_only=True)
class Parties:
    """Who offers and to whom, as their papers name them; `link` is where the offer is answered."""

    lender: str
    lender_lines: tuple[str, ...]
    applicant_lines: tuple[str, ...]
    application_number: str
    link: str


def statement(facts: KeyFacts, parties: Parties) -> Statement:
    """Return the whole statement: both parts, how the yearly rate comes about, the schedule."""
    title = name(facts)
    return Statement(
        language=get_language() or "en",
        title=title,
        lender=parties.lender,
        lender_lines=parties.lender_lines,
        addressee=parties.applicant_lines,
        particulars=(
            Line(label=_("Offer"), value=facts.number),
            Line(label=_("Application"), value=parties.application_number),
            Line(label=_("Date"), value=day(facts.offered_date)),
            Line(label=_("Valid until"), value=day(facts.valid_until)),
        ),
        opening=_(
            "Read this before you agree to the loan. It tells you everything the loan costs and how"
            " it works. A fee that is not named here cannot be charged without your explicit"
            " consent. You are not bound before you accept."
        ),
        parts=(
            Part(heading=_("Part 1: interest rate, fees and charges"), lines=part_one(facts)),
            Part(heading=_("Part 2: other things you should know"), lines=annexes.part_two(facts)),
            Part(
                heading=_("How the annual percentage rate comes about"),
                lines=annexes.rate_sheet(facts),
            ),
            annexes.schedule(facts),
        ),
        closing=_closing(facts, parties.link),
        footer=f"{parties.lender} · {title} · {facts.number}",
        page_label=_("Page {page} of {pages}"),
        dated=facts.offered_date,
        link=parties.link,
    )


def name(facts: KeyFacts) -> str:
    """Return what the statement is called under the rules it is made by."""
    if demands.statement_of(facts.regime, facts.sanctioned_date) == demands.KEY_FACTS:
        return _("Key Facts Statement")
    return _("What this loan costs")


def part_one(facts: KeyFacts) -> tuple[Line, ...]:
    """Return the items of part 1, in the order and with the numbers of Annex A."""
    return (
        Line(number="1", label=_("Proposal number and type of loan"), value=_kind(facts)),
        Line(number="2", label=_("Sanctioned amount"), value=_money(facts, facts.principal)),
        Line(number="3", label=_("How it is paid out"), value=_paid_out(facts)),
        Line(number="4", label=_("Term of the loan"), value=months(facts.term_months)),
        *_instalments(facts),
        Line(number="6", label=_("Interest rate and type"), value=_rate(facts)),
        *_floating(facts),
        *_fees(facts),
        Line(
            number="9",
            label=_("Annual percentage rate (APR)"),
            value="" if facts.apr is None else format_percent(facts.apr, decimals=2),
        ),
        *_contingent(facts),
    )


def _money(facts: KeyFacts, amount: Decimal) -> str:
    return format_money(amount, facts.currency)


def _kind(facts: KeyFacts) -> str:
    security = _("secured") if facts.is_secured else _("unsecured")
    return f"{facts.number} · {facts.product} ({security})"


def _paid_out(facts: KeyFacts) -> str:
    if facts.is_staged:
        return _("In stages, as clause %(clause)s of the agreement says") % {
            "clause": facts.staged_clause
        }
    return _("All at once, planned for %(day)s") % {"day": day(facts.disbursal_date)}


def _instalments(facts: KeyFacts) -> tuple[Line, ...]:
    count = ngettext("%(count)d instalment", "%(count)d instalments", facts.instalments) % {
        "count": facts.instalments
    }
    first = "" if facts.first_due_date is None else day(facts.first_due_date)
    how = [method(facts.method), count]
    if facts.method != "single":
        how.insert(1, frequency(facts.frequency))
    return (
        Line(number="5", label=_("Instalments: type and number"), value=" · ".join(how)),
        *_amounts(facts),
        Line(label=_("First instalment due"), value=first),
    )


def _amounts(facts: KeyFacts) -> tuple[Line, ...]:
    """Return what is paid each time, as far as it is the same; every row stands in the schedule."""
    regular, last = _money(facts, facts.instalment), _money(facts, facts.last_instalment)
    if facts.method == "single":
        return (Line(label=_("The one payment"), value=last),)
    labels = {
        "equal_principal": _("First instalment; each later one is smaller"),
        "interest_only": _("Each instalment before the last: interest only"),
        "stepped": _("Each instalment until the first step"),
    }
    ends = {
        "interest_only": _("Last instalment: the whole principal with it"),
        "balloon": _("Last instalment: the balloon with it"),
    }
    return (
        Line(label=labels.get(facts.method, _("Each instalment")), value=regular),
        *_stepped(facts),
        Line(label=ends.get(facts.method, _("Last instalment")), value=last),
    )


def _stepped(facts: KeyFacts) -> tuple[Line, ...]:
    """Return from which due date on instalments are of another amount, where they step."""
    if facts.method != "stepped":
        return ()
    rows = facts.schedule[1:-1]
    return tuple(
        Line(
            label=_("From %(day)s on") % {"day": day(later.due_date)},
            value=_money(facts, later.instalment),
        )
        for earlier, later in pairwise(rows)
        if later.instalment != earlier.instalment
    )


def _rate(facts: KeyFacts) -> str:
    kind = _("floating") if facts.rate_type == "floating" else _("fixed")
    return f"{per_year(facts.annual_rate)} · {kind}"


def _floating(facts: KeyFacts) -> tuple[Line, ...]:
    found = facts.floating
    if found is None:
        return (Line(number="7", label=_("Floating rate"), value=_("Does not apply")),)
    more = "" if found.instalments_up is None else str(found.instalments_up)
    rise = "" if found.instalment_up is None else _money(facts, found.instalment_up)
    return (
        Line(number="7", label=_("Benchmark"), value=found.benchmark),
        Line(label=_("Benchmark rate (B)"), value=per_year(found.benchmark_rate)),
        Line(label=_("Spread (S)"), value=per_year(found.spread)),
        Line(label=_("Final rate (R = B + S)"), value=per_year(facts.annual_rate)),
        Line(label=_("Reset every"), value=months(found.reset_months)),
        Line(
            label=_("If the benchmark rises by 0.25 %, each instalment rises by"),
            value=rise,
        ),
        Line(label=_("or the number of instalments rises by"), value=more),
    )


def _fees(facts: KeyFacts) -> tuple[Line, ...]:
    own = [fee for fee in facts.fees if not fee.is_third_party]
    others = [fee for fee in facts.fees if fee.is_third_party]
    return (
        Line(
            number="8",
            label=_("Fees payable to the lender (A)"),
            value=_money(facts, facts.own_fees),
        ),
        *(_fee(facts, fee) for fee in own),
        Line(
            label=_("Fees payable to third parties through the lender (B)"),
            value=_money(facts, facts.third_party_fees),
        ),
        *(_fee(facts, fee) for fee in others),
    )


def _fee(facts: KeyFacts, fee: FeeFact) -> Line:
    often = _("recurring") if fee.is_recurring else _("one-time")
    told = [_money(facts, fee.amount), often, fee_timing(fee.timing)]
    if fee.kept_on_exit:
        told.append(_("kept if you step back"))
    return Line(label=fee.name, value=" · ".join(told))


def _contingent(facts: KeyFacts) -> tuple[Line, ...]:
    found = facts.contingent
    if found is None:
        return ()
    penal = _("%(rate)s a year of what is overdue, as a charge; it bears no interest") % {
        "rate": format_percent(found.penal_charge_rate, decimals=2)
    }
    early = _("%(rate)s of what is paid early") % {
        "rate": format_percent(found.foreclosure_rate, decimals=2)
    }
    is_free = found.is_free_to_prepay or not found.foreclosure_rate
    return (
        Line(
            number="10",
            label=_("Penal charges for paying late"),
            value=penal if found.penal_charge_rate else _("None"),
        ),
        Line(
            label=_("Other penal charges: a payment that is returned"),
            value=_amount_or_none(facts, found.bounce_charge),
        ),
        Line(label=_("Charge for paying back early"), value=_("None") if is_free else early),
        Line(
            label=_("Charge for changing between fixed and floating rate"),
            value=_amount_or_none(facts, found.switching_charge),
        ),
        Line(label=_("Any other charge"), value=_("None")),
    )


def _amount_or_none(facts: KeyFacts, amount: Decimal) -> str:
    return _money(facts, amount) if amount else _("None")


def _closing(facts: KeyFacts, link: str) -> tuple[str, ...]:
    until = _("This offer holds until %(day)s. After that it ends by itself.") % {
        "day": date_format(facts.valid_until, "j F Y")
    }
    if not link:
        return (until,)
    where = _("You can accept or decline it at this address; it is meant for you alone: %(link)s")
    return (until, where % {"link": link})
