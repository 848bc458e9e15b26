"""The pages and the API of blind quality control, and that none of them tells the outcome."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.decisions.models import Decision
from apps.decisions.tests import factories as decided
from apps.desk import services
from apps.desk.models import BlindSample, SamplingShare
from apps.desk.tests import factories
from tests.kept import kept

NOW = factories.NOW
SignedIn = Callable[[User], Client]
APPROVE = {"outcome": "approve", "approve-codes": ["income_confirmed"], "approve-note": "Seen."}
DECLINE = {"outcome": "decline", "decline-codes": ["purpose_not_financed"]}


@pytest.fixture
@kept
def sample(
    _known_book: None,
    alice: User,
    charlie: User,
    pune: Branch,
    rita: User,
    mark: User,
    live_clock: None,
) -> BlindSample:
    """A sampled approval that nobody has taken up."""
    decided.stage(pune, rita, mark)
    factories.share(charlie)
    return factories.sampled(alice)


@pytest.fixture
def live_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages read the clock of the tests, at which everything is decided and sampled."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def browser(signed_in: SignedIn, bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def api(bob: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(bob)
    return client


def page_of(browser: Client, sample: BlindSample) -> str:
    return browser.get(reverse("desk:blind_sample", args=[sample.pk])).content.decode()


def secrets(decision: Decision) -> list[str]:
    """Return what would tell the outcome: score, chance, band, reasons, letter, price."""
    run = decision.score_run
    assert run is not None
    return [
        "status--approve",
        "status--declined",
        ">Approved<",
        ">Declined<",
        f">{run.score}<",
        f"{run.pd:.4f}",
        str(decision.pk),
        str(decision.letter_id),
        str(run.pk),
        "Principal reasons",
        "band A",
        "score-gauge",
        "timeline",
        # Not the navigation's "Offers": the panel of what was offered for this very request.
        "Offer<",
        reverse("offers:application_panel", args=[decision.application_id]),
    ]


def test_the_blind_page_shows_the_facts_and_none_of_the_outcome(
    browser: Client, sample: BlindSample
) -> None:
    browser.post(reverse("desk:blind_take"))

    shown = page_of(browser, sample)

    application = sample.application
    for fact in (application.number, "Affordability", "Credit bureau", "Documents", "I would"):
        assert fact in shown
    for secret in secrets(sample.decision):
        assert secret not in shown, secret
    # The applicant's card and the documents lead to the customer, whom a reviewer may see.
    customer = reverse("customers:detail", args=[application.customer_id])
    assert shown.count(f'href="{customer}"') == 2
    assert browser.get(customer).status_code == 200


@pytest.mark.parametrize("take", [False, True], ids=["waiting", "held"])
def test_every_other_page_of_the_application_is_not_there_for_a_reviewer(
    browser: Client, sample: BlindSample, take: bool
) -> None:
    if take:
        browser.post(reverse("desk:blind_take"))
    application, decision = sample.application_id, sample.decision

    pages = [
        *(
            reverse(name, args=[application])
            for name in (
                "applications:detail",
                "decisions:application_panel",
                "decisions:working_panel",
                "decisions:what_if",
                "desk:application_panel",
                "desk:documents",
                "desk:exposure",
                "desk:similar",
                "desk:memo",
                "desk:print_memo",
                "loans:application_panel",
                "appeals:application_panel",
            )
        ),
        f"{reverse('audit:timeline')}?subject={audit.reference(sample.application)}",
        f"{reverse('audit:timeline')}?subject={audit.reference(decision)}",
        f"/api/v1/applications/{application}",
    ]

    assert {url: browser.get(url).status_code for url in pages} == dict.fromkeys(pages, 404)
    letters = browser.get(
        f"{reverse('letters:of_case')}?case={audit.reference(sample.application)}"
    )
    assert str(decision.letter_id) not in letters.content.decode()
    for url in (
        reverse("applications:list"),
        reverse("customers:detail", args=[sample.application.customer_id]),
        "/api/v1/applications",
    ):
        answer = browser.get(url)
        assert answer.status_code == 200, url
        assert str(application) not in answer.content.decode(), url
        assert sample.application.number not in answer.content.decode(), url


def test_the_application_is_there_for_who_took_it_and_who_manages(
    signed_in: SignedIn, sample: BlindSample, alice: User, charlie: User, amir: User
) -> None:
    url = reverse("applications:detail", args=[sample.application_id])

    for person in (alice, charlie, amir):
        assert signed_in(person).get(url).status_code == 200


def test_the_sample_of_another_is_not_there(
    signed_in: SignedIn, browser: Client, sample: BlindSample, alice: User, beth: User
) -> None:
    browser.post(reverse("desk:blind_take"))
    url = reverse("desk:blind_sample", args=[sample.pk])

    assert signed_in(beth).get(url).status_code == 404
    assert signed_in(alice).get(url).status_code == 403
    judged = signed_in(beth).post(reverse("desk:blind_judge", args=[sample.pk]), APPROVE)
    assert judged.status_code in (302, 404)
    sample.refresh_from_db()
    assert (sample.status, sample.verdict) == ("claimed", "")


def test_a_manager_sees_no_more_of_an_open_sample_than_the_application(
    signed_in: SignedIn, sample: BlindSample, charlie: User
) -> None:
    url = reverse("desk:blind_sample", args=[sample.pk])

    assert signed_in(charlie).get(url).status_code == 404


def test_it_judges_and_then_shows_both(browser: Client, sample: BlindSample) -> None:
    browser.post(reverse("desk:blind_take"))

    answer = browser.post(
        reverse("desk:blind_judge", args=[sample.pk]), APPROVE, follow=True
    ).content.decode()

    assert "You and the machine say the same." in answer
    assert "Both say the same" in answer
    assert "Seen." in answer


def test_it_shows_what_a_verdict_lacks_and_keeps_what_was_typed(
    browser: Client, sample: BlindSample
) -> None:
    browser.post(reverse("desk:blind_take"))

    answer = browser.post(
        reverse("desk:blind_judge", args=[sample.pk]),
        {"outcome": "approve", "approve-note": "I like it."},
    )

    assert answer.status_code == 422
    assert "Choose at least one reason." in answer.content.decode()
    assert "I like it." in answer.content.decode()
    for secret in secrets(sample.decision):
        assert secret not in answer.content.decode(), secret


def test_a_disagreement_is_on_the_managers_list_until_it_is_answered(
    signed_in: SignedIn, browser: Client, sample: BlindSample, charlie: User, amir: User
) -> None:
    browser.post(reverse("desk:blind_take"))
    browser.post(reverse("desk:blind_judge", args=[sample.pk]), DECLINE)
    manager, url = signed_in(charlie), reverse("desk:blind")
    number = sample.application.number

    assert number in manager.get(url).content.decode()
    assert manager.get(reverse("desk:blind_count")).content == b"1"
    wrong = manager.post(reverse("desk:blind_follow", args=[sample.pk]), {"action": "none"})
    assert wrong.status_code == 422
    refused = signed_in(amir).post(reverse("desk:blind_follow", args=[sample.pk]), {})
    assert refused.status_code == 403
    manager.post(
        reverse("desk:blind_follow", args=[sample.pk]), {"action": "none", "why": "Defensible."}
    )

    assert number not in manager.get(url).content.decode()
    sample.refresh_from_db()
    assert sample.status == "followed_up"


def test_it_sets_a_share_by_who_may(
    signed_in: SignedIn, charlie: User, bob: User, amir: User, live_clock: None
) -> None:
    url = reverse("desk:blind_set_share")
    given = {
        "entity": charlie.branch.entity_id,
        "share": "5",
        "days": "10",
        "why": "The board wants five percent.",
    }

    for person in (bob, amir):
        assert signed_in(person).post(url, given).status_code == 403
    assert not SamplingShare.objects.exists()
    assert signed_in(charlie).post(url, {**given, "share": "51"}).status_code == 422
    assert signed_in(charlie).post(url, given).status_code == 302
    row = SamplingShare.objects.get()
    assert (str(row.share), row.days, row.entered_by) == ("0.0500", 10, charlie)
    shown = signed_in(amir).get(reverse("desk:blind_shares")).content.decode()
    assert "The board wants five percent." in shown
    signed_in(charlie).post(reverse("desk:blind_end_share", args=[row.pk]))
    row.refresh_from_db()
    assert row.ended_by == charlie


def test_the_api_gives_facts_first_and_the_decision_after_the_verdict(
    api: APIClient, sample: BlindSample
) -> None:
    taken = api.post("/api/v1/blind/samples/take")

    assert taken.status_code == 200
    assert set(taken.json()) == {
        *("id", "number", "product", "amount", "currency", "term_months", "purpose"),
        *("gross_annual_income", "obligations_monthly", "own_obligations_monthly"),
        *("bureau_score", "held_until"),
    }
    judged = api.post(
        f"/api/v1/blind/samples/{sample.pk}/judge",
        {"outcome": "decline", "codes": ["purpose_not_financed"]},
        format="json",
    ).json()
    assert (judged["machine"], judged["verdict"], judged["agrees"]) == (
        "approve",
        "decline",
        False,
    )
    measured = api.get("/api/v1/blind/agreement").json()
    assert (measured["judged"], measured["agreed"], measured["is_few"]) == (1, 0, True)
    assert [one["id"] for one in api.get("/api/v1/blind/samples").json()["results"]] == [
        str(sample.pk)
    ]


def test_the_api_refuses_the_wrong_person(
    sample: BlindSample, alice: User, charlie: User, amir: User
) -> None:
    def client(person: User) -> APIClient:
        found = APIClient()
        found.force_authenticate(person)
        return found

    for person in (alice, charlie, amir):
        assert client(person).post("/api/v1/blind/samples/take").status_code == 403
    follow = f"/api/v1/blind/samples/{sample.pk}/follow-up"
    body = {"action": "none", "why": "Fine."}
    assert client(amir).post(follow, body, format="json").status_code == 403
    assert client(charlie).post(follow, body, format="json").status_code == 409
    shares = "/api/v1/blind/shares"
    row = {"entity": "sahyadri", "share": "0.1", "days": 5, "why": "More."}
    assert client(amir).post(shares, row, format="json").status_code == 403
    assert client(charlie).post(shares, row, format="json").status_code == 201
    unknown = {**row, "entity": "nowhere"}
    assert client(charlie).post(shares, unknown, format="json").status_code == 404


def test_the_overview_stays_within_its_queries(
    sample: BlindSample,
    browser: Client,
    bob: User,
    django_assert_max_num_queries: Callable[[int], object],
) -> None:
    held = services.take_blind(actor=bob, now=NOW)
    services.judge_blind(
        actor=bob,
        sample=held,
        verdict=services.BlindVerdict(outcome="approve", codes=("income_confirmed",)),
        now=NOW,
    )

    with django_assert_max_num_queries(14):
        browser.get(reverse("desk:blind"))
