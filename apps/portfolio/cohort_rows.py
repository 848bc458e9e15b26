"""What the pages of cohorts ask the database: sums that are kept, and the loans behind one."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.expressions import RawSQL

from apps.accounts.models import User
from apps.core.dates import add_months
from apps.loans.models import Loan
from apps.npa.grading import GONE
from apps.npa.models import LoanDay
from apps.portfolio import cohorts, months, vintages
from apps.portfolio.cohorts import AGES, Cohort, Counted, Measure
from apps.portfolio.models import DayVintage, SummedDay, VintageLent, VintageLost, VintagePrepaid
from apps.portfolio.months import Width
from apps.portfolio.statements.cohorts import PREPAID_LOANS, in_order
from apps.portfolio.statements.vintages import LOST_LOANS
from apps.portfolio.vintage_rows import Chosen

_LEFT: dict[Measure, Any] = {
    Measure.WRITTEN_OFF: VintageLost,
    Measure.PREPAID: VintagePrepaid,
}
_LOANS = {Measure.WRITTEN_OFF: LOST_LOANS, Measure.PREPAID: PREPAID_LOANS}


def table(actor: User, chosen: Chosen, *, measure: Measure, width: Width) -> list[Cohort]:
    """Return the cohorts of what a person may see, the earliest first."""
    rows: Any = VintageLent.objects.visible_to(actor).filter(
        entity=chosen.entity, currency=chosen.currency, **chosen.narrowed
    )
    lent = _by_vintage(rows)
    last = _ends(chosen, upto=chosen.day).order_by("-day").values_list("day", flat=True).first()
    standing = _standing(actor, chosen)
    counted, known = _counted(actor, chosen, measure, list(lent))
    return cohorts.cohorts(
        lent,
        _by_vintage(standing.filter(summed__day=last)),
        counted,
        known=known,
        width=width,
        on=chosen.day,
    )


def _by_vintage(rows: QuerySet[Any]) -> dict[date, vintages.Sum]:
    summed: Any = rows.values("vintage").annotate(of_loans=Sum("loans"), of_sum=Sum("principal"))
    return {row["vintage"]: vintages.Sum(row["of_loans"], row["of_sum"]) for row in summed}


def _standing(actor: User, chosen: Chosen) -> Any:
    return DayVintage.objects.visible_to(actor).filter(
        summed__entity=chosen.entity, currency=chosen.currency, **chosen.narrowed
    )


def _ends(chosen: Chosen, *, upto: date) -> QuerySet[SummedDay]:
    """Return the days of which it is kept how loans of each month stand."""
    kept = DayVintage.objects.filter(summed__entity=chosen.entity).values("summed")
    return SummedDay.objects.filter(entity=chosen.entity, day__lte=upto, pk__in=kept)


def _counted(
    actor: User, chosen: Chosen, measure: Measure, lent: list[date]
) -> tuple[dict[tuple[date, int], vintages.Sum], set[date]]:
    """Return what is counted by month and age, and of which ends of months that is known."""
    if measure.days is None:
        rows = (
            _LEFT[measure]
            .objects.visible_to(actor)
            .filter(entity=chosen.entity, currency=chosen.currency, **chosen.narrowed)
        )
        summed = rows.values("vintage", "months_on_book").annotate(
            of_loans=Sum("loans"), of_sum=Sum("principal")
        )
        left = (
            Counted(
                row["vintage"],
                row["months_on_book"],
                vintages.Sum(row["of_loans"], row["of_sum"]),
            )
            for row in summed
        )
        return cohorts.cumulative(left), {cohorts.end_of(one, age) for one in lent for age in AGES}
    names = {"of_loans": f"loans_{measure.days}", "of_sum": f"principal_{measure.days}"}
    rows = _standing(actor, chosen).filter(summed__day__lte=chosen.day)
    summed = rows.values("vintage", "summed__day").annotate(
        **{name: Sum(column) for name, column in names.items()}
    )
    found = {
        (row["vintage"], months.age(row["vintage"], row["summed__day"])): vintages.Sum(
            row["of_loans"], row["of_sum"]
        )
        for row in summed
        if row["summed__day"] == months.last_of(row["summed__day"])
    }
    return found, set(_ends(chosen, upto=chosen.day).values_list("day", flat=True))


def late(
    actor: User, chosen: Chosen, *, vintage: date, width: Width, age: int, days: int
) -> QuerySet[LoanDay]:
    """Return the loans of a cohort that were so late at an age, as they stood then."""
    at = Q()
    for number in range(width.months):
        month = add_months(vintage, number)
        of_month = Q(
            loan__disbursed_date__gte=month, loan__disbursed_date__lte=months.last_of(month)
        )
        at |= of_month & Q(day=cohorts.end_of(month, age))
    rows = LoanDay.objects.visible_to(actor).filter(
        at, entity=chosen.entity, currency=chosen.currency, dpd_ifrs__gte=days
    )
    given = {
        "branch": chosen.branch,
        "loan__product": chosen.product,
        "loan__product__scoring_segment": chosen.segment or None,
        "day__lte": chosen.day,
    }
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    return rows.exclude(asset_class__in=GONE).select_related("loan", "customer", "branch")


def left(
    actor: User, chosen: Chosen, *, measure: Measure, vintage: date, width: Width, age: int
) -> QuerySet[Loan]:
    """Return the loans of a cohort that were written off, or repaid early, by an age."""
    values = {
        "entity": chosen.entity.pk,
        "first": vintage,
        "last": months.last_of(months.add_to(vintage, width)),
        "age": age,
        "day": chosen.day,
    }
    rows = Loan.objects.visible_to(actor).filter(currency=chosen.currency, **chosen.narrowed)
    statement, ordered = in_order(_LOANS[measure], values)
    # The statement is ours, and what it is about are values.
    return rows.filter(pk__in=RawSQL(statement, ordered)).select_related(  # noqa: S611
        "customer", "branch"
    )
