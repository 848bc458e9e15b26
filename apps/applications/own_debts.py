"""What an applicant pays us each month already, as the apps above know it. Pure."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDebt:
    """What a loan with us takes a month, or will take once an accepted offer is paid out.

    `monthly` is the customer's part of it, in the currency of the loan, whatever the frequency of
    its instalments. `reference` is the number of the loan or of the offer.
    """

    application: uuid.UUID
    reference: str
    currency: str
    monthly: Decimal


# By customer.
OwnDebts = Mapping[uuid.UUID, Sequence[OwnDebt]]
