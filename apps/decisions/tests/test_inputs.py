"""What a policy is told of the borrower: block list, guarantees, and income on paper."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

import pgtrigger
import pytest

from apps.accounts.models import Branch, User
from apps.applications import entries, selectors, services
from apps.applications.models import Application, Guarantor
from apps.applications.tests import factories as applications
from apps.collateral import services as collateral
from apps.collateral.entries import LiabilityEntry
from apps.core import dates
from apps.customers import services as customers
from apps.customers.models import Customer
from apps.customers.tests import factories as people
from apps.decisions import inputs, sources
from apps.decisions.policy_inputs import INPUTS
from apps.decisions.services import assess, replay
from apps.decisions.tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.NOW


def _known(application: Application) -> dict[str, object]:
    """Return the inputs of an application, as without a score."""
    return dict(inputs.unscored(application, selectors.affordability(application)))


@pytest.fixture
def carol(make_person: Callable[..., User]) -> User:
    """A second credit manager."""
    return make_person("Carol", "credit_manager")


def _guarantee(
    alice: User, guarantor: Customer, amount: int, *, state: str = "approved"
) -> Guarantor:
    """Let somebody answer for a new loan of somebody else in Pune."""
    taken = applications.application(alice, applications.borrower(alice.branch))
    entry = entries.GuarantorEntry(customer=guarantor, amount=Decimal(amount))
    given = services.add_guarantor(actor=alice, application=taken, entry=entry)
    if state != "draft":
        taken = services.submit(actor=alice, application=taken, now=NOW)
    for action in {"approved": ["score", "approve"], "declined": ["score", "decline"]}.get(
        state, []
    ):
        taken.move(action)
    return given


def test_it_is_told_of_the_block_list_either_way(
    alice: User, charlie: User, carol: User, pune: Branch
) -> None:
    application = factories.submitted(alice)
    before = _known(application)["blocked"]
    entry = people.block_entry(customer_number=application.customer.number)
    listed = customers.block(actor=charlie, entity=pune.entity, entry=entry, now=NOW)

    standing = _known(application)["blocked"]
    customers.lift(actor=carol, entry=listed, reason="Mistaken identity", now=NOW)

    assert (before, standing, _known(application)["blocked"]) == (False, True, False)


def test_an_entry_counts_for_a_tape_that_is_asked_about_today(
    alice: User, charlie: User, pune: Branch
) -> None:
    customer = applications.borrower(pune)
    old = services.submit(actor=alice, application=applications.historic(customer), now=NOW)
    entry = people.block_entry(
        customer_number=customer.number,
        until_date=dates.local_date(NOW, pune.entity.time_zone),
    )
    customers.block(actor=charlie, entity=pune.entity, entry=entry, now=NOW)

    assert _known(old)["blocked"] is True
    # A day after the entry has run out the same question is answered otherwise.
    old.submitted_at = NOW + timedelta(days=1)
    assert _known(old)["blocked"] is False


def test_it_counts_guarantees_for_other_peoples_approved_loans(alice: User) -> None:
    application = factories.submitted(alice)
    nothing = _known(application)
    _guarantee(alice, application.customer, 70_000)
    _guarantee(alice, application.customer, 30_000)
    for state in ("draft", "submitted", "declined"):
        _guarantee(alice, application.customer, 500_000, state=state)

    known = _known(application)

    assert (nothing["guarantees_with_us"], nothing["exposure_with_us"]) == (0, 200_000)
    assert known["guarantees_with_us"] == Decimal(100_000)
    assert known["exposure_with_us"] == Decimal(300_000)


def _co_borrowed(
    alice: User, helper: Customer, amount: int, *, share: str | None, state: str = "approved"
) -> Application:
    """Let somebody owe a new loan of somebody else in Pune, all of it or a share."""
    taken = applications.application(
        alice, applications.borrower(alice.branch), amount=Decimal(amount)
    )
    entry = LiabilityEntry(
        liability="joint_and_several" if share is None else "share",
        share=None if share is None else Decimal(share),
    )
    collateral.add_co_borrower(
        actor=alice, application=taken, customer=helper, entry=entry, now=NOW
    )
    taken = services.submit(actor=alice, application=taken, now=NOW)
    for action in ["score", "approve"] if state == "approved" else []:
        taken.move(action)
    return taken


def test_it_counts_what_is_owed_together_with_others(alice: User, pune: Branch) -> None:
    application = factories.submitted(alice)
    _co_borrowed(alice, application.customer, 100_000, share=None)
    _co_borrowed(alice, application.customer, 90_001, share="0.3333")
    _co_borrowed(alice, application.customer, 500_000, share=None, state="submitted")
    _co_borrowed(alice, applications.borrower(pune), 400_000, share=None)

    known = _known(application)

    assert known["exposure_with_us"] == Decimal(200000) + Decimal(100000) + Decimal("29997.33")
    assert known["guarantees_with_us"] == 0


def test_what_is_owed_with_others_in_another_currency_is_not_known(alice: User) -> None:
    application = factories.submitted(alice)
    foreign = _co_borrowed(alice, application.customer, 100_000, share="0.5")
    with pgtrigger.ignore():
        Application.objects.filter(pk=foreign.pk).update(currency="KES")

    assert _known(application)["exposure_with_us"] is None


def test_a_guarantor_has_with_us_what_they_owe_with_others(alice: User, pune: Branch) -> None:
    somebody = applications.borrower(pune)
    _co_borrowed(alice, somebody, 100_000, share="0.25")
    taken = applications.application(alice, applications.borrower(pune))
    entry = entries.GuarantorEntry(customer=somebody, amount=Decimal(50_000))
    services.add_guarantor(actor=alice, application=taken, entry=entry)
    application = services.submit(actor=alice, application=taken, now=NOW)

    assert _known(application)["guarantor_exposure"] == Decimal(75_000)


def test_it_leaves_out_other_guarantors(alice: User, pune: Branch) -> None:
    application = factories.submitted(alice)
    _guarantee(alice, applications.borrower(pune), 90_000)

    known = _known(application)

    assert known["guarantees_with_us"] == 0
    assert known["exposure_with_us"] == application.amount


def test_what_is_answered_for_in_another_currency_is_not_known(alice: User) -> None:
    application = factories.submitted(alice)
    _guarantee(alice, application.customer, 70_000)
    foreign = _guarantee(alice, application.customer, 70_000)
    Guarantor.objects.filter(pk=foreign.pk).update(currency="KES")

    known = _known(application)

    assert (known["guarantees_with_us"], known["exposure_with_us"]) == (None, None)


def test_what_is_owed_in_another_currency_is_not_known(alice: User) -> None:
    application = factories.submitted(alice)
    other = applications.submitted(alice, application.customer)
    with pgtrigger.ignore():
        Application.objects.filter(pk=other.pk).update(currency="KES")
    waiting = _known(application)
    other.refresh_from_db()
    other.move("score").move("approve")

    known = _known(application)

    assert waiting["exposure_with_us"] == application.amount
    assert (known["guarantees_with_us"], known["exposure_with_us"]) == (0, None)


def test_it_is_told_how_much_a_guarantor_has_with_us_already(alice: User, pune: Branch) -> None:
    nobody, somebody = applications.borrower(pune), applications.borrower(pune)
    taken = applications.application(alice, applications.borrower(pune))
    for guarantor, amount in ((nobody, 20_000), (somebody, 50_000)):
        entry = entries.GuarantorEntry(customer=guarantor, amount=Decimal(amount))
        services.add_guarantor(actor=alice, application=taken, entry=entry)
    stranger = entries.GuarantorEntry(name="Somebody else", amount=Decimal(900_000))
    services.add_guarantor(actor=alice, application=taken, entry=stranger)
    application = services.submit(actor=alice, application=taken, now=NOW)
    # What counts of the second guarantor: an own loan, and what they answer for elsewhere.
    own = applications.submitted(alice, somebody, amount=Decimal(100_000))
    own.move("score").move("approve")
    _guarantee(alice, somebody, 7_000)
    for state in ("draft", "submitted", "declined"):
        _guarantee(alice, somebody, 400_000, state=state)

    assert _known(application)["guarantor_exposure"] == 157_000

    # What the second one owes us in another currency makes the sum unknown, not smaller.
    Guarantor.objects.filter(customer=somebody, amount=7_000).update(currency="KES")
    assert _known(application)["guarantor_exposure"] is None
    Guarantor.objects.filter(customer=somebody, amount=7_000).update(currency="INR")
    assert _known(application)["guarantor_exposure"] == 157_000

    Guarantor.objects.filter(application=application, customer=nobody).update(currency="KES")
    assert _known(application)["guarantor_exposure"] is None
    Guarantor.objects.filter(application=application, customer__isnull=False).delete()
    assert _known(application)["guarantor_exposure"] == 0


def test_loans_kept_above_add_what_they_know_of(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = factories.submitted(alice)
    _guarantee(alice, application.customer, 70_000)

    def book(chosen: Sequence[Application]) -> list[sources.Borrowing]:
        owed, guaranteed = Decimal(1_000), Decimal(500)
        return [sources.Borrowing(defaults=0, owed=owed, guaranteed=guaranteed) for _ in chosen]

    monkeypatch.setattr(sources, "_sources", {"one": book, "two": book})

    known = _known(application)

    assert known["guarantees_with_us"] == Decimal(71_000)
    assert known["exposure_with_us"] == Decimal(200_000 + 70_000 + 2 * 1_500)


@pytest.mark.parametrize(
    ("documented", "gap"),
    [
        ({}, Decimal(0)),
        ({"documented_net_monthly_income": Decimal(45_000)}, Decimal("0.25")),
        ({"documented_net_monthly_income": None, "documented_by": ""}, None),
    ],
)
def test_it_is_told_what_documents_do_not_show(
    alice: User, documented: dict[str, object], gap: Decimal | None
) -> None:
    application = factories.submitted(alice, borrower={"employment": documented})

    assert _known(application)["income_gap"] == gap


def test_a_burden_nobody_asked_about_is_not_known(alice: User) -> None:
    application = factories.submitted(alice)
    application.obligations_monthly = None

    known = _known(application)

    assert [known[code] for code in ("dti", "foir", "pay_committed")] == [None] * 3
    assert known["lti"] is not None


def test_every_input_but_the_score_is_gathered(alice: User) -> None:
    assert set(_known(factories.submitted(alice))) == set(INPUTS)


BLOCK_LIST = {
    "code": "block_list",
    "sentence": "The borrower is not on our block list.",
    "input": "blocked",
    "test": "is",
    "threshold": False,
    "outcome": "decline",
}
INCOME_MISMATCH = {
    "code": "income_mismatch",
    "sentence": "Documents show all but 10 % of the income declared.",
    "input": "income_gap",
    "test": "at_most",
    "threshold": "0.10",
    "outcome": "refer",
}


def _asking(*rules: dict[str, object]) -> dict[str, object]:
    document = factories.document()
    return {**document, "rules": [*document["rules"], *rules]}


def test_who_is_blocked_is_declined_with_a_reason_and_no_way_round(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_asking(BLOCK_LIST))
    application = factories.submitted(alice)
    entry = people.block_entry(kind="pan", number=application.customer.identities.get().value)
    customers.block(actor=charlie, entity=pune.entity, entry=entry, now=NOW)

    decision = assess(application_id=application.pk, actor="system:test", now=NOW)

    assert decision.outcome == "decline"
    assert decision.inputs["blocked"] is True
    assert [one["code"] for one in decision.reasons] == ["rule.block_list"]
    assert decision.letter is not None
    [told] = decision.letter.facts["reasons"]
    assert told["sentence"] == (
        "Our block list holds an entry about you. You may ask us what it rests on, and object"
        " to it."
    )
    assert replay(actor="system:test", decision=decision, now=NOW).identical


@pytest.mark.parametrize(
    ("documented", "outcome", "test"),
    [
        ({}, "approve", ""),
        ({"documented_net_monthly_income": Decimal(50_000)}, "refer", "at_most"),
        ({"documented_net_monthly_income": None, "documented_by": ""}, "refer", "missing"),
    ],
)
def test_income_that_no_document_shows_goes_to_a_person(
    alice: User,
    pune: Branch,
    rita: User,
    mark: User,
    documented: dict[str, object],
    outcome: str,
    test: str,
) -> None:
    factories.stage(pune, rita, mark, document=_asking(BLOCK_LIST, INCOME_MISMATCH))

    decision = factories.assessed(alice, borrower={"employment": documented})

    assert decision.outcome == outcome
    named = [one["test"] for one in decision.reasons if one["code"] == "rule.income_mismatch"]
    assert named == ([test] if test else [])
