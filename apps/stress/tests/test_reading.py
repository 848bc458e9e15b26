"""What a test rests on is read as it was agreed on, or refused with its place."""

from typing import Any

import pytest

from apps.products.reading import CatalogueRefused
from apps.stress import reading, services
from apps.stress.economy import Year
from apps.stress.reading import Kind
from apps.stress.tests.factories import body

STILL = {"unemployment": "0", "rates": "0", "collateral": "0", "income": "0"}


def test_what_comes_with_the_program_reads() -> None:
    recession, shock = [reading.scenario(one) for one in services.presets()]

    assert (recession.name, shock.name) == ("Recession", "Rate shock")
    assert "Bank of England" in recession.source
    assert "judgement" in shock.source
    assert len(recession.years) == len(shock.years) == 3
    assert recession.years[0].collateral < 0 < recession.years[0].unemployment
    assert shock.years[0].rates > 0
    assert reading.sensitivities(body(Kind.SENSITIVITIES)).reaches("vehicle") == 1
    assert len(reading.figures(body(Kind.FIGURES)).profit) == 3


def test_nobody_but_the_lender_knows_its_figures() -> None:
    with pytest.raises(CatalogueRefused):
        reading.figures(services.starting_point(Kind.FIGURES))


def years(**changes: Any) -> dict[str, Any]:
    return {"years": [{**STILL, **changes}]}


@pytest.mark.parametrize(
    ("kind", "parts", "place"),
    [
        (Kind.SCENARIO, years(collateral="-1.01"), "years[1].collateral"),
        (Kind.SCENARIO, years(rates="5"), "years[1].rates"),
        (Kind.SCENARIO, years(rates=0.05), "years[1].rates"),
        (Kind.SCENARIO, years(unemployment="0.51"), "years[1].unemployment"),
        (Kind.SCENARIO, years(income="-0.91"), "years[1].income"),
        (Kind.SCENARIO, years(income="NaN"), "years[1].income"),
        (Kind.SCENARIO, years(income="much"), "years[1].income"),
        (Kind.SCENARIO, {"years": []}, "years"),
        (Kind.SCENARIO, {"years": [STILL] * 6}, "years"),
        (Kind.SCENARIO, {"years": [{"rates": "0"}]}, "years[1]"),
        (Kind.SCENARIO, {"source": " "}, "source"),
        (Kind.SCENARIO, {"name": "x"}, "name"),
        (Kind.SCENARIO, {"segments": {"home": [STILL]}}, "segments.home"),
        (Kind.SCENARIO, {"more": 1}, "scenario"),
        (Kind.SENSITIVITIES, {"collateral": {"gold": "1"}}, "collateral"),
        (Kind.SENSITIVITIES, {"collateral": {"others": "1.1"}}, "collateral.others"),
        (Kind.SENSITIVITIES, {"log_odds": {"rates": "0"}}, "log_odds"),
        (Kind.FIGURES, {"risk_weighted_assets": "0"}, "risk_weighted_assets"),
        (Kind.FIGURES, {"tax": "1"}, "tax"),
        (Kind.FIGURES, {"profit": "100"}, "profit"),
        (Kind.FIGURES, {"as_of": "September"}, "as_of"),
        (Kind.FIGURES, {"capital": "Infinity"}, "capital"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    kind: Kind, parts: dict[str, Any], place: str
) -> None:
    with pytest.raises(CatalogueRefused) as refusal:
        reading.READERS[kind](body(kind, **parts))

    assert refusal.value.place == place


@pytest.mark.parametrize("given", [None, [], "text", 3])
def test_what_is_no_object_is_refused(given: Any) -> None:
    for read in reading.READERS.values():
        with pytest.raises(CatalogueRefused):
            read(given)


def test_all_that_is_worth_something_can_be_lost() -> None:
    found = reading.scenario(body(Kind.SCENARIO, **years(collateral="-1")))

    assert found.of("any") == (Year(collateral=-1),)  # type: ignore[arg-type]
