"""What is under way at the demonstration's lenders waits for the right people, and is laid once."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.accounts.models import User
from apps.appeals.models import Appeal
from apps.applications.models import Application
from apps.collateral.models import Item
from apps.customers.models import BlockListEntry
from apps.decisions import automation, policies, policymaking
from apps.decisions.models import Override, PolicyVersion
from apps.demo import lent, people, underway
from apps.laboratory.models import Evidence, Experiment
from apps.loans import proofs
from apps.loans.models import Disbursement, Loan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ground(db: None) -> None:
    """What the first steps of `make demo` prepare, with its people."""
    for command in ("sync_roles", "load_products", "load_policy"):
        call_command(command, stdout=io.StringIO())
    people.ensure()


def run(command: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(command, **options, stdout=out)
    return out.getvalue()


def everybody() -> dict[str, User]:
    return {one.name.split()[0]: User.objects.get(email=one.email) for one in people.PEOPLE}


def may_answer(actor: User, asked: Override) -> bool:
    return policies.may_answer(actor, asked, asked.application)


def assert_that_loans_are_on_their_way() -> None:
    """Some are paid out and on the books, the others at the stages before; some are secured.

    How many requests of a day are approved follows the day; stages are given out in their order.
    """
    assert {"pledged", "proposed"} <= set(Item.objects.values_list("status", flat=True))
    paid_out = list(Disbursement.objects.values_list("status", flat=True))
    stages = lent.STAGES[: Loan.objects.filter(source="").count()]
    assert sorted(paid_out) == sorted(one for one in stages if one != "opened")
    assert Loan.objects.filter(status="active").count() == paid_out.count("paid") > 0
    assert proofs.principal_is_booked() is None
    assert proofs.schedule_covers_principal() is None


def assert_that_the_other_gender_is_compared(found: dict[str, Any]) -> None:
    """Assert that of women and men those fewer of whom were approved are held against the others.

    The reference is the most selected group, and the data that decides which follows the day.
    """
    groups = {one["name"]: one for one in found["groups"]}
    assert found["reference"] in {"female", "male"}
    [compared] = {"female", "male"} - {found["reference"]}
    assert groups[found["reference"]]["comparison"] is None
    assert groups[compared]["comparison"]["ratio"] > 0


@pytest.mark.slow
def test_it_leaves_something_to_everybody() -> None:
    run("seed_demo", loans=900)
    run("train_champion", segment=["in-retail"])
    run("seed_today", applications=20)

    said = run("seed_underway")
    again = run("seed_underway")

    by_name = everybody()
    farida, gopal, chitra = by_name["Farida"], by_name["Gopal"], by_name["Chitra"]
    draft = PolicyVersion.objects.get(status="draft")
    assert policymaking.may_edit(farida, draft)
    assert policymaking.problems_of(draft.document, draft.entity) == []
    evidence = Evidence.objects.get(policy=draft)
    assert evidence.content_sha256 == draft.sha256
    found = evidence.experiment.results
    assert found["applications"] > 50
    approved = {side: found["sides"][side]["outcomes"]["approve"]["n"] for side in found["sides"]}
    assert 0 < approved["before"] < approved["after"]
    assert found["sides"]["after"]["realised"]["known"] == approved["after"]
    by_attribute = {one["attribute"]: one["sides"]["after"] for one in found["fairness"]}
    assert set(by_attribute) == {"gender", "marital_status", "community", "disability", "age"}
    assert_that_the_other_gender_is_compared(by_attribute["gender"])
    proposed = PolicyVersion.objects.get(status="proposed")
    assert policymaking.may_approve(gopal, proposed)
    assert not policymaking.may_approve(farida, proposed)
    waiting, answered = Appeal.objects.order_by("status")
    assert (waiting.status, answered.status) == ("acknowledged", "upheld")
    assert answered.letter is not None
    asked = Override.objects.get(status="asked")
    assert not may_answer(by_name["Asha"], asked)
    assert may_answer(chitra, asked)
    assert may_answer(by_name["Nyambura"], asked)
    assert asked.amount < asked.application.amount
    listed = BlockListEntry.objects.get()
    assert (listed.listed_by, listed.customer.loans.get().outcome.defaulted) == (chitra, True)
    assert list(automation.standing(chitra)) == []
    assert said.count(";") == 11
    assert_that_loans_are_on_their_way()
    assert "already" in again
    assert Experiment.objects.count() == Override.objects.count() == 1


def test_it_leaves_out_what_has_no_ground_yet() -> None:
    done = underway.write(now=timezone.now())

    assert done == ["umoja policy 2 proposed"]
    assert Application.objects.count() == Experiment.objects.count() == 0
    assert Override.objects.count() == BlockListEntry.objects.count() == 0


def test_it_leaves_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: Any, **_named: Any) -> list[str]:
        raise RuntimeError("no block")

    monkeypatch.setattr(underway, "_block", fails)

    with pytest.raises(RuntimeError):
        underway.write(now=timezone.now())

    assert not PolicyVersion.objects.exclude(status="approved").exists()


def test_it_widens_a_policy_whose_bands_have_no_limits_yet() -> None:
    in_force = PolicyVersion.objects.get(entity__code="sahyadri")
    for ladder in in_force.document["ladders"]:
        ladder.pop("refer_margin", None)
        for band in ladder["bands"]:
            band["rate_addon"] = "0"
            for key in ("most_amount", "longest_term_months", "beyond"):
                band.pop(key, None)

    problems = policymaking.problems_of(underway._wider(in_force.document), in_force.entity)

    assert [str(one) for one in problems if not one.is_warning] == []
