import io
from decimal import Decimal

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import NotPermitted
from apps.decisions import rulebook, selectors, services
from apps.decisions.models import Decision
from apps.decisions.services import Verdict
from apps.decisions.tests import factories
from apps.letters import services as letters
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as scoring


def _replay(decision: Decision) -> services.ReplayResult:
    stored = selectors.decisions(decision.application).get(pk=decision.pk)
    return services.replay(actor="system:test", decision=stored, now=factories.NOW)


def _tamper(statement: str) -> None:
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(statement)


def _all_kinds(alice: User, bob: User) -> list[Decision]:
    """Return an approval, a decline, a referral and a verdict of a person."""
    approved = factories.assessed(alice)
    declined = factories.assessed(alice, amount=Decimal(790_000), term_months=12)
    case = factories.referred(alice, amount=850_000, term_months=60)
    small = factories.referred(
        alice,
        term_months=60,
        borrower={"bureau": {"pulled_date": factories.NOW.date().replace(month=8)}},
    )
    services.claim(actor=bob, case=small, now=factories.NOW)
    services.decide(
        actor=bob,
        case=small,
        verdict=Verdict(outcome="decline", codes=("income_not_confirmed",), note="No payslip."),
        now=factories.NOW,
    )
    return [approved, declined, case.referral, small.application.decisions.get(number=2)]


def test_every_kind_of_decision_comes_out_the_same(
    alice: User, bob: User, stage: ModelVersion
) -> None:
    made = _all_kinds(alice, bob)

    results = [_replay(decision) for decision in made]

    assert [(one.kind, one.outcome) for one in made] == [
        ("automated", "approve"),
        ("automated", "decline"),
        ("automated", "refer"),
        ("human", "decline"),
    ]
    assert [result.differences for result in results] == [(), (), (), ()]
    assert Event.objects.filter(verb="decisions.replayed", facts__identical=True).count() == 4


def test_a_failed_assessment_replays_as_well(alice: User, pune: Branch) -> None:
    factories.policy(pune.entity)

    decision = factories.assessed(alice)

    assert decision.failure == "no_champion"
    assert _replay(decision).identical


def test_a_letter_is_set_again(alice: User, stage: ModelVersion) -> None:
    decision = factories.assessed(alice)
    letters.render(letter_id=decision.letter_id, now=factories.NOW)
    assert _replay(decision).identical

    _tamper("UPDATE letters_letter SET html_sha256 = repeat('0', 64)")

    assert [one.what for one in _replay(decision).differences] == ["letter"]


def test_a_later_champion_and_policy_do_not_matter(
    alice: User, stage: ModelVersion, pune: Branch, rita: User, mark: User
) -> None:
    decision = factories.assessed(alice)
    scoring.champion(factories.SEGMENT, rita, mark, seed=7)
    factories.policy(
        pune.entity, bands=("0.001", "0.002"), effective_from=factories.NOW.date()
    )

    assert _replay(decision).identical


Where = tuple[str, str]


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        (
            "UPDATE scoring_scorerun SET features = jsonb_set(features, '{annual_income}', '1')",
            ("data", "features"),
        ),
        ("UPDATE scoring_scorerun SET pd = pd + 0.01", ("code", "PD")),
        (
            "UPDATE scoring_scorerun SET attributions = jsonb_set(attributions, '{amount}', '0.5')",
            ("code", "attributions"),
        ),
        (
            "UPDATE decisions_decision SET inputs = jsonb_set(inputs, '{foir}', '\"0.99\"')",
            ("code", "trace"),
        ),
        (
            "UPDATE decisions_decision SET inputs = jsonb_set(inputs, '{foir}', '0.99')",
            ("data", "policy inputs"),
        ),
        (
            'UPDATE decisions_decision SET reasons = \'[{"code": "x"}]\'',
            ("code", "reasons"),
        ),
        (
            "UPDATE decisions_policyversion SET document = jsonb_set(document, '{name}', '1')",
            ("policy", "policy hash"),
        ),
        (
            "UPDATE scoring_modelversion SET body = replace(body, 'leaf', 'loaf')",
            ("model", "stored model"),
        ),
    ],
)
def test_whatever_was_altered_is_found(
    alice: User, stage: ModelVersion, statement: str, first: Where
) -> None:
    decision = factories.assessed(alice)

    _tamper(statement)

    found = _replay(decision).differences
    assert (found[0].source, found[0].what) == first


def test_an_altered_model_or_policy_is_found_by_a_fresh_process_too(
    alice: User, stage: ModelVersion
) -> None:
    decision = factories.assessed(alice)
    champion.forget()
    rulebook.forget()
    _tamper("UPDATE scoring_modelversion SET body = replace(body, 'leaf', 'loaf')")
    _tamper("UPDATE decisions_policyversion SET document = jsonb_set(document, '{name}', '\"x\"')")

    with pytest.raises(CommandError, match="1 of 1 decisions differ"):
        call_command("replay_decision", "--all", stdout=io.StringIO(), stderr=io.StringIO())
    assert not _replay(decision).identical


def test_the_command_replays_one_or_all(alice: User, bob: User, stage: ModelVersion) -> None:
    made = _all_kinds(alice, bob)
    told = io.StringIO()

    call_command("replay_decision", str(made[0].pk), stdout=told)
    call_command("replay_decision", "--all", "--limit", "2", stdout=told)
    call_command("replay_decision", "--all", stdout=told)

    assert told.getvalue().splitlines() == [
        "1 decisions replayed, all identical.",
        "2 decisions replayed, all identical.",
        "5 decisions replayed, all identical.",
    ]


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["00000000-0000-0000-0000-000000000000"]])
def test_the_command_refuses_what_is_no_decision(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("replay_decision", *arguments)


def test_only_some_people_may_replay(alice: User, amir: User, stage: ModelVersion) -> None:
    decision = factories.assessed(alice)

    with pytest.raises(NotPermitted):
        services.replay(actor=alice, decision=decision, now=factories.NOW)

    assert services.replay(actor=amir, decision=decision, now=factories.NOW).identical
