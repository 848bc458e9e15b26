"""What can be asked about collateral: the register, one item, who answers, and for how much."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import User
from apps.applications.lifecycle import OPEN
from apps.applications.models import Application, Collateral, Guarantor
from apps.collateral import exposures, hooks, liability, registration
from apps.collateral.exposures import Owed
from apps.collateral.liability import Role, Total
from apps.collateral.lifecycle import LIVE
from apps.collateral.models import CoBorrower, Insurance, Item, Lien, Release, Valuation
from apps.collateral.standings import Standing, standing
from apps.customers.models import Customer

__all__ = ["Standing", "standing"]

NEWEST = ("-created_at", "id")
SOON = timedelta(days=30)
SHOWN = ("live", "valuation", "insurance", "release", "ended", "all")
# Applications that can come to something: ended ones are left out before anybody is asked.
_COUNTING = (*OPEN, "approved", "historic")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which items to list; empty means those that are offered or charged."""

    show: str = "live"
    kind: str = ""
    status: str = ""
    branch: str = ""
    text: str = ""


def register(actor: User, filters: Filters, *, today: date) -> QuerySet[Item]:
    """Return the items a person may see, ready to be listed; the caller orders them.

    `valuation` keeps those whose valuation is missing, has run out or does within 30 days,
    `insurance` those whose last policy does.
    """
    rows: QuerySet[Item] = Item.objects.visible_to(actor).select_related("branch__entity", "owner")
    soon = today + SOON
    kept = {
        "live": Q(status__in=LIVE),
        "ended": ~Q(status__in=LIVE),
        "all": Q(),
        "release": Exists(Release.objects.filter(item=OuterRef("pk"), status="asked")),
        "valuation": Q(status__in=LIVE)
        & (Q(_holds_until__isnull=True) | Q(_holds_until__lte=soon)),
        "insurance": Q(status__in=LIVE, _insured_until__lte=soon),
    }
    rows = _with_ends(rows, today) if filters.show in ("valuation", "insurance") else rows
    rows = rows.filter(kept.get(filters.show, kept["live"]))
    if filters.text:
        rows = rows.filter(_named(filters.text))
    exact = {"kind": filters.kind, "status": filters.status, "branch__code": filters.branch}
    return rows.filter(**{name: value for name, value in exact.items() if value})


def _named(text: str) -> Q:
    """Match the number of an item, or the official number of the thing."""
    index = registration.index(registration.canonical(text))
    found = Q(number__iexact=text.strip())
    return found | Q(registration_index=index) if index else found


def _with_ends(rows: QuerySet[Item], today: date) -> QuerySet[Item]:
    valued = Valuation.objects.filter(
        item=OuterRef("pk"), valued_date__lte=today, corrected_by__isnull=True
    ).order_by("-valued_date", "-recorded_at", "-id")
    insured = Insurance.objects.filter(item=OuterRef("pk"), from_date__lte=today)
    return rows.annotate(
        _holds_until=Subquery(valued.values("valid_until")[:1]),
        _insured_until=Subquery(
            insured.order_by("-valid_until", "-recorded_at", "-id").values("valid_until")[:1]
        ),
    )


def detailed() -> QuerySet[Item]:
    """Return items with everything their page shows of the row itself."""
    return Item.objects.select_related("branch__entity", "owner", "registered_by", "ended_by")


def owned(customer: Customer, actor: User, *, most: int) -> list[Item]:
    """Return the newest items of a customer that a person may see."""
    rows = Item.objects.visible_to(actor).filter(owner=customer)
    return list(rows.select_related("branch__entity", "owner").order_by(*NEWEST)[:most])


def same_thing(item: Item, actor: User, *, most: int = 5) -> list[Item]:
    """Return the other rows of the same lender about the same official number, newest first."""
    if not item.registration_index:
        return []
    rows = Item.objects.visible_to(actor).filter(
        entity=item.entity_id, registration_index=item.registration_index
    )
    return list(rows.exclude(pk=item.pk).order_by(*NEWEST)[:most])


def seen(actor: User, liens: Iterable[Lien]) -> set[uuid.UUID]:
    """Return the applications that liens secure, as far as a person may see them.

    An item may secure what another branch lends; who sees the item does not see that.
    """
    keys = {lien.application_id for lien in liens if lien.application_id is not None}
    rows = Application.objects.visible_to(actor).filter(pk__in=keys)
    return set(rows.values_list("pk", flat=True)) if keys else set()


def liens(item: Item) -> QuerySet[Lien]:
    """Return every lien there was on an item, those that stand in order of rank before others."""
    rows = item.liens.select_related("application__customer", "added_by")
    return rows.order_by(F("ended_at").asc(nulls_first=True), "rank", "created_at")


def valuations(item: Item) -> QuerySet[Valuation]:
    """Return the history of an item's value, newest first."""
    rows = item.valuations.select_related("recorded_by", "corrected_by")
    return rows.order_by("-valued_date", "-recorded_at", "-id")


def insurances(item: Item) -> QuerySet[Insurance]:
    """Return every policy of an item, the one that runs longest at the head."""
    return item.insurances.order_by("-valid_until", "-recorded_at", "-id")


def waiting_release(item: Item) -> Release | None:
    """Return the request to release that nobody has answered, or None."""
    rows = item.releases.filter(status="asked").select_related("asked_by", "lien__application")
    return rows.first()


def not_taken_up(application: Application) -> list[Collateral]:
    """Return what was declared and no standing lien rests on."""
    taken = Lien.objects.filter(declared=OuterRef("pk"), status="standing")
    rows = application.collaterals.filter(~Exists(taken))
    return list(rows.order_by("created_at"))


def co_borrowers(application: Application) -> list[CoBorrower]:
    """Return who owes a loan together with the borrower."""
    rows = CoBorrower.objects.filter(application=application).select_related("customer")
    return list(rows.order_by("created_at"))


@dataclass(frozen=True, kw_only=True)
class Line:
    """One application or loan that a person answers for; `amount` is what the person's part is.

    `share` and `ceiling` are None where the person answers for the whole.
    """

    role: Role
    application: Application
    owed: Owed
    amount: Decimal
    share: Decimal | None = None
    ceiling: Decimal | None = None


@dataclass(frozen=True)
class Exposure:
    """Everything a person answers for, as far as one may see it, with totals by currency."""

    lines: tuple[Line, ...] = ()
    totals: tuple[Total, ...] = field(default_factory=tuple)


def exposure(customer: Customer, actor: User, *, besides: Application | None = None) -> Exposure:
    """Return what a customer owes, owes together with others, and answers for; see `Line`.

    Only applications the person may see, one left out with what is paid off out of it. What is
    owed comes first, the largest at the head.
    """
    seen = Application.objects.visible_to(actor).filter(status__in=_COUNTING)
    if besides is not None:
        seen = seen.exclude(pk__in=besides.apart)
    parts = _parts(customer, seen.select_related("product"))
    owed = exposures.owed({part.application.pk for part in parts})
    lines = [
        _line(part, owed[part.application.pk]) for part in parts if part.application.pk in owed
    ]
    lines.sort(key=lambda line: (not line.owed.is_owed, -line.amount, line.application.number))
    amounts = (
        liability.Amount(line.role, line.owed.currency, line.amount, line.owed.is_owed)
        for line in lines
    )
    return Exposure(tuple(lines), liability.totals(amounts))


def requested(applications: Iterable[uuid.UUID]) -> dict[uuid.UUID, Owed]:
    """Return what open applications ask for: nothing of it is owed yet."""
    rows = Application.objects.filter(pk__in=list(applications), status__in=OPEN)
    return {
        row["pk"]: Owed(
            amount=row["amount"], currency=row["currency"], state=row["status"], is_owed=False
        )
        for row in rows.values("pk", "amount", "currency", "status")
    }


@dataclass(frozen=True, kw_only=True)
class _Part:
    """In what capacity somebody answers for an application, and for how much of it."""

    role: Role
    application: Application
    share: Decimal | None = None
    ceiling: Decimal | None = None


def _parts(customer: Customer, shown: QuerySet[Application]) -> list[_Part]:
    """Return what the customer answers for; what may be seen of it is asked once for all of it."""
    together, others = CoBorrower.objects.filter(customer=customer), _for_others(customer)
    keys = {row.application_id for row in together} | {row.application_id for row in others}
    found = {one.pk: one for one in shown.filter(Q(customer=customer) | Q(pk__in=keys))}
    own = [one for one in found.values() if one.customer_id == customer.pk]
    return [
        *(_Part(role=Role.BORROWER, application=one) for one in own),
        *(
            _Part(role=Role.CO_BORROWER, application=found[row.application_id], share=row.share)
            for row in together
            if row.application_id in found
        ),
        *(
            _Part(
                role=Role.GUARANTOR,
                application=found[row.application_id],
                share=getattr(getattr(row, "liability", None), "share", None),
                ceiling=row.amount,
            )
            for row in others
            if row.application_id in found
        ),
    ]


def _for_others(customer: Customer) -> QuerySet[Guarantor]:
    rows = Guarantor.objects.filter(customer=customer).exclude(application__customer=customer)
    # Who owes the debt together with the borrower does not answer for it a second time.
    rows = rows.exclude(application__co_borrowers__customer=customer)
    return rows.select_related("liability")


def _line(part: _Part, owed: Owed) -> Line:
    return Line(
        role=part.role,
        application=part.application,
        owed=owed,
        amount=liability.answers_for(
            owed.amount, currency=owed.currency, share=part.share, ceiling=part.ceiling
        ),
        share=part.share,
        ceiling=part.ceiling,
    )


def is_owed_under(item: Item) -> bool:
    """Say whether money is owed under every lien of ours on an item: none can be released."""
    rows = item.liens.filter(status="standing", application__isnull=False)
    keys = set(rows.values_list("application_id", flat=True))
    return bool(keys) and hooks.live(keys) == keys
