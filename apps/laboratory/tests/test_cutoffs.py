"""The cut-off chooser foretells what an experiment with that cut-off finds."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.decisions.tests import factories as decisions
from apps.laboratory import cutoff, cutoffs
from apps.laboratory.models import Experiment, ExperimentRow
from apps.laboratory.tests import engine_factories as factories
from tests.kept import kept

SignedIn = Callable[[User], Client]


LIMITS = [
    {
        "code": code,
        "sentence": "Not too large.",
        "input": "amount",
        "test": "at_most",
        "threshold": threshold,
        "outcome": outcome,
    }
    for code, threshold, outcome in (("large", "300000", "refer"), ("huge", "450000", "decline"))
]


def with_rules() -> dict[str, Any]:
    """Return a policy whose rules decline some loans of the tape and refer others."""
    written = factories.without_net_income()
    kept = [one for one in written["rules"] if one["input"] != "amount"]
    return {**written, "rules": [*kept, *LIMITS]}


@pytest.fixture
@kept
def found(pune: Branch, rita: User, mark: User) -> Experiment:
    """An experiment with both kinds of rules in force on both sides."""
    decisions.stage(pune, rita, mark, document=with_rules())
    factories.tape(pune)
    return factories.done(rita, pune.entity, **factories.CUT_OFFS)


def test_it_approves_whom_an_experiment_with_that_cut_off_approves(
    found: Experiment, pune: Branch, rita: User
) -> None:
    chosen = cutoffs.applications(found, side="after")
    assert chosen.sample is not None
    curve = cutoff.curve(chosen.sample)

    for place in range(1, len(curve), len(curve) // 4):
        below = cutoff.readable(curve, place)
        tried = factories.done(rita, pune.entity, approve_below=below, decline_from=below)
        side, point = tried.results["sides"]["after"], curve.at(place)
        assert side["outcomes"]["approve"]["n"] == point.approved > 0
        assert side["approval_rate"] == point.approval_rate
        assert float(side["expected_loss"]) == pytest.approx(point.expected_loss)
        assert float(side["expected_profit"]) == pytest.approx(point.expected_profit)
        assert side["realised"]["bad_rate"] == point.realised_bad_rate


def test_it_counts_whom_rules_keep_from_every_cut_off(found: Experiment) -> None:
    chosen = cutoffs.applications(found, side="after")

    rows = ExperimentRow.objects.filter(experiment=found)
    declined = rows.filter(amount__gt=450_000).count()
    referred = rows.filter(amount__gt=300_000, amount__lte=450_000).count()
    assert (chosen.declined, chosen.referred, chosen.unscored) == (declined, referred, 0)
    assert min(declined, referred) > 0
    assert chosen.sample is not None
    assert len(chosen.sample.pd) + declined + referred == rows.count()


def test_it_reads_of_each_application_what_its_row_says(
    found: Experiment, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(2):
        chosen = cutoffs.applications(found, side="before")

    assert chosen.sample is not None
    sample = chosen.sample
    read = zip(sample.pd, sample.expected_loss, sample.expected_profit, sample.bad, strict=True)
    rows = ExperimentRow.objects.filter(experiment=found, pd_before__isnull=False)
    kept = [
        (
            row.pd_before,
            float(row.expected_loss_before),
            float(row.expected_profit_before),
            row.defaulted,
        )
        for row in rows
        if not cutoffs._by_rule(row.outcome_before, row.causes_before.split())
    ]
    assert sorted(read) == sorted(kept)


@pytest.mark.parametrize(
    ("outcome", "causes", "by_rule"),
    [
        ("approve", "", ""),
        ("decline", "pd_band", ""),
        ("refer", "band_amount pd_near_cutoff", ""),
        ("refer", "large", "refer"),
        ("decline", "huge pd_band", "decline"),
        ("decline", "pd_band large", "refer"),
        ("decline", "band_amount huge large", "refer"),
    ],
)
def test_it_tells_the_rules_from_the_band(outcome: str, causes: str, by_rule: str) -> None:
    assert cutoffs._by_rule(outcome, causes.split()) == by_rule


def test_it_takes_a_cut_off_between_two_close_probabilities(
    found: Experiment, rita: User, signed_in: SignedIn
) -> None:
    close = Decimal("0.0702399999999999")
    link = {"from": str(found.pk), "cut_off": str(close)}
    ask = reverse("laboratory:ask")
    page = signed_in(rita).get(ask, link)
    shown = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    assert page.content.decode().count('value="7.02399999999999"') == 2
    form = {name: value for name, value in shown.items() if value is not None}
    percent = {"approve_below": "7.02399999999999", "decline_from": "7.02399999999999"}

    answer = signed_in(rita).post(
        ask,
        {
            **form,
            **percent,
            "title": "Close",
            "from_date": "2023-01-01",
            "to_date": "2027-01-01",
            "loss_given_default": "60",
            "cost_of_funds": "8",
            "fee_share": "1",
            "operating_cost": "1500",
            "policy": "",
            "model": "",
        },
    )

    assert answer.status_code == 302
    asked = Experiment.objects.get(title="Close")
    assert (asked.approve_below, asked.decline_from) == (close, close)


@pytest.mark.parametrize(
    ("profit", "says"), [(9.0, "keeps the bad rate within"), (-9.0, "expected to cost money")]
)
def test_it_says_whether_the_limit_or_the_money_leaves_nobody(profit: float, says: str) -> None:
    risky = cutoff.Sample(
        pd=np.array([0.5]),
        expected_loss=np.array([1.0]),
        expected_profit=np.array([profit]),
        bad=np.array([np.nan]),
        others=0,
    )
    curve, wish = cutoff.curve(risky), cutoff.Wish(largest_bad_rate=0.1)

    assert cutoff.best(curve, wish) == cutoff.Optimum(0)
    assert says in cutoffs.why_nobody(curve, wish)


def test_it_marks_no_cut_off_beyond_the_curves(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    """In use is 0.60, far above every PD; drawn there it would press the curves together."""
    address = reverse("laboratory:cutoffs", args=[finished.pk])

    figure = signed_in(rita).get(address, {"side": "before"}).context["figure"]

    last = max(x for line in figure["data"] for x in line["x"])
    assert last < 0.5
    assert max(one["x0"] for one in figure["layout"]["shapes"]) == last
