"""What secures loans at the demonstration's lender: vehicles and a home, each with something to do.

One is pledged and complete, one waits for its pledge with another lender's charge before ours, and
one was valued too long ago.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.applications import entries
from apps.applications import services as applications
from apps.applications.models import Application
from apps.collateral import services
from apps.collateral.entries import (
    InsuranceEntry,
    ItemEntry,
    LiabilityEntry,
    LienEntry,
    ValuationEntry,
)
from apps.collateral.models import Item
from apps.collateral.policies import CHARGEABLE
from apps.core import dates
from apps.customers.models import Customer, Document
from apps.decisions import services as decisions
from apps.demo import people, today
from apps.products.models import Product

_VALUER = "Sahyadri Valuers"


@dataclass(frozen=True)
class _Offer:
    """What a borrower of today offers for which loan, and how far the officer has come with it."""

    product: str
    purpose: str
    amount: int
    term_months: int
    kind: str
    declared: str
    description: str
    registration: str
    worth: int
    valued_days_ago: int = 10
    other_lender: int = 0
    is_pledged: bool = False


_OFFERS = (
    _Offer(
        product="in-vehicle",
        purpose="car",
        amount=120_000,
        term_months=36,
        kind="vehicle",
        declared="vehicle",
        registration="MH 12 DM 0417",
        description="Hatchback, first registered 2024",
        worth=310_000,
        is_pledged=True,
    ),
    _Offer(
        product="in-home-improvement",
        purpose="home_improvement",
        amount=150_000,
        kind="residential_property",
        declared="property",
        term_months=60,
        description="Two rooms and kitchen, Kothrud, survey 112/4",
        registration="PNQ 2019 88213",
        worth=2_400_000,
        other_lender=900_000,
    ),
    _Offer(
        product="in-vehicle",
        purpose="car",
        amount=80_000,
        term_months=24,
        kind="vehicle",
        declared="vehicle",
        registration="MH 12 DM 2203",
        description="Delivery van, first registered 2022",
        worth=240_000,
        valued_days_ago=364,
        is_pledged=True,
    ),
)


def write(*, now: datetime) -> list[str]:
    """Take secured applications and enter what secures them; return what was done, in words.

    As many as there are borrowers of today; nothing where it was done before.
    """
    if Item.objects.exists():
        return []
    borrowers, officer = _borrowers(), people.of_role("loan_officer", "pune")
    # One asks, and another owes half of the loan.
    if len(borrowers) < 2:
        return []
    done: list[str] = []
    *asking, helper = borrowers
    for offer, borrower in zip(_OFFERS, asking, strict=False):
        application = _asked(officer, borrower, helper, offer, now=now)
        if application.status in CHARGEABLE:
            item = _entered(officer, application, offer, now=now)
            done.append(f"{item} secures {application}")
    return done


def _borrowers() -> list[Customer]:
    """Return customers of Pune of today who were not declined, so many that one can help."""
    today = Application.objects.filter(
        status__in=CHARGEABLE, branch__code="pune", channel=Application.Channel.COUNTER
    )
    rows = Customer.objects.filter(pk__in=today.values("customer")).order_by("number")
    return list(rows.select_related("branch__entity")[: len(_OFFERS) + 1])


def _asked(
    officer: User, borrower: Customer, helper: Customer, offer: _Offer, *, now: datetime
) -> Application:
    """Take and assess a secured application that the helper owes half of, too."""
    taken = applications.draft(
        actor=officer,
        entry=entries.ApplicationEntry(
            customer=borrower,
            product=Product.objects.get(code=offer.product),
            amount=Decimal(offer.amount),
            term_months=offer.term_months,
            purpose=offer.purpose,
        ),
        now=now,
    )
    applications.add_collateral(
        actor=officer,
        application=taken,
        entry=entries.CollateralEntry(
            kind=offer.declared,
            description=offer.description,
            valuation=Decimal(offer.worth - offer.other_lender),
            valued_date=_valued_on(taken, offer, now),
        ),
    )
    share = LiabilityEntry(liability="share", share=Decimal("0.5"))
    services.add_co_borrower(
        actor=officer, application=taken, customer=helper, entry=share, now=now
    )
    submitted = applications.submit(actor=officer, application=taken, now=now)
    decisions.assess(application_id=submitted.pk, actor=people.ACTOR, now=now)
    submitted.refresh_from_db()
    return submitted


def _entered(officer: User, application: Application, offer: _Offer, *, now: datetime) -> Item:
    declared, day = application.collaterals.get(), _valued_on(application, offer, now)
    item = services.register(
        actor=officer,
        entry=ItemEntry(
            kind=offer.kind,
            description=offer.description,
            currency=application.currency,
            owner=application.customer,
            registration=offer.registration,
        ),
        valuation=ValuationEntry(
            valuer=_VALUER, valued_date=day, method="market", amount=Decimal(offer.worth)
        ),
        now=now,
    )
    if offer.other_lender:
        theirs = LienEntry(holder="Godavari Bank Ltd", secured_amount=Decimal(offer.other_lender))
        services.charge(actor=officer, item=item, entry=theirs, now=now)
    ours = LienEntry(application=application, declared=declared, secured_amount=application.amount)
    services.charge(actor=officer, item=item, entry=ours, now=now)
    if offer.is_pledged:
        today.bring(officer, application.customer, Document.Kind.COLLATERAL)
        _insured_and_pledged(officer, item, offer, now=now)
    return item


def _insured_and_pledged(officer: User, item: Item, offer: _Offer, *, now: datetime) -> None:
    today = dates.local_date(now, item.branch.entity.time_zone)
    began = today - timedelta(days=340)
    policy = InsuranceEntry(
        insurer="Deccan General",
        policy_number=f"DG-{item.number}",
        sum_insured=Decimal(offer.worth),
        from_date=began,
        valid_until=began + timedelta(days=364),
    )
    services.insure(actor=officer, item=item, entry=policy, now=now)
    deed = services.Deed(today, f"Deed of hypothecation {item.number}")
    services.pledge(actor=officer, item=item, deed=deed, now=now)


def _valued_on(application: Application, offer: _Offer, now: datetime) -> date:
    today = dates.local_date(now, application.branch.entity.time_zone)
    return today - timedelta(days=offer.valued_days_ago)
