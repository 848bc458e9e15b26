"""Taiwanese credit cards in 2005 (Yeh and Lien 2009): six months of bills, payments and delays."""

from pathlib import Path

import pandas as pd

from ml.datasets import _reading, _taiwan_series
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import category, count, number

VARIANTS = ("standard", "fe")
_ABOUT = About(
    "taiwan",
    caveat=(
        "The issuer's own definition of default; the codes -2, -1 and 0 of the repayment status"
        " were documented only later, and 35 rows are duplicates."
    ),
    licence="UCI 350 (Default of Credit Card Clients), CC BY 4.0.",
)
# The lender set the limit by what it knew of the customer, so a higher one is safer. A repayment
# status has no direction: -2, -1 and 0 are kinds of use, and only 1 to 9 count months.
_FEATURES = (
    number("LIMIT_BAL", "Limit", unit="TWD", minimum=0, direction=-1),
    category("SEX", "Person", "1 2", sensitivity="protected"),
    category("EDUCATION", "Person", "0 1 2 3 4 5 6"),
    category("MARRIAGE", "Person", "0 1 2 3", sensitivity="protected"),
    count("AGE", "Person", unit="years", sensitivity="protected"),
    *(
        count(name, "Repayment status", unit="code", minimum=-2, maximum=9, **_taiwan_series.SEEN)
        for name in _taiwan_series.STATUSES
    ),
    *(number(name, "Bills", unit="TWD", **_taiwan_series.SEEN) for name in _taiwan_series.BILLS),
    *(
        number(name, "Payments", unit="TWD", minimum=0, direction=-1, **_taiwan_series.SEEN)
        for name in _taiwan_series.PAYMENTS
    ),
)
_TARGET = "default_next_month"
_NEEDED = (_TARGET, *(feature.name for feature in _FEATURES))


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 30,000 card holders, 22.12 % in default a month later.

    The variant "fe" adds sums and ratios of the six months. DatasetMissing if the file is absent.
    """
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "taiwan_default.csv.gz", needed=_NEEDED)
    bad = raw[_TARGET]
    if variant == "standard":
        return assemble(_ABOUT, _FEATURES, raw, bad=bad)
    added = _taiwan_series.derived(raw)
    wide = pd.concat([raw, added], axis=1)
    features = (*_FEATURES, *_taiwan_series.DERIVED)
    return assemble(_ABOUT, features, wide, bad=bad, variant=variant)
