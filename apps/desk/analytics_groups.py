"""Approval by people, by protected group (rule book 4.6 and 4.7).

The attributes are read here and nowhere else at the desk, joined with verdicts after these were
given, and only counts leave. They are sealed, so they are opened row by row: at most the newest
MOST verdicts of a period, and the answer says so.
"""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F

from apps.accounts.models import User
from apps.core import dates
from apps.customers import protected
from apps.customers.models import ProtectedAttributes
from apps.decisions.models import ReviewCase
from apps.desk.analytics_rows import Period
from apps.scoring import proportions
from apps.scoring.proportions import GroupShare, Share

MOST = 20_000
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Groups:
    """How many verdicts were counted, whether that is all of them, and each attribute's groups."""

    counted: int
    is_all: bool
    by: dict[str, dict[str, GroupShare]]


def gather(actor: User, period: Period) -> Groups:
    """Return the groups of each attribute that anybody stated, against its reference group."""
    rows = _verdicts(actor, period)[: MOST + 1]
    verdicts = list(rows.values_list("application__customer_id", "verdict"))
    counted = verdicts[:MOST]
    stated = _stated(customer for customer, _verdict in counted)
    cells = _cells(counted, stated)
    return Groups(
        len(counted),
        len(verdicts) <= MOST,
        {name: proportions.compared(groups) for name, groups in cells.items()},
    )


def _verdicts(actor: User, period: Period) -> Any:
    """Return the closed cases of a period that a person may see, newest first."""
    zone = period.zone
    given = {
        "application__branch__code": period.branch,
        "application__product__code": period.product,
        "verdict_by": period.reviewer,
    }
    return (
        ReviewCase.objects.visible_to(actor)
        .filter(status="closed", verdict__in=["approve", "decline"])
        .filter(verdict_at__gt=dates.last_moment(period.first - timedelta(days=1), zone))
        .filter(verdict_at__lte=dates.last_moment(period.last, zone))
        .filter(**{name: value for name, value in given.items() if value})
        .order_by(F("verdict_at").desc(), "pk")
    )


def _stated(customers: Iterable[Any]) -> dict[Any, dict[str, str]]:
    """Return what each customer stated, opened part by part."""
    keys = iter(sorted(set(customers)))
    found: dict[Any, dict[str, str]] = {}
    field = ProtectedAttributes._meta.get_field("values")
    while part := list(itertools.islice(keys, _AT_ONCE)):
        rows = ProtectedAttributes.objects.filter(customer__in=part)
        for key, customer, sealed in rows.values_list("pk", "customer_id", "values"):
            found[customer] = field.unseal(sealed, ProtectedAttributes(pk=key))
    return found


def _cells(
    verdicts: list[tuple[Any, str]], stated: dict[Any, dict[str, str]]
) -> dict[str, dict[str, Share]]:
    """Count verdicts and approvals by attribute and group; who stated nothing is a group."""
    totals: Counter[tuple[str, str]] = Counter()
    hits: Counter[tuple[str, str]] = Counter()
    for customer, verdict in verdicts:
        own = stated.get(customer, {})
        for name in protected.CHOICES:
            cell = name, own.get(name) or proportions.NOT_STATED
            totals[cell] += 1
            hits[cell] += verdict == "approve"
    found: dict[str, dict[str, Share]] = {}
    for (name, group), n in sorted(totals.items()):
        found.setdefault(name, {})[group] = Share(hits[name, group], n)
    silent = {proportions.NOT_STATED}
    return {name: groups for name, groups in found.items() if set(groups) != silent}
