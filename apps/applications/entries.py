"""What a person enters about an application, before it is checked against the product."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.accounts.models import Branch
from apps.applications.models import Application
from apps.customers.models import Customer
from apps.products.models import Product


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is asked for. `amount` in the product's currency."""

    product: Product
    amount: Decimal
    term_months: int
    purpose: str
    purpose_note: str = ""


@dataclass(frozen=True, kw_only=True)
class ApplicationEntry(Terms):
    """A new application: who asks for what, and by which way it reached us."""

    customer: Customer
    channel: str = Application.Channel.COUNTER
    # Whose loan is paid off out of it; who calls has seen to it that this is possible.
    settles: Application | None = None
    # Where that loan is by now, which takes the request: its people see the loan, and with it whose
    # it is, though the customer stayed elsewhere.
    settled_in: Branch | None = None

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the content, by which a repeated request is recognised."""
        content = [
            str(self.customer.pk),
            str(self.product.pk),
            f"{self.amount:.2f}",
            self.term_months,
            self.purpose,
            self.purpose_note,
            self.channel,
        ]
        if self.settles is not None:
            content.append(str(self.settles.pk))
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class CollateralEntry:
    """Security offered; amounts in the application's currency."""

    kind: str
    description: str
    valuation: Decimal
    valued_date: date
    price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class GuarantorEntry:
    """Who answers for the loan: a customer of ours, or a person by name."""

    amount: Decimal
    relationship: str = ""
    customer: Customer | None = None
    name: str = ""
