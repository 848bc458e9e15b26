"""The training sample of a segment: features as frozen at application, outcomes beside them.

Nothing that became known after the application can be a feature: the rows come from the same
frozen facts that scoring uses, and an outcome is read by a query of its own, for the label alone.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

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

    `refused` counts rows by `feature: rule`. `sha256` covers schema, features and outcomes in
    order, and nothing else: the same data gives the same hash in any database.
    """

    frame: pd.DataFrame
    bad: npt.NDArray[np.float64]
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
    bad: list[int] = []
    refused: Counter[str] = Counter()
    for row, defaulted in _labelled(chosen, labels):
        try:
            SCHEMA.to_matrix_row(row)
        except SchemaViolation as violation:
            refused[f"{violation.feature}: {violation.rule}"] += 1
            continue
        rows.append(row)
        bad.append(int(defaulted))
    return Sample(
        frame=pd.DataFrame({name: [row[name] for row in rows] for name in SCHEMA.names}),
        bad=np.array(bad, dtype=np.float64),
        refused=dict(sorted(refused.items())),
        sha256=_fingerprint(rows, bad),
    )


def finished(segment: str) -> QuerySet[Application]:
    """Return the applications of a segment whose loans have a known outcome."""
    return Application.objects.filter(
        loan__product__scoring_segment=segment, loan__outcome__isnull=False
    ).order_by("loan__disbursed_date", "number")


def _labelled(
    chosen: QuerySet[Application], labels: QuerySet[Outcome]
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield features and outcome of each application: two queries, whatever their number."""
    outcomes = dict(labels.values_list("loan__application_id", "defaulted"))
    for application_id, row in applications.feature_rows(chosen):
        # An outcome that came between the two queries belongs to the next sample.
        if application_id in outcomes:
            yield row, outcomes[application_id]


def _fingerprint(rows: list[dict[str, Any]], bad: list[int]) -> str:
    """Return the SHA-256 of schema hash, then one JSON line a loan: features in order, outcome."""
    digest = hashlib.sha256(SCHEMA.hash.encode())
    for row, outcome in zip(rows, bad, strict=True):
        values = [*(row[name] for name in SCHEMA.names), outcome]
        digest.update(json.dumps(values, separators=(",", ":"), allow_nan=False).encode() + b"\n")
    return digest.hexdigest()
