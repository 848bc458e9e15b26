"""What a borrower asked in time holds, however long the bank is silent. Rule book 6.5."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import InternalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import DomainError, NotPermitted
from apps.ledger import services as books
from apps.loans import services
from apps.loans.models import Disbursement, Loan
from apps.loans.tests import factories
from apps.offers import services as offers
from apps.offers.models import Offer
from apps.offers.services import Asked
from apps.offers.tests import factories as offering
from apps.portal import services as portal
from apps.portal import tokens
from tests.kept import kept

NOW, LATER, TODAY = factories.NOW, factories.LATER, factories.TODAY
# The last cooling-off day is three days after the payment.
LAST = LATER + timedelta(days=3)
SILENT = LATER + timedelta(days=9)
Browser = Callable[[User], Client]


@pytest.fixture
@kept
def with_bank(alice: User, bob: User, pune: Branch, stage: None) -> Disbursement:
    """The second payment of a loan, which the bank was told to make: 80,000 of it are paid."""
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    agreed = factories.agreed(alice, application)
    loan = services.open_loan(actor=alice, application=agreed, now=LATER)
    rest = TODAY + timedelta(days=30)
    factories.paid(alice, bob, loan, amount=Decimal(80_000), rest_planned_date=rest)
    sent = factories.approved(alice, bob, Loan.objects.get(pk=loan.pk))
    services.instruct(
        actor=bob, entity=pune.entity, disbursements=[sent], now=LATER + timedelta(hours=3)
    )
    return Disbursement.objects.get(pk=sent.pk)


def _offer() -> Offer:
    return Offer.objects.get()


def _asked(**changes: object) -> Asked:
    values = {"day": LAST.date(), "channel": "email", "reference": "Mail 7", **changes}
    return Asked(**values)  # type: ignore[arg-type]


def _noted(actor: User, *, now: object = LAST, **changes: object) -> Offer:
    return offers.note_exit_asked(
        actor=actor,
        offer=_offer(),
        asked=_asked(**changes),
        now=now,  # type: ignore[arg-type]
    )


def _cost(net_days: int) -> Decimal:
    return (net_days * _offer().apr / 365).quantize(Decimal("0.01"))


def test_6_5_it_is_completed_after_the_last_day_at_the_cost_of_the_day_it_was_asked(
    alice: User, bob: User, with_bank: Disbursement
) -> None:
    _noted(alice)
    with pytest.raises(DomainError) as early:
        offers.exit(actor=alice, offer=_offer(), now=SILENT)

    services.fail(actor=bob, disbursement=with_bank, reason="Stopped in time", now=SILENT)
    done = offers.exit(actor=alice, offer=_offer(), now=SILENT)

    assert early.value.code == "payment_on_its_way"
    assert done.exit_quote["exit_date"] == LAST.date().isoformat()
    # 79,500 for three days, not for nine; of 500 of fees 400 are kept.
    assert Decimal(done.exit_quote["amount"]) == Decimal(79_900) + _cost(79_500 * 3)
    services.settle_exit(
        actor=bob,
        loan=Loan.objects.get(),
        paid_date=SILENT.date(),
        bank_reference="UTR9",
        now=SILENT,
    )
    assert Loan.objects.get().status == "closed"
    assert books.prove(actor="system:tests", now=SILENT).holds
    told = Event.objects.get(verb="offers.exit_asked")
    assert (told.facts["day"], told.facts["channel"]) == (LAST.date().isoformat(), "email")
    assert "Mail 7" not in str(told.facts)


def test_6_5_what_the_bank_paid_after_it_was_asked_costs_nothing(
    alice: User, bob: User, with_bank: Disbursement
) -> None:
    _noted(alice)
    services.confirm(
        actor=bob,
        disbursement=with_bank,
        paid_date=LAST.date() + timedelta(days=2),
        bank_reference="UTR5",
        now=SILENT,
    )

    done = offers.exit(actor=alice, offer=_offer(), now=SILENT)

    # All 200,000 were paid; the first part counts until the day of the last, which costs nothing.
    assert Decimal(done.exit_quote["amount"]) == Decimal(199_900) + _cost(79_500 * 5)


def test_nothing_more_is_paid_out_once_it_was_asked(
    *,
    signed_in: Browser,
    alice: User,
    bob: User,
    with_bank: Disbursement,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _noted(alice)
    services.fail(actor=bob, disbursement=with_bank, reason="Stopped in time", now=LAST)

    with pytest.raises(DomainError) as refusal:
        factories.requested(alice, Loan.objects.get())

    assert refusal.value.code == "exit_asked"
    monkeypatch.setattr(timezone, "now", lambda: SILENT)
    page = signed_in(alice).get(reverse("loans:detail", args=[with_bank.loan_id])).text
    assert reverse("loans:ask", args=[with_bank.loan_id]) not in page
    assert "The borrower asked to step back" in page


@pytest.mark.parametrize(
    ("now", "changes", "code"),
    [
        (SILENT, {"day": LAST.date() + timedelta(days=1)}, "cooling_off_over"),
        (SILENT, {"day": SILENT.date() + timedelta(days=1)}, "day_refused"),
        (SILENT, {"day": TODAY - timedelta(days=30)}, "day_refused"),
        (SILENT, {"day": TODAY}, "day_refused"),
        (LAST, {"reference": " "}, "asked_incomplete"),
        (LAST, {"reference": "x" * 121}, "asked_incomplete"),
        (LAST, {"channel": "link"}, "asked_incomplete"),
    ],
    ids=[
        "6.5-after-the-last-day",
        "to-come",
        "before-it-was-agreed",
        "noted-too-late",
        "kept-nowhere",
        "too-long",
        "by-the-link-of-the-borrower",
    ],
)
@pytest.mark.usefixtures("with_bank")
def test_what_is_refused_changes_nothing(
    alice: User, now: object, changes: dict[str, object], code: str
) -> None:
    before = Event.objects.count()

    with pytest.raises(DomainError) as refusal:
        _noted(alice, now=now, **changes)

    assert refusal.value.code == code
    assert (_offer().exit_asked_date, Event.objects.count()) == (None, before)


@pytest.mark.usefixtures("with_bank")
def test_it_is_noted_once_by_whoever_may(alice: User, rita: User) -> None:
    with pytest.raises(NotPermitted):
        _noted(rita)
    first = _noted(alice)
    again = _noted(alice, now=SILENT)
    with pytest.raises(DomainError) as refusal:
        _noted(alice, day=TODAY)

    assert (first.exit_asked_at, again.exit_asked_at, refusal.value.code) == (
        *(LAST, LAST),
        "exit_asked",
    )
    assert Event.objects.filter(verb="offers.exit_asked").count() == 1
    with pytest.raises(InternalError), transaction.atomic():
        Offer.objects.update(exit_asked_date=date(2026, 1, 1))


@pytest.mark.usefixtures("with_bank")
def test_a_borrower_asks_by_the_link_and_sees_that_the_day_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LAST)
    offer = _offer()
    link = tokens.Link("offer", offer.application_id, LAST + timedelta(days=30), 0)
    path = f"{portal.path(link)}offer/"
    sure = {"exit-sure": "on", "exit-statement_hash": offer.statement_hash}

    answers = [Client().post(f"{path}step-back/", sure).status_code for _ in range(2)]

    monkeypatch.setattr(timezone, "now", lambda: SILENT)
    page = Client().get(path).text
    asked = _offer()
    assert answers == [302, 302]
    assert (asked.exit_asked_date, asked.exit_asked_via, asked.exit_asked_by) == (
        *(LAST.date(), "link"),
        None,
    )
    assert "You asked to step back on 23 November 2026" in page
    assert "Today you would pay" not in page
    assert Event.objects.filter(verb="offers.exit_asked").count() == 1


def test_an_officer_notes_it_on_the_page_and_over_the_api(
    signed_in: Browser,
    alice: User,
    with_bank: Disbursement,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: SILENT)
    browser, offer = signed_in(alice), with_bank.loan.offer
    assert offer is not None
    said = {"day": LAST.date().isoformat(), "channel": "phone", "reference": "Tape 3"}
    address = reverse("offers:exit_asked", args=[offer.pk])

    empty = browser.post(address, {})
    noted = browser.post(address, said)
    page = browser.get(reverse("offers:detail", args=[offer.pk])).text
    api, json = reverse("api:offer_exit_asked", args=[offer.pk]), "application/json"
    again = browser.post(api, said, content_type=json)
    other = browser.post(api, {**said, "day": "x"}, content_type=json)

    assert (empty.status_code, noted.status_code) == (422, 302)
    assert "Tape 3" in page
    assert reverse("offers:step_back", args=[offer.pk]) in page
    assert address not in page
    assert (again.status_code, again.json()["exit_asked_date"]) == (200, said["day"])
    assert other.status_code == 400
