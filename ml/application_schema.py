"""The features of a loan application, version 1: known when the applicant asks, and nothing later.

Amounts are in the currency of the loan, ratios are fractions, durations are whole months.
Bureau features may be missing: a thin file is a fact about the applicant, not an error.
"""

from ml._protected import PROTECTED
from ml.schema import Feature, Schema

__all__ = ["BUREAU", "PROTECTED", "SCHEMA"]

_MOST_MONEY = 1e13
_MOST_MONTHS = 1200
_NO_REPORT = "No credit bureau report, or the report does not say."

PURPOSES = (
    "debt_consolidation",
    "credit_card",
    "home_improvement",
    "major_purchase",
    "small_business",
    "car",
    "wedding",
    "medical",
    "moving",
    "house",
    "vacation",
    "educational",
    "renewable_energy",
    "agriculture",
    "working_capital",
    "other",
)


def _bureau_count(name: str, group: str, direction: int) -> Feature:
    return Feature(
        name,
        "integer",
        group=group,
        unit="count",
        minimum=0,
        maximum=1000,
        missing="allowed",
        missing_meaning=_NO_REPORT,
        direction=direction,
    )


def _months(name: str, group: str, meaning: str) -> Feature:
    return Feature(
        name,
        "integer",
        group=group,
        unit="months",
        minimum=0,
        maximum=_MOST_MONTHS,
        missing="allowed",
        missing_meaning=meaning,
        direction=-1,
    )


def _ratio(name: str, group: str, meaning: str, *, maximum: float, direction: int) -> Feature:
    return Feature(
        name,
        "number",
        group=group,
        unit="fraction",
        minimum=0,
        maximum=maximum,
        missing="allowed",
        missing_meaning=meaning,
        direction=direction,
    )


_REQUEST = (
    Feature(
        "amount",
        "number",
        group="amount_and_term",
        unit="currency",
        minimum=0.01,
        maximum=_MOST_MONEY,
        direction=1,
    ),
    Feature(
        "term_months",
        "integer",
        group="amount_and_term",
        unit="months",
        minimum=1,
        maximum=480,
        direction=1,
    ),
    Feature("purpose", "category", group="purpose", categories=PURPOSES, other="other"),
)

_MEANS = (
    Feature(
        "annual_income",
        "number",
        group="income",
        unit="currency per year",
        minimum=0,
        maximum=_MOST_MONEY,
        direction=-1,
    ),
    _ratio(
        "amount_to_income",
        "affordability",
        "The income is zero, so there is no ratio.",
        maximum=1e9,
        direction=1,
    ),
    _ratio(
        "existing_dti",
        "affordability",
        "The existing obligations are not known, or the income is zero.",
        maximum=1e9,
        direction=1,
    ),
    _months("employment_months", "employment", "Not employed, or not stated."),
    Feature(
        "employment_type",
        "category",
        group="employment",
        categories=("salaried", "self_employed", "pensioner", "student", "other"),
        other="other",
        missing="allowed",
        missing_meaning="Not stated.",
    ),
    Feature(
        "income_verification",
        "category",
        group="income",
        categories=("none", "declared", "source", "documents"),
    ),
    Feature(
        "home_ownership",
        "category",
        group="housing",
        categories=("own", "mortgage", "rent", "family", "other"),
        other="other",
        missing="allowed",
        missing_meaning="Not stated.",
    ),
)

_HISTORY = (
    _months("credit_history_months", "credit_depth", "No credit history is on file."),
    _bureau_count("delinquencies_24m", "payment_history", 1),
    _months(
        "months_since_delinquency", "payment_history", "No delinquency is on file, or no report."
    ),
    _bureau_count("enquiries_6m", "enquiries", 1),
    _bureau_count("open_accounts", "credit_depth", 0),
    _bureau_count("total_accounts", "credit_depth", 0),
    _bureau_count("public_records", "public_record", 1),
    _months(
        "months_since_public_record", "public_record", "No public record is on file, or no report."
    ),
    Feature(
        "revolving_balance",
        "number",
        group="credit_usage",
        unit="currency",
        minimum=0,
        maximum=_MOST_MONEY,
        missing="allowed",
        missing_meaning=_NO_REPORT,
    ),
    _ratio(
        "revolving_utilisation",
        "credit_usage",
        "No revolving credit, or no report.",
        maximum=1000,
        direction=1,
    ),
    _ratio(
        "revolving_balance_to_income",
        "credit_usage",
        "No report, or the income is zero.",
        maximum=1e9,
        direction=0,
    ),
    _bureau_count("bankruptcies", "public_record", 1),
    _bureau_count("accounts_delinquent_now", "payment_history", 1),
)

BUREAU: tuple[str, ...] = tuple(feature.name for feature in _HISTORY)
"""The features that come from a credit bureau and are missing together for a thin file."""

SCHEMA = Schema("application", 1, _REQUEST + _MEANS + _HISTORY)
