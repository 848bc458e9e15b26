"""An exception to a decline: asked for, answered by another with authority, binding for a time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from apps.accounts.models import ApprovalLimit, Branch, User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.decisions import services
from apps.decisions.errors import NotBinding, OwnSubmission
from apps.decisions.models import Decision, Override
from apps.decisions.services import OverrideEntry, Terms
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion
from tests.kept import kept

NOW = factories.NOW
LATER = NOW + timedelta(hours=1)


@pytest.fixture
@kept
def declined(alice: User, stage: ModelVersion) -> Application:
    """A declined application of 790,000 over 24 months: too much for the income."""
    decision = factories.assessed(
        alice,
        amount=Decimal(790_000),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    )
    return decision.application


def _entry(amount: int = 700_000, term: int = 24, **changes: Any) -> OverrideEntry:
    values: dict[str, Any] = {
        "terms": Terms(Decimal(amount), term),
        "reason": "security_offered",
        "note": "Gold is pledged.",
        **changes,
    }
    return OverrideEntry(**values)


def _ask(actor: User, application: Application, **changes: Any) -> Override:
    return services.ask_override(
        actor=actor, application=application, entry=_entry(**changes), now=LATER
    )


def _authorise(actor: User, asked: Override) -> Decision:
    return services.authorise_override(actor=actor, override=asked, now=LATER)


def _still_declined(application: Application) -> bool:
    application.refresh_from_db()
    return application.status == "declined" and Decision.objects.count() == 1


def test_two_people_lend_in_spite_of_a_decline(
    declined: Application, alice: User, charlie: User
) -> None:
    asked = _ask(alice, declined)

    made = _authorise(charlie, asked)

    declined.refresh_from_db()
    asked.refresh_from_db()
    until = datetime(2026, 12, 20, 23, 59, 59, 999_999, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert (declined.status, asked.status, asked.answered_by) == (
        "approved",
        "authorised",
        charlie,
    )
    assert (made.number, made.kind, made.outcome, made.override) == (2, "human", "approve", asked)
    assert (made.amount, made.term_months, made.annual_rate) == (700_000, 24, Decimal("0.16"))
    assert (made.decided_by, made.valid_until, asked.expires_at) == (charlie, until, until)
    assert made.letter is not None
    assert made.letter.kind == "counter_offer"
    assert asked.decision.letter is not None
    assert asked.decision.letter.kind == "declined"
    assert services.binding_decision(declined, now=until) == made
    with pytest.raises(NotBinding):
        services.binding_decision(declined, now=until + timedelta(microseconds=1))
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"decisions.override_asked", "decisions.override_authorised"} <= verbs


def test_its_decision_replays(declined: Application, alice: User, charlie: User) -> None:
    made = _authorise(charlie, _ask(alice, declined))

    failed = [one["code"] for one in made.trace["results"] if one["result"] == "failed"]
    assert failed == ["foir_cap"]
    assert services.replay(actor=charlie, decision=made, now=LATER).identical


def test_an_exception_never_costs_less_than_a_better_risk(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    written = factories.document(bands=("0.0000001", "0.0000002"))
    for band, addon in zip(written["ladders"][0]["bands"], ("0.01", "0.03", "0"), strict=True):
        band["rate_addon"] = addon
    factories.stage(pune, rita, mark, document=written)
    turned_down = factories.assessed(alice)
    assert (turned_down.outcome, turned_down.annual_rate) == ("decline", Decimal("0.16"))

    made = _authorise(charlie, _ask(alice, turned_down.application, amount=150_000))

    assert made.trace["band"]["name"] == "C"
    assert made.annual_rate == Decimal("0.19")
    assert services.replay(actor=charlie, decision=made, now=LATER).identical


def test_a_refused_exception_leaves_the_decline(
    declined: Application, bob: User, charlie: User
) -> None:
    asked = _ask(bob, declined)

    services.refuse_override(actor=charlie, override=asked, note="Too risky.", now=LATER)

    asked.refresh_from_db()
    assert (asked.status, asked.answer_note) == ("refused", "Too risky.")
    assert _still_declined(declined)
    with pytest.raises(Conflict):
        _authorise(charlie, asked)
    # It can be asked for again.
    assert _ask(bob, declined).status == "asked"


def test_nobody_answers_without_role_authority_or_sight(
    declined: Application,
    alice: User,
    bob: User,
    amir: User,
    make_person: Callable[..., User],
) -> None:
    asked = _ask(alice, declined)
    poor = make_person("Paul", "credit_manager")
    ApprovalLimit.objects.create(user=poor, currency="INR", amount=Decimal(699_999))

    for person in (alice, bob, amir, poor):
        with pytest.raises(NotPermitted):
            _authorise(person, asked)

    asked.refresh_from_db()
    assert asked.status == "asked"
    assert _still_declined(declined)


def test_nobody_answers_the_own_request_or_for_the_own_submission(
    declined: Application, alice: User, make_person: Callable[..., User]
) -> None:
    both = make_person("Eve", "credit_reviewer", "credit_manager")
    officer = make_person("Max", "loan_officer", "credit_manager")
    for person in (both, officer):
        ApprovalLimit.objects.create(user=person, currency="INR", amount=Decimal(5_000_000))
    own = factories.assessed(
        officer,
        amount=Decimal(790_000),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    ).application

    with pytest.raises(NotPermitted):
        _authorise(both, _ask(both, declined))
    with pytest.raises(OwnSubmission):
        _authorise(officer, _ask(alice, own))

    assert not Decision.objects.filter(number=2).exists()


def test_only_a_visible_decline_has_an_exception(
    declined: Application,
    alice: User,
    amir: User,
    make_person: Callable[..., User],
    nashik: Branch,
) -> None:
    olga = make_person("Olga", "loan_officer", branch=nashik)
    approved = factories.assessed(alice).application

    for person, application, refusal in (
        (olga, declined, NotVisible),
        (amir, declined, NotPermitted),
        (alice, approved, Conflict),
        (alice, factories.submitted(alice), Conflict),
    ):
        with pytest.raises(refusal):
            _ask(person, application)

    assert not Override.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": 790_001}, "amount"),
        ({"amount": 1}, "amount"),
        ({"term": 61}, "term_months"),
        ({"reason": "because"}, "reason"),
        ({"note": "  "}, "note"),
    ],
)
def test_an_incomplete_request_is_refused(
    declined: Application, alice: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        _ask(alice, declined, **changes)

    assert set(refusal.value.fields) == {field}
    assert not Override.objects.exists()


def test_one_is_asked_for_at_a_time(declined: Application, alice: User, bob: User) -> None:
    _ask(alice, declined)

    with pytest.raises(Conflict):
        _ask(bob, declined)

    assert Override.objects.count() == 1


def test_a_changed_request_ends_what_was_asked(
    declined: Application, alice: User, charlie: User
) -> None:
    asked = _ask(alice, declined)

    services.change_request(
        actor=alice, application=declined, amount=Decimal(600_000), term_months=24, now=LATER
    )

    asked.refresh_from_db()
    assert asked.status == "lapsed"
    with pytest.raises(Conflict):
        _authorise(charlie, asked)


def test_the_database_keeps_what_was_asked_and_answered(
    declined: Application, alice: User, charlie: User
) -> None:
    asked = _ask(alice, declined)
    attempts = [
        "UPDATE decisions_override SET amount = 1",
        "UPDATE decisions_override SET note = 'x'",
        "DELETE FROM decisions_override",
    ]
    _refused(attempts, InternalError)
    _authorise(charlie, asked)
    _refused([*attempts, "UPDATE decisions_override SET expires_at = now()"], InternalError)

    asked.refresh_from_db()
    assert (asked.amount, asked.note) == (700_000, "Gold is pledged.")


def test_the_database_wants_two_people_and_a_time(declined: Application, alice: User) -> None:
    _ask(alice, declined)

    for statement, name in (
        ("status = 'authorised'", "decisions_override_authorised_for_a_time"),
        ("answered_by_id = requested_by_id", "decisions_override_second_is_another"),
        ("status = 'refused'", "decisions_override_refused_by_somebody"),
    ):
        _refused([f"UPDATE decisions_override SET {statement}"], IntegrityError, name)  # noqa: S608


def test_the_database_refuses_a_decision_no_override_allows(
    declined: Application, alice: User, charlie: User
) -> None:
    asked = _ask(alice, declined)
    first = Decision.objects.get()

    for override_amount, answered in ((Decimal(700_000), False), (Decimal(700_001), True)):
        if answered:
            _authorise(charlie, asked)
        with (
            pytest.raises(IntegrityError, match="decisions_decision_true_override"),
            transaction.atomic(),
        ):
            Decision.objects.create(
                application=declined,
                number=9,
                kind="human",
                outcome="approve",
                override=asked,
                amount=override_amount,
                term_months=24,
                annual_rate=first.annual_rate,
                submitted_by=alice,
                decided_by=charlie,
                decided_at=LATER,
                valid_until=LATER + timedelta(days=30),
            )


def _refused(
    statements: list[str], error: type[Exception], match: str = "Cannot (update|delete) rows"
) -> None:
    for statement in statements:
        with (
            pytest.raises(error, match=match),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_one_counts(
    alice: User,
    charlie: User,
    pune: Branch,
    rita: User,
    mark: User,
    make_person: Callable[..., User],
) -> None:
    factories.stage(pune, rita, mark)
    poor = {"employment": {"net_monthly_income": Decimal(50_000)}}
    application = factories.assessed(alice, amount=Decimal(790_000), borrower=poor).application
    asked = _ask(alice, application)
    gate = threading.Barrier(2)

    def run(action: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=10)
            return action()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(
            pool.map(
                run,
                [
                    lambda: _authorise(charlie, asked),
                    lambda: services.refuse_override(
                        actor=charlie, override=asked, note="No.", now=LATER
                    ),
                ],
            )
        )

    asked.refresh_from_db()
    application.refresh_from_db()
    refusals = [one for one in results if isinstance(one, DomainError)]
    assert [one.code for one in refusals] == ["override_answered"]
    assert (asked.status, application.status) in (
        ("authorised", "approved"),
        ("refused", "declined"),
    )
