"""The applications on the disc of Thomas, Edelman and Crook (2002)."""

from pathlib import Path

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import NOT_STATED, category, count, number

VARIANTS = ("standard",)
_ABOUT = About(
    "thomas",
    caveat="The authors altered the figures; the year of application was never published.",
    licence="For readers of the book and no other purpose: not redistributable.",
)
_UNKNOWN_YEAR = 99
_FEATURES = (
    count(
        "YOB",
        "Person",
        unit="year of birth, 1900 = 0",
        maximum=98,
        sensitivity="protected",
        missing_meaning=NOT_STATED,
    ),
    count("NKID", "Person", sensitivity="protected"),
    count("DEP", "Person", sensitivity="protected"),
    category("PHON", "Person", "0 1"),
    number("SINC", "Affordability", unit="GBP", minimum=0, sensitivity="proxy"),
    category("AES", "Employment", "B E M N P R T U V W Z"),
    number("DAINC", "Affordability", unit="GBP", minimum=0, direction=-1),
    category("RES", "Residence", "F N O P U Z"),
    number("DHVAL", "Residence", unit="GBP", minimum=0),
    number("DMORT", "Residence", unit="GBP", minimum=0),
    number("DOUTM", "Outgoings", unit="GBP", minimum=0),
    number("DOUTL", "Outgoings", unit="GBP", minimum=0),
    number("DOUTHP", "Outgoings", unit="GBP", minimum=0),
    number("DOUTCC", "Outgoings", unit="GBP", minimum=0),
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 1,225 applications, 26.37 % bad; DatasetMissing if the file is absent."""
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "thomas_loans.csv.gz", needed=["YOB", "bad"])
    known = raw.assign(YOB=raw["YOB"].mask(raw["YOB"] == _UNKNOWN_YEAR))
    return assemble(_ABOUT, _FEATURES, known, bad=raw["bad"])
