"""A mapping says what each column of a historical loan tape is, or why it is not used. Pure.

Columns known at application may become features; outcome columns never do. A column cannot be
in both, and a column nobody has named is refused: silence about a column is how leakage begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.loans.readers import Reader, reader

APPLICATION_FIELDS = frozenset(
    {
        "amount",
        "term_months",
        "annual_rate",
        "applied_date",
        "purpose",
        "months_employed",
        "gross_annual_income",
        "verification",
        "home",
        "obligations_percent_of_income",
        "oldest_account_date",
        "delinquencies_24m",
        "enquiries_6m",
        "months_since_delinquency",
        "months_since_public_record",
        "open_accounts",
        "total_accounts",
        "public_records",
        "bankruptcies",
        "accounts_delinquent_now",
        "revolving_balance",
        "revolving_utilisation",
    }
)
LOAN_FIELDS = frozenset({"principal", "instalment", "disbursed_date"})
OUTCOME_FIELDS = frozenset(
    {
        "defaulted",
        "reported_status",
        "total_paid",
        "principal_paid",
        "interest_paid",
        "recovered",
        "recovery_cost",
        "last_payment_date",
    }
)


_WANTED = (
    *("name", "source", "prefix", "branch", "country", "currency", "language"),
    *("reference", "borrower", "bureau", "product", "unused"),
)


class MappingRefused(ValueError):
    """The mapping file contradicts itself or does not fit the tape."""


@dataclass(frozen=True)
class TapeMapping:
    """How one kind of tape is read."""

    name: str
    source: str
    prefix: str
    branch: str
    country: str
    currency: str
    language: str
    reference: str
    borrower: str
    bureau: str
    product_column: str
    products: Mapping[str, str]
    application: Mapping[str, Reader]
    loan: Mapping[str, Reader]
    outcome: Mapping[str, Reader]
    unused: Mapping[str, str]

    @property
    def columns(self) -> frozenset[str]:
        """Every column the mapping speaks of."""
        used = {one.column for part in self._parts() for one in part.values()}
        return frozenset({*used, *self.unused, self.reference, self.product_column})

    def check_header(self, header: Sequence[str]) -> None:
        """Raise MappingRefused when the tape lacks a column or has one nobody named."""
        missing = sorted(self.columns - set(header) - set(self.unused))
        unknown = sorted(set(header) - self.columns)
        if missing:
            raise MappingRefused(f"The tape has no column {', '.join(missing)}.")
        if unknown:
            raise MappingRefused(
                f"The mapping {self.name} does not say what {', '.join(unknown)} is. "
                "Name it as known at application, as outcome, or as unused with a reason."
            )
        if len(set(header)) != len(header):
            raise MappingRefused("A column stands twice in the tape's header.")

    def _parts(self) -> tuple[Mapping[str, Reader], ...]:
        return self.application, self.loan, self.outcome


def parse(document: Mapping[str, Any]) -> TapeMapping:
    """Return the mapping a JSON document describes; raise MappingRefused for a wrong one."""
    if lacking := [key for key in _WANTED if not document.get(key)]:
        raise MappingRefused(f"The mapping does not say {', '.join(lacking)}.")
    mapping = TapeMapping(
        name=str(document["name"]),
        source=str(document["source"]),
        prefix=str(document["prefix"]),
        branch=str(document["branch"]),
        country=str(document["country"]),
        currency=str(document["currency"]),
        language=str(document["language"]),
        reference=str(document["reference"]),
        borrower=str(document["borrower"]),
        bureau=str(document["bureau"]),
        product_column=document["product"]["column"],
        products=document["product"]["values"],
        application=_readers(document, "application", APPLICATION_FIELDS),
        loan=_readers(document, "loan", LOAN_FIELDS),
        outcome=_readers(document, "outcome", OUTCOME_FIELDS),
        unused=document["unused"],
    )
    _refuse_leakage(mapping)
    return mapping


def _readers(document: Mapping[str, Any], part: str, known: frozenset[str]) -> dict[str, Reader]:
    given = document.get(part, {})
    if set(given) != known:
        raise MappingRefused(
            f"Part {part!r} must name exactly {', '.join(sorted(known))}; "
            f"it differs in {', '.join(sorted(set(given) ^ known))}."
        )
    try:
        return {field: reader(**_options(options)) for field, options in given.items()}
    except (TypeError, ValueError) as error:
        raise MappingRefused(f"Part {part!r} has an entry that cannot be read: {error}") from None


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    renamed = dict(options)
    if "as" in renamed:
        renamed["result"] = renamed.pop("as")
    return renamed


def _refuse_leakage(mapping: TapeMapping) -> None:
    before = {one.column for one in mapping.application.values()}
    after = {one.column for one in mapping.outcome.values()}
    if leaked := sorted(before & after):
        raise MappingRefused(f"{', '.join(leaked)} is an outcome and cannot be known before.")
    used = before | after | {one.column for one in mapping.loan.values()}
    if both := sorted(used & set(mapping.unused)):
        raise MappingRefused(f"{', '.join(both)} is named as used and as unused.")
