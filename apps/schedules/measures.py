"""The figures by which offers are compared: what is paid, what it costs, which is the lowest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.schedules.quotes import Quote


@dataclass(frozen=True)
class Measure:
    """One line of the comparison: a figure of each offer, and which of them is the lowest."""

    label: str
    values: tuple[tuple[str, bool], ...]


def of(made: Sequence[Quote]) -> list[Measure]:
    """Return the lines of the comparison of quotes, of one alone as well."""
    if not made:
        return []
    lines: list[tuple[str, Callable[[Quote], Decimal], bool]] = [
        (_("Amount lent"), lambda one: one.schedule.terms.lent, False),
        (_("Paid out"), lambda one: one.schedule.net_disbursed, False),
        (_("First instalment"), lambda one: one.schedule.rows[0].instalment, True),
        (_("Last instalment"), lambda one: one.schedule.rows[-1].instalment, False),
        (_("All interest"), lambda one: one.schedule.total_interest, True),
        (_("All fees"), lambda one: one.schedule.total_fees, True),
        (_("All instalments together"), lambda one: one.schedule.total_payable, True),
        (_("Cost of the credit"), lambda one: one.cost.total, True),
    ]
    rates: list[tuple[str, Callable[[Quote], Decimal]]] = [
        (_("Annual percentage rate (APR)"), lambda one: one.cost.apr),
        (_("Effective yearly rate"), lambda one: one.cost.effective_annual),
        (_("The same interest as a flat rate"), lambda one: one.cost.flat_rate),
    ]
    return [
        _counts(made),
        *(_measure(label, made, read, _money, marks_lowest=marks) for label, read, marks in lines),
        *(_measure(label, made, read, _percent, marks_lowest=True) for label, read in rates),
    ]


def _counts(made: Sequence[Quote]) -> Measure:
    values = tuple((formatting.format_number(len(one.schedule.rows)), False) for one in made)
    return Measure(_("Instalments"), values)


def _measure(
    label: str,
    made: Sequence[Quote],
    read: Callable[[Quote], Decimal],
    write: Callable[[Decimal, Quote], str],
    *,
    marks_lowest: bool,
) -> Measure:
    """Return one line; the lowest is marked where what is shown of the offers differs.

    Figures that read alike are marked alike, whatever they differ by beyond their decimals.
    """
    values = [read(one) for one in made]
    shown = [write(value, one) for value, one in zip(values, made, strict=True)]
    lowest = shown[values.index(min(values))]
    marked = marks_lowest and len(set(shown)) > 1
    return Measure(label, tuple((text, marked and text == lowest) for text in shown))


def _money(value: Decimal, quote: Quote) -> str:
    return formatting.format_money(value, quote.schedule.terms.currency)


def _percent(value: Decimal, _quote: Quote) -> str:
    return formatting.format_percent(value, decimals=2)
