import hashlib
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, StaleRecord
from apps.decisions import services as decisions
from apps.decisions.errors import NotHolder
from apps.decisions.models import ReviewCase
from apps.decisions.services import Verdict
from apps.decisions.tests import factories
from apps.desk import memo_page, services
from apps.desk.models import CreditMemo, MemoEdit

NOW = factories.NOW
SignedIn = Callable[[User], Client]


@pytest.fixture
def scored(alice: User, bob: User, pune: Any, rita: User, mark: User) -> ReviewCase:
    """A scored case of 850,000 that Bob, whose limit is 300,000, holds."""
    factories.stage(pune, rita, mark)
    case = factories.referred(alice, amount=850_000, term_months=60)
    return decisions.claim(actor=bob, case=case, now=NOW)


@pytest.fixture
def held(case: ReviewCase, bob: User) -> ReviewCase:
    """A case without a score that Bob holds."""
    return decisions.claim(actor=bob, case=case, now=NOW)


def _write(actor: User, case: ReviewCase, text: str, **more: Any) -> CreditMemo:
    values: dict[str, Any] = {"section": "mitigants", "now": NOW, **more}
    return services.write_memo(actor=actor, case=case, text=text, **values)


def _decide(actor: User, case: ReviewCase) -> None:
    verdict = Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")
    decisions.decide(actor=actor, case=case, verdict=verdict, now=NOW)


def _text(case: ReviewCase, actor: User) -> str:
    memo = memo_page.of_application(actor, case.application, now=NOW)
    assert memo is not None
    return "\n".join(
        line for one in memo.sections for line in (one.title, *one.sentences, one.words)
    )


def test_it_is_written_from_the_record(scored: ReviewCase, bob: User) -> None:
    text = _text(scored, bob)

    run = scored.referral.score_run
    assert run is not None
    customer = scored.application.customer
    assert f"{customer.full_name}, customer {customer.number}." in text
    assert "₹8,50,000.00 over 60 months" in text
    assert f"Score {run.score}, probability of default" in text
    assert "Not met: Above 800,000 a person decides. Found ₹8,50,000.00" in text
    assert "No collateral and no guarantor." in text
    assert "The policy by itself recommends an approval." in text


def test_a_case_without_a_score_says_why(held: ReviewCase, bob: User) -> None:
    assert "Not scored: No model is in use for this product." in _text(held, bob)


def test_the_holder_adds_words_and_every_change_is_kept(held: ReviewCase, bob: User) -> None:
    _write(bob, held, "  Brother is a partner in the shop. ")
    _write(bob, held, "Brother is the owner of the shop.")

    assert "Brother is the owner of the shop." in _text(held, bob)
    edits = MemoEdit.objects.order_by("created_at")
    assert [one.text for one in edits] == [
        "Brother is a partner in the shop.",
        "Brother is the owner of the shop.",
    ]
    assert {one.edited_by for one in edits} == {bob}
    assert Event.objects.filter(verb="desk.memo_written").count() == 2


def test_the_same_words_again_change_nothing(held: ReviewCase, bob: User) -> None:
    _write(bob, held, "Known.")
    _write(bob, held, "Known.")

    assert MemoEdit.objects.count() == 1


def test_words_are_sealed_and_no_event_holds_them(held: ReviewCase, bob: User) -> None:
    _write(bob, held, "Brother is the owner.")

    with connection.cursor() as cursor:
        cursor.execute("SELECT words::text FROM desk_creditmemo")
        [(stored,)] = cursor.fetchall()
    assert "Brother" not in stored
    assert "Brother" not in json.dumps(list(Event.objects.values_list("facts", flat=True)))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"section": "nowhere"}, DomainError),
        ({"text": "x" * 4_001}, DomainError),
        ({"text": "a\x00b"}, DomainError),
        ({"version": "2026-01-01T00:00:00+00:00"}, StaleRecord),
    ],
    ids=["section", "too_long", "nul", "stale"],
)
def test_what_cannot_be_kept_changes_nothing(
    held: ReviewCase, bob: User, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        _write(bob, held, **{"text": "Known.", **changes})

    assert not CreditMemo.objects.exists()
    assert not MemoEdit.objects.exists()


def test_a_page_opened_before_there_was_a_memo_overwrites_nothing(
    held: ReviewCase, bob: User
) -> None:
    _write(bob, held, "Brother is the owner.", version="")

    with pytest.raises(StaleRecord):
        _write(bob, held, "Nothing known.", version="")

    assert "Brother" in CreditMemo.objects.get().words
    assert MemoEdit.objects.count() == 1


def test_only_who_holds_the_case_writes(
    held: ReviewCase, alice: User, beth: User, bob: User
) -> None:
    with pytest.raises(NotHolder):
        _write(beth, held, "Mine.")
    with pytest.raises(NotPermitted):
        _write(alice, held, "My own application.")

    assert not CreditMemo.objects.exists()


def test_a_decision_freezes_it_with_its_hash(held: ReviewCase, bob: User) -> None:
    _write(bob, held, "Brother is the owner.")

    _decide(bob, held)

    memo = CreditMemo.objects.get()
    assert memo.frozen_at == NOW
    assert memo.sha256 == hashlib.sha256(memo.content.encode()).hexdigest()
    frozen = {one["code"]: one for one in json.loads(memo.content)}
    assert frozen["mitigants"]["words"] == "Brother is the owner."
    assert "Reasons: Income confirmed by documents seen." in frozen["recommendation"]["sentences"]
    assert Event.objects.get(verb="desk.memo_frozen").facts["sha256"] == memo.sha256


def test_a_case_nobody_wrote_about_gets_the_memo_of_the_record(held: ReviewCase, bob: User) -> None:
    _decide(bob, held)

    assert len(json.loads(CreditMemo.objects.get().content)) == 7


def test_it_speaks_of_the_policy_the_verdict_was_given_by(
    scored: ReviewCase, charlie: User
) -> None:
    later = NOW + timedelta(days=3)
    stricter = factories.document()
    cap = {
        "code": "burden_cap",
        "sentence": "Obligations take at most a tenth of net income.",
        "input": "foir",
        "test": "at_most",
        "threshold": "0.10",
        "outcome": "decline",
    }
    rules = [one for one in stricter["rules"] if one["code"] != "foir_cap"]
    stricter["rules"] = [*rules, cap]
    newer = factories.policy(
        scored.application.branch.entity, effective_from=date(2026, 11, 22), document=stricter
    )
    decisions.claim(actor=charlie, case=scored, now=later)
    codes = ("income_confirmed", "override_new_evidence")
    verdict = Verdict(outcome="approve", codes=codes, note="The employer confirms the raise.")

    decisions.decide(actor=charlie, case=scored, verdict=verdict, now=later)

    frozen = {one["code"]: one["sentences"] for one in json.loads(CreditMemo.objects.get().content)}
    assert frozen["policy"][0] == f"Judged by {newer}."
    assert frozen["recommendation"][0] == "The policy by itself recommends a decline."


def test_nothing_is_written_once_it_is_frozen(held: ReviewCase, bob: User) -> None:
    _decide(bob, held)

    with pytest.raises((Conflict, NotHolder, NotPermitted)):
        _write(bob, held, "Afterwards.")

    assert not MemoEdit.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE desk_creditmemo SET sha256 = repeat('0', 64)",
        "UPDATE desk_creditmemo SET frozen_at = now()",
        "UPDATE desk_creditmemo SET frozen_at = NULL, sha256 = ''",
        "DELETE FROM desk_creditmemo",
    ],
    ids=["hash", "day", "thaw", "delete"],
)
def test_the_database_keeps_it_frozen(held: ReviewCase, bob: User, statement: str) -> None:
    _decide(bob, held)

    with (
        pytest.raises((InternalError, IntegrityError, DatabaseError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert CreditMemo.objects.get().frozen_at == NOW


def test_an_altered_memo_is_told_apart(held: ReviewCase, bob: User) -> None:
    _decide(bob, held)
    memo = CreditMemo.objects.get()
    memo.content = memo.content.replace("Applicant", "Someone else")
    memo.save(update_fields=["content"])

    found = memo_page.of_application(bob, held.application, now=NOW)

    assert found is not None
    assert not found.is_whole


def test_a_verdict_that_waits_for_a_signature_locks_it_and_the_signature_freezes_it(
    scored: ReviewCase, bob: User, charlie: User
) -> None:
    _decide(bob, scored)
    with pytest.raises(NotHolder):
        _write(bob, scored, "One more thing.")
    assert not CreditMemo.objects.exists()

    decisions.countersign(actor=charlie, case=scored, now=NOW)

    assert CreditMemo.objects.get().frozen_at == NOW


def test_the_page_keeps_words_that_were_refused(
    held: ReviewCase, beth: User, signed_in: SignedIn
) -> None:
    answer = signed_in(beth).post(
        reverse("desk:write_memo", args=[held.pk]),
        {"section": "policy", "text": "Mine."},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 422
    assert not CreditMemo.objects.exists()


def test_it_is_printed_by_who_may_see_the_case_only(
    held: ReviewCase, alice: User, nashik: Any, make_person: Callable[..., User],
    signed_in: SignedIn, rita: User,
) -> None:  # fmt: skip
    address = reverse("desk:print_memo", args=[held.application_id])

    assert "Recommendation" in signed_in(alice).get(address).content.decode()
    ned = make_person("Ned", "credit_reviewer", branch=nashik)
    assert signed_in(ned).get(address).status_code == 404
    assert signed_in(ned).post(
        reverse("desk:write_memo", args=[held.pk]), {"section": "policy", "text": "x"}
    ).status_code == 404  # fmt: skip
    assert not CreditMemo.objects.exists()


def test_the_api_shows_the_case_in_full_and_keeps_words(
    scored: ReviewCase, bob: User, alice: User, signed_in: SignedIn
) -> None:
    ReviewCase.objects.update(claim_until="2099-01-01T00:00:00Z")
    client = signed_in(bob)
    address = f"/api/v1/review/cases/{scored.pk}/"

    kept = client.put(
        f"{address}memo",
        {"section": "mitigants", "text": "Known."},
        content_type="application/json",
    )
    whole = client.get(f"{address}whole")

    assert kept.status_code == 200
    assert whole.status_code == 200
    body = whole.json()
    run = scored.referral.score_run
    assert run is not None
    assert (body["score"], body["exposure"], body["similar"]) == (run.score, [], [])
    assert {one["code"] for one in body["rules"]} >= {"foir_cap", "amount_authority"}
    assert [one["words"] for one in body["memo"]["sections"] if one["code"] == "mitigants"] == [
        "Known."
    ]
    assert signed_in(alice).get(f"{address}whole").status_code == 403
