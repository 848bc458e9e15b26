"""Debts that an applicant is said to owe elsewhere, and that may be loans of ours."""

from datetime import date

from apps.applications.lifecycle import OPEN
from apps.applications.models import Application
from apps.customers import selectors as customers


def loans(application: Application, *, on: date) -> list[str]:
    """Return the numbers of our loans that debts recorded of the applicant may be as well.

    Such a debt counts twice until it is marked as the loan. Nothing once the case is decided.
    """
    if application.status not in ("draft", *OPEN):
        return []
    customer = application.customer
    found = customers.counted_twice(customer, customers.standing_obligations(customer, on))
    return sorted({one.number for loans in found.values() for one in loans})
