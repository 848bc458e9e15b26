"""Land a historical tape in the tables: in chunks, each whole or not at all, never twice."""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Branch
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.bulk import copy_into
from apps.core.errors import Conflict, DomainError
from apps.core.money import money
from apps.customers.models import BureauReport, Customer, Employment, Household, Obligation
from apps.loans import tape
from apps.loans.mapping import TapeMapping
from apps.loans.models import Loan, Outcome
from apps.products.models import Product

Line = tape.TapeRow | tape.Refusal
CHUNK = 2_000
# One import of a source at a time ("TAPE").
_IMPORTING = 0x54415045
_BUREAU_FIELDS = (
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
)


@dataclass
class Summary:
    """What an import did: lines landed, already there, and refused."""

    landed: int = 0
    known: int = 0
    refused: int = 0


@dataclass(frozen=True)
class _Place:
    """Where the rows go."""

    mapping: TapeMapping
    branch: Branch
    products: Mapping[str, Product]


def import_tape(
    *,
    actor: Any,
    mapping: TapeMapping,
    lines: Iterable[str],
    fingerprint: str,
    reject: Callable[[tape.Refusal], None],
    progress: Callable[[int], None],
) -> Summary:
    """Import every good line that is not there yet; hand each refused one to `reject`.

    Each chunk lands in one transaction with its audit event, so a run that was killed is simply
    run again. `fingerprint` is the SHA-256 of the file, kept in the audit trail. Raises
    DomainError when the branch or a product is unknown, Conflict when an import is running.
    """
    place = _place(mapping)
    summary = Summary()
    with _alone(mapping):
        for chunk in _chunks(tape.read(lines, mapping)):
            rows = [row for row in chunk if isinstance(row, tape.TapeRow)]
            refusals = [row for row in chunk if isinstance(row, tape.Refusal)]
            for refusal in refusals:
                reject(refusal)
            landed = _land(actor, place, rows, fingerprint)
            summary.landed += landed
            summary.known += len(rows) - landed
            summary.refused += len(refusals)
            progress(len(chunk))
    return summary


def _chunks(rows: Iterator[Line]) -> Iterator[list[Line]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _place(mapping: TapeMapping) -> _Place:
    branch = Branch.objects.filter(code=mapping.branch).select_related("entity").first()
    products = Product.objects.in_bulk(list(set(mapping.products.values())), field_name="code")
    missing = sorted(set(mapping.products.values()) - set(products))
    if branch is None or missing:
        wanted = ", ".join([*missing, *([] if branch else [f"branch {mapping.branch}"])])
        raise DomainError(
            "tape_place_unknown", f"Not there yet: {wanted}. Run load_products first."
        )
    return _Place(mapping, branch, products)


class _alone:  # noqa: N801  (reads as a phrase: `with _alone(mapping)`)
    """Hold the advisory lock of a source for the whole run; it goes with the connection."""

    def __init__(self, mapping: TapeMapping) -> None:
        self.key = int.from_bytes(hashlib.sha256(mapping.source.encode()).digest()[:4], "big")

    def __enter__(self) -> None:
        if not self._ask("SELECT pg_try_advisory_lock(%s, %s)"):
            raise Conflict("import_running", "This tape is being imported by somebody else.")

    def __exit__(self, *_: object) -> None:
        self._ask("SELECT pg_advisory_unlock(%s, %s)")

    def _ask(self, sql: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(sql, [_IMPORTING, self.key - 2**31])
            return bool(cursor.fetchone()[0])


@transaction.atomic
def _land(actor: Any, place: _Place, rows: Sequence[tape.TapeRow], fingerprint: str) -> int:
    source = place.mapping.source
    there = set(
        Application.objects.filter(
            source=source, source_reference__in=[row.reference for row in rows]
        ).values_list("source_reference", flat=True)
    )
    fresh = [row for row in rows if row.reference not in there]
    if not fresh:
        return 0
    for model, build in _TABLES:
        built = (build(place, row) for row in fresh)
        copy_into(model, (values for values in built if values is not None))
    audit.record(
        actor,
        "loans.tape_imported",
        f"loans.tape:{source}",
        file_sha256=fingerprint,
        first_line=fresh[0].line,
        last_line=fresh[-1].line,
        landed=len(fresh),
    )
    return len(fresh)


def identify(source: str, kind: str, reference: str) -> uuid.UUID:
    """Return the primary key of a tape's row: the same every time the tape is read."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"tape:{source}:{kind}:{reference}")


def _id(place: _Place, kind: str, row: tape.TapeRow) -> uuid.UUID:
    return identify(place.mapping.source, kind, row.reference)


def _number(place: _Place, letter: str, row: tape.TapeRow) -> str:
    return f"{place.mapping.prefix}-{letter}-{row.reference.zfill(6)}"


def _origin(place: _Place, row: tape.TapeRow) -> dict[str, str]:
    return {"source": place.mapping.source, "source_reference": row.reference}


def _customer(place: _Place, row: tape.TapeRow) -> dict[str, Any]:
    return {
        "id": _id(place, "customer", row),
        "number": _number(place, "C", row),
        "entity_id": place.branch.entity_id,
        "branch_id": place.branch.pk,
        "country": place.mapping.country,
        "language": place.mapping.language,
        "full_name": place.mapping.borrower.format(reference=row.reference),
        **_origin(place, row),
    }


def _employment(place: _Place, row: tape.TapeRow) -> dict[str, Any]:
    facts = row.application
    return {
        "id": _id(place, "employment", row),
        "customer_id": _id(place, "customer", row),
        "as_of": facts["applied_date"],
        "months_employed": facts["months_employed"],
        "currency": place.mapping.currency,
        "gross_annual_income": facts["gross_annual_income"],
        "verification": facts["verification"],
    }


def _household(place: _Place, row: tape.TapeRow) -> dict[str, Any]:
    return {
        "id": _id(place, "household", row),
        "customer_id": _id(place, "customer", row),
        "home": row.application["home"],
    }


def _bureau_report(place: _Place, row: tape.TapeRow) -> dict[str, Any]:
    return {
        "id": _id(place, "bureau", row),
        "customer_id": _id(place, "customer", row),
        "bureau": place.mapping.bureau,
        "pulled_date": row.application["applied_date"],
        "currency": place.mapping.currency,
        **{field: row.application[field] for field in _BUREAU_FIELDS},
    }


def _obligations(place: _Place, row: tape.TapeRow) -> Decimal | None:
    """Return existing obligations a month: the tape gives them as a percentage of income."""
    income = row.application["gross_annual_income"]
    if income is None:
        return None
    percent = row.application["obligations_percent_of_income"]
    return money(income * percent / 1200, place.mapping.currency)


def _obligation(place: _Place, row: tape.TapeRow) -> dict[str, Any] | None:
    total = _obligations(place, row)
    if total is None:
        return None
    return {
        "id": _id(place, "obligation", row),
        "customer_id": _id(place, "customer", row),
        "kind": Obligation.Kind.TOTAL.value,
        "currency": place.mapping.currency,
        "monthly_payment": total,
        "from_date": row.application["applied_date"],
    }


def _application(place: _Place, row: tape.TapeRow) -> dict[str, Any]:
    facts = row.application
    return {
        "id": _id(place, "application", row),
        "status": "historic",
        "number": _number(place, "A", row),
        "branch_id": place.branch.pk,
        "customer_id": _id(place, "customer", row),
        "product_id": place.products[row.product].pk,
        "channel": Application.Channel.TAPE.value,
        "amount": facts["amount"],
        "currency": place.mapping.currency,
        "term_months": facts["term_months"],
        "annual_rate": facts["annual_rate"],
        "purpose": facts["purpose"],
        "applied_date": facts["applied_date"],
        "employment_id": _id(place, "employment", row),
        "bureau_report_id": _id(place, "bureau", row),
        "obligations_monthly": _obligations(place, row),
        "home": facts["home"],
        **_origin(place, row),
    }


def _loan(place: _Place, row: tape.TapeRow) -> dict[str, Any]:
    return {
        "id": _id(place, "loan", row),
        "number": _number(place, "L", row),
        "branch_id": place.branch.pk,
        "customer_id": _id(place, "customer", row),
        "application_id": _id(place, "application", row),
        "product_id": place.products[row.product].pk,
        "currency": place.mapping.currency,
        "annual_rate": row.application["annual_rate"],
        "term_months": row.application["term_months"],
        "status": "imported",
        "opened_date": row.loan["disbursed_date"],
        **row.loan,
        **_origin(place, row),
    }


def _outcome(place: _Place, row: tape.TapeRow) -> dict[str, Any]:
    return {"id": _id(place, "outcome", row), "loan_id": _id(place, "loan", row), **row.outcome}


_TABLES: tuple[tuple[Any, Callable[[_Place, tape.TapeRow], dict[str, Any] | None]], ...] = (
    (Customer, _customer),
    (Employment, _employment),
    (Household, _household),
    (Obligation, _obligation),
    (BureauReport, _bureau_report),
    (Application, _application),
    (Loan, _loan),
    (Outcome, _outcome),
)


def fingerprint_of(chunks: Iterator[bytes]) -> str:
    """Return the SHA-256 of a file read in chunks."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
