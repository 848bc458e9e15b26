"""A promise is taken once, kept by money that came by its day, and judged again when that moves."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.repayments import services
from apps.repayments.models import AccountEvent, Promise
from apps.repayments.services import promising
from apps.repayments.tests import contact_factories as contact
from apps.repayments.tests import factories

TODAY = factories.TODAY
FIRST_DUE = date(2026, 12, 20)
# The promise of these tests: 5,000 on the 22nd, taken on the 21st.
TAKEN, BY = date(2026, 12, 21), date(2026, 12, 22)


@pytest.fixture
def promise(lent: Loan, alice: User) -> Promise:
    """5,000 by the day after it was promised."""
    return contact.promise(alice, lent, on=TAKEN, promised_date=BY)


def pay(actor: User, loan: Loan, day: date, amount: str, *, clock: str = "12:00") -> AccountEvent:
    return factories.pay(actor, loan, day, amount, now=contact.at(day, clock))


def stands(promise: Promise) -> tuple[str, Decimal]:
    promise.refresh_from_db()
    return promise.status, promise.paid


def judge(day: date) -> int:
    return services.judge_promises(now=contact.at(day, "00:10"))


def test_it_is_kept_by_what_comes_by_its_day(lent: Loan, alice: User, promise: Promise) -> None:
    pay(alice, lent, TAKEN, "2000.00")
    before = (judge(BY), stands(promise))
    pay(alice, lent, BY, "3000.00")

    judged = judge(BY + timedelta(days=1))

    assert before == (0, ("open", Decimal(0)))
    assert judged == 1
    assert stands(promise) == ("kept", Decimal("5000.00"))
    event = Event.objects.get(verb="repayments.promise_judged")
    assert event.facts["stands"] == "kept"
    assert event.subject == f"loans.loan:{lent.pk}"


def test_it_is_broken_once_its_day_is_over(lent: Loan, alice: User, promise: Promise) -> None:
    pay(alice, lent, TAKEN, "4999.99")

    on_the_day, after, again = judge(BY), judge(BY + timedelta(days=1)), judge(BY)

    assert (on_the_day, after) == (0, 1)
    # Nothing leads from broken back to open: whoever asks for an earlier day changes nothing.
    assert again == 0
    assert stands(promise) == ("broken", Decimal("4999.99"))


def test_the_day_ends_by_the_lenders_clock(lent: Loan, promise: Promise) -> None:
    # Half an hour before midnight in India it is the same day in London and not over here.
    still = services.judge_promises(now=contact.at(BY, "23:59"))
    over = services.judge_promises(now=contact.at(BY + timedelta(days=1), "00:00"))

    assert (still, over) == (0, 1)


def test_money_that_was_there_before_keeps_nothing(lent: Loan, alice: User) -> None:
    pay(alice, lent, TAKEN, "5000.00", clock="09:00")
    made = contact.promise(alice, lent, on=TAKEN, promised_date=BY)

    judge(BY + timedelta(days=1))

    assert stands(made) == ("broken", Decimal(0))


def test_money_that_comes_late_does_not_keep_it(lent: Loan, alice: User, promise: Promise) -> None:
    pay(alice, lent, BY + timedelta(days=1), "5000.00")

    judge(BY + timedelta(days=2))

    assert stands(promise) == ("broken", Decimal(0))


def test_money_entered_late_for_its_day_mends_a_broken_promise(
    lent: Loan, alice: User, promise: Promise
) -> None:
    judge(BY + timedelta(days=1))
    later = contact.at(BY + timedelta(days=3))
    factories.pay(alice, lent, BY, "5000.00", now=later)

    judge(BY + timedelta(days=4))

    assert stands(promise) == ("kept", Decimal("5000.00"))


def test_a_cheque_that_bounces_breaks_a_kept_promise(
    lent: Loan, alice: User, charlie: User, promise: Promise
) -> None:
    event = pay(alice, lent, BY, "5000.00")
    judge(BY + timedelta(days=1))
    assert stands(promise)[0] == "kept"

    services.take_back(
        actor=charlie, event=event, reason="Bounced.", now=contact.at(BY + timedelta(days=2))
    )
    judge(BY + timedelta(days=3))

    assert stands(promise) == ("broken", Decimal(0))


def test_what_is_long_over_is_judged_no_more(lent: Loan, alice: User, promise: Promise) -> None:
    judge(BY + timedelta(days=1))
    factories.pay(alice, lent, BY, "5000.00", now=contact.at(BY + timedelta(days=2)))

    assert judge(BY + timedelta(days=61)) == 0
    assert judge(BY + timedelta(days=60)) == 1


def test_many_are_judged_chunk_by_chunk(
    lent: Loan, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promising, "CHUNK", 2)
    for loan in (lent, *(lending.paid(alice, bob).loan for _number in range(2))):
        contact.promise(alice, loan, on=TAKEN, promised_date=BY)

    first, again = judge(BY + timedelta(days=1)), judge(BY + timedelta(days=1))

    assert (first, again) == (3, 0)
    assert Promise.objects.filter(status="broken").count() == 3


def test_it_changes_nothing_of_what_is_owed(lent: Loan, alice: User) -> None:
    before = factories.state(lent)

    contact.promise(alice, lent, on=TAKEN, promised_date=BY)

    assert factories.state(lent) == before


# --- refusals -------------------------------------------------------------------------------
def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = (list(Promise.objects.values_list("pk", "status")), Event.objects.count())
    with pytest.raises(DomainError) as refusal:
        act()
    after = (list(Promise.objects.values_list("pk", "status")), Event.objects.count())
    assert (after, bool(str(refusal.value.sentence))) == (before, True)
    return refusal.value


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-5)}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("1E+15")}, "amount"),
        ({"currency": "KES"}, "currency"),
        ({"promised_date": TAKEN - timedelta(days=1)}, "promised_date"),
        ({"promised_date": TAKEN + timedelta(days=32)}, "promised_date"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_what_makes_no_sense_is_refused(
    lent: Loan, alice: User, changes: dict[str, Any], field: str
) -> None:
    refusal = refused(lambda: contact.promise(alice, lent, on=TAKEN, **changes))

    assert list(refusal.fields) == [field]


def test_a_loan_has_one_open_promise(lent: Loan, alice: User, promise: Promise) -> None:
    again = refused(lambda: contact.promise(alice, lent, on=TAKEN))

    assert isinstance(again, Conflict)
    with pytest.raises(IntegrityError), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(status="withdrawn")


def test_only_on_a_running_loan_and_by_who_may(
    lent: Loan, alice: User, amir: User, stage: None, make_person: Any, nashik: Any
) -> None:
    far = make_person("Farah", "loan_officer", branch=nashik)
    idle = lending.opened(alice)

    assert isinstance(refused(lambda: contact.promise(amir, lent, on=TAKEN)), NotPermitted)
    assert isinstance(refused(lambda: contact.promise(far, lent, on=TAKEN)), NotVisible)
    assert isinstance(refused(lambda: contact.promise(alice, idle, on=TAKEN)), Conflict)


def test_withdrawing_needs_a_reason_and_an_open_promise(
    lent: Loan, alice: User, amir: User, promise: Promise
) -> None:
    def withdraw(actor: User = alice, reason: str = "Moved to Friday.") -> Promise:
        return services.withdraw_promise(
            actor=actor, promise=promise, reason=reason, now=contact.at(TAKEN)
        )

    assert isinstance(refused(lambda: withdraw(amir)), NotPermitted)
    assert list(refused(lambda: withdraw(reason="  ")).fields) == ["reason"]
    assert list(refused(lambda: withdraw(reason="x" * 301)).fields) == ["reason"]
    assert withdraw().status == "withdrawn"
    promise.refresh_from_db()
    assert promise.withdrawn_reason == "Moved to Friday."
    assert isinstance(refused(withdraw), Conflict)
    # And a new one may be taken.
    assert contact.promise(alice, lent, on=TAKEN).status == "open"


def test_why_a_promise_was_withdrawn_is_sealed(lent: Loan, alice: User, promise: Promise) -> None:
    said = "Meera is in hospital."

    services.withdraw_promise(actor=alice, promise=promise, reason=said, now=contact.at(TAKEN))

    assert Promise.objects.get().why_withdrawn == said
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, t::text FROM repayments_promise AS t WHERE id = %s", [promise.pk]
        )
        [(status, row)] = cursor.fetchall()
    assert (status, "Meera" in row) == ("withdrawn", False)
    assert "Meera" not in str(Event.objects.get(verb="repayments.promise_withdrawn").facts)


def test_a_promise_that_stands_has_no_reason_why_it_does_not(promise: Promise) -> None:
    assert (promise.withdrawn_reason, promise.why_withdrawn) == (None, "")
    promise.withdrawn_reason = "None."
    with pytest.raises(IntegrityError), transaction.atomic():
        promise.save(update_fields=["withdrawn_reason"])


def test_what_was_promised_is_never_changed(promise: Promise) -> None:
    with pytest.raises(InternalError), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(status="kept")
