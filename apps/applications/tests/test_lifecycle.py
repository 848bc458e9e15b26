"""Every action in every state: what the table allows happens, everything else is refused."""

import pytest

from apps.accounts.models import Branch, User
from apps.applications import hooks, services
from apps.applications.lifecycle import LIFECYCLE
from apps.applications.models import Application
from apps.applications.tests import factories
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError

pytestmark = pytest.mark.django_db
ACTIONS = sorted({step.action for step in LIFECYCLE.steps})
ALLOWED = [
    (step.action, source, step.target) for step in LIFECYCLE.steps for source in step.sources
]
REFUSED = [
    (action, state)
    for action in ACTIONS
    for state in LIFECYCLE.states
    if not LIFECYCLE.allows(action, state)
]


def test_it_can_reach_every_state_and_only_withdrawals_and_lapses_are_final() -> None:
    assert set(LIFECYCLE.states) == {
        "draft",
        "historic",
        "submitted",
        "scored",
        "in_review",
        "approved",
        "declined",
        "withdrawn",
        "lapsed",
    }
    assert set(LIFECYCLE.final) == {"withdrawn", "lapsed"}


@pytest.mark.parametrize(("action", "state", "target"), ALLOWED)
def test_it_moves_where_the_table_says(
    alice: User, pune: Branch, action: str, state: str, target: str
) -> None:
    application = factories.in_state(alice, factories.borrower(pune), state)
    extra = {"submitted_at": factories.NOW} if action == "submit" else {}

    application.move(action, **extra)

    assert Application.objects.get(pk=application.pk).status == target


@pytest.mark.parametrize(("action", "state"), REFUSED)
def test_it_refuses_what_the_table_does_not_say(
    alice: User, pune: Branch, action: str, state: str
) -> None:
    application = factories.in_state(alice, factories.borrower(pune), state)

    with pytest.raises(Conflict):
        application.move(action)

    assert Application.objects.get(pk=application.pk).status == state


@pytest.mark.parametrize("state", [state for state in LIFECYCLE.states if state != "draft"])
def test_it_changes_only_a_draft(alice: User, pune: Branch, state: str) -> None:
    customer = factories.borrower(pune)
    application = factories.in_state(alice, customer, state)
    terms = factories.entry(customer, amount=factories.rupees(300_000))

    with pytest.raises(Conflict):
        services.change(actor=alice, application=application, terms=terms)
    with pytest.raises(Conflict):
        services.add_collateral(
            actor=alice, application=application, entry=factories.vehicle(application)
        )

    kept = Application.objects.get(pk=application.pk)
    assert kept.amount == application.amount
    assert not kept.collaterals.exists()


@pytest.mark.parametrize("state", ["draft", "submitted", "scored", "in_review", "approved"])
def test_it_withdraws_and_tells_who_asked(
    alice: User, pune: Branch, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = factories.in_state(alice, factories.borrower(pune), state)
    told: list[object] = []
    monkeypatch.setattr(hooks, "_on_withdraw", [lambda *call: told.append(call)])

    done = services.withdraw(
        actor=alice, application=application, reason="duplicate", now=factories.NOW
    )

    assert done.status == "withdrawn"
    assert told == [(done, alice, factories.NOW)]
    event = Event.objects.get(verb="applications.withdrawn")
    assert event.facts == {"reason": "duplicate", "state_before": state}


@pytest.mark.parametrize("state", ["declined", "withdrawn", "lapsed", "historic"])
def test_it_does_not_withdraw_what_is_over(alice: User, pune: Branch, state: str) -> None:
    application = factories.in_state(alice, factories.borrower(pune), state)

    with pytest.raises(Conflict):
        services.withdraw(
            actor=alice, application=application, reason="duplicate", now=factories.NOW
        )

    assert Application.objects.get(pk=application.pk).status == state
    assert not Event.objects.filter(verb="applications.withdrawn").exists()


def test_it_undoes_the_withdrawal_when_somebody_above_refuses(
    alice: User, pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*call: object) -> None:
        raise Conflict("busy", "A reviewer is deciding this case.")

    application = factories.submitted(alice, factories.borrower(pune))
    monkeypatch.setattr(hooks, "_on_withdraw", [refuse])

    with pytest.raises(DomainError):
        services.withdraw(
            actor=alice, application=application, reason="duplicate", now=factories.NOW
        )

    assert Application.objects.get().status == "submitted"
    assert not Event.objects.filter(verb="applications.withdrawn").exists()
