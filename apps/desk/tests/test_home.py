"""The desk on the start page: the team's load, and whom an officer's cases wait on."""

from datetime import timedelta
from typing import Any

from apps.accounts.models import User
from apps.core import home
from apps.decisions import services as decisions
from apps.decisions.models import ReviewCase
from apps.decisions.services import Verdict
from apps.decisions.tests import factories
from apps.desk import officer_cases
from apps.desk.tests import factories as desks

NOW = factories.NOW


def _case(alice: User) -> tuple[str, str, bool]:
    (one,) = officer_cases.cases(alice)
    row = officer_cases.row(one, NOW)
    return row["who"], row["what"], row["is_mine"]


def _team(actor: User) -> list[dict[str, Any]]:
    shown: Any = home.panel("desk.team").gather(actor, NOW)
    return [
        {name: one[name] for name in ("name", "held", "late", "decided")} for one in shown["people"]
    ]


def test_an_officer_sees_whom_a_case_waits_on(case: ReviewCase, alice: User, bob: User) -> None:
    assert _case(alice) == ("The review queue", "Nobody holds it yet", False)

    held = decisions.claim(actor=bob, case=case, now=NOW)
    assert _case(alice) == ("Bob", "Reviews it", False)

    desks.asked(bob, held)
    assert _case(alice) == ("Me", "Proof of income, by 27 Nov 2026", True)


def test_a_manager_sees_what_each_reviewer_holds_and_decided(
    case: ReviewCase, alice: User, bob: User, charlie: User
) -> None:
    held = decisions.claim(actor=bob, case=case, now=NOW)
    assert _team(charlie) == [{"name": "Bob", "held": 1, "late": 0, "decided": 0}]

    verdict = Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")
    decisions.decide(actor=bob, case=held, verdict=verdict, now=NOW)
    assert _team(charlie) == [{"name": "Bob", "held": 0, "late": 0, "decided": 1}]


def test_a_claim_that_has_run_out_is_nobodys_load(
    case: ReviewCase, bob: User, charlie: User
) -> None:
    held = decisions.claim(actor=bob, case=case, now=NOW)

    late: Any = home.panel("desk.team").gather(charlie, held.claim_until + timedelta(minutes=1))

    assert late["people"] == []
