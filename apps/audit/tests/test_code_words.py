"""Histories tell codes by the words of the app whose codes they are."""

import pytest
from django.utils.functional import lazystr

from apps.audit import code_words, names


@pytest.fixture(autouse=True)
def _own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_words, "_words", {})


@pytest.mark.parametrize(
    ("facts", "currency", "said"),
    [
        ({"amount": "596200.00"}, "INR", "amount: ₹5,96,200.00"),
        ({"amount": "596200.00", "currency": "KES"}, "INR", "amount: KSh\u202f596,200.00"),
        ({"amount": "596200.00"}, "", "amount: 596200.00"),
        ({"amount": ""}, "INR", ""),
        ({"term_months": "36"}, "INR", "months: 36"),
    ],
)
def test_amounts_are_money_where_the_currency_is_known(
    facts: dict[str, str], currency: str, said: str
) -> None:
    assert names.told_facts(facts, {}, currency=currency).partition(" · ")[0] == said


def test_a_code_is_told_by_the_word_of_its_app() -> None:
    code_words.know("offers", "channel", {"signed": lazystr("On signed paper")})

    told = names.told_facts({"channel": "signed", "amount": "10"}, {}, app="offers")

    assert told == "how: On signed paper · amount: 10"


def test_another_apps_code_and_one_that_nobody_named_stay_as_written() -> None:
    code_words.know("offers", "channel", {"signed": "On signed paper"})

    assert names.told_facts({"channel": "signed"}, {}, app="loans") == "how: signed"
    assert names.told_facts({"channel": "fax"}, {}, app="offers") == "how: fax"
    assert names.told_facts({"channel": ["signed"]}, {}, app="offers") == "how: signed"


def test_what_an_app_says_later_takes_the_place_of_what_it_said() -> None:
    code_words.know("loans", "loan.status", {"opened": "Open", "closed": "Closed"})
    code_words.know("loans", "loan.status", {"closed": "Over"})

    assert code_words.said("loans", "loan.status", "closed") == "Over"
    assert code_words.said("loans", "loan.status", "opened") == "opened"


def test_a_rate_keeps_the_digits_that_were_agreed() -> None:
    told = names.told_facts({"annual_rate": "0.108755", "apr": "0.18"}, {}, app="offers")

    assert "10.8755" in told
    assert "18.00" in told
