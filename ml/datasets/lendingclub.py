"""The complete LendingClub book of 2007 to 2011: what was known when the borrower asked."""

from pathlib import Path

import numpy as np
import pandas as pd

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import NOT_STATED, OTHER, category, count, number

VARIANTS = ("unpriced", "priced")
_ABOUT = About(
    "lendingclub",
    caveat=(
        "Accepted loans only. The priced variant adds the lender's own rate and grade, a score in"
        " disguise. A loan that did not meet the credit policy is in, but the flag is not."
    ),
    licence="LendingClub's public download without a stated licence: not redistributable.",
)
_NO_REPORT = "The bureau report of the oldest loans does not say."
_NEVER = "Nothing of the kind is on record."
_PURPOSES = (
    "car credit_card debt_consolidation educational home_improvement house major_purchase medical"
    " moving other renewable_energy small_business vacation wedding"
)
# Left out: collections_12_mths_ex_med and chargeoff_within_12_mths, which are always 0.
_BORROWER = (
    number("loan_amnt", "Loan", unit="USD", minimum=0),
    count("term", "Loan", unit="months", direction=1),
    category("purpose", "Loan", (*_PURPOSES.split(), OTHER), other=OTHER),
    count("emp_length_years", "Employment", unit="years", maximum=10, missing_meaning=NOT_STATED),
    category("home_ownership", "Residence", "MORTGAGE NONE OTHER OWN RENT"),
    number(
        "annual_inc",
        "Affordability",
        unit="USD",
        minimum=0,
        direction=-1,
        missing_meaning=NOT_STATED,
    ),
    category(
        "verification_status", "Affordability", ("Not Verified", "Source Verified", "Verified")
    ),
    number("dti", "Affordability", unit="percent", minimum=0, direction=1),
)
_GAP = {"missing_meaning": _NO_REPORT}
_BUREAU = (
    count("credit_history_months", "Credit history", unit="months", direction=-1, **_GAP),
    count("delinq_2yrs", "Late payments", direction=1, **_GAP),
    count("inq_last_6mths", "Recent inquiries", direction=1, **_GAP),
    count(
        "mths_since_last_delinq",
        "Late payments",
        unit="months",
        direction=-1,
        missing_meaning=_NEVER,
    ),
    count(
        "mths_since_last_record",
        "Public records",
        unit="months",
        direction=-1,
        missing_meaning=_NEVER,
    ),
    count("open_acc", "Credit history", **_GAP),
    count("total_acc", "Credit history", **_GAP),
    count("pub_rec", "Public records", direction=1, **_GAP),
    count("pub_rec_bankruptcies", "Public records", direction=1, **_GAP),
    count("tax_liens", "Public records", direction=1, **_GAP),
    number("revol_bal", "Card use", unit="USD", minimum=0),
    number("revol_util", "Card use", unit="fraction", minimum=0, direction=1, **_GAP),
    count("acc_now_delinq", "Late payments", direction=1, **_GAP),
    number("delinq_amnt", "Late payments", unit="USD", minimum=0, direction=1, **_GAP),
)
# Where the borrower lives stands in for origin as much as for income.
_PLACE = count("zip_area", "Residence", unit="first three digits", maximum=999, sensitivity="proxy")
_PRICING = (
    number("int_rate", "Price", unit="fraction", minimum=0, maximum=1, direction=1),
    category("grade", "Price", "A B C D E F G"),
    count("sub_grade_rank", "Price", unit="A1 = 1 to G5 = 35", minimum=1, maximum=35, direction=1),
)
_NEEDED = (
    *("issue_d", "earliest_cr_line", "emp_length", "delinq_2yrs", "mths_since_last_delinq"),
    *("pub_rec", "mths_since_last_record", "sub_grade", "zip_code", "bad"),
)


def load(folder: Path, *, variant: str = "unpriced") -> Dataset:
    """Return 42,535 loans, 15.12 % bad, with the month of issue as their date.

    DatasetMissing if the file is absent.
    """
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "lendingclub_2007_2011.csv.gz", needed=_NEEDED)
    issued = pd.to_datetime(raw["issue_d"])
    shaped = raw.assign(
        emp_length_years=_years_employed(raw["emp_length"]),
        credit_history_months=_months_between(pd.to_datetime(raw["earliest_cr_line"]), issued),
        mths_since_last_delinq=_zero_is_never(raw["mths_since_last_delinq"], raw["delinq_2yrs"]),
        mths_since_last_record=_zero_is_never(raw["mths_since_last_record"], raw["pub_rec"]),
        # Neighbouring numbers are neighbouring places, and the state follows from them: as a
        # category of its own it cost 0.002 of AUC in the year after the training, when other
        # states had fared badly.
        zip_area=raw["zip_code"].str[:3].astype(np.int64),
        sub_grade_rank=_rank(raw["sub_grade"]),
    )
    features = (*_BORROWER, *_BUREAU, _PLACE, *(_PRICING if variant == "priced" else ()))
    return assemble(_ABOUT, features, shaped, bad=raw["bad"], dates=issued, variant=variant)


def _years_employed(column: pd.Series) -> pd.Series:
    """Return 0 for less than a year, 10 for ten and more, missing as it came."""
    below_one = column.str.startswith("<").fillna(value=False)
    years = column.str.extract(r"(\d+)", expand=False).astype(np.float64)
    return years.mask(below_one, 0.0)


def _months_between(earlier: pd.Series, later: pd.Series) -> pd.Series:
    months: pd.Series = 12 * (later.dt.year - earlier.dt.year)
    months += later.dt.month - earlier.dt.month
    return months


def _zero_is_never(months: pd.Series, events: pd.Series) -> pd.Series:
    """Return the months since an event, missing where the oldest reports wrote 0 for none."""
    return months.mask(months.eq(0) & ~events.gt(0))


def _rank(sub_grade: pd.Series) -> pd.Series:
    letter = sub_grade.str[0].map({grade: place for place, grade in enumerate("ABCDEFG")})
    return (5 * letter + sub_grade.str[1].astype(np.int64)).astype(np.int64)
