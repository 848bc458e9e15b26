"""A case somebody types in, as model and policy would see it if an applicant had asked. Pure."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from apps.applications import affordability as arithmetic
from apps.applications import features
from apps.applications.affordability import Affordability, Means, Security
from apps.core import dates
from apps.decisions.policy_inputs import INPUTS, Value
from apps.products import pricing
from apps.products.pricing import Repaid


@dataclass(frozen=True, kw_only=True)
class TypedReport:
    """What a credit bureau would say; a figure it does not give is None."""

    age_days: int | None = None
    score: int | None = None
    credit_history_months: int | None = None
    delinquencies_24m: int | None = None
    months_since_delinquency: int | None = None
    enquiries_6m: int | None = None
    open_accounts: int | None = None
    total_accounts: int | None = None
    public_records: int | None = None
    months_since_public_record: int | None = None
    revolving_balance: Decimal | None = None
    revolving_utilisation: Decimal | None = None
    bankruptcies: int | None = None
    accounts_delinquent_now: int | None = None


@dataclass(frozen=True, kw_only=True)
class TypedCase:
    """What was typed in: money in the product's currency, shares as fractions, None not known.

    `owed_with_us` is what the borrower owes us already, `report` None for a thin file.
    """

    amount: Decimal
    term_months: int
    purpose: str
    # Our own books always know these two.
    owed_with_us: Decimal
    guarantees_with_us: Decimal
    age_years: int | None = None
    country: str = ""
    gross_annual_income: Decimal | None = None
    net_monthly_income: Decimal | None = None
    documented_net_monthly_income: Decimal | None = None
    basic_monthly_pay: Decimal | None = None
    income_verification: str = ""
    employment_type: str = ""
    months_employed: int | None = None
    home: str = ""
    obligations_monthly: Decimal | None = None
    security_value: Decimal | None = None
    blocked: bool = False
    defaults_with_us: int | None = None
    report: TypedReport | None = None

    def facts(self, *, on: date) -> features.Facts:
        """Return what the features are made of, for an application of this day."""
        return features.Facts(
            amount=self.amount,
            term_months=self.term_months,
            purpose=self.purpose,
            applied_date=on,
            gross_annual_income=self.gross_annual_income,
            obligations_monthly=self.obligations_monthly,
            months_employed=self.months_employed,
            employment_type=self.employment_type,
            income_verification=self.income_verification,
            home=self.home,
            bureau=None if self.report is None else _bureau(self.report, on),
        )

    def born(self, *, on: date) -> date | None:
        """Return a date of birth that makes this age on the day."""
        return None if self.age_years is None else dates.add_months(on, -12 * self.age_years)

    def standing(self) -> dict[str, Value]:
        """Return the policy's inputs that depend neither on amount nor on term."""
        return {
            **dict.fromkeys(INPUTS),
            "age_years": _count(self.age_years),
            "country": self.country or None,
            "annual_income": self.gross_annual_income,
            "net_monthly_income": self.net_monthly_income,
            "income_gap": arithmetic.income_gap(
                declared=self.net_monthly_income, documented=self.documented_net_monthly_income
            ),
            "income_verification": self.income_verification or None,
            "employment_months": _count(self.months_employed),
            "blocked": self.blocked,
            "defaults_with_us": _count(self.defaults_with_us),
            "guarantees_with_us": self.guarantees_with_us,
            # Nobody answers for a case that is made up.
            "guarantor_exposure": Decimal(0),
            **_report_inputs(self.report),
        }

    def afford(self, annual_rate: Decimal, *, repaid: Repaid, currency: str) -> Affordability:
        """Return the burden at an interest rate a year, paid back as a product's loans are."""
        instalment = pricing.asked_payment(
            self.amount, annual_rate, self.term_months, currency, repaid=repaid
        )
        securities = () if self.security_value is None else (Security(None, self.security_value),)
        means = Means(
            amount=self.amount,
            instalment=instalment,
            gross_annual_income=self.gross_annual_income,
            net_monthly_income=self.net_monthly_income,
            basic_monthly_pay=self.basic_monthly_pay,
            obligations_monthly=self.obligations_monthly,
            securities=securities,
        )
        return arithmetic.assess(means, currency=currency)


def _bureau(report: TypedReport, on: date) -> features.Bureau:
    months = report.credit_history_months
    shared = {one.name for one in fields(features.Bureau)} & {one.name for one in fields(report)}
    return features.Bureau(
        oldest_account_date=None if months is None else dates.add_months(on, -months),
        **{name: getattr(report, name) for name in shared},
    )


def _report_inputs(report: TypedReport | None) -> dict[str, Value]:
    if report is None:
        return {"bureau_report": False}
    return {
        "bureau_report": True,
        "bureau_report_age_days": _count(report.age_days),
        "bureau_score": _count(report.score),
        "credit_history_months": _count(report.credit_history_months),
        "delinquencies_24m": _count(report.delinquencies_24m),
        "accounts_delinquent_now": _count(report.accounts_delinquent_now),
        "bankruptcies": _count(report.bankruptcies),
        "public_records": _count(report.public_records),
        "enquiries_6m": _count(report.enquiries_6m),
    }


def _count(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)
