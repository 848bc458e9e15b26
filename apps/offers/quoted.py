"""The quote of an application's loan: as it was offered, as it was decided, or as it is asked for.

It says what the offer's statement says, or would say, with the product's fees and rounding.
"""

from datetime import date, datetime
from decimal import Decimal

from apps.applications.models import Application
from apps.core import dates
from apps.decisions import services as decisions
from apps.decisions.errors import NotBinding
from apps.offers import contract, selectors
from apps.offers.services import decided_terms
from apps.schedules import comparing, documents
from apps.schedules.terms import Terms


def query_of(application: Application, *, now: datetime) -> str:
    """Return the query of the quote's address. Needs product with conditions, branch and entity.

    A product without conditions has no fees to tell of; then an ordinary loan is quoted.
    """
    offer = selectors.live(application)
    if offer is not None:
        return comparing.query_of(documents.from_document(offer.terms))
    today = dates.local_date(now, application.branch.entity.time_zone)
    return comparing.query_of(_terms(application, _wanted(application, now=now), today))


def _wanted(application: Application, *, now: datetime) -> tuple[Decimal, int, Decimal]:
    try:
        decision = decisions.binding_decision(application, now=now)
    except NotBinding:
        return application.amount, application.term_months, application.annual_rate
    return *decided_terms(application, decision), decision.annual_rate


def _terms(application: Application, wanted: tuple[Decimal, int, Decimal], today: date) -> Terms:
    product, (amount, months, rate) = application.product, wanted
    ordinary = Terms(
        principal=amount,
        currency=application.currency,
        annual_rate=rate,
        instalments=months,
        disbursed_on=today,
    )
    if contract.missing(product):
        return ordinary
    count = contract.instalments(months, product.conditions.frequency)
    if count is None:
        return ordinary
    return contract.terms(
        product,
        principal=amount,
        annual_rate=rate,
        count=count,
        disbursed_on=today,
        first_due_on=None,
    )
