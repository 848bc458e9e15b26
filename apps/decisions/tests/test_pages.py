import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.applications.tests import factories as applications
from apps.decisions import services
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion
from tests.kept import kept

SignedIn = Callable[[User], Client]


@pytest.fixture
@kept
def case(alice: User, stage: ModelVersion) -> ReviewCase:
    """A scored case of 850,000 in review by rule."""
    return factories.referred(alice, amount=850_000, term_months=60)


def _post(client: Client, name: str, case: ReviewCase, **data: object) -> object:
    return client.post(reverse(f"decisions:{name}", args=[case.pk]), data)


def _panel(client: Client, case: ReviewCase, **headers: str) -> str:
    address = reverse("decisions:application_panel", args=[case.application_id])
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_queue_shows_age_and_reason(case: ReviewCase, bob: User, signed_in: SignedIn) -> None:
    answer = signed_in(bob).get(reverse("desk:queue"), {"sort": "-amount", "page": "x"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert case.application.number in text
    assert "You asked for ₹8,50,000.00; the limit is ₹8,00,000.00." in text


def test_filters_stand_in_the_address(case: ReviewCase, bob: User, signed_in: SignedIn) -> None:
    client = signed_in(bob)

    for query, shown in (
        ({"cause": "amount_authority"}, True),
        ({"show": "mine"}, False),
        ({"q": "nothing"}, False),
        ({"product": "sahyadri-personal", "branch": "pune"}, True),
    ):
        text = client.get(reverse("desk:queue"), query).content.decode()
        assert (case.application.number in text) is shown


def test_a_filter_is_called_by_the_sentence_of_its_rule(
    case: ReviewCase, bob: User, signed_in: SignedIn
) -> None:
    page = signed_in(bob).get(reverse("desk:queue"))

    offered = dict(page.context["form"].fields["cause"].choices)
    assert offered["amount_authority"] == "Above 800,000 a person decides."


def test_the_queue_is_for_reviewers(case: ReviewCase, alice: User, signed_in: SignedIn) -> None:
    client = signed_in(alice)

    assert client.get(reverse("desk:queue")).status_code == 403
    assert _post(client, "claim", case).status_code == 403
    case.refresh_from_db()
    assert case.status == "open"


def test_another_branch_sees_no_case(
    case: ReviewCase, make_person: Callable[..., User], nashik: Branch, signed_in: SignedIn
) -> None:
    ned = make_person("Ned", "credit_reviewer", branch=nashik)
    client = signed_in(ned)

    assert case.application.number not in client.get(reverse("desk:queue")).content.decode()
    assert _post(client, "claim", case).status_code == 404
    address = reverse("decisions:application_panel", args=[case.application_id])
    assert client.get(address).status_code == 404


def test_the_panel_shows_score_reasons_and_what_one_may_do(
    case: ReviewCase, alice: User, bob: User, signed_in: SignedIn
) -> None:
    run = case.referral.score_run
    assert run is not None

    for person, may_claim in ((bob, True), (alice, False)):
        text = _panel(signed_in(person), case, **{"HX-Request": "true"})
        assert f">{run.score}<" in text
        assert run.model_sha256[:16] in text
        assert "You asked for" in text
        assert ('data-shortcut="c"' in text) is may_claim
        assert "<html" not in text


def test_the_panel_is_a_page_without_scripts(
    case: ReviewCase, bob: User, signed_in: SignedIn
) -> None:
    assert "<html" in _panel(signed_in(bob), case)


def test_the_whole_page_is_loaded_anew_when_the_outcome_arrives(
    alice: User, pune: Branch, stage: ModelVersion, signed_in: SignedIn
) -> None:
    waiting = applications.submitted(alice, applications.borrower(pune))
    address = reverse("decisions:application_panel", args=[waiting.pk])
    client = signed_in(alice)
    asked = {"path": f"{address}?waiting=1", "headers": {"HX-Request": "true"}}

    before = client.get(**asked)
    services.assess(application_id=waiting.pk, actor="tests", now=factories.NOW)
    after = client.get(**asked)

    assert "HX-Refresh" not in before.headers
    assert f"{address}?waiting=1" in before.content.decode()
    assert after.headers["HX-Refresh"] == "true"
    # Whoever opens the page later does not wait for anything.
    assert "HX-Refresh" not in client.get(address, headers=asked["headers"]).headers


def test_the_working_shows_factors_and_every_rule(
    case: ReviewCase, bob: User, signed_in: SignedIn
) -> None:
    address = reverse("decisions:working_panel", args=[case.application_id])

    text = signed_in(bob).get(address).content.decode()

    for one in case.referral.trace["results"]:
        assert one["sentence"] in text
    assert "Use of credit" not in text
    assert "Share of revolving limits used" in text


def test_a_reviewer_claims_and_proposes_and_a_manager_signs(
    case: ReviewCase, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    reviewer, manager = signed_in(bob), signed_in(charlie)
    _post(reviewer, "claim", case)
    assert 'data-shortcut="a"' in _panel(reviewer, case)

    verdict = {"outcome": "approve", "approve-codes": ["income_confirmed"]}
    answer = _post(reviewer, "decide", case, **verdict)
    assert answer.status_code == 302
    assert "waits for another person" in _panel(reviewer, case)
    _post(manager, "countersign", case)

    decision = Decision.objects.get(number=2)
    assert (decision.decided_by, decision.countersigned_by) == (bob, charlie)


def test_an_incomplete_verdict_keeps_what_was_written(
    case: ReviewCase, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    _post(client, "claim", case)

    answer = _post(client, "decide", case, **{"outcome": "decline", "decline-note": "Think so."})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose at least one reason." in text
    assert "Think so." in text
    assert Decision.objects.count() == 1


def test_a_reason_the_record_contradicts_is_refused_beside_its_field(
    case: ReviewCase, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    _post(client, "claim", case)

    verdict = {
        "outcome": "decline",
        "decline-codes": ["obligations_high_on_net_income"],
        "decline-override_codes": ["override_facts_unseen"],
        "decline-note": "Owes enough.",
    }
    answer = _post(client, "decide", case, **verdict)

    text = answer.content.decode()
    field = text[text.index("The record does not bear this reason") - 1_500 :]
    assert answer.status_code == 422
    assert "Choose another." in field
    assert re.search(r'value="obligations_high_on_net_income"[^>]*\bchecked\b', field)
    assert "Owes enough." in field
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("outcome", ["", "refer", "<script>"])
def test_a_strange_verdict_changes_nothing(
    case: ReviewCase, bob: User, signed_in: SignedIn, outcome: str
) -> None:
    client = signed_in(bob)
    _post(client, "claim", case)

    assert _post(client, "decide", case, outcome=outcome).status_code == 302
    assert Decision.objects.count() == 1


def test_a_stale_page_is_told_so(
    case: ReviewCase, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    _post(signed_in(charlie), "claim", case)
    client = signed_in(bob)

    answer = client.post(reverse("decisions:claim", args=[case.pk]), follow=True)

    assert "Charlie is working on this case." in answer.content.decode()
    case.refresh_from_db()
    assert case.claimed_by == charlie


def test_the_next_case_opens(case: ReviewCase, bob: User, signed_in: SignedIn) -> None:
    answer = signed_in(bob).get(reverse("desk:next"))

    assert answer.url == reverse("applications:detail", args=[case.application_id])


def test_an_auditor_replays_and_a_reviewer_cannot(
    case: ReviewCase, amir: User, bob: User, signed_in: SignedIn
) -> None:
    address = reverse("decisions:replay", args=[case.referral_id])

    answer = signed_in(amir).post(address, headers={"HX-Request": "true"})

    assert "Identical" in answer.content.decode()
    assert signed_in(bob).post(address).status_code == 403


@pytest.mark.parametrize("person", ["amir", "charlie", "rita", "alice", "bob"])
def test_who_may_replay_finds_the_decision_to_copy_and_nobody_else_does(
    case: ReviewCase, person: str, request: pytest.FixtureRequest, signed_in: SignedIn
) -> None:
    text = _panel(signed_in(request.getfixturevalue(person)), case)

    may_replay = person not in ("alice", "bob")
    label = "Copy Decision, for a replay"
    assert (f'data-copy="{case.referral_id}"' in text) == may_replay
    assert (str(case.referral_id) in text) == may_replay
    assert (label in text) == may_replay


def test_the_policy_reads_as_sentences(
    stage: ModelVersion, bob: User, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    listed = client.get(reverse("decisions:policies")).content.decode()
    address = reverse("decisions:policy", args=[stage_policy(bob).pk])

    text = client.get(address).content.decode()

    assert "In force" in listed
    assert "Obligations take at most 60 % of net income." in text
    assert "at most 60.0\u202f%" in text
    assert signed_in(alice).get(address).status_code == 403


def stage_policy(bob: User) -> object:
    return bob.branch.entity.policies.get()


def test_the_count_of_the_navigation(case: ReviewCase, bob: User, signed_in: SignedIn) -> None:
    assert signed_in(bob).get(reverse("desk:count")).content == b"1"
