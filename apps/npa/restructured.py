"""What becomes of a loan restructured for a borrower in difficulty, by the rules it is under.

Rule book 1.13 of India, form 4 of a SACCO.
"""

from datetime import date

from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa import rulebook


def leads_to(loan: Loan, on: date) -> str:
    """Return it in a sentence, by the table of rules that the loan is under on a day."""
    try:
        rules = rulebook.chosen_for(loan, on=on).rules.restructuring
    except DomainError as refusal:
        # Nothing is refused by it: the change may be made, and the day's end says what is missing.
        return str(refusal)
    if rules.downgrades:
        return _(
            "A standard loan becomes sub-standard at the day's end, unless a scheme covers it; a"
            " non-performing one goes on as it was. It is upgraded only when the specified period"
            " has ended well."
        )
    if rules.keeps_class:
        return _("The loan keeps at least the class it has, and is reported as restructured.")
    return _("The loan counts as restructured for a borrower in difficulty from the day's end.")
