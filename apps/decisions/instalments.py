"""Which instalment a decision judged, whatever the product's instalments have become since.

A product is changed in its place: its steps may be steeper today than on the day of a decision.
What was judged then is kept with the decision, and nothing larger is offered under it.
"""

from dataclasses import dataclass
from decimal import Decimal

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core.money import money
from apps.decisions import judging
from apps.decisions.models import Decision
from apps.products import pricing
from apps.products import selectors as products


@dataclass(frozen=True)
class Larger:
    """The largest instalment a month by the product of today, above the one that was judged."""

    today: Decimal
    judged: Decimal


def judged(application: Application, decision: Decision) -> Decimal | None:
    """Return the instalment a month that the ratios of a decision were formed from.

    One from before it was kept says so by its ratios. None where it formed none of them.
    """
    if decision.instalment is not None:
        return decision.instalment
    return _behind_ratios(application, decision)


def told(application: Application, decision: Decision) -> Decimal:
    """Return the instalment a month that is told of a decision: what it judged, where it says so.

    Otherwise that of the product today, as when nobody could form a ratio. Raises PricingRefused.
    """
    known = judged(application, decision)
    if known is not None:
        return known
    return _asked_today(
        application, decision, amount=decision.amount, term_months=decision.term_months
    )


def larger(
    application: Application, decision: Decision, *, amount: Decimal, term_months: int
) -> Larger | None:
    """Return by how much an amount and a term ask for more a month than a decision judged.

    By the product of today, at the decided rate. None where they do not, or where nothing says
    what was judged. Raises PricingRefused.
    """
    before = judged(application, decision)
    if before is None:
        return None
    today = _asked_today(application, decision, amount=amount, term_months=term_months)
    return Larger(today, before) if today > before else None


def _asked_today(
    application: Application, decision: Decision, *, amount: Decimal, term_months: int
) -> Decimal:
    return pricing.asked_payment(
        amount,
        decision.annual_rate,
        term_months,
        application.currency,
        repaid=products.repaid(application.product),
    )


def _behind_ratios(application: Application, decision: Decision) -> Decimal | None:
    """Return the instalment that, with the other burdens, gives a ratio which a decision stored."""
    found = applications.affordability(
        judging.at_terms(application, decision.amount, decision.term_months, decision.annual_rate)
    )
    for ratio in (found.foir, found.dti, found.pay_committed):
        stored = decision.inputs.get(ratio.code)
        if stored is not None and ratio.value is not None and ratio.denominator is not None:
            others = ratio.numerator_total - found.instalment
            exact = Decimal(stored) * ratio.denominator.amount - others
            return money(exact, application.currency)
    return None
