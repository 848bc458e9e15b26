"""A statement in words: every item with its number, in the language that is active."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from apps.letters import statement_rendering, statements
from apps.letters.regimes import KENYA
from apps.letters.statements import Line, Statement
from apps.offers import wording
from apps.offers.key_facts import Colending, KeyFacts
from apps.offers.tests.test_key_facts import FLOATING, key_facts_of_the_rules
from apps.offers.wording import Parties

PARTIES = Parties(
    lender="Sahyadri Finance Ltd",
    lender_lines=("12 Karve Road, Pune 411004",),
    applicant_lines=("Ravi Kulkarni", "14 Tilak Road"),
    application_number="A-1",
    link="",
)


def _said(facts: KeyFacts, **changes: str) -> Statement:
    return wording.statement(facts, dataclasses.replace(PARTIES, **changes))


def _lines(statement: Statement) -> dict[str, str]:
    return {line.label: line.value for part in statement.parts for line in part.lines}


def _numbers(lines: tuple[Line, ...]) -> list[str]:
    return [line.number for line in lines if line.number]


def test_every_item_of_the_annexes_has_its_number() -> None:
    one, two, rate, schedule = _said(key_facts_of_the_rules()).parts

    assert _numbers(one.lines) == [str(number) for number in range(1, 11)]
    assert _numbers(two.lines) == [str(number) for number in range(1, 7)]
    assert _numbers(rate.lines) == [str(number) for number in range(1, 12)]
    assert len(schedule.rows) == 24
    assert schedule.rows[0][:3] == ("1", "1 May 2026", "20,000.00")


def test_the_example_of_the_rules_is_told_to_the_digit() -> None:
    # Rule book 6.7.
    told = _lines(_said(key_facts_of_the_rules()))

    assert told["Sanctioned amount"] == "₹20,000.00"
    assert told["Each instalment"] == "₹969.73"
    assert told["Paid out to you"] == "₹19,600.00"
    assert told["Annual percentage rate (APR)"] == "17.07\u202f%"
    assert told["Fees payable to third parties through the lender (B)"] == "₹160.00"
    assert told["Floating rate"] == "Does not apply"


def test_a_floating_rate_tells_benchmark_spread_and_effect() -> None:
    told = _lines(_said(key_facts_of_the_rules(rate_type="floating", floating=FLOATING)))

    assert told["Benchmark rate (B)"] == "10.00\u202f% a year"
    assert told["Spread (S)"] == "5.00\u202f% a year"
    assert told["If the benchmark rises by 0.25 %, each instalment rises by"] == "₹2.42"
    assert told["or the number of instalments rises by"] == "1"


def test_a_charge_of_nothing_is_told_as_none_and_the_penal_one_as_a_charge() -> None:
    facts = key_facts_of_the_rules()
    assert facts.contingent is not None
    free = dataclasses.replace(facts.contingent, is_free_to_prepay=True)

    dear, cheap = _lines(_said(facts)), _lines(_said(key_facts_of_the_rules(contingent=free)))

    # Rule book 6.8.
    assert (
        "24.00\u202f% a year of what is overdue, as a charge"
        in dear["Penal charges for paying late"]
    )
    assert dear["Charge for paying back early"] == "3.00\u202f% of what is paid early"
    # Rule book 6.11.
    assert cheap["Charge for paying back early"] == "None"
    assert cheap["Any other charge"] == "None"


def test_cooling_off_names_the_fees_that_are_kept() -> None:
    facts = key_facts_of_the_rules()
    kept = tuple(dataclasses.replace(fee, kept_on_exit=True) for fee in facts.fees)

    told = _lines(_said(dataclasses.replace(facts, fees=kept)))["Cooling-off time"]
    without = _lines(_said(facts))["Cooling-off time"]

    assert told.startswith("3 days: you may step back")
    assert told.endswith("these fees are kept: Processing, Stamp")
    assert "are kept" not in without


def test_stages_and_lending_together_are_told() -> None:
    together = Colending(
        lender="Konkan Bank",
        share=Decimal("0.8"),
        rate=Decimal("0.14"),
        own_share=Decimal("0.2"),
        own_rate=Decimal("0.19"),
        blended_rate=Decimal("0.15"),
    )
    facts = key_facts_of_the_rules(
        is_colent=True, colending=together, is_staged=True, staged_clause="5"
    )

    told = _lines(_said(facts))

    assert told["How it is paid out"] == "In stages, as clause 5 of the agreement says"
    assert "Konkan Bank: 80.00\u202f% at 14.00\u202f%" in told["Lent together with another lender"]


def test_elsewhere_it_is_a_statement_of_the_cost() -> None:
    assert wording.name(key_facts_of_the_rules(regime=KENYA)) == "What this loan costs"
    assert wording.name(key_facts_of_the_rules()) == "Key Facts Statement"
    old = key_facts_of_the_rules(sanctioned_date=date(2024, 9, 30))
    assert wording.name(old) == "What this loan costs"


def test_the_address_to_answer_is_told_where_there_is_one() -> None:
    without, told = (
        _said(key_facts_of_the_rules()),
        _said(key_facts_of_the_rules(), link="https://x/"),
    )

    assert len(without.closing) == 1
    assert told.closing[1].endswith("https://x/")


@pytest.mark.parametrize("language", ["en", "hi", "sw"])
def test_it_can_be_set_in_every_language(language: str) -> None:
    with translation.override(language):
        statement = _said(key_facts_of_the_rules())

    done = statement_rendering.render(statement, edition=statements.CURRENT)

    assert statement.language == language
    assert done.pdf.startswith(b"%PDF")
