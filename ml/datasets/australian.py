"""Australian credit card applications (UCI Statlog): 690 decisions, attributes without names."""

from pathlib import Path

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import category, count, number

VARIANTS = ("standard",)
_ABOUT = About(
    "australian",
    caveat=(
        "`bad` is the approval itself (1 = granted), as in the published figures; AUC is the same"
        " either way round. Nothing here says who repaid."
    ),
    licence="UCI Statlog (Australian Credit Approval), CC BY 4.0.",
)
_HIDDEN = "Attribute without a name"
# The donors hid the meaning; of A1 and A2 the values show that they are sex and age.
_FEATURES = (
    category("A1", _HIDDEN, "0 1", sensitivity="protected"),
    number("A2", _HIDDEN, minimum=0, sensitivity="protected"),
    number("A3", _HIDDEN, minimum=0),
    category("A4", _HIDDEN, "1 2 3"),
    category("A5", _HIDDEN, "1 2 3 4 5 6 7 8 9 10 11 12 13 14"),
    category("A6", _HIDDEN, "1 2 3 4 5 6 7 8 9"),
    number("A7", _HIDDEN, minimum=0),
    category("A8", _HIDDEN, "0 1"),
    category("A9", _HIDDEN, "0 1"),
    count("A10", _HIDDEN),
    category("A11", _HIDDEN, "0 1"),
    category("A12", _HIDDEN, "1 2 3"),
    number("A13", _HIDDEN, minimum=0),
    number("A14", _HIDDEN, minimum=0),
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 690 applications, 44.49 % granted; DatasetMissing if the file is absent."""
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "australian_credit.csv.gz", needed=["approved"])
    return assemble(_ABOUT, _FEATURES, raw, bad=raw["approved"])
