"""The German credit data of Hofmann (1994): 1,000 applications, for comparison with literature."""

from pathlib import Path

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import category, count, number

VARIANTS = ("standard",)
_ABOUT = About(
    "german",
    caveat=(
        "Bad loans are oversampled (30 % against about 5 %), and the published code table is"
        " partly wrong: interpret south_german instead. personal_status_sex mixes sex and marital"
        " status, so it carries no claim about fairness."
    ),
    licence="UCI Statlog (German Credit Data), CC BY 4.0.",
)
_FEATURES = (
    category("status_checking", "Current account", "A11 A12 A13 A14"),
    count("duration_months", "Loan", unit="months", direction=1),
    category("credit_history", "Credit history", "A30 A31 A32 A33 A34"),
    category("purpose", "Loan", "A40 A41 A410 A42 A43 A44 A45 A46 A48 A49"),
    number("credit_amount", "Loan", unit="DM", minimum=0),
    category("savings", "Savings", "A61 A62 A63 A64 A65"),
    category("employment_since", "Employment", "A71 A72 A73 A74 A75"),
    count("installment_rate_pct", "Affordability", unit="code", minimum=1, maximum=4),
    category("personal_status_sex", "Person", "A91 A92 A93 A94 A95", sensitivity="protected"),
    category("other_debtors", "Security", "A101 A102 A103"),
    count("residence_since", "Residence", unit="code", minimum=1, maximum=4),
    category("property", "Security", "A121 A122 A123 A124"),
    count("age", "Person", unit="years", sensitivity="protected"),
    category("other_installment_plans", "Other debts", "A141 A142 A143"),
    category("housing", "Residence", "A151 A152 A153"),
    count("existing_credits", "Other debts"),
    category("job", "Employment", "A171 A172 A173 A174"),
    count("dependents", "Person", sensitivity="protected"),
    category("telephone", "Person", "A191 A192"),
    category("foreign_worker", "Person", "A201 A202", sensitivity="protected"),
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 1,000 applications, 30 % bad; DatasetMissing if the file is absent."""
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "german_credit.csv.gz", needed=["bad"])
    return assemble(_ABOUT, _FEATURES, raw, bad=raw["bad"])
