"""The training sample of a segment: features as frozen at application, outcomes beside them.

Nothing that became known after the application can be a feature: the rows come from the same
frozen facts that scoring uses, and an outcome is read by a query of its own, for the label alone.
"""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from django.db.models import QuerySet

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.loans.models import Outcome
from ml.application_schema import SCHEMA
from ml.schema import SchemaViolation


@dataclass(frozen=True)
class Sample:
    """Rows that fit the schema, their outcomes (1 = defaulted), and what did not fit and why.

    `paid_out` is the day each loan was disbursed and `customers` who took it: they say which rows
    are the newest and which belong together, and are no features. `refused` counts rows by
    `feature: rule`. `sha256` covers schema, features and outcomes in order, and nothing else: the
    same data gives the same hash in any database.
    """

    frame: pd.DataFrame
    bad: npt.NDArray[np.float64]
    paid_out: npt.NDArray[np.datetime64]
    customers: list[uuid.UUID]
    refused: dict[str, int]
    sha256: str

    @property
    def rows(self) -> int:
        """How many loans there are."""
        return len(self.bad)

    @property
    def defaults(self) -> int:
        """How many of them defaulted."""
        return int(self.bad.sum())

    @property
    def groups(self) -> list[uuid.UUID] | None:
        """The borrower of each loan; None where every loan has a borrower of its own.

        Groups of one say nothing, and folds of groups are drawn more slowly than folds of rows.
        """
        return None if len(set(self.customers)) == self.rows else self.customers

    def since(self, day: date) -> "tuple[pd.DataFrame, npt.NDArray[np.float64]]":
        """Return features and outcomes of the loans paid out on the day or after it."""
        newest = self.paid_out >= np.datetime64(day)
        return self.frame[newest], self.bad[newest]


def build(*, segment: str, from_date: date, to_date: date) -> Sample:
    """Return the finished loans of a segment paid out in [from_date, to_date), oldest first.

    A row that does not fit the schema is counted, never patched.
    """
    within = {"disbursed_date__gte": from_date, "disbursed_date__lt": to_date}
    chosen = finished(segment).filter(**{f"loan__{name}": day for name, day in within.items()})
    labels = Outcome.objects.filter(
        loan__product__scoring_segment=segment,
        **{f"loan__{name}": day for name, day in within.items()},
    )
    rows: list[dict[str, Any]] = []
    ends: list[_End] = []
    refused: Counter[str] = Counter()
    for row, end in _labelled(chosen, labels):
        try:
            SCHEMA.to_matrix_row(row)
        except SchemaViolation as violation:
            refused[f"{violation.feature}: {violation.rule}"] += 1
            continue
        rows.append(row)
        ends.append(end)
    bad = [int(end.defaulted) for end in ends]
    return Sample(
        frame=pd.DataFrame({name: [row[name] for row in rows] for name in SCHEMA.names}),
        bad=np.array(bad, dtype=np.float64),
        paid_out=np.array([end.paid_out for end in ends], dtype="datetime64[D]"),
        customers=[end.customer for end in ends],
        refused=dict(sorted(refused.items())),
        sha256=_fingerprint(rows, bad),
    )


def finished(segment: str) -> QuerySet[Application]:
    """Return the applications of a segment whose loans have a known outcome."""
    return Application.objects.filter(
        loan__product__scoring_segment=segment, loan__outcome__isnull=False
    ).order_by("loan__disbursed_date", "number")


class _End(NamedTuple):
    """How a loan ended, when it was paid out and to whom: nothing of it may become a feature."""

    defaulted: bool
    paid_out: date
    customer: uuid.UUID


def _labelled(
    chosen: QuerySet[Application], labels: QuerySet[Outcome]
) -> Iterator[tuple[dict[str, Any], _End]]:
    """Yield features and end of each application: two queries, whatever their number."""
    columns = ("defaulted", "loan__disbursed_date", "loan__customer_id")
    ends = {key: _End(*end) for key, *end in labels.values_list("loan__application_id", *columns)}
    for application_id, row in applications.feature_rows(chosen):
        # An outcome that came between the two queries belongs to the next sample.
        if application_id in ends:
            yield row, ends[application_id]


def _fingerprint(rows: list[dict[str, Any]], bad: list[int]) -> str:
    """Return the SHA-256 of schema hash, then one JSON line a loan: features in order, outcome."""
    digest = hashlib.sha256(SCHEMA.hash.encode())
    for row, outcome in zip(rows, bad, strict=True):
        values = [*(row[name] for name in SCHEMA.names), outcome]
        digest.update(json.dumps(values, separators=(",", ":"), allow_nan=False).encode() + b"\n")
    return digest.hexdigest()
