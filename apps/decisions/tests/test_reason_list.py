"""The managed list: two people change it, and verdicts are given from it alone."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.accounts.models import User
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.decisions import reason_list, services
from apps.decisions.errors import VerdictRefused
from apps.decisions.models import Decision, ListedReason, ReviewCase
from apps.decisions.services import ReasonEntry, Verdict
from apps.decisions.tests import factories
from apps.letters.models import Letter

NOW, TODAY = factories.NOW, factories.NOW.date()
SignedIn = Callable[[User], Client]
WORDS = {
    "en": "We lend at most 90 % of an income of %(value)s.",
    "hi": "आय %(value)s के 90 % से अधिक नहीं।",
    "sw": "Tunakopesha hadi 90 % ya kipato cha %(value)s.",
}
SAYS = {name: text.replace("90 %", "90 %%") for name, text in WORDS.items()}


def _entry(**changes: Any) -> ReasonEntry:
    values: dict[str, Any] = {
        "code": "income_share",
        "kind": "decline",
        "verdict": "decline",
        "about": "annual_income",
        "judges": False,
        "words": SAYS,
        "owner": "Credit policy",
        "active_from": date(2026, 11, 1),
        "note": "The board asked for it.",
        **changes,
    }
    return ReasonEntry(**values)


def _listed(rita: User, charlie: User, **changes: Any) -> ListedReason:
    made = services.propose_reason(actor=rita, entry=_entry(**changes), now=NOW)
    return services.list_reason(actor=charlie, reason=made, now=NOW)


def _codes(person: User, on: date = TODAY) -> list[str]:
    return list(reason_list.in_force(person.branch.entity, on))


@pytest.fixture
def held(alice: User, bob: User, pune: Any) -> ReviewCase:
    """A case without a score that Bob holds."""
    factories.policy(pune.entity)
    return services.claim(actor=bob, case=factories.referred(alice), now=NOW)


def test_the_reasons_of_the_program_are_listed_once(bob: User) -> None:
    assert set(_codes(bob)) == set(factories.installed_reasons())


def test_a_proposal_counts_once_another_person_listed_it(rita: User, charlie: User) -> None:
    made = services.propose_reason(actor=rita, entry=_entry(), now=NOW)
    assert "income_share" not in _codes(charlie)

    services.list_reason(actor=charlie, reason=made, now=NOW)

    assert "income_share" in _codes(charlie)
    assert "income_share" not in _codes(charlie, date(2026, 10, 31))


def test_nobody_lists_what_they_proposed(rita: User, charlie: User) -> None:
    made = services.propose_reason(actor=rita, entry=_entry(), now=NOW)
    ListedReason.objects.filter(pk=made.pk).update(status="proposed")

    with pytest.raises(NotPermitted):
        services.list_reason(actor=rita, reason=made, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE decisions_listedreason SET status = 'listed', answered_at = now(),"
            " answered_by_id = proposed_by_id WHERE code = 'income_share'"
        )

    assert "income_share" not in _codes(rita)


def test_a_reason_ends_by_two_people_and_past_verdicts_keep_it(rita: User, charlie: User) -> None:
    row = _listed(rita, charlie)
    services.ask_reason_end(actor=rita, reason=row, last_day=TODAY, note="Not needed any more.")
    with pytest.raises(NotPermitted):
        services.end_reason(actor=rita, reason=row)
    assert "income_share" in _codes(charlie)

    services.end_reason(actor=charlie, reason=row)

    assert "income_share" in _codes(charlie)
    assert "income_share" not in _codes(charlie, date(2026, 12, 31))
    assert "income_share" in reason_list.ever()


def test_a_reason_that_was_to_end_is_kept(rita: User, charlie: User) -> None:
    row = _listed(rita, charlie)
    services.ask_reason_end(actor=rita, reason=row, last_day=TODAY, note="Not needed.")

    services.keep_reason(actor=charlie, reason=row)

    row.refresh_from_db()
    assert (row.status, row.end_asked_by) == ("listed", None)


def test_a_refusal_says_why(rita: User, charlie: User) -> None:
    made = services.propose_reason(actor=rita, entry=_entry(), now=NOW)
    with pytest.raises(DomainError):
        services.refuse_reason(actor=charlie, reason=made, note=" ", now=NOW)

    services.refuse_reason(actor=charlie, reason=made, note="Too vague.", now=NOW)

    made.refresh_from_db()
    assert (made.status, made.note) == ("refused", "Too vague.")
    assert "income_share" not in reason_list.ever()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"words": {**SAYS, "sw": " "}}, "words_sw"),
        ({"words": {**SAYS, "en": "%(name)s"}}, "words_en"),
        ({"about": ""}, "words_en"),
        ({"about": "shoe_size"}, "about"),
        ({"verdict": "approve"}, "verdict"),
        ({"kind": "postpone"}, "kind"),
        ({"owner": ""}, "owner"),
        ({"note": ""}, "note"),
    ],
    ids=["language", "placeholder", "no_value", "input", "verdict", "kind", "owner", "note"],
)
def test_what_is_lacking_stands_beside_its_field(
    rita: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        services.propose_reason(actor=rita, entry=_entry(**changes), now=NOW)

    assert list(refusal.value.fields) == [field]
    assert not ListedReason.objects.filter(code="income_share").exists()


def test_a_code_is_taken_for_good(rita: User, charlie: User) -> None:
    with pytest.raises(Conflict):
        services.propose_reason(actor=rita, entry=_entry(code="bankruptcy"), now=NOW)


def test_reviewers_change_nothing(bob: User, rita: User) -> None:
    made = services.propose_reason(actor=rita, entry=_entry(), now=NOW)

    for act in (
        lambda: services.propose_reason(actor=bob, entry=_entry(code="x"), now=NOW),
        lambda: services.list_reason(actor=bob, reason=made, now=NOW),
    ):
        with pytest.raises(NotPermitted):
            act()

    assert made.status == "proposed"


def test_the_database_keeps_what_a_reason_says(rita: User, charlie: User) -> None:
    _listed(rita, charlie)

    for statement in (
        "UPDATE decisions_listedreason SET words = '{}' WHERE code = 'income_share'",
        "UPDATE decisions_listedreason SET verdict = '' WHERE code = 'income_share'",
        "DELETE FROM decisions_listedreason WHERE code = 'income_share'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_letter_says_the_lenders_own_reason_in_the_applicants_language(
    held: ReviewCase, bob: User, rita: User, charlie: User
) -> None:
    _listed(rita, charlie)
    customer = held.application.customer
    customer.language = "sw"
    customer.save(update_fields=["language"])
    verdict = Verdict(outcome="decline", codes=("income_share",), note="Talked to the board.")

    services.decide(actor=bob, case=held, verdict=verdict, now=NOW)

    decision = Decision.objects.get(kind="human")
    assert decision.reasons[0]["words"]["en"] == SAYS["en"]
    with translation.override("sw"):
        [said] = Letter.objects.get(pk=decision.letter_id).facts["reasons"]
    assert said["sentence"].startswith("Tunakopesha hadi 90 % ya kipato cha ")


def test_a_reason_is_not_given_before_its_day_or_after_its_last(
    held: ReviewCase, bob: User, rita: User, charlie: User
) -> None:
    _listed(rita, charlie, active_from=date(2026, 12, 24))
    verdict = Verdict(outcome="decline", codes=("income_share",), note="Too early.")

    with pytest.raises(VerdictRefused) as refusal:
        services.decide(actor=bob, case=held, verdict=verdict, now=NOW)

    assert set(refusal.value.fields) == {"codes"}
    assert not Decision.objects.filter(kind="human").exists()


def test_an_overriding_reason_alone_declines_nobody(held: ReviewCase, bob: User) -> None:
    verdict = Verdict(outcome="decline", codes=("override_facts_unseen",), note="A feeling.")

    with pytest.raises(VerdictRefused) as refusal:
        services.decide(actor=bob, case=held, verdict=verdict, now=NOW)

    assert refusal.value.fields["codes"] == "Choose at least one reason."


def test_the_database_knows_the_list(held: ReviewCase) -> None:
    for verdict, code in (("approve", "made_up"), ("approve", "bankruptcy")):
        with pytest.raises(DatabaseError), transaction.atomic():
            ReviewCase.objects.filter(pk=held.pk).update(verdict=verdict, verdict_codes=[code])


def test_pages_propose_list_and_refuse_whom_they_should(
    rita: User, charlie: User, bob: User, alice: User, signed_in: SignedIn
) -> None:
    analyst = signed_in(rita)
    sentences = {f"words_{name}": text for name, text in SAYS.items()}
    given = {
        "code": "income_share",
        "kind": "decline",
        "verdict": "decline",
        "about": "annual_income",
        "owner": "Credit policy",
        "active_from": "2026-11-01",
        "note": "The board asked for it.",
    }

    assert analyst.post(reverse("decisions:reason_propose"), given).status_code == 422
    answer = analyst.post(reverse("decisions:reason_propose"), {**given, **sentences})
    assert answer.url == reverse("decisions:reasons")
    row = ListedReason.objects.get(code="income_share")
    address = reverse("decisions:reason_list", args=[row.pk])
    assert signed_in(bob).post(address).status_code == 403
    assert signed_in(alice).get(reverse("decisions:reasons")).status_code == 403
    manager = signed_in(charlie)
    assert "Put on the list" in manager.get(reverse("decisions:reasons")).content.decode()
    manager.post(address)
    row.refresh_from_db()
    assert (row.status, row.answered_by) == ("listed", charlie)
    assert "income_share" in signed_in(bob).get(reverse("decisions:reasons")).content.decode()
