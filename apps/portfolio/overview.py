"""A lender at a glance: book, growth, quality and profit, beside a month and a year ago."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import formatting
from apps.portfolio import attention, earning, summary_page, summary_rows, summary_wording
from apps.portfolio.concentration import Dimension
from apps.portfolio.figures import DEFINITIONS, Figure, Sums
from apps.portfolio.summary_rows import Chosen, Summary

_BOOK = (Figure.OUTSTANDING,)
_GROWTH = (Figure.DISBURSED, Figure.REPAID, Figure.APPROVAL)
_QUALITY = (
    *(Figure.NPA_RATIO, Figure.PAR30, Figure.COVERAGE),
    *(Figure.COLLECTION, Figure.ON_TIME),
)
_PROFIT = (Figure.YIELD, Figure.WRITTEN_OFF, Figure.RECOVERED)
Row = dict[str, Any]


def chosen_by(actor: User) -> Chosen | None:
    """Return the last day of the person's lender that was added up; None where none was."""
    entity = actor.branch.entity
    day = summary_rows.last_day(entity, None)
    return None if day is None else Chosen(entity=entity, currency=entity.currency, day=day)


def query(chosen: Chosen) -> Callable[..., str]:
    """Return how addresses of pages about the same day are made."""

    def made(**more: Any) -> str:
        values = {
            "lender": chosen.entity.code,
            "day": chosen.day.isoformat(),
            "currency": chosen.currency,
        }
        return urlencode({**values, **more})

    return made


def groups(actor: User, chosen: Chosen, found: Summary) -> list[dict[str, Any]]:
    """Return the figures by what they tell of: size, growth, quality, what is earned."""

    def rows(of: tuple[Figure, ...]) -> list[Row]:
        return summary_page.stats(found, chosen.currency, query(chosen), of)

    return [
        {"name": _("The book"), "rows": [*rows(_BOOK), _loans(found)]},
        {"name": _("Growth"), "rows": rows(_GROWTH)},
        {"name": _("Quality"), "rows": rows(_QUALITY)},
        {"name": _("Profit"), "rows": [*_earned(actor, chosen, found), *rows(_PROFIT)]},
    ]


def _loans(found: Summary) -> Row:
    values = [None if one is None else Decimal(one.loans) for one in _times(found)]
    return _row(_("Loans on the books"), values, formatting.format_number, more_is_good=None)


def _earned(actor: User, chosen: Chosen, found: Summary) -> list[Row]:
    """Return what the month brought and cost so far, and what is left of it."""
    income = [None if one is None else one.interest_income for one in _times(found)]
    days = (chosen.day, *(summary_rows.before(chosen.day, ago) for ago in (1, 12)))
    cost = [
        None if one is None else earning.cost_of_credit(actor, replace(chosen, day=day))
        for one, day in zip(income, days, strict=True)
    ]
    left = [
        None if one is None or of_it is None else one - of_it
        for one, of_it in zip(income, cost, strict=True)
    ]

    def shown(value: Decimal) -> str:
        return formatting.format_money(value, chosen.currency)

    rows = [
        _row(_("Interest income"), income, shown, more_is_good=True),
        _row(_("Cost of credit"), cost, shown, more_is_good=False),
        _row(_("Interest less cost of credit"), left, shown, more_is_good=True),
    ]
    return [{**row, "code": summary_wording.EARNED} for row in rows]


def _times(found: Summary) -> tuple[Sums | None, Sums | None, Sums | None]:
    return found.now, found.month_before, found.year_before


def _row(
    name: str,
    values: list[Decimal | None],
    shown: Callable[[Decimal], str],
    *,
    more_is_good: bool | None,
) -> Row:
    now, month, year = values

    def against(was: Decimal | None) -> Row:
        return summary_page.changed(now, was, is_ratio=False, more_is_good=more_is_good)

    value = summary_page.UNKNOWN if now is None else shown(now)
    return {"name": name, "value": value, "month": against(month), "year": against(year)}


def worse(actor: User, chosen: Chosen) -> list[Row]:
    """Return the figures that became clearly worse in a month, the worst first.

    Each leads to the branches beside each other: one of them is to be asked.
    """
    found = summary_rows.summary(actor, chosen)
    rows = summary_page.stats(
        found, chosen.currency, query(chosen), attention.worse(found.now, found.month_before)
    )
    for row in rows:
        period = DEFINITIONS[Figure(row["code"])].period
        row["query"] = query(chosen)(split=Dimension.BRANCH.value, period=period.value)
    return rows
