"""What an experiment reports is what its rows add up to; groups are counted, never kept."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core import money
from apps.customers.models import Customer, ProtectedAttributes
from apps.decisions import rulebook
from apps.decisions.tests import factories as decisions
from apps.laboratory import group_results
from apps.laboratory.models import Experiment, ExperimentRow
from apps.laboratory.tests import engine_factories as factories
from apps.loans.models import Outcome
from apps.scoring import champion
from ml import fairness, proportions
from tests.kept import kept

OUTCOMES = ("approve", "refer", "decline")


@pytest.fixture(autouse=True)
def _nothing_loaded(db: None) -> Iterator[None]:
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def stage(pune: Branch, rita: User, mark: User) -> None:
    """Loans of a tape, some with an outcome, and a policy for them."""
    factories.tape(pune, rows=120)
    # In the order of the tape: keys are random, and so would be whose outcome is not known.
    ended = Outcome.objects.order_by("loan__number").values_list("pk", flat=True)
    Outcome.objects.filter(pk__in=list(ended)[::6]).delete()
    decisions.stage(pune, rita, mark, document=factories.without_net_income())


@pytest.fixture
@kept
def found(stage: None, pune: Branch, rita: User) -> Experiment:
    """An experiment with lower cut-offs, which swaps people out."""
    return factories.done(rita, pune.entity, **factories.CUT_OFFS)


@pytest.mark.parametrize("side", ["before", "after"])
def test_it_adds_up_each_side(found: Experiment, side: str) -> None:
    rows = factories.rows(found)

    reported = found.results["sides"][side]

    for outcome in OUTCOMES:
        mine = [row for row in rows if getattr(row, f"outcome_{side}") == outcome]
        total = sum((row.amount for row in mine), Decimal("0.00"))
        assert reported["outcomes"][outcome] == {"n": len(mine), "amount": str(total)}
    approved = [row for row in rows if getattr(row, f"outcome_{side}") == "approve"]
    assert 0 < len(approved) < len(rows)
    assert reported["approval_rate"] == len(approved) / len(rows)
    for figure in ("expected_loss", "expected_profit"):
        total = sum((getattr(row, f"{figure}_{side}") for row in approved), Decimal("0.00"))
        assert reported[figure] == str(total)
    ended = [row for row in approved if row.defaulted is not None]
    assert len(ended) < len(approved)
    bads = sum(row.defaulted for row in ended)
    assert reported["realised"] == {
        "known": len(ended),
        "bads": bads,
        "bad_rate": bads / len(ended),
        "bad_rate_interval": list(proportions.wilson(proportions.Count(bads, len(ended)))),
        "paid_known": len(ended),
        "profit": str(sum((row.realised or 0 for row in ended), Decimal("0.00"))),
    }


def test_it_counts_every_move(found: Experiment) -> None:
    rows = factories.rows(found)
    wanted = Counter((row.outcome_before, row.outcome_after) for row in rows)

    moves = {(one["before"], one["after"]): one["n"] for one in found.results["moves"]}

    assert set(moves) == {(before, after) for before in OUTCOMES for after in OUTCOMES}
    assert {pair: n for pair, n in moves.items() if n} == dict(wanted)
    out = [row for row in rows if row.outcome_before == "approve" != row.outcome_after]
    assert found.results["swaps"]["out"]["n"] == len(out) > 0
    assert found.results["swaps"]["in"]["n"] == 0
    assert found.results["swaps"]["in"]["amount"] == "0.00"


def test_it_explains_the_change_of_profit_by_who_moves(
    stage: None, pune: Branch, rita: User
) -> None:
    tried = factories.without_net_income()
    approve, refer, _decline = tried["ladders"][0]["bands"]
    approve["below"] = refer["from"] = "0.06"
    approve["rate_addon"] = "0.03"
    small = next(one for one in tried["rules"] if one["code"] == "amount_authority")
    small["threshold"] = "250000"
    experiment = factories.done(rita, pune.entity, policy=factories.draft(pune.entity, tried))

    found = experiment.results["swaps"]

    assert min(found["in"]["n"], found["out"]["n"]) > 0
    rows = factories.rows(experiment)
    for figure in ("expected_loss", "expected_profit"):
        stay = sum(
            getattr(row, f"{figure}_after") - getattr(row, f"{figure}_before")
            for row in rows
            if row.outcome_before == row.outcome_after == "approve"
        )
        before, after = (
            Decimal(experiment.results["sides"][side][figure]) for side in ("before", "after")
        )
        moved = Decimal(found["in"][figure]) - Decimal(found["out"][figure])
        assert after - before == moved + stay


def test_it_counts_by_product_band_and_cause(found: Experiment) -> None:
    rows = factories.rows(found)

    (product,) = found.results["products"]
    bands = found.results["bands"]["after"]

    assert (product["name"], product["n"]) == ("sahyadri-personal", 120)
    assert [band["name"] for band in bands] == ["A", "B", "C"]
    assert sum(band["n"] for band in bands) == 120
    wanted = Counter(code for row in rows for code in row.causes_after.split())
    assert found.results["causes"]["after"] == dict(wanted)


def test_it_says_what_the_figures_rest_on(found: Experiment) -> None:
    assert found.results["notes"] == [
        "amounts_stay",
        "realised_as_lent",
        "funds_by_schedule",
        "exposure_is_the_amount",
        "declines_need_reasons",
        "tape_judged_as_today",
    ]
    assert (found.results["applications"], found.results["from_tape"]) == (120, 120)
    assert found.results["known_outcomes"] == 100


def test_it_rounds_each_row_to_money(found: Experiment) -> None:
    for row in ExperimentRow.objects.filter(experiment=found):
        for name in ("expected_loss_after", "expected_profit_after"):
            amount = getattr(row, name)
            assert amount == money.money(amount, "INR")


class TestGroups:
    """Approval by protected attribute."""

    @pytest.fixture
    @kept
    def people(self, stage: None, pune: Branch) -> dict[Any, str]:
        """Six customers who took the loans of our tape by turns; one of them said nothing."""
        genders = ["female", "male", "female", "male", "other", ""]
        customers = [
            Customer.objects.create(
                number=f"G-{place}",
                entity=pune.entity,
                branch=pune,
                country="IN",
                full_name=f"Person {place}",
            )
            for place in range(6)
        ]
        for customer, gender in zip(customers, genders, strict=True):
            if gender:
                ProtectedAttributes.objects.create(customer=customer, values={"gender": gender})
        for place, application in enumerate(Application.objects.order_by("number")):
            application.customer = customers[place % 6]
            application.save()
        return dict(zip([one.pk for one in customers], genders, strict=True))

    def test_it_compares_groups_as_the_library_does(
        self, people: dict[Any, str], pune: Branch, rita: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The five who stated something are read in three parts.
        monkeypatch.setattr(group_results, "_AT_ONCE", 2)
        experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

        (gender,) = experiment.results["fairness"]

        rows = factories.rows(experiment)
        report = fairness.assess(
            [row.pd_after for row in rows],
            [row.outcome_after == "approve" for row in rows],
            [people[row.application.customer_id] for row in rows],
            attribute="gender",
        )
        side = gender["sides"]["after"]
        assert (gender["attribute"], side["reference"]) == ("gender", report.reference)
        for group, wanted in zip(side["groups"], report.groups, strict=True):
            assert (group["name"], group["n"], group["approved"]) == (
                wanted.name,
                wanted.n,
                wanted.selected,
            )
            assert group["interval"] == list(wanted.selection_interval)
            if wanted.comparison is not None:
                assert group["comparison"]["ratio"] == wanted.comparison.ratio
                assert group["comparison"]["verdict"] == wanted.comparison.verdict
        names = [group["name"] for group in side["groups"]]
        assert names == ["female", "male", "not stated", "other"]
        verdicts = [one["comparison"]["verdict"] for one in side["groups"] if one["comparison"]]
        assert "insufficient sample" in verdicts

    def test_it_keeps_no_attribute(self, people: dict[Any, str], pune: Branch, rita: User) -> None:
        experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

        for row in ExperimentRow.objects.filter(experiment=experiment).values():
            assert not {"female", "male", "other"} & {str(value) for value in row.values()}

    def test_it_shows_no_attribute_nobody_stated(self, found: Experiment) -> None:
        assert found.results["fairness"] == []
