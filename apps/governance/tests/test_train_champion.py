"""The first champion comes by one command, with three people behind it, and only once."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Branch, User
from apps.governance.models import Promotion, TrainingRun, ValidationReport
from apps.governance.tests import factories
from apps.loans.models import Outcome
from apps.products.models import Product
from apps.scoring import selectors as scoring

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nita(make_person: Any) -> User:
    """Another approver, who lets the first model through the gates it fails."""
    person: User = make_person("Nita", "model_approver")
    return person


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("train_champion", *arguments, stdout=out)
    return out.getvalue()


def test_it_trains_validates_and_approves_as_three_people(
    portfolio: Product, rita: User, vera: User, mark: User
) -> None:
    said = run()

    champion = scoring.champion(factories.SEGMENT)
    assert champion is not None
    assert (champion.developed_by, champion.approved_by) == (rita, mark)
    assert "out of time: n" in said
    assert "proposed by Rita, validated by Vera, approved by Mark" in said
    promotion = Promotion.objects.get()
    assert promotion.evidence["is_first"] is True
    assert (promotion.status, promotion.validated_by, promotion.decided_by) == (
        "in_force",
        vera,
        mark,
    )
    failed = {one["gate"] for one in promotion.verdicts if not one["passed"]}
    assert failed
    found = promotion.exceptions.values_list("gate", "granted_by__name")
    assert set(found) == {(gate, "Nita") for gate in failed}
    assert "by Nita" in said


def test_it_trains_another_kind_when_told(
    portfolio: Product, rita: User, vera: User, mark: User
) -> None:
    run("--kind", "scorecard")

    champion = scoring.champion(factories.SEGMENT)
    assert champion is not None
    assert champion.kind == "scorecard"
    assert champion.name.startswith("Scorecard, loans of")


def test_it_knows_only_the_kinds_it_offers(
    pune: Branch, rita: User, vera: User, mark: User
) -> None:
    factories.portfolio(pune, rows=5)

    with pytest.raises(CommandError, match="oracle"):
        run("--kind", "oracle")

    assert TrainingRun.objects.count() == 0


def test_it_does_nothing_the_second_time(
    portfolio: Product, rita: User, vera: User, mark: User
) -> None:
    run()

    said = run("--all")

    assert "decides already" in said
    assert TrainingRun.objects.count() == 1


def test_it_goes_on_where_it_was_interrupted(
    portfolio: Product, rita: User, vera: User, mark: User, diana: User
) -> None:
    with pytest.raises(CommandError):
        run("--approver", "nobody@lender.example")

    run()

    assert TrainingRun.objects.count() == 1
    assert Promotion.objects.get().status == "in_force"


def test_it_leaves_the_approval_to_a_person_in_production(
    portfolio: Product, rita: User, vera: User, mark: User, settings: Any
) -> None:
    settings.PRODUCTION = True
    said = run("--developer", rita.email)

    assert "people document, register, validate and approve it" in said
    assert ValidationReport.objects.count() == 1
    assert not Promotion.objects.exists()
    assert scoring.champion(factories.SEGMENT) is None


def test_it_says_that_nothing_is_finished_yet(pune: Branch, rita: User) -> None:
    factories.portfolio(pune, rows=5)

    Outcome.objects.all().delete()

    assert "no finished loans yet" in run()
    with pytest.raises(CommandError, match="mars"):
        run("--segment", "mars")


def test_it_wants_somebody_of_the_right_role(
    portfolio: Product, rita: User, bob: User, make_person: Any
) -> None:
    with pytest.raises(CommandError, match="model_validator"):
        run()
    make_person("Vera", "model_validator")
    with pytest.raises(CommandError, match=r"another active person.*model_approver"):
        run()
    with pytest.raises(CommandError):
        run("--developer", bob.email)

    assert scoring.champion(factories.SEGMENT) is None
