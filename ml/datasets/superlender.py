"""Repeat loans of a Nigerian lender in July 2017, with the customers' earlier loans."""

from pathlib import Path

import numpy as np
import pandas as pd

from ml.datasets import _reading, _superlender_history
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import NOT_STATED, category, count, flag, many, number
from ml.schema import Feature

VARIANTS = ("standard", "priced")
_ABOUT = About(
    "superlender",
    caveat=(
        "One month of one lender, repeat customers only; bad means settled late or not at all."
        " A due date stands for the day of the month on which people are paid."
    ),
    licence="Zindi competition data: not redistributable.",
)
_NO_LOAN = {"missing_meaning": "No earlier loan is known."}
_NO_PERSON = {"missing_meaning": "The customer is not in the master data, or it does not say."}
_LOAN = (
    count("loannumber", "Earlier loans", minimum=1),
    number("loanamount", "Loan", unit="NGN", minimum=0),
    count("termdays", "Loan", unit="days", minimum=1),
    number("amount_per_day", "Loan", unit="NGN per day", minimum=0),
    flag("referred", "Loan"),
    count("asked_weekday", "Dates", unit="Monday = 0", maximum=6),
    count("due_weekday", "Dates", unit="Monday = 0", maximum=6),
    count("due_day_of_month", "Dates", minimum=1, maximum=31),
    number("amount_to_largest", "Loan", minimum=0, **_NO_LOAN),
    number("amount_to_mean", "Loan", minimum=0, **_NO_LOAN),
    number("amount_to_latest", "Loan", minimum=0, **_NO_LOAN),
    number("amount_to_first", "Loan", minimum=0, **_NO_LOAN),
    number("amount_change", "Loan", unit="NGN", **_NO_LOAN),
    number("term_change", "Loan", unit="days", **_NO_LOAN),
)
_PRICING = (
    number("totaldue", "Price", unit="NGN", minimum=0),
    number("due_per_day", "Price", unit="NGN per day", minimum=0),
    number("interest", "Price", unit="fraction of the amount", minimum=0),
    number("interest_a_month", "Price", unit="fraction of the amount", minimum=0),
    number("rate_change", "Price", **_NO_LOAN),
)
_TERMS = ("customerid", "creationdate", "loanamount", "totaldue", "termdays")
_LOAN_COLUMNS = (*_TERMS, "referredby", "bad")
_EARLIER_COLUMNS = (*_TERMS, "closeddate", "firstduedate", "firstrepaiddate")
_PERSON_COLUMNS = ("customerid", "birthdate", "bank_name_clients")


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 4,368 loans, 21.79 % bad, with the day of each application.

    The variant "priced" adds the price of the loan asked for. DatasetMissing if a file is absent.
    """
    checked_variant(_ABOUT.name, variant, VARIANTS)
    read = _reading.read
    loans = _asked(read(folder, "superlender_perf.csv.gz", needed=_LOAN_COLUMNS))
    earlier = _asked(read(folder, "superlender_prevloans.csv.gz", needed=_EARLIER_COLUMNS))
    people = _one_row_each(read(folder, "superlender_demographics.csv.gz", needed=_PERSON_COLUMNS))
    history = _superlender_history.summed_up(loans, earlier)
    person = people.reindex(loans["customerid"]).set_index(loans.index)
    wide = pd.concat([loans, history, person], axis=1)
    shaped = wide.assign(
        age=((wide["asked"] - pd.to_datetime(wide["birthdate"])).dt.days / 365.25),
        in_master_data=wide["birthdate"].notna(),
        **_of_loan(wide),
    )
    priced = _PRICING if variant == "priced" else ()
    features = (*_LOAN, *priced, *_superlender_history.DECLARED, *_person(people))
    return assemble(
        _ABOUT, features, shaped, bad=loans["bad"], dates=loans["asked"], variant=variant
    )


def _asked(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the loans with real dates and the time of the application in the lender's clock."""
    stamps = {name: pd.to_datetime(raw[name]) for name in raw.columns if name.endswith("date")}
    return raw.assign(**stamps, asked=stamps["creationdate"] + _superlender_history.ASKED_LAG)


def _one_row_each(people: pd.DataFrame) -> pd.DataFrame:
    """Return one row per customer; twelve are published twice, word for word.

    ValueError if two rows of a customer disagree: nothing says which is right.
    """
    distinct = people.drop_duplicates()
    again = distinct["customerid"].duplicated()
    if again.any():
        raise ValueError(f"Customer {distinct.loc[again, 'customerid'].iloc[0]} has two records.")
    return distinct.set_index("customerid")


def _of_loan(wide: pd.DataFrame) -> dict[str, pd.Series]:
    amount, due = wide["loanamount"], wide["totaldue"]
    due_on = wide["asked"].dt.normalize() + pd.to_timedelta(wide["termdays"], unit="D")
    monthly = (due / amount - 1) / wide["termdays"] * 30
    return {
        "amount_per_day": amount / wide["termdays"],
        "referred": wide["referredby"].notna(),
        "asked_weekday": wide["asked"].dt.day_of_week.astype(np.int64),
        "due_weekday": due_on.dt.day_of_week.astype(np.int64),
        "due_day_of_month": due_on.dt.day.astype(np.int64),
        "amount_to_largest": amount / wide["amount_max"],
        "amount_to_mean": amount / wide["amount_mean"],
        "amount_to_latest": amount / wide["amount_latest_1"],
        "amount_to_first": amount / wide["amount_first"],
        "amount_change": amount - wide["amount_latest_1"],
        "term_change": wide["termdays"] - wide["term_latest_1"],
        "due_per_day": due / wide["termdays"],
        "interest": due / amount - 1,
        "interest_a_month": monthly,
        "rate_change": monthly - wide["monthly_rate_latest_1"],
    }


def _person(people: pd.DataFrame) -> tuple[Feature, ...]:
    """Return what the master data says; the branch is left out, 51 people in 4,346 have one."""
    rare = 20
    return (
        number("age", "Person", unit="years", minimum=0, sensitivity="protected", **_NO_PERSON),
        number("longitude_gps", "Residence", unit="degrees", sensitivity="proxy", **_NO_PERSON),
        number("latitude_gps", "Residence", unit="degrees", sensitivity="proxy", **_NO_PERSON),
        flag("in_master_data", "Person"),
        category("bank_account_type", "Bank", "Current Other Savings", **_NO_PERSON),
        many("bank_name_clients", "Bank", people["bank_name_clients"], fewest=rare, **_NO_PERSON),
        category(
            "employment_status_clients",
            "Employment",
            "Contract Permanent Retired Self-Employed Student Unemployed",
            **_NO_PERSON,
        ),
        category(
            "level_of_education_clients",
            "Person",
            "Graduate Post-Graduate Primary Secondary",
            missing_meaning=NOT_STATED,
        ),
    )
