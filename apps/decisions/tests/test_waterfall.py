import math
from typing import Any

from plotly import graph_objects

from apps.decisions import waterfall


def _factors(*contributions: float) -> list[dict[str, Any]]:
    return [
        {"label": f"Factor {n}", "value": str(n), "contribution": one}
        for n, one in enumerate(contributions)
    ]


def _bars(figure: dict[str, Any]) -> list[tuple[float, float]]:
    [data] = figure["data"]
    return list(zip(data["base"], data["x"], strict=True))


def test_each_step_begins_where_the_one_before_it_ended() -> None:
    found = waterfall.figure(_factors(0.5, -0.25), base=-1.0, total=-0.75)

    assert _bars(found) == [(0, -1.0), (-1.0, 0.5), (-0.5, -0.25), (0, -0.75)]
    assert found["data"][0]["text"] == ["\u22121.000", "+0.500", "\u22120.250", "\u22120.750"]


def test_small_factors_are_one_step_and_everything_adds_up() -> None:
    contributions = [1 / n for n in range(1, 21)]
    total = -2 + math.fsum(contributions)

    found = waterfall.figure(_factors(*contributions), base=-2.0, total=total)

    bars = _bars(found)
    assert len(bars) == waterfall.SHOWN + 3
    begin, width = bars[-2]
    assert math.isclose(begin + width, total)
    assert found["layout"]["yaxis"]["ticktext"][-2] == "8 smaller factors <b>+0.495</b>"


def test_what_raises_and_what_lowers_the_risk_differ_in_colour() -> None:
    found = waterfall.figure(_factors(0.5, -0.25), base=-1.0, total=-0.75)

    assert found["data"][0]["marker"]["color"] == [
        "var(--mark-neutral)",
        "var(--mark-raises-risk)",
        "var(--mark-lowers-risk)",
        "var(--mark-neutral)",
    ]


def test_the_words_below_the_axis_end_with_it_and_are_short_enough_for_a_telephone() -> None:
    found = waterfall.figure(_factors(0.5), base=-1.0, total=-0.5)

    [title] = found["layout"]["annotations"]
    assert title["text"].replace("<br>", " ") == "Log-odds of default: to the right is riskier"
    assert max(map(len, title["text"].split("<br>"))) <= 40
    assert (title["x"], title["xanchor"], title["align"]) == (1, "right", "right")
    assert "title" not in found["layout"]["xaxis"]


def test_it_draws_nothing_plotly_does_not_know() -> None:
    found = waterfall.figure(_factors(0.5, -0.25), base=-1.0, total=-0.75)
    found["layout"]["annotations"][0]["font"]["color"] = "#000000"
    found["data"][0]["marker"]["color"] = ["#000000"] * 4

    assert len(graph_objects.Figure(found).data) == 1


def test_each_name_carries_its_figure_in_short_lines() -> None:
    factors = _factors(-0.5)
    factors[0]["label"] = "Existing obligations as a share of gross income"

    drawn = waterfall.figure(factors, base=-2.0, total=-2.5)

    assert drawn["layout"]["yaxis"]["ticktext"] == [
        "Base of the model <b>\u22122.000</b>",
        "Existing obligations<br>as a share of gross<br>income <b>\u22120.500</b>",
        "This applicant <b>\u22122.500</b>",
    ]
