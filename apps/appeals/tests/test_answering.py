"""Who took no part answers in writing, and may change the outcome within limits."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, transaction

from apps.accounts.models import ApprovalLimit, Branch, User
from apps.appeals import services
from apps.appeals.errors import AnswerIncomplete, NotReviewer, TookPart
from apps.appeals.models import Appeal, AppealedDecision
from apps.appeals.tests import factories
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, StaleRecord
from apps.decisions import services as decisions
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories as decided
from apps.letters.models import Letter
from apps.scoring.models import ModelVersion

LATER = factories.LATER
MakePerson = Callable[..., User]


def _answer(actor: User, appeal: Appeal, given: services.Answer) -> Appeal:
    return services.answer(actor=actor, appeal=appeal, given=given, now=LATER)


def _nothing_decided(application: Application) -> bool:
    application.refresh_from_db()
    return application.status == "declined" and application.decisions.count() == 1


def test_corrected_data_lead_to_another_decision_by_another_person(
    declined: Application, bob: User
) -> None:
    appeal = factories.checked(declined, bob)
    judged = appeal.reassessments.get()

    done = _answer(bob, appeal, factories.change())

    declined.refresh_from_db()
    numbers = list(declined.decisions.order_by("number").values_list("number", "outcome", "kind"))
    assert numbers == [
        (1, "decline", "automated"),
        (2, "refer", "automated"),
        (3, "approve", "human"),
    ]
    assert (declined.status, done.status) == ("approved", "changed")
    assert done.outcome is not None
    assert (done.outcome.decided_by, done.outcome.amount) == (bob, Decimal("200000.00"))
    assert done.outcome.score_run == judged.score_run
    assert judged.facts_before["net_monthly_income"] == "12000.00"
    assert judged.facts_after["net_monthly_income"] == "60000.00"
    assert judged.outcome == "approve"
    assert decisions.binding_decision(declined, now=LATER) == done.outcome


def test_the_answer_is_a_letter_in_the_words_of_who_decided(
    declined: Application, bob: User
) -> None:
    done = _answer(bob, factories.checked(declined, bob), factories.change())

    assert done.letter is not None
    letter = Letter.objects.get(pk=done.letter_id)
    assert letter.kind == "appeal"
    assert letter.facts["appeal"]["answer"] == factories.change().text
    assert letter.facts["appeal"]["upheld"] is False
    assert "60,000.00" in letter.facts["appeal"]["changed"][0]


def test_what_was_decided_on_outlives_a_withdrawn_appeal(
    declined: Application, alice: User, bob: User
) -> None:
    first = factories.checked(declined, bob)
    services.withdraw(actor=alice, appeal=first, now=LATER)

    second = factories.held(declined, bob)
    judged = services.judge_anew(actor=bob, appeal=second, now=LATER + timedelta(minutes=1))

    assert judged.facts_before["net_monthly_income"] == "12000.00"
    assert judged.facts_after["net_monthly_income"] == "60000.00"


def test_every_decision_on_the_way_replays(declined: Application, bob: User, amir: User) -> None:
    _answer(bob, factories.checked(declined, bob), factories.change())

    for one in declined.decisions.order_by("number"):
        found = decisions.replay(actor=amir, decision=one, now=LATER)
        assert found.identical, (one.number, found)


def test_an_upheld_decision_stays_the_only_one(declined: Application, bob: User) -> None:
    done = _answer(bob, factories.held(declined, bob), factories.uphold())

    assert (done.status, done.outcome) == ("upheld", None)
    assert _nothing_decided(declined)
    assert done.letter is not None
    assert Letter.objects.get(pk=done.letter_id).facts["appeal"]["upheld"] is True
    assert Letter.objects.get(pk=done.letter_id).facts["reasons"]


def test_less_than_asked_changes_the_outcome_in_part(declined: Application, bob: User) -> None:
    appeal = factories.checked(declined, bob)

    done = _answer(bob, appeal, factories.change(amount=Decimal(100_000), term_months=24))

    assert done.status == "partly_changed"
    assert done.outcome is not None
    assert (done.outcome.amount, done.outcome.valid_until is not None) == (100_000, True)


def test_a_decline_upheld_on_corrected_facts_names_the_reasons_of_today(
    declined: Application, bob: User
) -> None:
    claims = (services.Claim("net_monthly_income", "13000"),)
    appeal = factories.checked(declined, bob, claims=claims)
    assert appeal.reassessments.get().outcome == "decline"

    done = _answer(bob, appeal, factories.uphold(codes=("obligations_high_on_net_income",)))

    assert done.status == "upheld"
    assert done.outcome is not None
    assert (done.outcome.outcome, done.outcome.number) == ("decline", 3)


def test_above_the_own_limit_a_second_person_signs(
    alice: User, bob: User, charlie: User, stage: ModelVersion
) -> None:
    application = decided.assessed(
        alice,
        amount=Decimal(700_000),
        borrower={"employment": {"net_monthly_income": Decimal(12_000)}},
    ).application
    appeal = factories.checked(application, bob)

    waiting = _answer(bob, appeal, factories.change(note="Shown by the payslip."))
    assert waiting.status == "awaiting_second"
    assert _nothing_decided(application)
    assert not ReviewCase.objects.exists()
    with pytest.raises(NotPermitted):
        services.countersign(actor=bob, appeal=waiting, now=LATER)

    done = services.countersign(actor=charlie, appeal=waiting, now=LATER)

    assert (done.status, done.second_by) == ("changed", charlie)
    assert done.outcome is not None
    assert (done.outcome.decided_by, done.outcome.countersigned_by) == (bob, charlie)


def test_an_answer_sent_back_is_given_anew(
    alice: User, bob: User, charlie: User, stage: ModelVersion
) -> None:
    application = decided.assessed(
        alice,
        amount=Decimal(700_000),
        borrower={"employment": {"net_monthly_income": Decimal(12_000)}},
    ).application
    waiting = _answer(bob, factories.checked(application, bob), factories.change())

    with pytest.raises(AnswerIncomplete):
        services.send_back(actor=charlie, appeal=waiting, note=" ", now=LATER)
    with pytest.raises(StaleRecord):
        services.send_back(actor=charlie, appeal=waiting, note="No.", now=LATER, version="old")
    back = services.send_back(actor=charlie, appeal=waiting, note="Too much.", now=LATER)

    assert (back.status, back.sent_back_note, back.reviewer) == ("assigned", "Too much.", bob)
    done = _answer(bob, back, factories.change(amount=Decimal(250_000), term_months=24))
    assert done.status == "partly_changed"


def test_nobody_answers_who_took_part_or_has_no_right(
    declined: Application,
    alice: User,
    bob: User,
    amir: User,
    charlie: User,
    make_person: MakePerson,
) -> None:
    both = make_person("Eve", "loan_officer", "credit_reviewer")
    appeal = factories.plain(declined, by=both, channel="counter")

    with pytest.raises(TookPart):
        services.assign(actor=both, appeal=appeal, person=both, now=LATER)
    for person in (alice, amir):
        with pytest.raises(NotPermitted):
            services.assign(actor=person, appeal=appeal, person=person, now=LATER)
    with pytest.raises(DomainError) as refused:
        services.assign(actor=charlie, appeal=appeal, person=alice, now=LATER)

    assert refused.value.code == "person_unfit"
    appeal.refresh_from_db()
    assert (appeal.status, appeal.reviewer) == ("acknowledged", None)


def test_nobody_answers_what_another_person_holds(
    declined: Application, bob: User, dora: User
) -> None:
    appeal = factories.held(declined, bob)

    with pytest.raises(NotReviewer):
        _answer(dora, appeal, factories.uphold())

    appeal.refresh_from_db()
    assert appeal.status == "assigned"
    assert not Letter.objects.filter(kind="appeal").exists()


def test_who_decided_by_hand_cannot_answer(
    alice: User, bob: User, dora: User, pune: Branch
) -> None:
    decided.policy(pune.entity)
    case = decided.referred(alice)
    decisions.claim(actor=bob, case=case, now=factories.NOW)
    decisions.decide(
        actor=bob,
        case=case,
        verdict=decisions.Verdict(
            outcome="decline", codes=("documents_incomplete",), note="No proof."
        ),
        now=factories.NOW,
    )
    appeal = factories.plain(case.application)

    with pytest.raises(TookPart):
        services.assign(actor=bob, appeal=appeal, person=bob, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(
            status="assigned", reviewer=bob, assigned_at=LATER
        )

    taken = services.assign(actor=dora, appeal=appeal, person=dora, now=LATER)
    assert taken.reviewer == dora


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " "}, "text"),
        ({"outcome": "maybe"}, "outcome"),
        ({"codes": ()}, "codes"),
        ({"codes": ("obligations_high_on_net_income",)}, "codes"),
        ({"amount": Decimal(900_000), "term_months": 24}, "amount"),
    ],
)
def test_an_incomplete_answer_changes_nothing(
    declined: Application, bob: User, changes: dict[str, object], field: str
) -> None:
    appeal = factories.checked(declined, bob)

    with pytest.raises(AnswerIncomplete) as refused:
        _answer(bob, appeal, factories.change(**changes))

    assert field in refused.value.fields
    appeal.refresh_from_db()
    assert appeal.status == "assigned"
    assert _nothing_decided(declined)


def test_what_is_said_to_be_wrong_is_looked_at_before_the_answer(
    declined: Application, bob: User
) -> None:
    appeal = factories.received(declined)
    services.assign(actor=bob, appeal=appeal, person=bob, now=LATER)

    with pytest.raises(AnswerIncomplete):
        _answer(bob, appeal, factories.uphold())
    with pytest.raises(Conflict):
        services.judge_anew(actor=bob, appeal=appeal, now=LATER)

    assert _nothing_decided(declined)


def test_the_same_answer_again_answers_once(declined: Application, bob: User) -> None:
    appeal = factories.checked(declined, bob)

    first = _answer(bob, appeal, factories.change())
    again = _answer(bob, appeal, factories.change())

    assert first == again
    assert declined.decisions.count() == 3
    assert Letter.objects.filter(kind="appeal").count() == 1


def test_an_answered_appeal_never_changes(declined: Application, bob: User, dora: User) -> None:
    done = _answer(bob, factories.held(declined, bob), factories.uphold())

    with pytest.raises(Conflict):
        services.assign(actor=dora, appeal=done, person=dora, now=LATER)
    with pytest.raises(InternalError), transaction.atomic():
        Appeal.objects.filter(pk=done.pk).update(status="changed")
    with pytest.raises(InternalError), transaction.atomic():
        Appeal.objects.filter(pk=done.pk).delete()

    done.refresh_from_db()
    assert done.status == "upheld"


def test_a_decision_on_appeal_needs_the_appeal(declined: Application, bob: User) -> None:
    referral = Decision.objects.get(application=declined)
    fields = {
        "application": declined,
        "submitted_by_id": declined.submitted_by_id,
        "amount": declined.amount,
        "term_months": 24,
        "annual_rate": declined.annual_rate,
        "decided_at": LATER,
    }
    Decision(number=2, kind="automated", outcome="refer", failure="appealed", **fields).save()

    with pytest.raises(IntegrityError, match="appeals_decision_on_appeal"), transaction.atomic():
        Decision(number=3, kind="human", outcome="approve", decided_by=bob, **fields).save()

    assert AppealedDecision.objects.filter(application=declined).count() == 2
    assert referral.outcome == "decline"


def test_an_exception_meanwhile_overtakes_the_appeal(
    declined: Application, alice: User, bob: User, charlie: User
) -> None:
    appeal = factories.held(declined, bob)
    asked = decisions.ask_override(
        actor=alice,
        application=declined,
        entry=decisions.OverrideEntry(
            terms=decisions.Terms(Decimal(150_000), 24), reason="security_offered", note="Gold."
        ),
        now=LATER,
    )
    decisions.authorise_override(actor=charlie, override=asked, now=LATER)

    with pytest.raises(Conflict):
        _answer(bob, appeal, factories.uphold())
    services.end_overtaken(actor=bob, appeal=appeal, now=LATER)

    appeal.refresh_from_db()
    assert appeal.status == "overtaken"
    assert Event.objects.filter(verb="appeals.overtaken").count() == 1


def test_a_changed_request_ends_the_appeal(declined: Application, alice: User) -> None:
    appeal = factories.plain(declined)

    decisions.change_request(
        actor=alice,
        application=declined,
        amount=Decimal(100_000),
        term_months=24,
        now=LATER + timedelta(hours=1),
    )

    appeal.refresh_from_db()
    assert appeal.status == "overtaken"


def test_a_limit_of_nothing_waits_for_another(
    declined: Application, make_person: MakePerson
) -> None:
    poor = make_person("Paul", "credit_reviewer")
    ApprovalLimit.objects.create(user=poor, currency="INR", amount=Decimal(1))

    waiting = _answer(poor, factories.checked(declined, poor), factories.change())

    assert waiting.status == "awaiting_second"
    assert _nothing_decided(declined)
