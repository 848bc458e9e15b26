"""Quotes on screen, on paper, as a table and as a calendar."""

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import icalendar
import pypdf
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.accounts.roles import ROLES
from apps.schedules import building, comparing
from apps.schedules.forms import OfferForm
from apps.schedules.terms import (
    Adjustment,
    Calendar,
    DayCount,
    Fee,
    FeeTiming,
    FirstPeriod,
    Frequency,
    Rounding,
    Terms,
)

SignedIn = Callable[[User], Client]
MakePerson = Callable[..., User]
PAGE = "/quotes/"
LOAN = {
    "principal": "20000",
    "annual_rate": "15",
    "instalments": "24",
    "disbursed_on": "2026-04-01",
    "fee_upfront": "240",
    "fee_third_party": "160",
}


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def second(prefix: str = "b", **changes: str) -> dict[str, str]:
    """Return the loan as another offer, with something changed."""
    return {f"{prefix}-{name}": value for name, value in {**LOAN, **changes}.items()}


def compared(page: Any) -> dict[str, list[tuple[str, bool]]]:
    return {one.label: list(one.values) for one in page.context["measures"]}


def query_of(response: Any) -> dict[str, str]:
    parsed = parse_qs(urlsplit(response["Location"]).query)
    return {name: values[0] for name, values in parsed.items()}


def test_it_asks_for_an_offer_in_the_lenders_currency(browser: Client) -> None:
    page = browser.get(PAGE)

    assert page.status_code == 200
    (offer,) = page.context["offers"]
    assert offer.quote is None
    assert offer.form["currency"].value() == "INR"
    assert "There is a problem" not in page.content.decode()
    assert "quote-figure" not in page.content.decode()
    assert "an offer follows the schedule of its product" in page.content.decode()


def test_it_shows_what_an_offer_comes_to(browser: Client) -> None:
    page = browser.get(PAGE, LOAN)

    found = compared(page)
    text = page.content.decode()
    assert page.status_code == 200
    assert found["Annual percentage rate (APR)"] == [("17.07\u202f%", False)]
    assert found["Paid out"] == [("₹19,600.00", False)]
    assert found["Cost of the credit"] == [("₹3,673.58", False)]
    assert 'id="quote-figure"' in text
    assert text.count('<th scope="row" class="num">') == 24
    assert '<th scope="row">2027</th>' in text


def test_it_begins_with_todays_conventions_where_a_link_gives_only_the_loan(
    browser: Client,
) -> None:
    asked = {"principal": "20000", "annual_rate": "15", "instalments": "24", "currency": "KES"}

    page = browser.get(PAGE, asked)

    (offer,) = page.context["offers"]
    assert offer.quote is not None
    assert offer.quote.schedule.terms.currency == "KES"


def test_it_compares_three_offers_and_marks_the_lowest(browser: Client) -> None:
    asked = {
        **LOAN,
        **second("b", annual_rate="14", instalments="36"),
        **second("c", method="flat", annual_rate="9"),
    }

    page = browser.get(PAGE, asked)

    found = compared(page)
    assert page.context["names"] == ["Offer A", "Offer B", "Offer C"]
    assert [is_lowest for _value, is_lowest in found["Annual percentage rate (APR)"]] == [
        False,
        True,
        False,
    ]
    assert [is_lowest for _value, is_lowest in found["Cost of the credit"]] == [True, False, False]
    assert [is_lowest for _value, is_lowest in found["All fees"]] == [False, False, False]
    assert len(page.context["figure"]["data"]) == 6
    assert 'name="add"' not in page.content.decode()


def test_figures_that_read_alike_are_marked_alike(browser: Client) -> None:
    rate = Decimal(LOAN["annual_rate"])
    asked = {
        **LOAN,
        **second("b", annual_rate=str(rate - Decimal("0.00001"))),
        **second("c", annual_rate=str(rate + 1)),
    }

    found = compared(browser.get(PAGE, asked))

    (one, first), (other, second_), (_higher, third) = found["Annual percentage rate (APR)"]
    assert one == other
    assert (first, second_, third) == (True, True, False)


def test_more_terms_are_folded_away_and_said_in_a_line(browser: Client) -> None:
    asked = {**LOAN, "rounding_unit": "10", "weekend": "sunday", "grace_capitalised": "on"}

    page = browser.get(PAGE, asked)
    wrong = browser.get(PAGE, {**asked, "rounding_unit": "x"})

    (offer,) = page.context["offers"]
    assert offer.more_said == [
        ("Instalment in whole", "10"),
        ("Unpaid interest joins the balance", ""),
        ("Days off", "Sundays"),
    ]
    text = page.content.decode()
    assert "Instalment in whole: 10 · Unpaid interest joins the balance · Days off: Sundays" in text
    assert '<details class="disclosure">' in text
    assert '<details class="disclosure" open>' in wrong.content.decode()
    assert 'action="/quotes/#comparison"' in text


def test_it_adds_an_offer_to_vary(browser: Client) -> None:
    answer = browser.get(PAGE, {**LOAN, "add": "1"})

    assert answer.status_code == 302
    query = query_of(answer)
    assert {query[f"b-{name}"] for name in LOAN} == set(LOAN.values())
    assert query.keys().isdisjoint({"add", "frequency", "b-frequency"})
    assert len(browser.get(answer["Location"]).context["offers"]) == 2


def test_it_takes_an_offer_away_and_moves_up_the_others(browser: Client) -> None:
    asked = {**LOAN, **second("b", annual_rate="14"), **second("c", annual_rate="13")}

    query = query_of(browser.get(PAGE, {**asked, "remove": "A"}))

    assert (query["annual_rate"], query["b-annual_rate"]) == ("14", "13")
    assert not [name for name in query if name.startswith("c-")]


def test_it_adds_no_fourth_and_takes_away_none_that_is_not_there(browser: Client) -> None:
    asked = {**LOAN, **second("b"), **second("c")}

    added = query_of(browser.get(PAGE, {**asked, "add": "1"}))
    left = query_of(browser.get(PAGE, {**asked, "remove": "Z"}))

    assert added == left
    assert added.keys() >= {"principal", "b-principal", "c-principal"}


def test_it_keeps_what_was_chosen_where_it_adds_an_offer(browser: Client) -> None:
    chosen = {"annual_rate": "0", "frequency": "weekly", "grace_capitalised": "on"}

    query = query_of(browser.get(PAGE, {**LOAN, **chosen, "add": "1"}))

    assert query["b-annual_rate"] == "0"
    assert query["b-frequency"] == "weekly"
    assert query["b-grace_capitalised"] == "True"


def test_it_compares_in_the_first_ones_currency(browser: Client) -> None:
    asked = {**LOAN, "currency": "KES", **second("b", currency="USD")}

    page = browser.get(PAGE, asked)

    currencies = {offer.quote.schedule.terms.currency for offer in page.context["offers"]}
    assert currencies == {"KES"}


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        *(
            ({"principal": typed}, "principal", "from 0 to 1,000,000,000,000 in digits, with")
            for typed in ("-4", "1e30", "1" + "0" * 30, "1.234", "a lot")
        ),
        ({"principal": ""}, "principal", "required"),
        ({"principal": "0"}, "principal", "above zero"),
        *(
            (
                {"annual_rate": typed},
                "annual_rate",
                "per cent a year, from 0 to 1,000, with at most 8",
            )
            for typed in ("abc", "14,5", "1001", "-1", "1e30", "0.123456789")
        ),
        *(
            ({"instalments": typed}, "instalments", "Write a whole number from 1 to 3,660.")
            for typed in ("0", "3661", "100000", "1.5", "-5")
        ),
        ({"instalments": "480", "annual_rate": "48"}, "instalments", "too long"),
        ({"disbursed_on": "2026-02-30"}, "disbursed_on", "a day of the calendar"),
        ({"method": "balloon"}, "balloon", "“Equal instalments and a balloon” needs this."),
        ({"method": "gift"}, "method", "not one of the available choices"),
        ({"fee_upfront": "30000"}, "fee_upfront", "leave nothing to pay out"),
        ({"grace_principal": "24"}, "grace_principal", "at least one instalment"),
        ({"steps": "2 1.1\nthree"}, "steps", "Line 2: Write two values"),
        ({"method": "custom", "rows": "2026-05-01 x"}, "rows", "Line 1: Write an amount"),
        ({"tranches": "2026-04-01 100"}, "tranches", "must sum to the amount lent"),
        ({"holidays": "tomorrow"}, "holidays", "Line 1: Enter a day of the calendar"),
        ({"rows": "2026-05-01 1\n" * 51}, "rows", "At most 50 lines; the API takes more."),
    ],
    ids=str,
)
def test_it_says_beside_the_input_what_is_wrong(
    browser: Client, changes: dict[str, str], name: str, sentence: str
) -> None:
    page = browser.get(PAGE, {**LOAN, **changes})

    (offer,) = page.context["offers"]
    assert page.status_code == 422
    assert offer.quote is None
    assert sentence in offer.form.errors[name][0]


def test_it_shows_the_other_offer_where_one_is_wrong(browser: Client) -> None:
    page = browser.get(PAGE, {**LOAN, **second("b", principal="-4")})

    assert page.context["names"] == ["Offer A"]
    assert page.status_code == 422


def test_it_reads_every_kind_of_terms(browser: Client) -> None:
    kinds: list[dict[str, str]] = [
        {"method": "stepped", "steps": "13 1.10"},
        {"method": "custom", "instalments": "2", "rows": "2026-05-01 5000\n2026-06-01 15,000"},
        {"tranches": "2026-04-01 5000\n2026-05-10 15000"},
        {"method": "balloon", "balloon": "4000"},
        {"down_payment": "5000", "fee_first": "10", "fee_each": "5"},
        {"grace_principal": "3", "grace_interest": "3", "grace_capitalised": "on"},
        {"grace_principal": "3", "grace_term": "extending"},
        {"weekend": "saturday_sunday", "holidays": "2026-05-01", "adjustment": "next"},
        {"rounding_unit": "1", "rounding_mode": "up", "first_due_on": "2026-05-20"},
        {"frequency": "weekly", "day_count": "act_365", "first_period": "upfront"},
    ]
    for kind in kinds:
        page = browser.get(PAGE, {**LOAN, **kind})
        assert page.status_code == 200, page.context["offers"][0].form.errors


def test_it_shows_interest_that_joins_the_balance(browser: Client) -> None:
    kind = {"grace_principal": "3", "grace_interest": "3", "grace_capitalised": "on"}

    page = browser.get(PAGE, {**LOAN, **kind}).content.decode()
    plain = browser.get(PAGE, LOAN).content.decode()

    assert "Joins the balance" in page
    assert "Joins the balance" not in plain


def test_it_shows_the_first_of_very_many_instalments(browser: Client) -> None:
    kind = {"frequency": "daily", "day_count": "act_365", "instalments": "1000"}

    text = browser.get(PAGE, {**LOAN, **kind, "principal": "2000000"}).content.decode()

    assert text.count('<th scope="row" class="num">') == 400
    assert "The first 400; the files hold all of them." in text


def test_it_sends_a_paper_that_anybody_can_read(browser: Client) -> None:
    answer = browser.get(PAGE + "schedule.pdf", LOAN)

    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == (
        'attachment; filename="quote-INR-20000-24-instalments.pdf"'
    )
    assert "Sahyadri Finance Ltd" in text
    assert "17.07" in text
    assert "1 Apr 2028" in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_it_says_on_paper_what_the_quote_follows_from(browser: Client) -> None:
    given = {
        "annual_rate": "14.125",
        "fee_upfront": "240",
        "fee_third_party": "160",
        "fee_each": "5",
        "balloon": "4000",
        "method": "balloon",
        "grace_principal": "3",
        "rounding_unit": "1",
    }

    answer = browser.get(PAGE + "schedule.pdf", {**LOAN, **given})

    page = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0]
    text = " ".join(page.extract_text().split())
    for said in ("14.125", "₹240.00", "₹160.00", "₹5.00", "₹4,000.00", "without principal"):
        assert said in text
    assert "half up" in text
    assert "free of interest" not in text


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"method": "stepped", "steps": "13 1.10"}, "from instalment 13 times 1.1"),
        (
            {"tranches": "2026-04-01 12000\n2026-07-01 8000"},
            "1 Apr 2026: ₹12,000.00; 1 Jul 2026: ₹8,000.00",
        ),
        (
            {"grace_interest": "2", "grace_principal": "2", "grace_capitalised": "on"},
            "Unpaid interest joins the balance Yes",
        ),
        (
            {"weekend": "sunday", "holidays": "2026-05-01", "adjustment": "next"},
            "Days off Sunday, 1 May 2026",
        ),
    ],
)
def test_it_says_on_paper_what_was_agreed_beside_the_rate(
    browser: Client, terms: dict[str, str], said: str
) -> None:
    answer = browser.get(PAGE + "schedule.pdf", {**LOAN, **terms})

    page = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0]
    assert said in " ".join(page.extract_text().split())


def test_it_sends_the_same_paper_for_the_same_terms_on_the_same_day(browser: Client) -> None:
    first, again = (browser.get(PAGE + "schedule.pdf", LOAN).content for _ in range(2))

    assert hashlib.sha256(first).digest() == hashlib.sha256(again).digest()


def test_it_sends_a_table(browser: Client) -> None:
    answer = browser.get(PAGE + "schedule.csv", LOAN)

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert len(rows) == 24
    assert rows[0] == {
        "number": "1",
        "due_on": "2026-05-01",
        "opening": "20000.00",
        "principal": "719.73",
        "interest": "250.00",
        "fee": "0.00",
        "instalment": "969.73",
        "capitalised": "0.00",
        "closing": "19280.27",
        "currency": "INR",
    }


def test_it_sends_a_calendar_that_is_taken_in_once(browser: Client) -> None:
    first, again = (
        icalendar.Calendar.from_ical(browser.get(PAGE + "schedule.ics", LOAN).content)
        for _ in range(2)
    )

    events = first.walk("VEVENT")
    assert len(events) == 24
    assert str(events[0]["DTSTART"].dt) == "2026-05-01"
    assert str(events[0]["SUMMARY"]) == "Instalment 1 of 24: ₹969.73"
    known = [str(event["UID"]) for event in events]
    assert known == [str(event["UID"]) for event in again.walk("VEVENT")]
    assert len(set(known)) == 24


def test_it_knows_a_schedule_again_however_its_amount_was_typed(browser: Client) -> None:
    typed = (LOAN["principal"], "20,000.00")

    plain, grouped = (
        browser.get(PAGE + "schedule.ics", {**LOAN, "principal": text}).content for text in typed
    )

    assert _uids(plain) == _uids(grouped)
    other = browser.get(PAGE + "schedule.ics", {**LOAN, "principal": "20001"}).content
    assert _uids(plain).isdisjoint(_uids(other))


def _uids(content: bytes) -> set[str]:
    return {str(event["UID"]) for event in icalendar.Calendar.from_ical(content).walk("VEVENT")}


@pytest.mark.parametrize("name", ["schedule.pdf", "schedule.csv", "schedule.ics"])
def test_it_says_on_the_page_why_there_is_no_file(browser: Client, name: str) -> None:
    answer = browser.get(PAGE + name, {**LOAN, "principal": "-4"})

    assert answer.status_code == 302
    page = browser.get(answer["Location"])
    assert page.status_code == 422
    assert "principal" in page.context["offers"][0].form.errors


@pytest.mark.parametrize("role", [role.code for role in ROLES])
def test_it_is_open_to_all_but_who_sees_sums_alone(
    make_person: MakePerson, signed_in: SignedIn, role: str
) -> None:
    answer = signed_in(make_person("Anybody", role)).get(PAGE)

    assert answer.status_code == (403 if role == "executive" else 200)


@pytest.mark.parametrize("name", ["", "schedule.pdf", "schedule.csv", "schedule.ics"])
def test_it_is_closed_to_strangers_and_to_people_without_a_role(
    client: Client, make_person: MakePerson, signed_in: SignedIn, name: str
) -> None:
    assert client.get(PAGE + name, LOAN).status_code == 302
    assert signed_in(make_person("Nobody")).get(PAGE + name, LOAN).status_code == 403


ENTERED = st.dictionaries(
    st.sampled_from([f"{p}{name}" for p in ("", "b-") for name in OfferForm.base_fields]),
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            [
                *("1", "0", "-1", "20000", "1e9", "NaN", "2026-05-01", "9999-12-31", "on"),
                *("2026-05-01 100", "2 1.5", "daily", "flat", "single", "custom", "INR", "UGX"),
            ]
        ),
    ),
    max_size=8,
)


@given(entered=ENTERED, has_loan=st.booleans())
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_it_never_fails_on_anything(
    browser: Client, entered: dict[str, str], has_loan: bool
) -> None:
    page = browser.get(PAGE, {**(LOAN if has_loan else {}), **entered})

    assert page.status_code in {200, 422}


def test_terms_written_into_an_address_come_back_as_they_were(browser: Client) -> None:
    terms = Terms(
        principal=Decimal("20000.50"),
        currency="INR",
        annual_rate=Decimal("0.135"),
        instalments=12,
        disbursed_on=date(2026, 4, 1),
        first_due_on=date(2026, 5, 10),
        frequency=Frequency.QUARTERLY,
        day_count=DayCount.ACT_365,
        rounding_unit=Decimal(1),
        rounding_mode=Rounding.UP,
        first_period=FirstPeriod.IN_FIRST_INSTALMENT,
        calendar=Calendar(
            holidays=frozenset({date(2026, 1, 26), date(2026, 8, 10)}),
            weekend=frozenset({6}),
            adjustment=Adjustment.NEXT,
        ),
        fees=(
            Fee(code="a", amount=Decimal(240), timing=FeeTiming.UPFRONT),
            Fee(code="b", amount=Decimal(60), timing=FeeTiming.UPFRONT),
            Fee(code="c", amount=Decimal(160), timing=FeeTiming.UPFRONT, is_third_party=True),
            Fee(code="d", amount=Decimal(5), timing=FeeTiming.EACH_INSTALMENT),
        ),
    )

    page = browser.get(f"{PAGE}?{comparing.query_of(terms)}")

    (offer,) = page.context["offers"]
    assert offer.quote is not None, offer.form.errors
    found = offer.quote.schedule.terms
    # The holiday that was over is gone, and the fees of one time are one.
    assert found == replace(
        terms,
        calendar=replace(terms.calendar, holidays=frozenset({date(2026, 8, 10)})),
        fees=found.fees,
    )
    assert [(fee.timing, fee.amount, fee.is_third_party) for fee in found.fees] == [
        (FeeTiming.UPFRONT, Decimal(300), False),
        (FeeTiming.UPFRONT, Decimal(160), True),
        (FeeTiming.EACH_INSTALMENT, Decimal(5), False),
    ]
    assert offer.quote.schedule.rows == building.build(replace(terms, calendar=found.calendar)).rows
