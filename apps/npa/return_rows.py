"""What returns are made of: sums and accounts of a day, and what the ledger says of the same."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, Entity, User
from apps.customers.models import IdentityNumber
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account as LedgerAccount
from apps.ledger.chart import Side
from apps.npa import bureau_calendar, grading
from apps.npa.models import DayEnd, LoanDay, PortfolioDay, Return, ReturnOrder
from apps.npa.movement import Reconciled
from apps.npa.returns_bureau import Account
from apps.npa.returns_layout import Part

ZERO = Decimal(0)
_CHUNK = 2_000
_ORDERS_SHOWN = 10
# What an account must have done to be told of again between two full files.
_TOLD_AGAIN = (
    *("principal", "interest_due", "charges_due", "principal_due", "dpd_ifrs"),
    *("asset_class", "npa_date"),
)


def kinds(entity: Entity) -> list[Return.Kind]:
    """Return the returns a lender owes."""
    if entity.kind == Entity.Kind.SACCO:
        return [Return.Kind.SASRA_FORM_4]
    if entity.country == "IN" and entity.kind in (Entity.Kind.BANK, Entity.Kind.NBFC):
        return [Return.Kind.RBI_ASSETS, Return.Kind.BUREAU]
    return []


def orders(actor: User) -> list[ReturnOrder]:
    """Return the long returns that were asked for last and are not made."""
    rows: QuerySet[ReturnOrder] = ReturnOrder.objects.visible_to(actor).exclude(status="made")
    return list(
        rows.select_related("entity", "asked_by").order_by("-asked_at", "-id")[:_ORDERS_SHOWN]
    )


def made(kind: str, day: date) -> QuerySet[Return]:
    """Return the returns of a kind as on a day that were made, the newest first."""
    rows = Return.objects.filter(kind=kind, day=day).defer("content")
    return rows.select_related("made_by").order_by("-made_at", "-id")


def is_ended(entity: Entity, day: date) -> bool:
    """Say whether a day of a lender was ended, and is not being ended again."""
    return DayEnd.objects.filter(entity=entity, day=day, finished_at__isnull=False).exists()


def count(entity: Entity, day: date) -> int:
    """Return how many loans were on the books at the end of a day."""
    found = PortfolioDay.objects.filter(entity=entity, day=day).aggregate(loans=Sum("loans"))
    return found["loans"] or 0


def parts(entity: Entity, day: date) -> list[Part]:
    """Return the sums of the whole lender in its own currency, class by class."""
    return [
        Part(
            asset_class=row.asset_class,
            bucket=row.bucket,
            is_restructured=row.is_restructured,
            is_npa=row.npa_loans > 0,
            loans=row.loans,
            principal=row.principal,
            interest=row.interest,
            suspended=row.suspended,
            secured=row.secured,
            unsecured=row.unsecured,
            provision=row.provision,
        )
        for row in PortfolioDay.objects.filter(
            entity=entity, day=day, currency=entity.currency
        ).order_by("id")
    ]


def checks(entity: Entity, day: date) -> list[Reconciled]:
    """Return the figures of the snapshots beside the ledger's, in the lender's currency.

    What is lent in other currencies is in no return; it is named as a difference.
    """
    rows = parts(entity, day)
    held = _held(entity, day)
    others = PortfolioDay.objects.filter(entity=entity, day=day).exclude(currency=entity.currency)
    found = [
        Reconciled(_("Principal"), _sum(rows, "principal"), held(LedgerAccount.PRINCIPAL)),
        Reconciled(_("Interest"), _sum(rows, "interest"), held(LedgerAccount.INTEREST_RECEIVABLE)),
        Reconciled(
            _("Held in suspense"), _sum(rows, "suspended"), held(LedgerAccount.INTEREST_SUSPENSE)
        ),
        Reconciled(_("Provisions"), _sum(rows, "provision"), held(LedgerAccount.PROVISIONS)),
    ]
    foreign = sum((row.principal for row in others), ZERO)
    if foreign:
        found.append(Reconciled(_("Principal in other currencies"), foreign, ZERO))
    return found


def _held(entity: Entity, day: date) -> Any:
    """Return what tells an account's balance of a day, on its own side."""
    branches = Branch.objects.filter(entity=entity)
    balances: dict[str, Decimal] = {}
    for part in ledger.trial_balance(branches, day).parts():
        if part.currency == entity.currency:
            for one in part.accounts:
                net = one.debits - one.credits
                balances[one.account] = net if one.account.normal == Side.DEBIT else -net
    return lambda account: balances.get(account, ZERO)


def _sum(rows: Iterable[Part], name: str) -> Decimal:
    return sum((getattr(row, name) for row in rows), ZERO)


def accounts(entity: Entity, report: bureau_calendar.Reporting) -> Iterator[Account]:
    """Yield the accounts of a bureau's file: all, or those that changed since the file before.

    Accounts that were closed or written off since then are told of a last time; not those that
    run again, as where the payment that closed them bounced.
    """
    before = bureau_calendar.previous(report.reference)
    whole: QuerySet[LoanDay] = LoanDay.objects.filter(entity=entity, day=report.reference)
    standing = whole.exclude(asset_class__in=grading.GONE)
    if report.kind == bureau_calendar.Kind.INCREMENTAL:
        standing = _changed(standing, before)
    for rows in (standing.order_by("loan__number"), _gone(entity, before, report.reference)):
        for row in _with_people(rows).iterator(chunk_size=_CHUNK):
            yield _account(row, report.reference)


def _gone(entity: Entity, before: date, reference: date) -> QuerySet[LoanDay]:
    """Return the last row of each account that left the books since a day, and stayed off them."""
    runs = LoanDay.objects.filter(entity=entity, day=reference, loan=OuterRef("loan")).exclude(
        asset_class__in=grading.GONE
    )
    left = LoanDay.objects.filter(
        entity=entity, day__gt=before, day__lte=reference, asset_class__in=grading.GONE
    )
    return left.exclude(Exists(runs)).order_by("loan__number", "-day").distinct("loan__number")


def _changed(rows: QuerySet[LoanDay], before: date) -> QuerySet[LoanDay]:
    earlier = LoanDay.objects.filter(day=before, loan=OuterRef("loan"))
    same = Q()
    for name in _TOLD_AGAIN:
        rows = rows.annotate(**{f"was_{name}": Subquery(earlier.values(name)[:1])})
        is_same = Q(**{name: F(f"was_{name}")})
        if name == "npa_date":
            is_same |= Q(npa_date=None, was_npa_date=None)
        same &= is_same
    return rows.exclude(same & Q(was_asset_class__isnull=False))


def _with_people(rows: QuerySet[LoanDay]) -> QuerySet[LoanDay]:
    tax = IdentityNumber.objects.filter(kind=IdentityNumber.Kind.PAN)
    return rows.select_related(
        "loan__product", "customer__address", "branch__entity"
    ).prefetch_related(Prefetch("customer__identities", queryset=tax, to_attr="tax_numbers"))


def _account(row: LoanDay, reference: date) -> Account:
    person = row.customer
    home = getattr(person, "address", None)
    [*tax] = getattr(person, "tax_numbers", ())
    is_gone = row.asset_class in grading.GONE
    return Account(
        member=row.branch.entity.code,
        reference_date=reference,
        account_number=row.loan.number,
        account_type=row.loan.product.code,
        account_state=row.asset_class if is_gone else "active",
        opened_date=row.loan.disbursed_date,
        closed_date=row.day if is_gone else None,
        sanctioned_amount=row.loan.principal,
        currency=row.currency,
        current_balance=row.principal + row.interest_due + row.charges_due,
        amount_overdue=(row.principal_due + row.interest_due + row.charges_due)
        if row.dpd_ifrs
        else ZERO,
        days_past_due=row.dpd_ifrs,
        asset_class="" if is_gone else row.asset_class,
        npa_date=row.npa_date,
        customer_number=person.number,
        full_name=person.full_name,
        date_of_birth=person.date_of_birth,
        tax_number=tax[0].value if tax else "",
        phone=person.phone or "",
        email=person.email or "",
        street=home.street if home else "",
        city=home.city if home else "",
        region=home.region if home else "",
        postal_code=home.postal_code if home else "",
    )
