"""Entries are checked whole: presence, ranges, and no contradictions."""

import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.customers import checks
from apps.customers.entries import AddressEntry, CustomerEntry, EmploymentEntry
from apps.customers.findings import Refused
from apps.customers.models import Employment, Obligation
from apps.customers.tests import factories

TODAY = date(2026, 11, 20)
KENYAN = CustomerEntry(
    branch_id=uuid.uuid4(),
    country="KE",
    full_name="Wanjiku Kamau",
    date_of_birth=date(1990, 1, 1),
    phone="0712 345678",
    identities={"ke_national_id": "2345 6789"},
    address=AddressEntry(street="Moi Avenue 4", city="Nairobi", postal_code="00100"),
)


def _codes(refusal: pytest.ExceptionInfo[Refused]) -> dict[str, str]:
    return {name: finding.code for name, finding in refusal.value.findings.items()}


def test_it_returns_a_customer_in_canonical_form() -> None:
    clean = checks.customer(replace(KENYAN, full_name="  Wanjiku   Kamau "), today=TODAY)

    assert clean.full_name == "Wanjiku Kamau"
    assert clean.phone == "+254712345678"
    assert clean.identities == {"ke_national_id": "23456789"}


def test_it_names_everything_that_is_wrong_at_once() -> None:
    empty = replace(
        KENYAN,
        full_name="",
        date_of_birth=None,
        phone="",
        email="x",
        identities={"pan": "ACUPA7085R"},
        address=AddressEntry(street="", city=""),
    )

    with pytest.raises(Refused) as refusal:
        checks.customer(empty, today=TODAY)

    assert _codes(refusal) == {
        "full_name": "required",
        "date_of_birth": "required",
        "phone": "required",
        "email": "email_invalid",
        "pan": "identity_of_other_country",
        "street": "required",
        "city": "required",
        "ke_national_id": "identity_needed_ke",
    }


@pytest.mark.parametrize(
    ("born", "code"),
    [
        (date(2008, 11, 21), "too_young"),
        (date(1925, 11, 20), "too_old"),
        (date(2026, 11, 21), "date_in_future"),
        (date(1, 1, 1), "too_old"),
    ],
)
def test_it_refuses_ages_nobody_lends_to(born: date, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        checks.customer(replace(KENYAN, date_of_birth=born), today=TODAY)

    assert _codes(refusal) == {"date_of_birth": code}


def test_it_takes_somebody_who_is_eighteen_today() -> None:
    clean = checks.customer(replace(KENYAN, date_of_birth=date(2008, 11, 20)), today=TODAY)

    assert clean.date_of_birth == date(2008, 11, 20)


def _employment(entry: EmploymentEntry) -> EmploymentEntry:
    return checks.employment(
        entry,
        today=TODAY,
        types=set(Employment.Type.values),
        proofs=set(Employment.Proof.values),
        currency="INR",
    )


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"net_monthly_income": Decimal("75000.01")}, {"net_monthly_income": "net_above_gross"}),
        ({"basic_monthly_pay": Decimal(80_000)}, {"basic_monthly_pay": "basic_above_gross"}),
        ({"gross_annual_income": Decimal("NaN")}, {"gross_annual_income": "not_a_number"}),
        ({"gross_annual_income": Decimal("Infinity")}, {"gross_annual_income": "not_a_number"}),
        ({"gross_annual_income": Decimal(-1)}, {"gross_annual_income": "negative"}),
        ({"gross_annual_income": Decimal(10) ** 13}, {"gross_annual_income": "amount_too_large"}),
        ({"net_monthly_income": Decimal("1.001")}, {"net_monthly_income": "too_many_decimals"}),
        ({"net_monthly_income": None}, {"net_monthly_income": "required"}),
        ({"as_of": date(2026, 11, 21)}, {"as_of": "date_too_late"}),
        ({"as_of": date(1066, 1, 1)}, {"as_of": "date_too_early"}),
        ({"months_employed": 721}, {"months_employed": "out_of_range"}),
        ({"type": "pirate"}, {"type": "not_a_choice"}),
        ({"currency": "BTC"}, {"currency": "currency_of_lender"}),
        ({"currency": "USD"}, {"currency": "currency_of_lender"}),
        ({"documented_by": ""}, {"documented_by": "required"}),
        ({"documented_by": "hearsay"}, {"documented_by": "not_a_choice"}),
        (
            {"documented_net_monthly_income": None},
            {"documented_net_monthly_income": "required"},
        ),
        (
            {"documented_net_monthly_income": Decimal(-1)},
            {"documented_net_monthly_income": "negative"},
        ),
    ],
)
def test_it_refuses_absurd_income(changes: dict[str, Any], codes: dict[str, str]) -> None:
    documented = {"documented_net_monthly_income": Decimal("60000.00")}
    entry = factories.employment_entry(**{**documented, **changes})

    with pytest.raises(Refused) as refusal:
        _employment(entry)

    assert _codes(refusal) == codes


def test_it_takes_net_income_of_exactly_a_twelfth() -> None:
    entry = factories.employment_entry(net_monthly_income=Decimal("75000.00"))

    clean = _employment(entry)

    assert clean.net_monthly_income == Decimal("75000.00")


@pytest.mark.parametrize("documented", [Decimal(0), Decimal("12000.00"), Decimal("90000.00")])
def test_it_takes_documents_that_show_less_or_more_than_is_declared(documented: Decimal) -> None:
    entry = factories.employment_entry(documented_net_monthly_income=documented)

    assert _employment(entry).documented_net_monthly_income == documented


def test_it_refuses_an_obligation_of_tomorrow() -> None:
    entry = factories.obligation_entry(from_date=date(2026, 11, 21))

    with pytest.raises(Refused) as refusal:
        checks.obligation(entry, today=TODAY, kinds=set(Obligation.Kind.values), currency="INR")

    assert _codes(refusal) == {"from_date": "date_too_late"}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"score": 299}, {"score": "out_of_range"}),
        ({"score": 901}, {"score": "out_of_range"}),
        ({"open_accounts": 10, "total_accounts": 9}, {"open_accounts": "open_above_total"}),
        ({"accounts_delinquent_now": 5}, {"accounts_delinquent_now": "late_above_open"}),
        (
            {"delinquencies_24m": 1, "months_since_delinquency": 25},
            {"months_since_delinquency": "late_within_two_years"},
        ),
        ({"bankruptcies": 1}, {"bankruptcies": "bankruptcies_above_records"}),
        ({"oldest_account_date": date(2026, 11, 16)}, {"oldest_account_date": "date_too_late"}),
        ({"pulled_date": date(2026, 11, 21)}, {"pulled_date": "date_too_late"}),
        ({"enquiries_6m": -1}, {"enquiries_6m": "out_of_range"}),
        ({"revolving_utilisation": Decimal("10.1")}, {"revolving_utilisation": "out_of_range"}),
        ({"revolving_utilisation": Decimal("NaN")}, {"revolving_utilisation": "not_a_number"}),
        ({"bureau": "x" * 61}, {"bureau": "too_long"}),
    ],
)
def test_it_refuses_reports_that_contradict_themselves(
    changes: dict[str, Any], codes: dict[str, str]
) -> None:
    entry = factories.bureau_entry(**changes)

    with pytest.raises(Refused) as refusal:
        checks.bureau(entry, country="IN", today=TODAY)

    assert _codes(refusal) == codes


def test_it_keeps_what_a_bureau_did_not_report_unknown() -> None:
    entry = factories.bureau_entry(score=None, delinquencies_24m=None)

    clean = checks.bureau(entry, country="IN", today=TODAY)

    assert clean.score is None
    assert clean.delinquencies_24m is None


@pytest.mark.parametrize("dependants", [-1, 31])
def test_it_refuses_absurd_households(dependants: int) -> None:
    entry = factories.household_entry(dependants=dependants)

    with pytest.raises(Refused) as refusal:
        checks.household(entry, homes={"rent"}, currency="INR")

    assert _codes(refusal) == {"dependants": "out_of_range"}
