"""What a person enters about collateral, before it is checked."""

import uuid
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from apps.applications.models import Application, Collateral
from apps.customers.models import Customer


@dataclass(frozen=True, kw_only=True)
class ItemEntry:
    """A thing that is offered: whose it is, and its official number where it has one."""

    kind: str
    description: str
    currency: str
    owner: Customer | None = None
    owner_name: str = ""
    registration: str = ""
    price: Decimal | None = None
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class ValuationEntry:
    """What somebody found it to be worth; amounts in the item's currency."""

    valuer: str
    valued_date: date
    method: str
    amount: Decimal
    realisable_amount: Decimal | None = None
    # None: as long as valuations of its kind hold.
    valid_until: date | None = None
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class InsuranceEntry:
    """A policy that insures the item."""

    insurer: str
    policy_number: str
    sum_insured: Decimal
    from_date: date
    valid_until: date
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class LienEntry:
    """A charge: for an application of ours, or of another lender named here.

    Without a rank it comes after all others. A currency that is given must be the item's.
    """

    secured_amount: Decimal
    application: Application | None = None
    holder: str = ""
    declared: Collateral | None = None
    rank: int | None = None
    currency: str = ""
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class LiabilityEntry:
    """For how much somebody answers; `share` only where it is a share."""

    liability: str
    share: Decimal | None = None
