"""What a test came to, case by case and year by year: sums of loans, then profit and capital."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from apps.stress import capital, economy, reading
from apps.stress.capital import Found
from apps.stress.economy import Scenario
from apps.stress.models import Case, Sums, Test
from apps.stress.summing import MEASURES

_DIGITS = Decimal("0.000001")


def results(
    test: Test, cases: Sequence[Case], scenarios: Sequence[Scenario], rows: Iterable[Sums]
) -> list[dict[str, Any]]:
    """Return of every case, in its place, the figures of every year as they are stored: text."""
    sums = _whole(rows, test.years)
    stated = reading.figures(test.figures.body)
    found = {
        case.place: [_found(sums[case.place, year]) for year in range(test.years + 1)]
        for case in cases
    }
    made = []
    for case, scenario in zip(cases, scenarios, strict=True):
        rates = [economy.at(scenario.years, year).rates for year in range(test.years)]
        money = capital.results(stated, found[0], found[case.place], rates)
        made.append(
            {
                "name": "" if case.scenario is None else case.scenario.name,
                "years": [
                    _shown(sums[case.place, year], asdict(one)) for year, one in enumerate(money)
                ],
            }
        )
    return made


def _whole(rows: Iterable[Sums], _years: int) -> dict[tuple[int, int], dict[str, Decimal]]:
    found: dict[tuple[int, int], dict[str, Decimal]] = defaultdict(
        lambda: dict.fromkeys(MEASURES, Decimal(0))
    )
    for row in rows:
        sums = found[row.case.place, row.year]
        for name in MEASURES:
            sums[name] += getattr(row, name)
    return found


def _found(sums: dict[str, Decimal]) -> Found:
    return Found(ecl=sums["ecl"], regulatory=sums["regulatory"], interest=sums["interest"])


def _shown(sums: dict[str, Decimal], money: dict[str, Decimal]) -> dict[str, str]:
    ratios = {
        "default_rate": share(sums["defaults"], sums["at_risk"]),
        "npa_ratio": share(sums["npa"], sums["npa"] + sums["performing"]),
        "coverage": share(sums["ecl"], sums["npa"] + sums["performing"]),
    }
    rounded = {**money, "ratio": money["ratio"].quantize(_DIGITS)}
    return {name: str(value) for name, value in {**sums, **ratios, **rounded}.items()}


def share(part: Decimal, whole: Decimal) -> Decimal:
    """Return a part as a share of the whole; of nothing it is none."""
    return (part / whole).quantize(_DIGITS) if whole else Decimal(0)
