"""End the account of a loan that its borrower stepped back from: the exit takes its place."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import Conflict
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent, LoanAccount


def end_account(_actor: Any, loan: Loan, _now: datetime) -> None:
    """Forget the account of a loan whose exit is about to be settled; the caller holds the loan.

    What days before had earned leaves the books with the entry of the exit. Raises Conflict where
    money or a charge was posted on the account: that is not part of what stepping back costs.
    """
    if AccountEvent.objects.filter(loan=loan, status="live").exists():
        raise Conflict(
            "account_in_use",
            _(
                "A payment or a charge was posted on this loan's account. Take it back there first,"
                " and keep money that came in as unidentified; then settle the exit."
            ),
        )
    LoanAccount.objects.filter(pk=loan.pk).delete()
