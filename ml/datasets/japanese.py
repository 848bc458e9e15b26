"""Credit card applications of the UCI set crx: the Australian ones with their gaps."""

from pathlib import Path

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import NOT_STATED, category, count, number

VARIANTS = ("standard",)
_ABOUT = About(
    "japanese",
    caveat=(
        "`bad` is the approval itself (1 = granted), as in the published figures; AUC is the same"
        " either way round. Nothing here says who repaid."
    ),
    licence="UCI Credit Approval, CC BY 4.0.",
)
_HIDDEN = "Attribute without a name"
_GAP = {"missing_meaning": NOT_STATED}
# The donors hid the meaning; of A1, A2 and A4 the values show sex, age and marital status.
_FEATURES = (
    category("A1", _HIDDEN, "a b", sensitivity="protected", **_GAP),
    number("A2", _HIDDEN, minimum=0, sensitivity="protected", **_GAP),
    number("A3", _HIDDEN, minimum=0),
    category("A4", _HIDDEN, "l t u y", sensitivity="protected", **_GAP),
    category("A5", _HIDDEN, "g gg p", **_GAP),
    category("A6", _HIDDEN, "aa c cc d e ff i j k m q r w x", **_GAP),
    category("A7", _HIDDEN, "bb dd ff h j n o v z", **_GAP),
    number("A8", _HIDDEN, minimum=0),
    category("A9", _HIDDEN, "f t"),
    category("A10", _HIDDEN, "f t"),
    count("A11", _HIDDEN),
    category("A12", _HIDDEN, "f t"),
    category("A13", _HIDDEN, "g p s"),
    number("A14", _HIDDEN, minimum=0, **_GAP),
    number("A15", _HIDDEN, minimum=0),
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 690 applications, 44.49 % granted; DatasetMissing if the file is absent."""
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "japanese_credit.csv.gz", needed=["approved"])
    return assemble(_ABOUT, _FEATURES, raw, bad=raw["approved"])
