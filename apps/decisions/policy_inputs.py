"""What a policy may ask about an application, each input with its kind and unit. Pure.

The names are the only ones a rule can use. Values are Decimal, bool, text or None (not known).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["number", "boolean", "text"]
Value = Decimal | bool | str | None

_TYPES: dict[str, type] = {"number": Decimal, "boolean": bool, "text": str}


@dataclass(frozen=True)
class Input:
    """One thing a rule can look at. `unit` is share, money, years, months, days or count.

    `values` are all that a text can be, where they are known.
    """

    name: str
    kind: Kind
    unit: str = ""
    values: tuple[str, ...] = ()

    def check(self, value: Value) -> None:
        """Raise TypeError unless the value has this input's kind; a float is never accepted."""
        if type(value) is not _TYPES[self.kind]:
            raise TypeError(f"{self.name} must be a {self.kind}, not {value!r}.")


INPUTS: dict[str, Input] = {
    one.name: one
    for one in (
        Input("pd", "number", "share"),
        Input("amount", "number", "money"),
        Input("term_months", "number", "months"),
        Input("age_years", "number", "years"),
        Input("age_at_maturity_years", "number", "years"),
        Input("country", "text"),
        Input("annual_income", "number", "money"),
        Input("net_monthly_income", "number", "money"),
        Input("income_verification", "text", values=("none", "declared", "source", "documents")),
        # The share of the declared net income that no document shows; 0 where they show all of it.
        Input("income_gap", "number", "share"),
        Input("employment_months", "number", "months"),
        Input("dti", "number", "share"),
        Input("foir", "number", "share"),
        Input("lti", "number", "share"),
        Input("ltv", "number", "share"),
        Input("pay_committed", "number", "share"),
        Input("bureau_report", "boolean"),
        Input("bureau_report_age_days", "number", "days"),
        Input("bureau_score", "number", "count"),
        Input("credit_history_months", "number", "months"),
        Input("delinquencies_24m", "number", "count"),
        Input("accounts_delinquent_now", "number", "count"),
        Input("bankruptcies", "number", "count"),
        Input("public_records", "number", "count"),
        Input("enquiries_6m", "number", "count"),
        # On the lender's block list: always known.
        Input("blocked", "boolean"),
        Input("defaults_with_us", "number", "count"),
        # What the borrower answers for of other people's approved loans.
        Input("guarantees_with_us", "number", "money"),
        # The most that a customer of ours who answers for this loan would owe us or answer for.
        Input("guarantor_exposure", "number", "money"),
        # Guarantees and this loan included.
        Input("exposure_with_us", "number", "money"),
    )
}
# A smaller amount or another term moves only these.
MOVED_BY_REQUEST = frozenset(
    {
        "pd",
        "amount",
        "term_months",
        "age_at_maturity_years",
        "dti",
        "foir",
        "lti",
        "ltv",
        "pay_committed",
        "exposure_with_us",
    }
)


def exact(pd: float) -> Decimal:
    """Return a stored PD as policies compare it: the float's shortest exact text."""
    return Decimal(repr(pd))


def to_json(inputs: Mapping[str, Value]) -> dict[str, str | bool | None]:
    """Return inputs as they are stored: numbers as exact text."""
    return {
        name: str(value) if isinstance(value, Decimal) else value for name, value in inputs.items()
    }


def from_json(stored: Mapping[str, object]) -> dict[str, Value]:
    """Return stored inputs as they were. Raises ValueError for what `to_json` cannot have made."""
    found: dict[str, Value] = {}
    for name, raw in stored.items():
        declared = INPUTS.get(name)
        if declared is None:
            raise ValueError(f"{name} is not an input of any policy.")
        found[name] = _read(declared, raw)
    return found


def _read(declared: Input, raw: object) -> Value:
    if raw is None:
        return None
    if declared.kind == "number" and isinstance(raw, str):
        return Decimal(raw)
    if isinstance(raw, bool | str) and type(raw) is _TYPES[declared.kind]:
        return raw
    raise ValueError(f"{declared.name} holds {raw!r}, which is no {declared.kind}.")
