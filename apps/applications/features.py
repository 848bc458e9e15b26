"""From the facts frozen at submission to the features of the contract, version 1. Pure.

Known when the applicant asked, and nothing later. Missing stays missing: None where a fact was
not given, never a zero. Protected attributes are no fact here and cannot become one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.core import dates

Value = float | int | str | None
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, kw_only=True)
class Bureau:
    """What the credit bureau reported; a figure it did not give is None."""

    oldest_account_date: date | None
    delinquencies_24m: int | None
    months_since_delinquency: int | None
    enquiries_6m: int | None
    open_accounts: int | None
    total_accounts: int | None
    public_records: int | None
    months_since_public_record: int | None
    revolving_balance: Decimal | None
    revolving_utilisation: Decimal | None
    bankruptcies: int | None
    accounts_delinquent_now: int | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One application as it was submitted. Money in the currency of the loan.

    Text that was not given is empty; numbers that were not given are None; `bureau` is None for
    a thin file.
    """

    amount: Decimal
    term_months: int
    purpose: str
    applied_date: date
    gross_annual_income: Decimal | None
    obligations_monthly: Decimal | None
    months_employed: int | None
    employment_type: str
    income_verification: str
    home: str
    bureau: Bureau | None


def build(facts: Facts) -> dict[str, Value]:
    """Return the features in the order of the contract; whether they fit it, scoring checks."""
    return {**_request(facts), **_means(facts), **_history(facts)}


def at_request(
    row: Mapping[str, Value],
    *,
    amount: Decimal,
    term_months: int,
    gross_annual_income: Decimal | None,
) -> dict[str, Value]:
    """Return the features of the same facts, had another amount and term been asked for.

    `row` is what `build` made of the facts, `gross_annual_income` the income among them.
    """
    moved = moved_by_request(
        amount=amount, term_months=term_months, gross_annual_income=gross_annual_income
    )
    return {**row, **moved}


def moved_by_request(
    *, amount: Decimal, term_months: int, gross_annual_income: Decimal | None
) -> dict[str, Value]:
    """Return the features that depend on the amount and the term asked for."""
    return {
        "amount": float(amount),
        "term_months": term_months,
        "amount_to_income": _share(amount, gross_annual_income),
    }


def _request(facts: Facts) -> dict[str, Value]:
    return {
        "amount": float(facts.amount),
        "term_months": facts.term_months,
        "purpose": facts.purpose,
    }


def _means(facts: Facts) -> dict[str, Value]:
    yearly_debt = _times(facts.obligations_monthly, _MONTHS_A_YEAR)
    return {
        "annual_income": _number(facts.gross_annual_income),
        "amount_to_income": _share(facts.amount, facts.gross_annual_income),
        "existing_dti": _share(yearly_debt, facts.gross_annual_income),
        "employment_months": facts.months_employed,
        "employment_type": facts.employment_type or None,
        "income_verification": facts.income_verification or None,
        "home_ownership": facts.home or None,
    }


def _history(facts: Facts) -> dict[str, Value]:
    report = facts.bureau
    if report is None:
        return dict.fromkeys(_HISTORY)
    return {
        "credit_history_months": _age_months(report.oldest_account_date, facts.applied_date),
        "delinquencies_24m": report.delinquencies_24m,
        "months_since_delinquency": report.months_since_delinquency,
        "enquiries_6m": report.enquiries_6m,
        "open_accounts": report.open_accounts,
        "total_accounts": report.total_accounts,
        "public_records": report.public_records,
        "months_since_public_record": report.months_since_public_record,
        "revolving_balance": _number(report.revolving_balance),
        "revolving_utilisation": _number(report.revolving_utilisation),
        "revolving_balance_to_income": _share(report.revolving_balance, facts.gross_annual_income),
        "bankruptcies": report.bankruptcies,
        "accounts_delinquent_now": report.accounts_delinquent_now,
    }


_HISTORY: Mapping[str, None] = dict.fromkeys(
    (
        "credit_history_months",
        "delinquencies_24m",
        "months_since_delinquency",
        "enquiries_6m",
        "open_accounts",
        "total_accounts",
        "public_records",
        "months_since_public_record",
        "revolving_balance",
        "revolving_utilisation",
        "revolving_balance_to_income",
        "bankruptcies",
        "accounts_delinquent_now",
    )
)


def _age_months(opened: date | None, on: date) -> int | None:
    return None if opened is None else dates.months_between(opened, on)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _times(value: Decimal | None, factor: int) -> Decimal | None:
    return None if value is None else value * factor


def _share(part: Decimal | None, whole: Decimal | None) -> float | None:
    """Return part / whole, or None where either is not known or the whole is zero."""
    if part is None or not whole:
        return None
    return float(part / whole)
