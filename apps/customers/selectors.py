"""What can be asked about customers."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.customers import contact, fingerprints, hooks, identity, own_lender
from apps.customers.findings import Finding
from apps.customers.hooks import OwnLoan
from apps.customers.models import (
    Address,
    BlockListEntry,
    BureauReport,
    Consent,
    Customer,
    CustomerQuerySet,
    Document,
    Employment,
    Household,
    IdentityNumber,
    NoObligations,
    Obligation,
)

MAX_SEARCH = 254
# Who owed nothing a quarter ago may owe by now; then the customer is asked again.
DECLARATION_HOLDS_DAYS = 90


def with_lender() -> CustomerQuerySet:
    """Return all customers with branch, lender and address; narrow it by `visible_to`."""
    return Customer.objects.select_related("branch", "entity", "address")


def visible(actor: User) -> QuerySet[Customer]:
    """Return the customers a person may see, with what a list shows."""
    return Customer.objects.visible_to(actor).select_related("branch", "address")


def opens(actor: User, customer_id: uuid.UUID) -> bool:
    """Say whether a person may open the page of a customer, whose loan or request they may see.

    The customer of a loan that moved to another branch stays in theirs.
    """
    if not actor.has_perm("customers.view_customer"):
        return False
    return Customer.objects.visible_to(actor).filter(pk=customer_id).exists()


def address(customer: Customer) -> Address | None:
    """Return where the customer lives, if it is on record."""
    return getattr(customer, "address", None)


def household(customer: Customer) -> Household | None:
    """Return the household, if it is on record."""
    return Household.objects.filter(customer=customer).first()


def documents(customer: Customer) -> QuerySet[Document]:
    """Return the documents, newest first, without their bytes."""
    return (
        Document.objects.filter(customer=customer)
        .select_related("customer", "uploaded_by")
        .defer("content")
        .order_by("-created_at")
    )


def search(actor: User, text: str) -> QuerySet[Customer]:
    """Return the visible customers with exactly this number, telephone, e-mail or official number.

    Names are encrypted and cannot be searched. Nothing sensible finds nothing.
    """
    text = text.strip()
    customers = visible(actor)
    if not text or len(text) > MAX_SEARCH or "\0" in text:
        return customers.none()
    matches = Q(number__iexact=text) | Q(phone_index__in=_phone_indexes(text))
    address = _clean(contact.email, text)
    if address:
        matches |= Q(email_index=fingerprints.email(address))
    official = _identity_matches(text)
    if official:
        owners = IdentityNumber.objects.filter(official).values("customer")
        matches |= Q(pk__in=owners)
    return customers.filter(matches)


def current_employment(customer: Customer, on: date) -> Employment | None:
    """Return what was known of work and income on a day: the latest row not after it."""
    return customer.employments.filter(as_of__lte=on).order_by("-as_of", "-created_at").first()


def standing_obligations(customer: Customer, on: date) -> QuerySet[Obligation]:
    """Return the debts elsewhere that stand on a day: begun by then and not ended.

    What was marked as a loan of ours is none of them: our own books count that.
    """
    return customer.obligations.filter(
        Q(ended_date__isnull=True) | Q(ended_date__gt=on), from_date__lte=on, own_loan=""
    ).order_by("from_date", "created_at")


def counted_twice(
    customer: Customer, rows: Iterable[Obligation]
) -> Mapping[uuid.UUID, tuple[OwnLoan, ...]]:
    """Return of which debts it may be that they are loans of ours, and which these are.

    A debt that may be ours, of a customer who owes us a loan that no other debt was marked as.
    Nothing is asked where no name is ours.
    """
    alike = [row for row in rows if may_be_ours(customer, row)]
    if not alike:
        return {}
    taken = set(customer.obligations.exclude(own_loan="").values_list("own_loan", flat=True))
    left = tuple(one for one in hooks.own_loans(customer.pk) if one.number not in taken)
    return {row.pk: left for row in alike} if left else {}


def may_be_ours(customer: Customer, row: Obligation) -> bool:
    """Say whether a debt may be a loan of ours: by its kind, and by the name of its lender."""
    kinds = (Obligation.Kind.LOAN, Obligation.Kind.CARD, Obligation.Kind.OTHER)
    return row.kind in kinds and own_lender.may_be(row.lender, ours=customer.entity.name)


def declared_no_obligations(customer: Customer, on: date) -> NoObligations | None:
    """Return the declaration that nothing is paid elsewhere which holds on a day, or None.

    It holds for DECLARATION_HOLDS_DAYS, and no longer once a debt is known that stood after it.
    """
    declared = (
        customer.no_obligations.filter(
            declared_date__lte=on,
            declared_date__gte=on - timedelta(days=DECLARATION_HOLDS_DAYS),
        )
        .order_by("-declared_date", "-created_at")
        .first()
    )
    if declared is None:
        return None
    stood_after = customer.obligations.filter(from_date__lte=on, own_loan="").exclude(
        ended_date__lte=declared.declared_date
    )
    return None if stood_after.exists() else declared


def latest_bureau_report(customer: Customer, on: date) -> BureauReport | None:
    """Return the newest bureau report not pulled after a day."""
    return (
        customer.bureau_reports.filter(pulled_date__lte=on)
        .order_by("-pulled_date", "-created_at")
        .first()
    )


def is_blocked(customer: Customer, on: date) -> bool:
    """Say whether an entry of the block list keeps the lender from lending to the customer."""
    return blocking(customer.pk, customer.entity_id, on).exists()


def blocking(customer: Any, entity: Any, on: Any) -> QuerySet[BlockListEntry]:
    """Return the entries that keep a lender from lending to a customer, both named by key."""
    return BlockListEntry.objects.about(customer=customer, entity=entity).in_effect(on)


def blocking_any(customers: Any, entity: Any, on: Any) -> QuerySet[BlockListEntry]:
    """Return the entries that keep a lender from lending to any of some customers."""
    return BlockListEntry.objects.about_any(customers=customers, entity=entity).in_effect(on)


def block_list(actor: User) -> QuerySet[BlockListEntry]:
    """Return the entries a person may see, with what a list shows of each."""
    return BlockListEntry.objects.visible_to(actor).select_related(
        "entity", "customer", "listed_by", "lifted_by"
    )


def has_consent(customer: Customer, purpose: str) -> bool:
    """Say whether a consent to the purpose stands."""
    return consenting(purpose, customer).exists()


def consenting(purpose: str, customer: Any) -> QuerySet[Consent]:
    """Return the consents to a purpose that stand, of a customer or what names one in a query."""
    return Consent.objects.filter(customer=customer, purpose=purpose, withdrawn_at__isnull=True)


def _phone_indexes(text: str) -> set[str]:
    """Return the index of the text as a number of each country we lend in."""
    numbers = {_clean(contact.phone, text, country=country) for country in Customer.Country.values}
    return {fingerprints.phone(number) for number in numbers if number}


def _identity_matches(text: str) -> Q:
    matches = Q()
    for kind in IdentityNumber.Kind.values:
        number = _clean(identity.normalise, kind, text)
        if number:
            matches |= Q(kind=kind, index=fingerprints.identity(kind, number))
    return matches


def _clean(check: Callable[..., str], *args: str, **options: str) -> str:
    """Return the canonical value, or nothing where the text is not of this kind."""
    try:
        return check(*args, **options)
    except Finding:
        return ""
