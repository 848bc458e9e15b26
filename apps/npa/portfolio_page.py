"""How the portfolio's quality is shown: figures, tables whose rows lead to loans, files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.npa import measures, wording
from apps.npa.measures import Measure, Totals
from apps.npa.models import DayFigures, LoanDay, Threshold
from apps.npa.portfolio_rows import Sums

Figure = dict[str, Any]
_SHOWN = (Measure.NPA_RATIO, Measure.DEFAULT_RATE, Measure.PAR30, Measure.COVERAGE)


def stats(ratios: dict[Measure, Decimal], thresholds: dict[str, Threshold]) -> list[dict[str, Any]]:
    """Return the ratios beside their thresholds; one beyond is marked in words and shape."""
    return [_stat(one, ratios[one], thresholds.get(one)) for one in _SHOWN if one in ratios]


def others(
    figures: DayFigures | None, named: Mapping[str, str], thresholds: dict[str, Threshold]
) -> list[dict[str, Any]]:
    """Return what is measured of a whole lender only: concentration, and the jump in a month.

    `named` holds in words whom each concentration is about.
    """
    if figures is None:
        return []
    found = [
        (Measure(name), Decimal(text))
        for name, text in figures.values.items()
        if Measure(name) not in _SHOWN
    ]
    return [
        {**_stat(one, value, thresholds.get(one)), "of": named.get(one, "")} for one, value in found
    ]


def _stat(measure: Measure, value: Decimal, threshold: Threshold | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "code": measure.value,
        "label": wording.measure(measure),
        "value": formatting.format_percent(value, decimals=2),
        "definition": wording.DEFINITIONS[measure],
        "note": "",
        "trend": "",
        "symbol": "",
    }
    if threshold is None or not threshold.is_watched:
        return shown
    bound = formatting.format_percent(threshold.bound, decimals=2)
    if measures.is_breached(measure, value, threshold.bound):
        words = (
            _("below the threshold of %s")
            if measure in measures.BREACHED_BELOW
            else _("above the threshold of %s")
        )
        return shown | {"note": words % bound, "trend": "bad", "symbol": "triangle-alert"}
    return shown | {"note": _("threshold %s") % bound}


def chart(days: Sequence[tuple[date, Totals]]) -> Figure | None:
    """Return NPA ratio and PAR30 day by day; None where there are not two days to join."""
    if len(days) < 2:
        return None
    from plotly import graph_objects  # noqa: PLC0415 - takes up to a second, so when first needed

    shown = ((Measure.NPA_RATIO, "mark-danger", "solid"), (Measure.PAR30, "mark-warning", "dash"))
    by_day = [(day, measures.ratios(totals)) for day, totals in days]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": wording.measure(measure),
            "x": [day.isoformat() for day, _ratios in by_day],
            "y": [float(ratios[measure]) if measure in ratios else None for _, ratios in by_day],
            "line": {"color": f"var(--{color})", "width": 2, "dash": dash},
            "hovertemplate": "%{y:.2%}",
        }
        for measure, color, dash in shown
    ]
    layout = {
        "height": 280,
        "hovermode": "x unified",
        "xaxis": {"type": "date", "tickformat": "%-d %b %Y", "hoverformat": "%-d %b %Y"},
        "yaxis": {"tickformat": ".1%", "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    found: Figure = graph_objects.Figure(data=data, layout=layout).to_plotly_json()
    found["layout"].pop("template", None)
    return found


def trend_rows(days: Sequence[tuple[date, Totals]]) -> list[dict[str, Any]]:
    """Return the same days as a table, the last first."""
    return [
        {"day": day, "totals": totals, **{one.value: value for one, value in _known(totals)}}
        for day, totals in reversed(days)
    ]


def _known(totals: Totals) -> Iterable[tuple[Measure, Decimal]]:
    return measures.ratios(totals).items()


COLUMNS = (
    *("class", "bucket", "loans", "principal", "interest", "charges", "suspended", "secured"),
    *("unsecured", "provision", "reserve", "npa_principal", "par30_principal"),
)


def table(rows: Iterable[tuple[str, str, Sums]]) -> Iterator[Sequence[Any]]:
    """Yield the sums by class and bucket as a file: plain numbers, so that it can be added up."""
    yield COLUMNS
    for asset_class, bucket, one in rows:
        yield (
            *(asset_class, bucket, one.loans, one.principal, one.interest, one.charges),
            *(one.suspended, one.secured, one.unsecured, one.provision, one.reserve),
            *(one.npa_principal, one.over_30),
        )


LOAN_COLUMNS = (
    *("day", "loan", "customer", "branch", "currency", "class", "class_since", "npa_date"),
    *("bucket", "stage", "dpd_rbi", "dpd_ifrs", "oldest_due", "principal", "interest_due"),
    *("interest_earned", "charges_due", "suspended", "secured", "unsecured", "rate", "provision"),
    *("reserve", "reason", "override"),
)


def loan_table(rows: Iterable[LoanDay]) -> Iterator[Sequence[Any]]:
    """Yield snapshots as a file, one line a loan; no name, no official number."""
    yield LOAN_COLUMNS
    for one in rows:
        suspended = one.interest_suspended + one.fees_suspended + one.penal_suspended
        yield (
            *(one.day, one.loan.number, one.customer.number, one.branch.code, one.currency),
            *(one.asset_class, one.class_since, one.npa_date or "", one.bucket, one.stage),
            *(one.dpd_rbi, one.dpd_ifrs, one.oldest_due or "", one.principal, one.interest_due),
            *(one.interest_earned, one.charges_due, suspended, one.secured, one.unsecured),
            *(one.rate, one.provision, one.reserve, one.reason, one.override_id or ""),
        )
