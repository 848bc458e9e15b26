"""What can be asked about applications: the case, its affordability, its features."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, Least

from apps.accounts.models import User
from apps.applications import affordability as arithmetic
from apps.applications import features, hooks, requirements
from apps.applications.lifecycle import OPEN
from apps.applications.models import Application, Collateral, Guarantor
from apps.core import prepared
from apps.customers import selectors as customers
from apps.customers.models import Consent, Customer
from apps.letters.hooks import Recipient
from apps.products import pricing
from apps.products import selectors as products
from apps.products.models import Product

FEATURE_CHUNK = 5_000
_BUREAU = tuple(features.Bureau.__dataclass_fields__)
_FACT_COLUMNS = (
    "pk",
    "amount",
    "term_months",
    "purpose",
    "applied_date",
    "obligations_monthly",
    "home",
    "employment__gross_annual_income",
    "employment__months_employed",
    "employment__type",
    "employment__verification",
    "bureau_report_id",
    *(f"bureau_report__{name}" for name in _BUREAU),
)


def case(actor: User) -> QuerySet[Application]:
    """Return the applications a person may see, with what a case page shows of each."""
    return Application.objects.visible_to(actor).select_related(
        "branch__entity",
        "customer__entity",
        "customer__branch",
        "product__entity",
        "employment",
        "bureau_report",
        "taken_by",
        "submitted_by",
    )


def standing(
    customer: Customer, *, on: date, besides: Collection[uuid.UUID] = ()
) -> requirements.Standing:
    """Return what is known of the customer on a day; what comes of some requests is left out."""
    household = getattr(customer, "household", None)
    obligations = tuple(customers.standing_obligations(customer, on))
    return requirements.Standing(
        employment=customers.current_employment(customer, on),
        bureau_report=customers.latest_bureau_report(customer, on),
        obligations=obligations,
        declared_none=not obligations
        and customers.declared_no_obligations(customer, on) is not None,
        home=household.home if household is not None else "",
        own=hooks.own_debts([customer.pk], on=on, besides=besides).get(customer.pk, ()),
    )


def lacks(application: Application, known: requirements.Standing) -> list[requirements.Lack]:
    """Return what is missing before the application can be submitted."""
    consents = {
        purpose
        for purpose in requirements.CONSENTS
        if customers.has_consent(application.customer, purpose)
    }
    return requirements.lacks(
        application, known, consents=consents, has_collateral=application.collaterals.exists()
    )


def affordability(
    application: Application, *, on: date | None = None, instalment: Decimal | None = None
) -> arithmetic.Affordability:
    """Return the instalment and ratios: on the frozen facts, before submission on those of `on`.

    Without `on` a draft is judged as on the day it was taken; without `instalment`, as of today.
    """
    found = means(application, _securities(application.collaterals.all()), on=on)
    if instalment is not None:
        found = replace(found, instalment=instalment)
    return arithmetic.assess(found, currency=application.currency)


def means(
    application: Application, securities: tuple[arithmetic.Security, ...], *, on: date | None = None
) -> arithmetic.Means:
    """Return what the applicant asks for at the list rate, and lives on: what `affordability` sees.

    For questions about many amounts and terms, which share everything but these.
    """
    employment, obligations = application.employment, application.obligations_monthly
    own = application.own_burden
    if not application.facts_are_frozen:
        day = on or application.applied_date
        known = standing(application.customer, on=day, besides=application.apart)
        employment, obligations, own = (
            known.employment,
            known.obligations_monthly,
            known.own_monthly,
        )
    instalment = pricing.asked_payment(
        application.amount,
        application.annual_rate,
        application.term_months,
        application.currency,
        repaid=products.repaid(application.product),
    )
    return _living(
        employment,
        obligations,
        own=own,
        amount=application.amount,
        instalment=instalment,
        securities=securities,
    )


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """A request to try out: nothing of it is stored."""

    product: Product
    amount: Decimal
    term_months: int


def what_if(
    known: requirements.Standing, tried: WhatIf, *, collaterals: Iterable[Collateral] = ()
) -> arithmetic.Affordability:
    """Return what the instalment and ratios would be for another amount and term."""
    product = tried.product
    found = _living(
        known.employment,
        known.obligations_monthly,
        own=known.own_monthly,
        amount=tried.amount,
        instalment=pricing.asked_payment(
            tried.amount,
            product.annual_rate,
            tried.term_months,
            product.currency,
            repaid=products.repaid(product),
        ),
        securities=_securities(collaterals),
    )
    return arithmetic.assess(found, currency=product.currency)


def feature_row(application: Application) -> dict[str, features.Value]:
    """Return the features of one application from its frozen facts.

    Whether they fit the contract, scoring checks: an application without frozen facts has no
    income and is refused there.
    """
    return features.build(feature_facts(application))


def feature_facts(application: Application) -> features.Facts:
    """Return the frozen facts behind `feature_row`, for questions about another amount or term.

    Reads employment and bureau report from the instance; select them with it.
    """
    return _facts({path: _followed(application, path) for path in _FACT_COLUMNS})


def feature_rows(
    applications: QuerySet[Application],
) -> Iterator[tuple[uuid.UUID, dict[str, features.Value]]]:
    """Yield (application id, features) for many applications: one query, read in chunks."""
    rows = applications.values(*_FACT_COLUMNS)
    for row in rows.iterator(chunk_size=FEATURE_CHUNK):
        yield row["pk"], features.build(_facts(row))


@dataclass(frozen=True)
class Exposure:
    """What a borrower asks for elsewhere with us, in one currency."""

    currency: str
    open_count: int
    open_amount: Decimal
    approved_count: int
    approved_amount: Decimal


def others_of_borrower(
    application: Application, actor: User, *, limit: int = 10
) -> list[Application]:
    """Return the borrower's other applications the person may see, newest first."""
    mine = Application.objects.visible_to(actor).filter(customer=application.customer_id)
    others = mine.exclude(pk=application.pk).select_related("product")
    return list(others.order_by("-created_at", "-id")[:limit])


def exposure(application: Application, actor: User) -> list[Exposure]:
    """Return the borrower's other open and approved requests by currency.

    An approved one counts by what is left of its loan, and not at all when that is over.
    """
    is_open, approved = Q(status__in=OPEN), ~Q(status__in=OPEN)
    others = Application.objects.visible_to(actor).filter(customer=application.customer_id)
    others = others.exclude(pk__in=application.apart).annotate(left=hooks.left())
    rows = (
        others.filter(is_open | hooks.is_owed())
        .order_by("currency")
        .values("currency")
        .annotate(
            open_count=Count("pk", filter=is_open),
            open_amount=Sum("amount", filter=is_open, default=Decimal(0)),
            approved_count=Count("pk", filter=approved),
            approved_amount=Sum(Coalesce("left", "amount"), filter=approved, default=Decimal(0)),
        )
    )
    return [Exposure(**row) for row in rows]


def owed(rows: QuerySet[Any, Any], *, of: str = "") -> QuerySet[Any, Any]:
    """Keep the rows about applications under which something is or will be owed to us.

    `left` is what is left of the principal, NULL before there is a loan. `of` is the path to the
    application, where rows of something else are asked.
    """
    return rows.filter(hooks.is_owed(of)).annotate(left=hooks.left(of))


def guaranteed_for_others(application: Application) -> Decimal:
    """Return what the borrower answers for of other people's approved loans, in one currency."""
    given = guaranteed(application.customer_id, application.currency)
    return Decimal(given.values_list("total", flat=True)[0] or 0)


def guaranteed(customer: Any, currency: Any) -> QuerySet[Any, Any]:
    """Return the one-row query for what a customer answers for of other people's loans."""
    given = _given().filter(customer=customer, currency=currency)
    return prepared.over_all(given, total=Sum("answers_for"))


def guaranteed_abroad(customer: Any, currency: Any) -> QuerySet[Guarantor]:
    """Return what a customer answers for of others' approved loans in other currencies."""
    return _given().filter(customer=customer).exclude(currency=currency)


def _given() -> QuerySet[Any, Any]:
    """Return who answers for what is owed by others; `answers_for` says for how much.

    For no more than is left of the loan.
    """
    rows = owed(Guarantor.objects.exclude(application__customer=F("customer")), of="application__")
    # What is left in another currency bounds nothing: without a rate of exchange it is not known.
    bounded = Case(
        When(left__isnull=False, application__currency=F("currency"), then=Least("amount", "left")),
        default=F("amount"),
        output_field=DecimalField(max_digits=18, decimal_places=2),
    )
    return rows.annotate(answers_for=bounded)


def answering(application: Any, *, borrower: Any) -> QuerySet[Guarantor]:
    """Return who answers for an application and is a customer of ours beside the borrower."""
    given = Guarantor.objects.filter(application=application, customer__isnull=False)
    return given.exclude(customer=borrower)


def security_value(application: Any) -> QuerySet[Any, Any]:
    """Return the one-row query for the value of what secures an application (rule book 9.2)."""
    offered = Collateral.objects.filter(application=application)
    return prepared.over_all(offered, total=Sum(Least("price", "valuation")))


@dataclass(frozen=True)
class Guarantee:
    """What one customer of ours answers for."""

    customer_id: uuid.UUID
    amount: Decimal
    currency: str


def guarantees(application: Application) -> list[Guarantee]:
    """Return what other customers of ours answer for of an application.

    A stranger who answers has no exposure to us.
    """
    rows = answering(application.pk, borrower=application.customer_id)
    return [Guarantee(*row) for row in rows.values_list("customer_id", "amount", "currency")]


def guaranteed_by(
    customers: Collection[uuid.UUID], *, currency: str, besides: uuid.UUID
) -> dict[uuid.UUID, Decimal | None]:
    """Return what each customer answers for of others' approved loans, one application left out.

    None for who answers for something in another currency.
    """
    rows = (
        _given()
        .filter(customer__in=customers)
        .exclude(application=besides)
        .order_by()
        .values_list("customer_id", "currency")
        .annotate(total=Sum("answers_for"))
    )
    found: dict[uuid.UUID, Decimal | None] = {}
    for customer, own_currency, total in rows:
        is_known = own_currency == currency and found.get(customer, total) is not None
        found[customer] = total if is_known else None
    return found


def _living(
    employment: Any,
    obligations: Decimal | None,
    *,
    own: Decimal,
    amount: Decimal,
    instalment: Decimal,
    securities: tuple[arithmetic.Security, ...],
) -> arithmetic.Means:
    return arithmetic.Means(
        amount=amount,
        instalment=instalment,
        gross_annual_income=getattr(employment, "gross_annual_income", None),
        net_monthly_income=getattr(employment, "net_monthly_income", None),
        basic_monthly_pay=getattr(employment, "basic_monthly_pay", None),
        obligations_monthly=obligations,
        own_monthly=own,
        securities=securities,
    )


def _securities(collaterals: Iterable[Collateral]) -> tuple[arithmetic.Security, ...]:
    return tuple(arithmetic.Security(row.price, row.valuation) for row in collaterals)


def _followed(thing: Any, path: str) -> Any:
    """Return what a column path of a query leads to on an instance; None behind a null."""
    for name in path.split("__"):
        thing = getattr(thing, name, None)
    return thing


def _facts(row: Mapping[str, Any]) -> features.Facts:
    bureau = None
    if row["bureau_report_id"] is not None:
        bureau = features.Bureau(**{name: row[f"bureau_report__{name}"] for name in _BUREAU})
    return features.Facts(
        amount=row["amount"],
        term_months=row["term_months"],
        purpose=row["purpose"],
        applied_date=row["applied_date"],
        gross_annual_income=row["employment__gross_annual_income"],
        obligations_monthly=row["obligations_monthly"],
        months_employed=row["employment__months_employed"],
        employment_type=row["employment__type"] or "",
        income_verification=row["employment__verification"] or "",
        home=row["home"],
        bureau=bureau,
    )


def recipients(keys: Sequence[str]) -> dict[str, Recipient]:
    """Return how letters may reach the applicants of applications, by their keys."""
    may = customers.consenting(Consent.Purpose.CONTACT, OuterRef("customer"))
    rows = Application.objects.filter(pk__in=keys).annotate(agreed=Exists(may))
    found = rows.select_related("customer").only("customer__email")
    return {str(one.pk): _reached(one.customer.email, agreed=one.agreed) for one in found}


def _reached(email: str | None, *, agreed: bool) -> Recipient:
    if not email:
        return Recipient(obstacle="no_address")
    return Recipient(email=email) if agreed else Recipient(obstacle="no_consent")
