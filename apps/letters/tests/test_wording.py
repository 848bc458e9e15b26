import re
import string
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal

import pytest

from apps.letters.content import LetterFacts
from apps.letters.editions.e2026_11 import figures
from apps.letters.editions.e2026_11.page import Page, Section
from apps.letters.editions.e2026_12.compose import WORDINGS, compose
from apps.letters.tests import factories

LANGUAGES = sorted(WORDINGS)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def section(page: Page, heading: str) -> Section:
    return next(part for part in page.sections if part.heading == heading)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_there_with_the_same_places_to_fill(language: str) -> None:
    english, other = asdict(WORDINGS["en"]), asdict(WORDINGS[language])

    for name, phrase in english.items():
        assert other[name], name
        if isinstance(phrase, str):
            assert placeholders(other[name]) == placeholders(phrase), name


def test_every_phrase_is_translated() -> None:
    english, hindi, swahili = (asdict(WORDINGS[language]) for language in ("en", "hi", "sw"))

    assert not {name for name in english if english[name] in (hindi[name], swahili[name])}
    assert all(
        re.search("[\u0900-\u097f]", str(phrase))
        for name, phrase in hindi.items()
        if name != "language"
    )


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "21 November 2026"), ("hi", "21 नवंबर 2026"), ("sw", "21 Novemba 2026")],
)
def test_a_date_is_written_in_words(language: str, expected: str) -> None:
    assert figures.day(date(2026, 11, 21), WORDINGS[language]) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (Decimal("1234567.005"), "INR", "₹12,34,567.01"),
        (Decimal(999), "INR", "₹999.00"),
        (Decimal("1234567.5"), "KES", "KSh\u202f1,234,567.50"),
        (Decimal("1234567.5"), "UGX", "USh\u202f1,234,568"),
        (Decimal(10), "CHF", "CHF\u202f10.00"),
    ],
)
def test_money_is_grouped_as_in_its_country(amount: Decimal, currency: str, expected: str) -> None:
    assert figures.money(amount, currency) == expected


@pytest.mark.parametrize(
    ("language", "rate", "one", "many"),
    [
        ("en", "14.50% a year", "1 month", "36 months"),
        ("hi", "14.50% सालाना", "1 महीना", "36 महीने"),
        ("sw", "14.50% kwa mwaka", "mwezi 1", "miezi 36"),
    ],
)
def test_rates_and_terms_are_written_in_the_language(
    language: str, rate: str, one: str, many: str
) -> None:
    words = WORDINGS[language]

    assert figures.rate(Decimal("0.145"), words) == rate
    assert figures.months(1, words) == one
    assert figures.months(36, words) == many


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_has_every_part_the_rule_book_asks_for(language: str) -> None:
    words, facts = WORDINGS[language], factories.refusal()

    page = compose(facts, language=language)

    assert [part.heading for part in page.sections] == [
        words.reasons_heading,
        words.change_heading,
        words.how_heading,
        words.review_heading,
        words.bureau_heading,
        words.data_heading,
        words.complaint_heading,
    ]
    assert section(page, words.reasons_heading).items == tuple(
        reason.sentence for reason in facts.reasons
    )
    assert section(page, words.how_heading).paragraphs == (words.how_automated,)
    assert "review@sahyadri.example" in section(page, words.review_heading).lines
    assert (
        figures.day(date(2026, 12, 21), words) in section(page, words.review_heading).paragraphs[1]
    )
    assert page.lender_lines[0] == "12 Karve Road"


def test_the_letter_bears_the_date_of_the_decision() -> None:
    page = compose(factories.refusal(), language="en")

    assert (page.year, page.month, page.day) == (2026, 11, 21)
    assert (page.particulars[0].label, page.particulars[0].value) == (
        "Date of decision",
        "21 November 2026",
    )


def test_an_approval_says_nothing_of_a_refusal() -> None:
    words = WORDINGS["en"]

    page = compose(factories.approval(), language="en")

    assert page.subject == words.approved_subject
    assert words.reasons_heading not in {part.heading for part in page.sections}
    assert "cannot" not in page.opening
    assert [row.value for row in section(page, words.terms_heading).figures] == [
        "₹2,00,000.00",
        "36 months",
        "14.50% a year",
        "₹6,884.21",
    ]


def test_an_approval_of_less_than_asked_says_so() -> None:
    same = replace(factories.APPROVAL, amount=Decimal("250000.00"))

    differs = compose(factories.approval(), language="en")
    equals = compose(factories.approval(approval=same), language="en")

    assert "You asked for ₹2,50,000.00 over 36 months." in differs.sections[0].paragraphs[0]
    assert equals.sections[0].paragraphs == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_offer_that_lapsed_is_told_with_the_right_to_reasons(language: str) -> None:
    words = WORDINGS[language]

    page = compose(factories.lapsed(), language=language)

    assert [part.heading for part in page.sections] == [
        words.lapsed_terms_heading,
        words.right_to_reasons_heading,
        words.review_heading,
        words.data_heading,
        words.complaint_heading,
    ]
    assert page.particulars[0].label == words.dated
    assert figures.day(date(2026, 11, 20), words) in page.opening
    assert "36" in section(page, words.lapsed_terms_heading).paragraphs[0]
    reasons = section(page, words.right_to_reasons_heading)
    assert figures.day(date(2027, 1, 20), words) in reasons.paragraphs[0]
    assert "review@sahyadri.example" in reasons.lines


def test_an_offer_of_what_was_asked_for_owes_no_reasons() -> None:
    words = WORDINGS["en"]
    same = replace(factories.APPROVAL, amount=Decimal("250000.00"))

    page = compose(factories.lapsed(approval=same, reasons_until=None), language="en")

    assert page.sections[0].paragraphs == ()
    assert words.right_to_reasons_heading not in {part.heading for part in page.sections}


def test_the_working_of_a_rate_stands_before_the_note() -> None:
    worked = replace(factories.APPROVAL, working=("The rate is the list rate and 2%.",))

    page = compose(factories.approval(approval=worked), language="en")

    after = section(page, "What we have approved").after
    assert after == ("The rate is the list rate and 2%.", WORDINGS["en"].terms_note)


def test_a_decision_by_a_person_says_so_and_without_a_bureau_there_is_no_word_of_one() -> None:
    words = WORDINGS["en"]

    page = compose(factories.refusal(automated=False, bureau=None), language="en")

    assert section(page, words.how_heading).paragraphs == (words.how_by_person,)
    assert words.bureau_heading not in {part.heading for part in page.sections}


def test_without_a_known_change_it_says_what_helps_most() -> None:
    words = WORDINGS["en"]

    page = compose(factories.refusal(could_change=()), language="en")

    assert section(page, words.change_heading).paragraphs == (words.change_unknown,)


def test_marks_that_turn_the_direction_of_text_are_taken_out() -> None:
    facts: LetterFacts = factories.refusal(applicant_name="Asha\u202e\x00 Rao\nGone")

    page = compose(facts, language="en")

    assert page.salutation == "Dear Asha Rao Gone,"
