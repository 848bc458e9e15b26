"""The pages of governance: who sees them, what they show, what they refuse."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.governance import services
from apps.governance.models import GateSet, Promotion, TrainingRequest
from apps.governance.tests import factories
from apps.scoring import selectors as scoring

pytestmark = pytest.mark.django_db

TO = "\u2013"
ENTERED = {
    "segment": factories.SEGMENT,
    "kind": "lightgbm",
    "from_date": "2023-01-01",
    "to_date": "2024-01-01",
}


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_it_lists_trainings_and_shows_one(train: Any, rita: User, signed_in: Any) -> None:
    run = train(rita)
    browser: Client = signed_in(rita)

    listed = browser.get(reverse("governance:training_runs"))
    shown = browser.get(reverse("governance:training_run", args=[run.pk]))

    assert listed.status_code == 200
    assert run.dataset_sha256[:12] in text(listed)
    assert "out of time" in text(listed)
    page = text(shown)
    assert run.dataset_sha256 in page
    assert "Calibration on later loans" in page
    assert "Monotone trees" in page
    assert "a straight line in log-odds" in page
    assert "Check for leakage" in page
    assert "Ask for promotion" in page


def test_it_shows_the_days_learned_from_and_tested_on(
    train: Any, rita: User, signed_in: Any
) -> None:
    named = train(rita)
    held_out = train(rita, to_date=date(2025, 1, 1), holdout_to_date=None)
    browser: Client = signed_in(rita)

    of_named = text(browser.get(reverse("governance:training_run", args=[named.pk])))
    of_held_out = text(browser.get(reverse("governance:training_run", args=[held_out.pk])))

    assert f"1 Jan 2023 {TO} 31 Dec 2023" in of_named
    assert f"1 Jan 2024 {TO} 31 Dec 2024" in of_named
    assert "held out of training" not in of_named
    split = held_out.figures["holdout"]["split"]
    first, last = (date.fromisoformat(split[f"{which}_test_day"]) for which in ("first", "last"))
    assert f"{first:%-d %b %Y} {TO} {last:%-d %b %Y}" in of_held_out
    assert "the newest loans, held out of training" in of_held_out
    assert "Calibration on later loans" in of_held_out


def test_it_warns_an_approver_where_the_champion_knew_the_loans_of_the_test(
    judged: Promotion, train: Any, rita: User, olga: User, mark: User, signed_in: Any
) -> None:
    factories.approved(judged, mark)
    challenger = train(rita, seed=7, holdout_to_date=None)
    factories.papers(challenger, rita, olga, mark)
    asked = services.propose(actor=rita, model=challenger.model, reason="Newer", now=factories.NOW)

    page = text(signed_in(mark).get(reverse("governance:promotion", args=[asked.pk])))

    assert f"The present champion, {judged.model}, has learned from some of the loans" in page
    assert f"{judged.model}, out of time" in page


def test_it_says_that_nothing_later_was_there_to_test_on(
    train: Any, rita: User, signed_in: Any
) -> None:
    run = train(rita, to_date=date(2025, 1, 1), holdout_to_date=date(2025, 6, 1))

    page = text(signed_in(rita).get(reverse("governance:training_run", args=[run.pk])))

    assert run.figures["holdout"] is None
    assert "none: there were no later loans" in page
    assert "Calibration on later loans" not in page


def test_it_keeps_the_list_to_a_few_queries(
    train: Any, rita: User, signed_in: Any, django_assert_max_num_queries: Any
) -> None:
    train(rita)
    train(rita, seed=2)
    browser: Client = signed_in(rita)
    browser.get(reverse("governance:training_runs"))

    with django_assert_max_num_queries(10):
        browser.get(reverse("governance:training_runs"))


def test_it_takes_a_request_for_a_training(train: Any, rita: User, signed_in: Any) -> None:
    train(rita)
    answer = signed_in(rita).post(reverse("governance:train"), {**ENTERED, "kind": "scorecard"})

    assert answer.status_code == 302
    request = TrainingRequest.objects.get()
    assert (request.requested_by, request.status, request.kind) == (rita, "queued", "scorecard")
    listed = text(signed_in(rita).get(reverse("governance:training_runs")))
    assert "Queued" in listed
    assert "Scorecard" in listed


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"to_date": "2022-01-01"}, "The window must end after it begins."),
        ({"to_date": "soon"}, "Enter a day of the calendar"),
        ({"segment": "mars"}, "Select a valid choice."),
        ({"kind": "oracle"}, "Select a valid choice."),
        ({"kind": ""}, "This field is required."),
        ({"holdout_to_date": "2023-02-01"}, "The test window must end after"),
    ],
)
def test_it_says_beside_the_field_what_is_wrong(
    train: Any, rita: User, signed_in: Any, change: dict[str, str], sentence: str
) -> None:
    answer = signed_in(rita).post(reverse("governance:train"), {**ENTERED, **change})

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert TrainingRequest.objects.count() == 0


def test_it_goes_from_training_to_champion_by_three_people(
    train: Any, rita: User, olga: User, vera: User, mark: User, gates: GateSet, signed_in: Any
) -> None:
    run = train(rita)
    factories.papers(run, rita, olga, mark)

    asked = signed_in(rita).post(
        reverse("governance:propose", args=[run.pk]), {"reason": "Better out of time"}
    )
    promotion = Promotion.objects.get()
    address = reverse("governance:promotion", args=[promotion.pk])
    shown = signed_in(vera).get(address)
    early = signed_in(mark).post(
        reverse("governance:approve", args=[promotion.pk]), {"answer": "Read", "seen": "?"}
    )
    judged = signed_in(vera).post(
        reverse("governance:validate", args=[promotion.pk]),
        {"outcome": "accepted", "note": "Report read", "seen": shown.context["standing"].seen},
    )
    offered = signed_in(mark).get(address)
    approved = signed_in(mark).post(
        reverse("governance:approve", args=[promotion.pk]),
        {"answer": "Read", "seen": offered.context["standing"].seen},
    )

    assert asked.status_code == 302
    assert "Better out of time" in text(shown)
    assert reverse("governance:validate", args=[promotion.pk]) in text(shown)
    assert reverse("governance:approve", args=[promotion.pk]) not in text(shown)
    assert (early.status_code, judged.status_code) == (422, 302)
    assert "Nobody has validated this model yet." in text(early)
    assert reverse("governance:approve", args=[promotion.pk]) in text(offered)
    assert approved.status_code == 302
    assert scoring.champion(factories.SEGMENT) == run.model


def test_it_offers_no_decision_to_who_asked(
    proposed: Promotion, rita: User, signed_in: Any
) -> None:
    browser = signed_in(rita)

    page = text(browser.get(reverse("governance:promotion", args=[proposed.pk])))
    answer = browser.post(reverse("governance:approve", args=[proposed.pk]), {"answer": "x"})

    assert reverse("governance:approve", args=[proposed.pk]) not in page
    assert answer.status_code == 403
    assert Promotion.objects.get().status == "proposed"


def test_it_keeps_the_answer_that_lacks_a_reason(
    judged: Promotion, mark: User, signed_in: Any
) -> None:
    answer = signed_in(mark).post(reverse("governance:refuse", args=[judged.pk]), {"answer": ""})

    assert answer.status_code == 422
    assert "Say why, in 3 to" in text(answer)
    assert Promotion.objects.get().status == "validated"


def test_it_tells_a_late_approver_that_it_was_decided(
    judged: Promotion, mark: User, signed_in: Any
) -> None:
    services.refuse(actor=mark, promotion=judged, answer="Too weak", now=factories.NOW)

    answer = signed_in(mark).post(reverse("governance:approve", args=[judged.pk]), {"answer": ""})

    assert answer.status_code == 422
    assert "cannot be done any more" in text(answer)
    assert scoring.champion(factories.SEGMENT) is None


def test_it_hides_the_pages_from_who_has_nothing_to_do_with_models(
    proposed: Promotion, alice: User, amir: User, signed_in: Any
) -> None:
    pages = [
        reverse("governance:training_runs"),
        reverse("governance:training_requests"),
        reverse("governance:promotions"),
        reverse("governance:promotion", args=[proposed.pk]),
        reverse("governance:training_run", args=[proposed.model.training_run.pk]),
        reverse("governance:document", args=[proposed.model.training_run.pk]),
        reverse("governance:report", args=[proposed.report_id]),
        reverse("governance:gates"),
        reverse("governance:findings"),
        reverse("governance:register"),
        reverse("governance:register_csv"),
        reverse("governance:register_entry", args=["model", proposed.model_id]),
    ]

    assert {signed_in(alice).get(page).status_code for page in pages} == {403}
    assert {signed_in(amir).get(page).status_code for page in pages} == {200}
    assert signed_in(amir).get(reverse("governance:train")).status_code == 403


def test_it_knows_nothing_of_other_addresses(rita: User, signed_in: Any) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    browser = signed_in(rita)

    found = {
        browser.get(reverse(f"governance:{name}", args=[nobody])).status_code
        for name in ("training_run", "promotion")
    }

    assert found == {404}
    assert browser.get(reverse("governance:promotions") + "?after=zz").status_code == 400


def test_it_asks_the_laboratory_for_its_evidence_on_the_model(
    proposed: Promotion, mark: User, bob: User, signed_in: Any
) -> None:
    """A reviewer sees promotions, but no experiments: their page must not ask in vain."""
    page = reverse("governance:promotion", args=[proposed.pk])
    part = reverse("laboratory:model_evidence", args=[proposed.model_id])

    assert f'hx-get="{part}"' in signed_in(mark).get(page).content.decode()
    assert part not in signed_in(bob).get(page).content.decode()
    assert signed_in(mark).get(part).status_code == 200
    assert signed_in(bob).get(part).status_code == 403
