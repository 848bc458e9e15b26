"""Approvals by protected group: the attributes are read here, and only counts leave."""

import itertools
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from apps.accounts.models import Entity
from apps.core import dates
from apps.core.fields import Ciphertext
from apps.customers.models import Customer, ProtectedAttributes
from apps.decisions.models import Decision
from apps.laboratory import age_bands
from apps.monitoring import groups
from apps.scoring.models import ModelVersion

AGE = "age"
_AT_ONCE = 5_000
_Groups = dict[str, dict[str, tuple[int, int]]]


def cells(model: ModelVersion, since: datetime, until: datetime) -> _Groups:
    """Return for each attribute how many of each group were approved, of how many decided.

    What the machine referred counts as not approved by it.
    """
    rows = Decision.objects.filter(
        kind="automated",
        score_run__model=model,
        decided_at__gte=since,
        decided_at__lt=until,
    )
    approved: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    whole = [rows.filter(outcome="approve").count(), rows.count()]
    for cell, is_approved in itertools.chain(_stated(rows), _ages(rows)):
        total[cell] += 1
        approved[cell] += is_approved
    found: _Groups = defaultdict(dict)
    for name, group in total:
        found[name][group] = (approved[name, group], total[name, group])
    return {
        name: groups.with_silent(counts, (whole[0], whole[1])) for name, counts in found.items()
    }


def _stated(rows: Any) -> Any:
    customers = rows.order_by().values("application__customer")
    read = ProtectedAttributes.objects.filter(customer__in=customers).values_list(
        "pk", "customer_id", "values"
    )
    sealed = read.iterator(chunk_size=_AT_ONCE)
    # Opened part by part, so that never more people's attributes lie in memory than needed.
    while part := list(itertools.islice(sealed, _AT_ONCE)):
        stated = {customer: _opened(key, values) for key, customer, values in part}
        theirs = rows.filter(application__customer__in=list(stated)).order_by()
        for customer, outcome in theirs.values_list("application__customer_id", "outcome"):
            for name, group in stated[customer].items():
                yield (name, group), outcome == "approve"


def _ages(rows: Any) -> Any:
    bounds = {
        key: age_bands.starts(country)
        for key, country in Entity.objects.values_list("pk", "country")
    }
    read = rows.order_by().filter(application__customer__date_of_birth__isnull=False)
    columns = (
        "application__customer_id",
        "application__customer__date_of_birth",
        "application__applied_date",
        "application__product__entity_id",
        "outcome",
    )
    found = read.values_list(*columns).iterator(chunk_size=_AT_ONCE)
    for customer, sealed, applied, lender, outcome in found:
        age = dates.age_in_years(_born(customer, sealed), applied)
        yield (AGE, age_bands.name(age, bounds[lender])), outcome == "approve"


def _born(key: Any, sealed: Any) -> Any:
    return Customer._meta.get_field("date_of_birth").unseal(sealed, Customer(pk=key))


def _opened(key: Any, sealed: Ciphertext) -> dict[str, str]:
    values: dict[str, str] = ProtectedAttributes._meta.get_field("values").unseal(
        sealed, ProtectedAttributes(pk=key)
    )
    return values
