"""A repaid loan is closed with a letter of no dues, and what was pledged is asked back."""

from datetime import timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.audit.models import Event
from apps.collateral.models import Item
from apps.collateral.tests import factories as pledging
from apps.letters.models import Letter
from apps.letters.statements import Statement
from apps.loans.models import Loan
from apps.servicing import services
from apps.servicing.models import Closure
from apps.servicing.tests import factories
from apps.servicing.tests.factories import TODAY, at, money


def _repaid(loan: Loan, alice: User, *, more: int = 0, hours: int = 0) -> None:
    total = services.quote(loan, TODAY, today=TODAY).total
    services.pay_off(
        actor=alice,
        loan=loan,
        money=money(TODAY, total + more, external_reference=f"P{hours}"),
        now=at(TODAY) + timedelta(hours=hours),
    )


def test_the_letter_says_that_nothing_is_owed(lent: Loan, alice: User) -> None:
    _repaid(lent, alice)

    closure = services.close(actor=alice, loan=lent, now=at(TODAY))

    letter = Letter.objects.get(kind="no_dues")
    stated = Statement.from_dict(letter.facts)
    assert closure.letter == letter
    assert (letter.subject, letter.pdf_sha256 != "") == (f"servicing.closure:{closure.pk}", True)
    assert stated.addressee[0] == lent.customer.full_name
    assert [line.value for line in stated.parts[0].lines] == [
        "₹2,00,000.00",
        TODAY.strftime("%-d %B %Y"),
        "Nothing",
    ]
    assert closure.repaid_date == TODAY
    lent.refresh_from_db()
    assert lent.status == "closed"
    assert Event.objects.filter(verb="servicing.closed").count() == 1


def test_closed_again_it_is_the_same_closure(lent: Loan, alice: User) -> None:
    _repaid(lent, alice)
    first = services.close(actor=alice, loan=lent, now=at(TODAY))

    assert services.close(actor=alice, loan=lent, now=at(TODAY)) == first
    assert Letter.objects.filter(kind="no_dues").count() == 1


def test_papers_go_back_within_thirty_days(lent: Loan, alice: User) -> None:
    """Rule book 6.11: property documents within 30 days of full repayment."""
    _repaid(lent, alice)

    closure = services.close(actor=alice, loan=lent, now=at(TODAY))

    assert closure.papers_due_date == TODAY + timedelta(days=30)


def test_something_owed_on_either_side_is_refused(lent: Loan, alice: User, bob: User) -> None:
    unpaid = factories.refused(lambda: services.close(actor=alice, loan=lent, now=at(TODAY)))
    _repaid(lent, alice, more=300)

    too_much = factories.refused(lambda: services.close(actor=alice, loan=lent, now=at(TODAY)))

    assert unpaid.code == "still_owed"
    assert too_much.code == "not_paid_back"
    assert "₹300.00" in str(too_much.sentence)
    relief = services.Relief(kind="refund", amount=Decimal(300), reason="Paid too much")
    proposal = services.propose(actor=alice, loan=lent, relief=relief, now=at(TODAY))
    services.approve(actor=bob, proposal=proposal, now=at(TODAY))
    assert services.close(actor=alice, loan=lent, now=at(TODAY)).number == 1


def test_after_a_part_was_paid_it_is_still_owed(lent: Loan, alice: User) -> None:
    services.prepay(
        actor=alice, loan=lent, money=money(TODAY, 51_500), option="shorter_term", now=at(TODAY)
    )

    refusal = factories.refused(lambda: services.close(actor=alice, loan=lent, now=at(TODAY)))

    assert refusal.code == "still_owed"
    assert "₹1,50,000.00" in str(refusal.sentence)


def test_a_loan_that_runs_again_is_closed_once_more_under_another_number(
    lent: Loan, alice: User, charlie: User
) -> None:
    _repaid(lent, alice)
    first = services.close(actor=alice, loan=lent, now=at(TODAY))
    event = lent.events.get(kind="payoff")
    later = at(TODAY) + timedelta(hours=1)
    services.undo(actor=charlie, event=event, reason="The cheque bounced", now=later)
    _repaid(lent, alice, hours=2)

    second = services.close(actor=alice, loan=lent, now=at(TODAY) + timedelta(hours=3))

    assert (first.number, second.number) == (1, 2)
    assert first.letter != second.letter
    assert list(Closure.objects.order_by("number")) == [first, second]


def test_what_was_pledged_is_asked_back(lent: Loan, alice: User) -> None:
    item = pledging.pledged(alice, lent.application)
    _repaid(lent, alice)

    closure = services.close(actor=alice, loan=lent, now=at(TODAY))

    assert closure.releases == 1
    release = Item.objects.get(pk=item.pk).releases.get()
    assert (release.status, release.asked_by) == ("asked", alice)
    stated = Statement.from_dict(closure.letter.facts)
    assert stated.parts[1].heading == "What you pledged"


def test_the_wrong_person_closes_nothing(lent: Loan, alice: User, bob: User) -> None:
    _repaid(lent, alice)

    refusal = factories.refused(lambda: services.close(actor=bob, loan=lent, now=at(TODAY)))

    assert refusal.code == "not_permitted"
