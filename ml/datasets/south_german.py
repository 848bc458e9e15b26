"""The corrected South German credit data of Grömping (2019): the one to interpret."""

from pathlib import Path

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import category, count, number

VARIANTS = ("standard",)
_ABOUT = About(
    "south_german",
    caveat=(
        "Bad loans are oversampled (30 % against about 5 %). personal_status_sex does not identify"
        " women reliably, so it carries no claim about fairness."
    ),
    licence="UCI 573 (South German Credit), CC BY 4.0.",
)
_FEATURES = (
    category("status", "Current account", "1 2 3 4"),
    count("duration", "Loan", unit="months", direction=1),
    category("credit_history", "Credit history", "0 1 2 3 4"),
    category("purpose", "Loan", "0 1 2 3 4 5 6 7 8 9 10"),
    number("amount", "Loan", unit="DM", minimum=0),
    category("savings", "Savings", "1 2 3 4 5"),
    count("employment_duration", "Employment", unit="code", minimum=1, maximum=5),
    count("installment_rate", "Affordability", unit="code", minimum=1, maximum=4),
    category("personal_status_sex", "Person", "1 2 3 4", sensitivity="protected"),
    category("other_debtors", "Security", "1 2 3"),
    count("present_residence", "Residence", unit="code", minimum=1, maximum=4),
    category("property", "Security", "1 2 3 4"),
    count("age", "Person", unit="years", sensitivity="protected"),
    category("other_installment_plans", "Other debts", "1 2 3"),
    category("housing", "Residence", "1 2 3"),
    count("number_credits", "Other debts", unit="code", minimum=1, maximum=4),
    category("job", "Employment", "1 2 3 4"),
    category("people_liable", "Person", "1 2", sensitivity="protected"),
    category("telephone", "Person", "1 2"),
    category("foreign_worker", "Person", "1 2", sensitivity="protected"),
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 1,000 applications, 30 % bad; DatasetMissing if the file is absent."""
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "south_german_credit.csv.gz", needed=["bad"])
    return assemble(_ABOUT, _FEATURES, raw, bad=raw["bad"])
