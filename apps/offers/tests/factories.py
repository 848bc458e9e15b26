"""Offers for tests, made by the services so that only reachable states exist."""

from datetime import date, timedelta
from typing import Any

from apps.accounts.models import User
from apps.applications.models import Application
from apps.customers.tests import factories as customers
from apps.decisions.tests import factories as decisions
from apps.offers import services
from apps.offers.models import Offer
from apps.products.models import Product
from apps.products.tests import factories as products

NOW = decisions.NOW
LATER = NOW + timedelta(hours=1)
TODAY = date(2026, 11, 20)
# Five working days after a Friday.
LAST_DAY = date(2026, 11, 27)


def complete(product: Product, **changes: Any) -> Product:
    """Let a product say everything an offer tells: two fees of its own and one of a third party."""
    products.conditions(product, **changes)
    products.fee(product, "processing", "240", name="Processing fee")
    products.fee(product, "stamping", "160", name="Stamp duty", is_third_party=True)
    products.fee(product, "papers", "100", name="Paper fee", kept_on_exit=False)
    return product


def approved(alice: User, **changes: Any) -> Application:
    """Return an approved application of 200,000 over 24 months at 16 %, ready to be offered.

    Needs the stage of the decisions' tests. The required papers are there, unless `papers` is
    false.
    """
    conditions = changes.pop("conditions", {})
    has_papers = changes.pop("papers", True)
    application = decisions.assessed(alice, **changes).application
    if has_papers:
        bring_papers(application)
    if not hasattr(application.product, "conditions"):
        complete(application.product, **conditions)
    return application


def bring_papers(application: Application) -> None:
    """Let the applicant bring every paper that the case may need, once."""
    kinds = ["identity", "address", "income"]
    if application.product.secured:
        kinds.append("collateral")
    there = set(application.customer.documents.values_list("kind", flat=True))
    lacking = [kind for kind in kinds if kind not in there]
    if lacking:
        customers.papers(application.customer, *lacking)


def made(alice: User, application: Application | None = None, **changes: Any) -> Offer:
    """Return an open offer."""
    return services.make(
        actor=alice, application=application or approved(alice), now=NOW, **changes
    )


def consent(**changes: Any) -> services.Consent:
    """Return a consent on a signed paper that is kept in the branch."""
    values: dict[str, Any] = {
        "channel": "signed",
        "reference": "Folder 7, page 2",
        "acknowledged": True,
        **changes,
    }
    return services.Consent(**values)


def accepted(alice: User, application: Application | None = None, **changes: Any) -> Offer:
    """Return an offer that the applicant accepted on paper, with every paper there."""
    offer = made(alice, application, **changes)
    bring_papers(offer.application)
    return services.accept_by_officer(actor=alice, offer=offer, consent=consent(), now=LATER)


def taken_up(alice: User) -> Offer:
    """Return an offer under which a loan was opened."""
    return services.take_up(offer=accepted(alice), actor=alice, now=LATER)
