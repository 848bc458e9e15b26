"""What is to be posted, before it is an entry. Pure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from apps.ledger.chart import Event
from apps.ledger.lines import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One entry to be: what happened, for which day, its lines, where, and whose loan it is.

    The reference is the poster's own name for it: the same reference is posted once. Facts are
    JSON without personal data.
    """

    event: Event
    day: date
    lines: tuple[Line, ...]
    reference: str
    branch_id: uuid.UUID
    currency: str
    loan_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
