"""What a borrower's loans with us say when the borrower applies again."""

from decimal import Decimal

from apps.applications.models import Application
from apps.decisions.sources import Borrowing
from apps.loans.models import Outcome


def of_borrower(application: Application) -> Borrowing:
    """Return the borrower's defaults with us before this application, its own loan left out.

    A loan from a tape is finished, so nothing of it is owed. A loan opened here counts by its
    approved application, which decisions add up themselves.
    """
    defaults = Outcome.objects.filter(
        loan__customer=application.customer_id,
        loan__disbursed_date__lt=application.applied_date,
        defaulted=True,
    ).exclude(loan__application=application)
    return Borrowing(defaults=defaults.count(), owed=Decimal(0))
