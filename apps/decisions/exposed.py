"""What was granted under applications, for what people answer for (`collateral.exposures`)."""

import uuid
from collections.abc import Collection

from apps.collateral.exposures import Owed
from apps.decisions import selectors

# Above what is asked for, below what was lent.
ORDER = 20


def granted(applications: Collection[uuid.UUID]) -> dict[uuid.UUID, Owed]:
    """Return what approved applications come to: of a counter-offer what was offered.

    One whose loan is over comes to nothing any more.
    """
    rows = selectors.granted().filter(pk__in=list(applications), status="approved")
    found = rows.values_list("pk", "owes", "currency")
    return {
        key: Owed(amount=amount, currency=currency, state="approved")
        for key, amount, currency in found
    }
