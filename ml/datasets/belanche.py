"""The credit data of Lluís Belanche (R package modeldata): applications with missing values."""

from pathlib import Path

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import NOT_STATED, category, count, number

VARIANTS = ("standard",)
_ABOUT = About(
    "belanche",
    caveat="Its time, place and currency were never published.",
    licence="R package modeldata, MIT.",
)
_FEATURES = (
    count("Seniority", "Employment", unit="years", direction=-1),
    category(
        "Home", "Residence", "ignore other owner parents priv rent", missing_meaning=NOT_STATED
    ),
    count("Time", "Loan", unit="months"),
    count("Age", "Person", unit="years", sensitivity="protected"),
    category(
        "Marital",
        "Person",
        "divorced married separated single widow",
        missing_meaning=NOT_STATED,
        sensitivity="protected",
    ),
    category("Records", "Credit history", "no yes"),
    category("Job", "Employment", "fixed freelance others partime", missing_meaning=NOT_STATED),
    number("Expenses", "Affordability", minimum=0),
    number("Income", "Affordability", minimum=0, direction=-1, missing_meaning=NOT_STATED),
    number("Assets", "Wealth", minimum=0, direction=-1, missing_meaning=NOT_STATED),
    number("Debt", "Wealth", minimum=0, missing_meaning=NOT_STATED),
    number("Amount", "Loan", minimum=0),
    number("Price", "Loan", minimum=0),
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 4,454 loans, 28.15 % bad; DatasetMissing if the file is absent."""
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "credit_data_belanche.csv.gz", needed=["bad"])
    return assemble(_ABOUT, _FEATURES, raw, bad=raw["bad"])
