"""Approval by protected group, on both sides. Rule book 4.6 and 4.7.

The attributes are read here and nowhere else in the laboratory, joined with outcomes after these
were decided, and only counts leave: no row keeps an attribute. Who stated nothing is a group of
their own. A small group gets its numbers and no verdict. Age is that on the day of the
application; it is known of every customer with a date of birth, the rest of those who consented.
"""

import itertools
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from apps.applications.models import Application
from apps.core import dates
from apps.core.fields import Ciphertext
from apps.customers import protected
from apps.customers.models import Customer, ProtectedAttributes
from apps.laboratory import age_bands
from apps.laboratory.models import Experiment, ExperimentRow
from ml import fairness, proportions
from ml.fairness import Comparison, FairnessConfig
from ml.proportions import Count

AGE = "age"
_CONFIG = FairnessConfig()
_SIDES = ("before", "after")
_AT_ONCE = 5_000
# Attribute, group, outcome in force, outcome of the candidate.
_Cells = Counter[tuple[str, str, str, str]]


def gather(experiment: Experiment) -> list[dict[str, Any]]:
    """Return the groups of each attribute known of anybody, each side against its reference."""
    moves = _moves(experiment)
    cells = _cells(experiment) + _ages(experiment)
    known = {name for name, _group, _before, _after in cells}
    stated = [name for name in (*protected.CHOICES, AGE) if name in known]
    return [_attribute(name, _with_silent(name, cells, moves)) for name in stated]


def _moves(experiment: Experiment) -> Counter[tuple[str, str]]:
    pairs = ExperimentRow.objects.filter(experiment=experiment).values_list(
        "outcome_before", "outcome_after"
    )
    return Counter(pairs.iterator(chunk_size=_AT_ONCE))


def _cells(experiment: Experiment) -> _Cells:
    """Count the applications of customers who stated an attribute, by group and move."""
    customers = Application.objects.filter(
        pk__in=ExperimentRow.objects.filter(experiment=experiment).values("application")
    ).values("customer")
    read = ProtectedAttributes.objects.filter(customer__in=customers).values_list(
        "pk", "customer_id", "values"
    )
    found: _Cells = Counter()
    sealed = read.iterator(chunk_size=_AT_ONCE)
    # Opened part by part, so that never more people's attributes lie in memory than needed.
    while part := list(itertools.islice(sealed, _AT_ONCE)):
        stated = {customer: _opened(key, values) for key, customer, values in part}
        for customer, before, after in _rows(experiment, list(stated)):
            for name, group in stated[customer].items():
                found[name, group, before, after] += 1
    return found


def _ages(experiment: Experiment) -> _Cells:
    """Count the applications of customers whose date of birth is known, by band of age and move."""
    bounds = age_bands.starts(experiment.entity.country)
    rows = ExperimentRow.objects.filter(
        experiment=experiment, application__customer__date_of_birth__isnull=False
    ).values_list(
        "application__customer_id",
        "application__customer__date_of_birth",
        "application__applied_date",
        "outcome_before",
        "outcome_after",
    )
    found: _Cells = Counter()
    for customer, sealed, applied, before, after in rows.iterator(chunk_size=_AT_ONCE):
        age = dates.age_in_years(_born(customer, sealed), applied)
        found[AGE, age_bands.name(age, bounds), before, after] += 1
    return found


def _born(key: Any, sealed: Any) -> date:
    born: date = Customer._meta.get_field("date_of_birth").unseal(sealed, Customer(pk=key))
    return born


def _opened(key: Any, sealed: Ciphertext) -> dict[str, str]:
    values: dict[str, str] = ProtectedAttributes._meta.get_field("values").unseal(
        sealed, ProtectedAttributes(pk=key)
    )
    return values


def _rows(experiment: Experiment, customers: list[Any]) -> Iterable[tuple[Any, str, str]]:
    rows = ExperimentRow.objects.filter(experiment=experiment, application__customer__in=customers)
    return rows.values_list("application__customer_id", "outcome_before", "outcome_after")


def _with_silent(
    name: str, cells: _Cells, moves: Counter[tuple[str, str]]
) -> Counter[tuple[str, str, str]]:
    """Return the cells of one attribute, with all who did not state it as a group."""
    found: Counter[tuple[str, str, str]] = Counter()
    silent = Counter(moves)
    for (attribute, group, before, after), n in cells.items():
        if attribute == name:
            found[group, before, after] += n
            silent[before, after] -= n
    for (before, after), n in silent.items():
        if n:
            found[fairness.NOT_STATED, before, after] += n
    return found


def _attribute(name: str, cells: Counter[tuple[str, str, str]]) -> dict[str, Any]:
    sides = {side: _approved(cells, side) for side in _SIDES}
    return {
        "attribute": name,
        "sides": {side: _against_reference(counts) for side, counts in sides.items()},
    }


def _approved(cells: Counter[tuple[str, str, str]], side: str) -> dict[str, Count]:
    totals: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for (group, before, after), n in cells.items():
        totals[group] += n
        if (before if side == "before" else after) == "approve":
            hits[group] += n
    return {group: Count(hits[group], totals[group]) for group in sorted(totals)}


def _against_reference(counts: dict[str, Count]) -> dict[str, Any]:
    reference = fairness.reference_group(counts, _CONFIG)
    return {
        "reference": reference,
        "groups": [
            {
                "name": group,
                "n": count.total,
                "approved": count.hits,
                "approval_rate": count.rate,
                "interval": list(proportions.wilson(count)),
                "comparison": None
                if group == reference
                else _compared(fairness.compare(count, counts[reference], _CONFIG)),
            }
            for group, count in counts.items()
        ],
    }


def _compared(found: Comparison) -> dict[str, Any]:
    return {
        "ratio": found.ratio,
        "ratio_interval": None if found.ratio_interval is None else list(found.ratio_interval),
        "p_value": found.fisher_p_value,
        "verdict": found.verdict,
        "flag": found.flag,
        "caution": found.caution,
    }
