"""Everybody's start page shows what waits for them, and only that."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications.tests import factories as applications
from apps.audit import services as audit
from apps.core import home
from apps.dashboards import readiness
from apps.decisions import home as decisions_home
from apps.decisions import services
from apps.decisions.models import ReviewCase
from apps.decisions.services import Verdict
from apps.decisions.tests import factories as decisions
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as scoring

SignedIn = Callable[[User], Client]


NOW = decisions.NOW


def _shown(name: str, actor: User, now: Any = NOW) -> dict[str, Any]:
    """Return what a panel shows; nothing where it is left out."""
    return home.panel(name).gather(actor, now) or {}


def _count(name: str, actor: User, now: Any = NOW) -> int:
    return home.counted(name).count(actor, now)


def _awaiting(alice: User, bob: User, amount: int = 900_000) -> ReviewCase:
    """Return a case Bob has decided above his limit."""
    case = services.claim(
        actor=bob, case=decisions.referred(alice, amount=amount, term_months=60), now=NOW
    )
    verdict = Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")
    return services.decide(actor=bob, case=case, verdict=verdict, now=NOW)


def test_it_shows_an_officer_drafts_waiting_and_decided(
    stage: ModelVersion, alice: User, signed_in: SignedIn
) -> None:
    borrower = applications.borrower(alice.branch)
    draft = applications.application(alice, borrower)
    waiting = decisions.referred(alice, amount=900_000, term_months=60)
    decided = decisions.assessed(alice)

    rows = _shown("desk.cases", alice)["rows"]
    found = {row["application"]: (row["who"], row["what"], row["is_mine"]) for row in rows}

    assert found == {
        draft: ("Me", "Finish it and submit it", True),
        waiting.application: ("The review queue", "Nobody holds it yet", False),
        decided.application: ("Me", "Make the offer", True),
    }
    assert [row["is_mine"] for row in rows] == [True, True, False]
    assert list(_shown("decisions.today", alice)["decided"]) == [decided]
    page = signed_in(alice).get("/").content.decode()
    assert draft.number in page
    assert waiting.application.number in page


def test_it_counts_decisions_by_the_day_of_the_branch(stage: ModelVersion, alice: User) -> None:
    decision = decisions.assessed(alice)
    # Noon in Pune is 06:30 in UTC; the day there ends at 18:30 UTC.
    evening, midnight = NOW + timedelta(hours=11, minutes=59), NOW + timedelta(hours=12)

    assert list(decisions_home.decided_today(alice, evening)) == [decision]
    assert list(decisions_home.decided_today(alice, midnight)) == []


def test_it_shows_an_officer_nothing_of_others(
    stage: ModelVersion, alice: User, make_person: Callable[..., User]
) -> None:
    asha = make_person("Asha", "loan_officer")
    applications.application(alice, applications.borrower(alice.branch))
    decisions.assessed(alice)

    assert _shown("desk.cases", asha) == {"rows": [], "left": 0}
    assert _shown("decisions.today", asha) == {}


def test_it_shows_a_reviewer_the_queue_and_own_claims(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    held = services.claim(
        actor=bob, case=decisions.referred(alice, amount=900_000, term_months=60), now=NOW
    )
    decisions.referred(alice, amount=850_000, term_months=60)

    shown = _shown("desk.queue", bob)

    assert (shown["counts"]["unclaimed"], shown["counts"]["mine"]) == (1, 1)
    assert shown["oldest"] == NOW
    assert shown["next"] == held
    assert shown["held"] == [held]
    assert (_count("desk.unclaimed", bob), _count("desk.mine", bob)) == (1, 1)
    assert "Next in the queue" in signed_in(bob).get("/").content.decode()


def test_it_shows_a_reviewer_nothing_of_other_branches(
    stage: ModelVersion, alice: User, nashik: Branch, make_person: Callable[..., User]
) -> None:
    far = make_person("Nitin", "credit_reviewer", branch=nashik)
    decisions.referred(alice, amount=900_000, term_months=60)

    shown = _shown("desk.queue", far)

    assert (shown["counts"]["unclaimed"], shown["oldest"], shown["next"]) == (0, None, None)
    assert _count("desk.unclaimed", far) == 0


def test_it_shows_a_manager_what_another_has_signed(
    stage: ModelVersion, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    awaiting = _awaiting(alice, bob)

    assert _shown("decisions.signatures", charlie)["cases"] == [awaiting]
    assert _count("decisions.signatures", charlie) == 1
    assert _shown("decisions.signatures", bob)["cases"] == []
    assert awaiting.application.number in signed_in(charlie).get("/").content.decode()


def test_it_shows_a_manager_the_exceptions_others_ask_for(
    stage: ModelVersion, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    declined = decisions.assessed(
        alice,
        amount=Decimal(790_000),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    )
    entry = services.OverrideEntry(
        terms=services.Terms(Decimal(300_000), 24), reason="security_offered", note="Gold."
    )
    asked = services.ask_override(actor=bob, application=declined.application, entry=entry, now=NOW)

    page = signed_in(charlie).get("/").content.decode()

    assert _shown("decisions.exceptions", charlie)["exceptions"] == [asked]
    assert _shown("decisions.exceptions", bob) == {}
    assert "Exceptions asked for" in page
    assert declined.application.number in page
    services.refuse_override(actor=charlie, override=asked, note="No.", now=NOW)
    assert "Exceptions asked for" not in signed_in(charlie).get("/").content.decode()


def test_it_shows_who_may_approve_the_policies_others_propose(
    stage: ModelVersion, charlie: User, mark: User, rita: User, signed_in: SignedIn
) -> None:
    lender, day = charlie.branch.entity, NOW.date() + timedelta(days=10)
    from_a_file = services.load_policy(
        actor=audit.system("command"),
        entity=lender,
        document=decisions.document(),
        effective_from=day,
        now=NOW,
    ).version
    of_ritas = services.propose_policy(
        actor=rita,
        policy=services.draft_policy(actor=rita, entity=lender, base=from_a_file),
        effective_from=day + timedelta(days=1),
        note="Better.",
        now=NOW,
    )

    waiting = {person: list(decisions_home.proposals(person)) for person in (mark, charlie, rita)}

    assert waiting[mark] == waiting[charlie] == [from_a_file, of_ritas]
    assert waiting[rita] == [from_a_file]
    for person in (mark, charlie):
        assert str(of_ritas) in signed_in(person).get("/").content.decode()
    assert "Policies that wait for me" not in signed_in(rita).get("/").content.decode()


def test_it_shows_an_analyst_the_champions(rita: User, mark: User, signed_in: SignedIn) -> None:
    model = scoring.champion("in-retail", rita, mark)

    assert list(_shown("governance.champions", rita)["champions"]) == [model]
    assert "in-retail" in signed_in(rita).get("/").content.decode()


def test_it_shows_an_auditor_the_state_of_the_chain(
    amir: User, alice: User, signed_in: SignedIn
) -> None:
    audit.record(alice, "accounts.signed_in", alice)
    before = signed_in(amir).get("/").content.decode()
    audit.verify(actor=amir, now=NOW)

    shown = _shown("audit.chain", amir)

    assert "never" in before
    assert shown["sealed"] == 1
    assert shown["proof"].facts["whole"] is True
    newest = _shown("audit.newest", amir)["events"]
    assert [event["who"] for event in newest] == ["Amir", "Alice"]


def test_it_shows_an_administrator_the_people(
    diana: User, alice: User, signed_in: SignedIn
) -> None:
    alice.set_unusable_password()
    alice.save()

    counts = _shown("accounts.people", diana)["counts"]

    assert counts == {"active": 2, "withdrawn": 0, "unset": 1}
    assert _count("accounts.unset", diana) == 1
    assert "No password yet" in signed_in(diana).get("/").content.decode()


def test_it_says_so_to_who_has_no_role(
    make_person: Callable[..., User], signed_in: SignedIn
) -> None:
    page = signed_in(make_person("Newcomer")).get("/").content.decode()

    assert "No role is given to you yet" in page


def test_it_greets_a_collections_officer(
    make_person: Callable[..., User], signed_in: SignedIn
) -> None:
    page = signed_in(make_person("Cora", "collections_officer")).get("/").content.decode()

    assert "list" in page
    assert "No day was ended yet" in page


def _work(alice: User, bob: User) -> None:
    borrower = applications.borrower(alice.branch)
    for number in range(3):
        applications.application(alice, borrower, amount=Decimal(100_000 + number))
        _awaiting(alice, bob)
        decisions.referred(alice, amount=900_000, term_months=60)


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("alice", 56),
        ("bob", 90),
        ("charlie", 91),
        ("rita", 23),
        ("mark", 24),
        ("amir", 28),
        ("esther", 12),
        ("diana", 22),
    ],
)
def test_it_asks_as_much_however_much_there_is(
    request: pytest.FixtureRequest,
    stage: ModelVersion,
    alice: User,
    bob: User,
    signed_in: SignedIn,
    name: str,
    queries: int,
) -> None:
    person = request.getfixturevalue(name)
    browser = signed_in(person)
    _work(alice, bob)
    asked = []
    for _round in range(2):
        browser.get("/")
        cache.clear()
        with CaptureQueriesContext(connection) as found:
            assert browser.get("/").status_code == 200
        asked.append(len(found))
        _work(alice, bob)

    assert asked == [queries, queries], name


def test_services_are_not_asked_by_every_page(
    diana: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def parts() -> list[readiness.Part]:
        asked.append(1)
        return [readiness.Part("broker", is_ready=False)]

    monkeypatch.setattr(readiness, "parts", parts)
    browser = signed_in(diana)

    pages = [browser.get("/").text for _time in range(3)]

    assert len(asked) == 1
    assert all("Message broker" in page and "Not ready" in page for page in pages)
    for name in ("Services", "Jobs"):
        assert f'tabindex="0" role="region" aria-label="{name}"' in pages[0]


def test_it_says_how_many_more_there_are_and_where(
    stage: ModelVersion, alice: User, bob: User, signed_in: SignedIn
) -> None:
    for _number in range(9):
        case = decisions.referred(alice, amount=900_000, term_months=60)
        services.claim(actor=bob, case=case, now=timezone.now())

    assert _shown("desk.queue", bob, timezone.now())["left"] == 1
    page = signed_in(bob).get("/").text
    assert f'href="{reverse("desk:queue")}?show=mine">1 more</a>' in page
