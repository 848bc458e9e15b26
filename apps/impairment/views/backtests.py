"""What was expected a year before, beside what happened."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core import formatting
from apps.core.access import requires
from apps.impairment import backtest_rows, policies
from apps.impairment.backtest_rows import Tested
from apps.impairment.views.asked import asked
from apps.portfolio.views.shared import table_file

COLUMNS = ("test", "band", "cases", "expected", "defaults", "observed", "binomial", "p_value")


@require_GET
@requires(policies.VIEW)
def tests(request: HttpRequest) -> HttpResponse:
    """Show the tests of a measurement once the year after it is known."""
    wanted = asked(request)
    found = backtest_rows.tested(request.user, wanted.chosen) if wanted.chosen else None
    means = [] if found is None else _means(found)
    context = {
        "form": wanted.form,
        "chosen": wanted.chosen,
        "query": wanted.query(),
        "found": found,
        "rows": [(band_name(one.band, found.bounds), one) for one in found.bands] if found else [],
        "means": means,
    }
    return render(request, "impairment/backtests.html", context)


@require_GET
@requires(policies.VIEW)
def tests_file(request: HttpRequest) -> HttpResponse:
    """Return the same as CSV; the headings alone before the year is known."""
    wanted = asked(request)
    found = backtest_rows.tested(request.user, wanted.chosen) if wanted.chosen else None
    name = f"{wanted.chosen.entity.code}-{wanted.chosen.run.day}" if wanted.chosen else "none"
    return table_file(_table(found), f"loss-backtest-{name}.csv")


def band_name(band: int, bounds: Sequence[Decimal]) -> str:
    """Return a band of PDs at origination in words."""
    if band > len(bounds):
        return _("without a score")
    if band == len(bounds):
        low = formatting.format_percent(bounds[-1], decimals=1)
        return _("above %(low)s") % {"low": low}
    return _("up to %(high)s") % {"high": formatting.format_percent(bounds[band], decimals=1)}


def _means(found: Tested) -> list[tuple[str, Any]]:
    return [(_("Loss given default"), found.lgd), (_("Owed at default, to expected"), found.ead)]


def _table(found: Tested | None) -> Iterator[Sequence[Any]]:
    yield COLUMNS
    if found is None:
        return
    for one in found.bands:
        yield (
            *("pd", band_name(one.band, found.bounds), one.loans, one.expected, one.defaults),
            *(one.observed, one.binomial, one.jeffreys),
        )
    for name, mean in (("lgd", found.lgd), ("ead", found.ead)):
        if mean is not None:
            yield (name, "", mean.cases, mean.expected, "", mean.observed, "", mean.p_value)
