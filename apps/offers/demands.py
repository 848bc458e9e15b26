"""What a statement must tell, by regime, with the source of each item: data. Pure.

Sources name sections of the rule book. India demands the Key Facts Statement with every item of
its annexes; elsewhere the same facts make a statement of what the loan costs before the contract.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.letters.regimes import INDIA
from apps.offers.key_facts import KeyFacts

KEY_FACTS, COST_STATEMENT = "key_facts", "cost_statement"
# Rule book 6.6: retail and MSME term loans sanctioned on or after this day.
KEY_FACTS_FROM = date(2024, 10, 1)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing a statement must tell, wherever `applies`; `place` is where the annexes have it."""

    code: str
    place: str
    source: str
    has: Callable[[KeyFacts], bool]
    applies: Callable[[KeyFacts], bool] = lambda _facts: True
    only_in: str = ""


def statement_of(regime: str, sanctioned: date) -> str:
    """Return which statement a regime asks for, of a loan sanctioned on a day."""
    return KEY_FACTS if regime == INDIA and sanctioned >= KEY_FACTS_FROM else COST_STATEMENT


def _is_floating(facts: KeyFacts) -> bool:
    return facts.rate_type == "floating"


def _told(facts: KeyFacts, name: str) -> bool:
    """Say whether part 2 has a text under a name."""
    return facts.agreement is not None and bool(getattr(facts.agreement, name).strip())


def _adds_up(facts: KeyFacts) -> bool:
    """Say whether the schedule pays the loan back, line by line."""
    rows = facts.schedule
    return (
        len(rows) == facts.instalments
        and sum((row.principal for row in rows), Decimal(0)) == facts.principal
        and sum((row.instalment for row in rows), Decimal(0)) == facts.total_payable
        and rows[-1].closing == 0
    )


def _explains_the_rate(facts: KeyFacts) -> bool:
    upfront = sum((fee.amount for fee in facts.fees if fee.timing == "upfront"), Decimal(0))
    return facts.net_disbursed == facts.principal - upfront - facts.upfront_interest


ITEMS = (
    Item(
        code="number_and_kind",
        place="A.1.1",
        source="6.6",
        has=lambda facts: bool(facts.number and facts.product),
    ),
    Item(
        code="sanctioned_amount",
        place="A.1.2",
        source="6.6",
        has=lambda facts: facts.principal > 0 and bool(facts.currency),
    ),
    Item(
        code="disbursal_schedule",
        place="A.1.3",
        source="6.6",
        has=lambda facts: not facts.is_staged or bool(facts.staged_clause.strip()),
    ),
    Item(code="term", place="A.1.4", source="6.6", has=lambda facts: facts.term_months > 0),
    Item(
        code="instalments",
        place="A.1.5",
        source="6.6",
        has=lambda facts: (
            facts.instalments > 0 and facts.instalment > 0 and facts.first_due_date is not None
        ),
    ),
    Item(
        code="rate_and_type",
        place="A.1.6",
        source="6.6",
        has=lambda facts: facts.rate_type in ("fixed", "floating") and facts.annual_rate >= 0,
    ),
    Item(
        code="benchmark_and_spread",
        place="A.1.7",
        source="6.6",
        applies=_is_floating,
        has=lambda facts: (
            facts.floating is not None
            and bool(facts.floating.benchmark)
            and facts.floating.benchmark_rate + facts.floating.spread == facts.annual_rate
            and facts.floating.reset_months > 0
        ),
    ),
    Item(
        code="impact_25bps",
        place="A.1.7",
        source="6.6",
        applies=_is_floating,
        has=lambda facts: (
            facts.floating is not None
            and facts.floating.instalment_up is not None
            and facts.floating.instalments_up is not None
        ),
    ),
    Item(
        code="fees",
        place="A.1.8",
        source="6.6",
        has=lambda facts: all(fee.name and fee.timing and fee.times > 0 for fee in facts.fees),
    ),
    Item(code="apr", place="A.1.9", source="6.6, 6.7", has=lambda facts: facts.apr is not None),
    Item(
        code="contingent_charges",
        place="A.1.10",
        source="6.6, 6.8",
        has=lambda facts: facts.contingent is not None,
    ),
    Item(
        code="recovery_clause",
        place="A.2.1",
        source="6.6",
        only_in=INDIA,
        has=lambda facts: _told(facts, "recovery_clause"),
    ),
    Item(
        code="grievance_clause",
        place="A.2.2",
        source="6.6",
        has=lambda facts: _told(facts, "grievance_clause"),
    ),
    Item(
        code="nodal_officer",
        place="A.2.3",
        source="6.6",
        only_in=INDIA,
        has=lambda facts: _told(facts, "nodal_phone") and _told(facts, "nodal_email"),
    ),
    Item(
        code="transfer",
        place="A.2.4",
        source="6.6",
        only_in=INDIA,
        has=lambda facts: facts.agreement is not None,
    ),
    Item(
        code="colending",
        place="A.2.5",
        source="6.6",
        applies=lambda facts: facts.is_colent,
        has=lambda facts: facts.colending is not None and bool(facts.colending.lender),
    ),
    Item(
        code="cooling_off",
        place="A.2.6",
        source="6.5, 6.6",
        only_in=INDIA,
        has=lambda facts: facts.cooling_off_days >= 1,
    ),
    Item(code="apr_sheet", place="B", source="6.6, 6.7", has=_explains_the_rate),
    Item(code="schedule", place="C", source="6.6", has=_adds_up),
    Item(
        code="validity",
        place="A",
        source="6.6",
        has=lambda facts: facts.valid_until > facts.offered_date,
    ),
)


def lacking(facts: KeyFacts) -> tuple[str, ...]:
    """Return what the statement must tell and does not.

    One of which anything is returned is not valid and must not be offered.
    """
    return tuple(
        item.code
        for item in ITEMS
        if item.only_in in ("", facts.regime) and item.applies(facts) and not item.has(facts)
    )
