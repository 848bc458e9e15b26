"""What the page of concentration asks the database: sums that are kept, and loans behind one."""

import contextlib
import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum, Value
from django.db.models.functions import Trim, Upper

from apps.accounts.models import Entity, User
from apps.customers.models import Employment
from apps.npa.grading import GONE
from apps.npa.models import LoanDay
from apps.portfolio.concentration import MANY, Dimension, Share
from apps.portfolio.loan_rows import within
from apps.portfolio.models import DayShare, DayTotal
from apps.portfolio.summary_rows import Chosen

# Where the key of a share is found: of what follows from totals, and of a snapshot.
_OF_TOTALS = {
    Dimension.PRODUCT: "product__name",
    Dimension.BRANCH: "branch__name",
    Dimension.SEGMENT: "product__scoring_segment",
}
_OF_SNAPSHOTS = {
    Dimension.PURPOSE: "loan__application__purpose",
    Dimension.REGION: "customer__address__region",
    Dimension.EMPLOYER: "loan__application__employment__employer",
    Dimension.PRODUCT: "loan__product__name",
    Dimension.BRANCH: "branch__name",
    Dimension.SEGMENT: "loan__product__scoring_segment",
}


def last_day(entity: Entity, upto: date | None) -> date | None:
    """Return the last day of which shares are kept, on a day or before it; None where none is."""
    rows = DayShare.objects.filter(summed__entity=entity)
    if upto is not None:
        rows = rows.filter(summed__day__lte=upto)
    return rows.order_by("-summed__day").values_list("summed__day", flat=True).first()


def shares(actor: User, chosen: Chosen, dimension: Dimension) -> list[Share]:
    """Return with whom the principal is outstanding, as far as a person may see it."""
    model: Any = DayShare if dimension.is_kept else DayTotal
    rows = model.objects.visible_to(actor).filter(
        summed__entity=chosen.entity,
        summed__day=chosen.day,
        currency=chosen.currency,
        **chosen.narrowed,
    )
    names = ["loans", "principal", "npa_principal"]
    if dimension.is_kept:
        rows = rows.filter(dimension=dimension.value)
        names.append("squares")
    key = "key" if dimension.is_kept else _OF_TOTALS[dimension]
    summed = rows.values(key).annotate(**{f"all_{name}": Sum(name) for name in names})
    found = (Share(row[key], **{name: row[f"all_{name}"] for name in names}) for row in summed)
    return [one for one in found if one.loans]


def employers(actor: User, chosen: Chosen, shares: Iterable[Share]) -> dict[str, str]:
    """Return the names of employers by their key, as a record that is still kept writes them.

    Only of the lender's records, and of employers that a loan the person sees names on the day.
    """
    keys = _seen(actor, chosen, [one.key for one in shares if one.is_named])
    rows = _of_lender(chosen, keys).values_list("pk", "employer")
    return {str(pk): name for pk, name in rows if name.strip()}


def _seen(actor: User, chosen: Chosen, keys: list[str]) -> list[uuid.UUID]:
    """Return those of some keys that stand for a share of the branches the person sees."""
    rows: Any = DayShare.objects.visible_to(actor).filter(
        summed__entity=chosen.entity,
        summed__day=chosen.day,
        currency=chosen.currency,
        dimension=Dimension.EMPLOYER.value,
        key__in=keys,
    )
    return _keys(rows.order_by().values_list("key", flat=True).distinct())


def _of_lender(chosen: Chosen, keys: Iterable[uuid.UUID]) -> QuerySet[Employment]:
    return Employment.objects.filter(pk__in=list(keys), customer__branch__entity=chosen.entity)


def _keys(texts: Iterable[str]) -> list[uuid.UUID]:
    """Return the texts that are keys of records."""
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(uuid.UUID(text))
    return found


def loans(actor: User, chosen: Chosen, dimension: Dimension, key: str) -> QuerySet[LoanDay]:
    """Return the loans of one share, as they stood at the end of the day."""
    rows = LoanDay.objects.visible_to(actor).filter(
        day=chosen.day,
        entity=chosen.entity,
        currency=chosen.currency,
        **within(chosen, "loan__product", "branch"),
    )
    rows = rows.exclude(asset_class__in=GONE).select_related("loan", "customer", "branch")
    if dimension == Dimension.EMPLOYER:
        return _of_employer(rows, actor, chosen, key)
    path = _OF_SNAPSHOTS[dimension]
    if dimension == Dimension.REGION:
        region = rows.annotate(region=Upper(Trim(path)))
        return (
            region.filter(region=Upper(Trim(Value(key))))
            if key
            else region.filter(Q(region="") | Q(region__isnull=True))
        )
    return rows.filter(**{path: key})


def _of_employer(
    rows: QuerySet[LoanDay], actor: User, chosen: Chosen, key: str
) -> QuerySet[LoanDay]:
    """Keep the loans of an employer, of all that one loan alone names, or of none that is known."""
    path = _OF_SNAPSHOTS[Dimension.EMPLOYER]
    named = rows.annotate(whose=Upper(Trim(path)))
    if not key:
        return named.filter(Q(whose="") | Q(whose__isnull=True))
    if key != MANY:
        known = _of_lender(chosen, _seen(actor, chosen, [key]))
        # A record that was erased names nobody, and so none of those it is not known of.
        name = known.annotate(whose=Upper(Trim("employer"))).exclude(whose="")
        return named.filter(whose__in=name.values("whose"))
    everybody = LoanDay.objects.filter(
        day=chosen.day, entity=chosen.entity, currency=chosen.currency
    ).exclude(asset_class__in=GONE)
    once = (
        everybody.annotate(whose=Upper(Trim(path)))
        .filter(whose__gt="")
        .order_by()
        .values("whose")
        .annotate(number=Count("loan_id"))
        .filter(number=1)
    )
    return named.filter(whose__in=once.values("whose"))
