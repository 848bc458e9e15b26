"""What a person enters about a customer, before anything is checked. Pure.

`key` names one submission: it becomes the primary key of the row, so a form or request that is
sent twice is written once.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class AddressEntry:
    """Where the customer lives."""

    street: str
    city: str
    region: str = ""
    postal_code: str = ""


@dataclass(frozen=True, kw_only=True)
class CustomerEntry:
    """A customer to register. `identities` maps a kind (`pan`, `aadhaar` ...) to its number.

    `confirmed_distinct` says that the officer has looked at the candidates with the same
    telephone number or e-mail and that this is another person.
    """

    branch_id: uuid.UUID
    country: str
    full_name: str
    date_of_birth: date | None
    phone: str
    address: AddressEntry
    email: str = ""
    language: str = "en"
    identities: Mapping[str, str] = field(default_factory=dict)
    confirmed_distinct: bool = False
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class ChangeEntry:
    """New details of a customer. An empty personal value means: keep what is stored."""

    full_name: str
    language: str
    city: str
    region: str
    postal_code: str
    phone: str = ""
    email: str = ""
    remove_email: bool = False
    date_of_birth: date | None = None
    street: str = ""
    identities: Mapping[str, str] = field(default_factory=dict)
    confirmed_distinct: bool = False


@dataclass(frozen=True, kw_only=True)
class EmploymentEntry:
    """Work and income as of a day. Amounts in `currency`; gross a year, net and basic a month.

    `documented_by` names the document (`payslip` ...) that shows `documented_net_monthly_income`.
    """

    as_of: date
    type: str
    currency: str
    gross_annual_income: Decimal
    net_monthly_income: Decimal
    verification: str
    employer: str = ""
    months_employed: int | None = None
    basic_monthly_pay: Decimal | None = None
    documented_net_monthly_income: Decimal | None = None
    documented_by: str = ""
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class HouseholdEntry:
    """The home, dependants, and household expenses a month in the lender's currency."""

    home: str
    dependants: int | None = None
    monthly_expenses: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ObligationEntry:
    """A debt paid elsewhere; amounts in `currency`."""

    kind: str
    currency: str
    monthly_payment: Decimal
    from_date: date
    lender: str = ""
    outstanding: Decimal | None = None
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class NoObligationsEntry:
    """The customer declares on a day, by a channel, that nothing is paid elsewhere."""

    declared_date: date
    channel: str
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class BlockEntry:
    """Whom not to lend to: a customer by number, or an official number of a kind.

    `until_date` is the last day the entry blocks; None is for good.
    """

    ground: str
    source: str
    from_date: date
    until_date: date | None = None
    customer_number: str = ""
    kind: str = ""
    number: str = ""
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, kw_only=True)
class BureauEntry:
    """What a bureau reported. None means that the bureau gave no figure.

    `revolving_utilisation` is a fraction (0.30 for 30 %).
    """

    bureau: str
    pulled_date: date
    currency: str
    reference: str = ""
    score: int | None = None
    oldest_account_date: date | None = None
    delinquencies_24m: int | None = None
    months_since_delinquency: int | None = None
    enquiries_6m: int | None = None
    open_accounts: int | None = None
    total_accounts: int | None = None
    public_records: int | None = None
    months_since_public_record: int | None = None
    bankruptcies: int | None = None
    accounts_delinquent_now: int | None = None
    revolving_balance: Decimal | None = None
    revolving_utilisation: Decimal | None = None
    key: uuid.UUID = field(default_factory=uuid.uuid4)
