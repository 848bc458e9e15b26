import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import NotPermitted
from apps.decisions import services
from apps.decisions.models import Decision
from apps.decisions.services import replaying
from apps.decisions.tests import factories, replays
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as scoring

TAMPERED_POINTS = "UPDATE scoring_scorerun SET score = score + 1"


def _all_kinds(alice: User, bob: User) -> list[Decision]:
    """Return an approval, a decline, two referrals, a failure's and a person's decision."""
    approved = factories.assessed(alice)
    letters.render(letter_id=approved.letter_id, now=factories.NOW)
    factories.assessed(alice, amount=Decimal(790_000), term_months=12)
    factories.referred(alice, amount=850_000, term_months=60)
    replays.declined_by(bob, alice)
    ModelVersion.objects.filter(status="champion").update(status="retired")
    assert factories.assessed(alice).failure == "no_champion"
    found = list(Decision.objects.order_by("-decided_at", "-id"))
    assert len(found) == 6
    return found


def _replay_all(**options: Any) -> services.BulkResult:
    span = services.Span(**options)
    return services.replay_all(
        actor="system:test", span=span, now=factories.NOW, tell=lambda *_found: None
    )


def _command(*arguments: str) -> tuple[str, str]:
    """Return what the command says, and what it says of differences and speed."""
    told, shown = io.StringIO(), io.StringIO()
    call_command("replay_decision", *arguments, stdout=told, stderr=shown)
    return told.getvalue(), shown.getvalue()


def _refused(*arguments: str) -> tuple[str, str]:
    """Return the sentence that ends the command with an error, and what it showed before."""
    shown = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("replay_decision", *arguments, stdout=io.StringIO(), stderr=shown)
    assert error.value.returncode == 1
    return str(error.value), shown.getvalue()


def test_all_kinds_together_come_out_the_same(
    alice: User, bob: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    _all_kinds(alice, bob)
    monkeypatch.setattr(replaying, "BATCH", 4)
    batches = []

    found = services.replay_all(
        actor="system:test",
        span=services.Span(),
        now=factories.NOW,
        tell=lambda so_far, answers: batches.append((so_far.replayed, len(answers))),
    )

    assert (found.replayed, found.different, found.named) == (6, 0, [])
    assert batches == [(4, 4), (6, 2)]


def test_one_event_records_the_whole_replay(alice: User, bob: User, stage: ModelVersion) -> None:
    _all_kinds(alice, bob)
    replays.tamper(TAMPERED_POINTS)

    _replay_all(since=factories.NOW.date(), limit=5)

    event = Event.objects.get(verb="decisions.replayed_all")
    named = event.facts.pop("decisions")
    assert (event.actor, event.subject) == ("system:test", "decisions.replay")
    assert event.facts == {
        "since": "2026-11-20",
        "until": "",
        "replayed": 5,
        "different": len(named),
        "sources": {"data": len(named)},
        "thorough": False,
        "at": factories.NOW.isoformat(),
    }
    assert set(named) <= {str(pk) for pk in Decision.objects.values_list("pk", flat=True)}
    assert not Event.objects.filter(verb="decisions.replayed").exists()


def test_it_takes_as_many_queries_for_many_as_for_one(
    alice: User, stage: ModelVersion, django_assert_num_queries: Any
) -> None:
    for amount in range(200_000, 205_000, 1_000):
        factories.assessed(alice, amount=Decimal(amount))

    for limit in (1, 5):
        # Keys; decisions; model; policy; requests; events; the event of the replay.
        with django_assert_num_queries(7):
            assert _replay_all(limit=limit).replayed == limit


def test_decisions_of_several_models_are_replayed_together(
    alice: User, stage: ModelVersion, rita: User, mark: User
) -> None:
    factories.assessed(alice)
    scoring.champion(factories.SEGMENT, rita, mark, seed=7)
    factories.assessed(alice)

    assert (_replay_all().replayed, _replay_all().different) == (2, 0)


def test_an_altered_model_or_policy_is_found_in_bulk(alice: User, stage: ModelVersion) -> None:
    """Even in a process that has the true ones loaded."""
    factories.assessed(alice)
    factories.assessed(alice)
    replays.tamper("UPDATE scoring_modelversion SET body = replace(body, 'leaf', 'loaf')")
    replays.tamper('UPDATE decisions_policyversion SET document = document || \'{"name": "x"}\'')

    found = _replay_all()

    assert (found.replayed, found.different) == (2, 2)
    assert found.sources == {"model": 2, "policy": 2}


def test_letters_are_held_against_their_hashes_in_bulk_and_set_again_if_asked(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = factories.assessed(alice)
    letters.render(letter_id=decision.letter_id, now=factories.NOW)
    again = []

    def verify(letter: Letter) -> letters.Verification:
        again.append(letter)
        return true(letter)

    true = letters.verify
    monkeypatch.setattr(letters, "verify", verify)

    assert _command("--all")[0] == "1 decisions replayed, all identical.\n"
    assert again == []
    assert _command("--all", "--thorough")[0] == "1 decisions replayed, all identical.\n"
    assert len(again) == 1
    replays.tamper("UPDATE letters_letter SET pdf = html")
    refusal, shown = _refused("--all")

    assert refusal == "1 of 1 decisions differ."
    assert f"{decision.pk}: letter differs (data)" in shown


def _decided_at(alice: User, moment: datetime) -> Decision:
    application = factories.submitted(alice)
    return services.assess(application_id=application.pk, actor="system:test", now=moment)


def test_days_are_those_of_the_lender(alice: User, stage: ModelVersion) -> None:
    """In Pune, 21 November begins at 18:30 UTC on the 20th."""
    early = _decided_at(alice, datetime(2026, 11, 20, 18, 29, 59, tzinfo=UTC))
    first = _decided_at(alice, datetime(2026, 11, 20, 18, 30, tzinfo=UTC))
    last = _decided_at(alice, datetime(2026, 11, 21, 18, 29, 59, tzinfo=UTC))
    replays.tamper(TAMPERED_POINTS)
    the_21st = date(2026, 11, 21)

    assert _replay_all(since=the_21st, until=the_21st).named == [last.pk, first.pk]
    assert _replay_all(since=the_21st).named == [last.pk, first.pk]
    assert _replay_all(until=the_21st).named == [last.pk, first.pk, early.pk]
    assert _replay_all(until=date(2026, 11, 20)).named == [early.pk]
    assert _replay_all(since=date(2026, 11, 22)).replayed == 0
    assert _replay_all(limit=1).named == [last.pk]


def test_days_are_those_of_each_lender(alice: User, stage: ModelVersion, pune: Branch) -> None:
    _decided_at(alice, datetime(2026, 11, 20, 20, tzinfo=UTC))
    assert _replay_all(since=date(2026, 11, 21)).replayed == 1

    pune.entity.time_zone = "America/New_York"
    pune.entity.save()

    assert _replay_all(since=date(2026, 11, 21)).replayed == 0


def test_the_command_replays_one_or_all(alice: User, bob: User, stage: ModelVersion) -> None:
    made = _all_kinds(alice, bob)

    assert _command(str(made[0].pk)) == ("1 decisions replayed, all identical.\n", "")
    assert _command("--all", "--limit", "2")[0] == "2 decisions replayed, all identical.\n"
    assert _command("--all", "--since", "2026-11-21")[0] == (
        "0 decisions replayed, all identical.\n"
    )
    told, shown = _command("--all", "--since", "2026-11-20", "--until", "2026-11-20")
    assert told == "6 decisions replayed, all identical.\n"
    assert shown.endswith(" a second\n")


def test_the_command_fails_on_any_difference(alice: User, stage: ModelVersion) -> None:
    whole, altered = factories.assessed(alice), factories.assessed(alice)
    champion.forget()
    replays.tamper(f"{TAMPERED_POINTS} WHERE id = '{altered.score_run_id}'")

    one, shown_of_one = _refused(str(altered.pk))
    many, shown_of_many = _refused("--all")

    assert (one, many) == ("1 of 1 decisions differ.", "1 of 2 decisions differ.")
    run = altered.score_run
    assert run is not None
    line = f"{altered.pk}: points differs (data): stored {run.score + 1}, found {run.score}\n"
    assert line in shown_of_one
    assert line in shown_of_many
    assert str(whole.pk) not in shown_of_many


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Give the id of a decision, an application's number, or --all."),
        (["nonsense"], "There is no decision nonsense, and none on an application nonsense."),
        (["--all", "--json"], "--json goes with one decision."),
        (["00000000-0000-0000-0000-000000000000"], "There is no decision 0"),
        (["nonsense", "--all"], "not both"),
        (["nonsense", "--since", "2026-01-01"], "go with --all"),
        (["--all", "--limit", "-1"], "cannot be below 0"),
        (["--all", "--workers", "0"], "--workers must be 1 to 64."),
        (["--all", "--since", "yesterday"], "'yesterday' is no day; write 2026-11-26."),
        (["--all", "--since", "2026-02-01", "--until", "2026-01-31"], "--since lies after"),
    ],
)
def test_the_command_refuses_what_cannot_be_meant(
    db: None, arguments: list[str], sentence: str
) -> None:
    assert sentence in _refused(*arguments)[0]
    assert not Event.objects.filter(verb__startswith="decisions.replayed").exists()


def test_only_some_people_may_replay_many(alice: User, amir: User, stage: ModelVersion) -> None:
    factories.assessed(alice)
    asked: dict[str, Any] = {
        "span": services.Span(),
        "now": factories.NOW,
        "tell": lambda *_found: None,
    }

    with pytest.raises(NotPermitted):
        services.replay_all(actor=alice, **asked)
    assert not Event.objects.filter(verb="decisions.replayed_all").exists()

    assert services.replay_all(actor=amir, **asked).replayed == 1


@pytest.mark.django_db(transaction=True)
def test_processes_share_the_batches(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [factories.assessed(alice) for _ in range(5)]
    monkeypatch.setattr(replaying, "BATCH", 2)
    replays.tamper(f"{TAMPERED_POINTS} WHERE id = '{made[0].score_run_id}'")

    found = services.replay_all(
        actor="system:test",
        span=services.Span(),
        now=factories.NOW,
        tell=lambda *_found: None,
        workers=2,
    )

    assert (found.replayed, found.different, found.named) == (5, 1, [made[0].pk])
