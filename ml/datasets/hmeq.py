"""Home equity loans (SAS, creditriskanalytics.net): many missing values that speak."""

from pathlib import Path

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import NOT_STATED, category, count, number

VARIANTS = ("standard",)
_ABOUT = About(
    "hmeq",
    caveat=(
        "A missing DEBTINC is itself the strongest sign, and about 620 rows are near twins: an AUC"
        " of 0.97 is not typical of a real portfolio."
    ),
    licence="Teaching data without a stated licence: not redistributable.",
)
# No direction for LOAN, VALUE, CLAGE, YOJ and CLNO: a wrong guess costs a point of AUC here.
_FEATURES = (
    number("LOAN", "Loan", unit="USD", minimum=0),
    number("MORTDUE", "Mortgage", unit="USD", minimum=0, missing_meaning=NOT_STATED),
    number("VALUE", "Property", unit="USD", minimum=0, missing_meaning=NOT_STATED),
    category("REASON", "Loan", "DebtCon HomeImp", missing_meaning=NOT_STATED),
    category(
        "JOB", "Employment", "Mgr Office Other ProfExe Sales Self", missing_meaning=NOT_STATED
    ),
    number("YOJ", "Employment", unit="years", minimum=0, missing_meaning=NOT_STATED),
    count("DEROG", "Credit history", direction=1, missing_meaning=NOT_STATED),
    count("DELINQ", "Credit history", direction=1, missing_meaning=NOT_STATED),
    number("CLAGE", "Credit history", unit="months", minimum=0, missing_meaning=NOT_STATED),
    count("NINQ", "Recent inquiries", direction=1, missing_meaning=NOT_STATED),
    count("CLNO", "Credit history", missing_meaning=NOT_STATED),
    number("DEBTINC", "Affordability", unit="percent", minimum=0, missing_meaning=NOT_STATED),
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 5,960 loans, 19.95 % bad; DatasetMissing if the file is absent."""
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "hmeq.csv.gz", needed=["BAD"])
    return assemble(_ABOUT, _FEATURES, raw, bad=raw["BAD"])
