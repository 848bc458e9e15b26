"""A part pre-payment both ways side by side: what stays, what comes, what is saved. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.repayments import alterations, rescheduling
from apps.repayments.facts import Option
from apps.repayments.rescheduling import Rescheduled, Standing


@dataclass(frozen=True, slots=True)
class Choice:
    """What one of the two ways leads to."""

    option: Option
    schedule: Rescheduled
    interest_saved: Decimal

    @property
    def instalments(self) -> int:
        """Return how many instalments are ahead."""
        return len(self.schedule.new)

    @property
    def instalment(self) -> Decimal:
        """Return the next instalment."""
        return self.schedule.new[0].instalment

    @property
    def ends_on(self) -> date:
        """Return when the last one falls due."""
        return self.schedule.new[-1].due_on


def choices(standing: Standing, amount: Decimal) -> tuple[Choice, ...]:
    """Return a shorter term beside smaller instalments, for so much principal paid on the day.

    Raises TermsRefused for an amount that is none or pays the loan off.
    """
    return tuple(choice(standing, amount, option) for option in Option)


def choice(standing: Standing, amount: Decimal, option: Option) -> Choice:
    """Return what one of the two ways leads to. Raises as `choices`."""
    after = rescheduling.reschedule(standing, alterations.of_prepayment(amount, option))
    return Choice(option, after, rescheduling.saved(standing, after))
