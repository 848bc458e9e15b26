"""Who answers for a loan, for how much of it, and all that one person answers for."""

import uuid
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.applications import entries as application_entries
from apps.applications import services as application_services
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.collateral import exposures, selectors, services
from apps.collateral.entries import LiabilityEntry
from apps.collateral.exposures import Owed
from apps.collateral.models import CoBorrower, GuarantorLiability
from apps.core.errors import Conflict, DomainError, NotVisible
from apps.customers import services as customer_services
from apps.customers.models import Customer
from apps.customers.tests import factories as customers

pytestmark = pytest.mark.django_db
NOW = applications.NOW
WHOLE = LiabilityEntry(liability="joint_and_several")


def _share(share: str) -> LiabilityEntry:
    return LiabilityEntry(liability="share", share=Decimal(share))


@pytest.fixture
def meera(pune: Branch) -> Customer:
    return applications.borrower(pune)


@pytest.fixture
def draft(alice: User, pune: Branch) -> Application:
    return applications.application(alice, applications.borrower(pune))


def _joined(
    alice: User, draft: Application, customer: Customer, entry: LiabilityEntry = WHOLE
) -> CoBorrower:
    return services.add_co_borrower(
        actor=alice, application=draft, customer=customer, entry=entry, now=NOW
    )


def _guaranteed(alice: User, draft: Application, customer: Customer, amount: int) -> Any:
    return application_services.add_guarantor(
        actor=alice,
        application=draft,
        entry=application_entries.GuarantorEntry(amount=Decimal(amount), customer=customer),
    )


def _approved(alice: User, draft: Application) -> Application:
    found = application_services.submit(actor=alice, application=draft, now=NOW)
    return found.move("score", "approve")


def test_a_co_borrower_owes_the_whole_or_a_share(
    alice: User, draft: Application, meera: Customer, pune: Branch
) -> None:
    seen = Application.objects.get(pk=draft.pk).version

    _joined(alice, draft, meera)
    _joined(alice, draft, applications.borrower(pune), _share("0.25"))

    whole, part = selectors.co_borrowers(draft)
    assert (whole.customer, whole.share) == (meera, None)
    assert (part.liability, part.share) == ("share", Decimal("0.2500"))
    assert Application.objects.get(pk=draft.pk).version != seen
    assert Event.objects.filter(verb="collateral.co_borrower_added").count() == 2


@pytest.mark.parametrize(
    "entry",
    [
        LiabilityEntry(liability="share"),
        LiabilityEntry(liability="joint_and_several", share=Decimal("0.5")),
        LiabilityEntry(liability="perhaps"),
        _share("0"),
        _share("1"),
        _share("-0.5"),
        _share("0.33333"),
        _share("NaN"),
    ],
    ids=[
        *("no share", "a share of the whole", "unknown", "nothing", "everything", "negative"),
        *("too fine", "no number"),
    ],
)
def test_it_refuses_a_liability_that_makes_no_sense(
    alice: User, draft: Application, meera: Customer, entry: LiabilityEntry
) -> None:
    with pytest.raises(DomainError):
        _joined(alice, draft, meera, entry)

    assert not CoBorrower.objects.exists()


def test_it_refuses_who_cannot_be_a_co_borrower(
    alice: User,
    charlie: User,
    draft: Application,
    meera: Customer,
    pune: Branch,
    nashik: Branch,
) -> None:
    guarantor, blocked = applications.borrower(pune), applications.borrower(pune)
    _guaranteed(alice, draft, guarantor, 1_000)
    customer_services.block(
        actor=charlie,
        entity=pune.entity,
        entry=customers.block_entry(customer_number=blocked.number),
        now=NOW,
    )
    _joined(alice, draft, meera)

    for person in (draft.customer, meera, guarantor, blocked):
        with pytest.raises(DomainError) as refusal:
            _joined(alice, draft, person)
        assert list(refusal.value.fields) == ["customer"]
    with pytest.raises(NotVisible):
        _joined(alice, draft, applications.borrower(nashik))

    assert CoBorrower.objects.count() == 1


def test_all_shares_together_are_at_most_the_whole(
    alice: User, draft: Application, meera: Customer, pune: Branch
) -> None:
    guarantor = _guaranteed(alice, draft, applications.borrower(pune), 50_000)
    _joined(alice, draft, meera, _share("0.6"))

    with pytest.raises(DomainError) as refusal:
        services.set_liability(
            actor=alice, application=draft, guarantor_id=guarantor.pk, entry=_share("0.41")
        )
    assert list(refusal.value.fields) == ["share"]
    assert not GuarantorLiability.objects.exists()
    services.set_liability(
        actor=alice, application=draft, guarantor_id=guarantor.pk, entry=_share("0.4")
    )
    services.set_liability(
        actor=alice, application=draft, guarantor_id=guarantor.pk, entry=_share("0.3")
    )

    assert GuarantorLiability.objects.get().share == Decimal("0.3")


def test_who_answers_is_settled_once_submitted(
    alice: User, draft: Application, meera: Customer, pune: Branch
) -> None:
    guarantor = _guaranteed(alice, draft, applications.borrower(pune), 50_000)
    joined = _joined(alice, draft, meera)
    _approved(alice, draft)

    for act in (
        lambda: _joined(alice, draft, applications.borrower(pune)),
        lambda: services.remove_co_borrower(
            actor=alice, application=draft, co_borrower_id=joined.pk
        ),
        lambda: services.set_liability(
            actor=alice, application=draft, guarantor_id=guarantor.pk, entry=WHOLE
        ),
    ):
        with pytest.raises(Conflict):
            act()

    assert CoBorrower.objects.count() == 1
    assert not GuarantorLiability.objects.exists()


def test_a_co_borrower_is_taken_off_a_draft(
    alice: User, draft: Application, meera: Customer
) -> None:
    joined = _joined(alice, draft, meera)

    services.remove_co_borrower(actor=alice, application=draft, co_borrower_id=joined.pk)

    assert not CoBorrower.objects.exists()
    with pytest.raises(NotVisible):
        services.remove_co_borrower(actor=alice, application=draft, co_borrower_id=joined.pk)


def test_it_shows_all_that_a_person_answers_for(alice: User, meera: Customer, pune: Branch) -> None:
    own = _approved(alice, applications.application(alice, meera, amount=Decimal(100_000)))
    asked = applications.submitted(alice, meera, amount=Decimal(50_000))
    shared = applications.application(alice, applications.borrower(pune))
    _joined(alice, shared, meera, _share("0.5"))
    guaranteed = applications.application(alice, applications.borrower(pune))
    _guaranteed(alice, guaranteed, meera, 80_000)
    for one in (shared, guaranteed):
        _approved(alice, one)

    found = selectors.exposure(meera, alice)

    assert {(line.role.value, line.application, line.amount) for line in found.lines} == {
        ("borrower", own, Decimal(100_000)),
        ("borrower", asked, Decimal(50_000)),
        ("co_borrower", shared, Decimal("100000.00")),
        ("guarantor", guaranteed, Decimal(80_000)),
    }
    assert not found.lines[-1].owed.is_owed
    [total] = found.totals
    assert (total.together, total.asked) == (Decimal("280000.00"), Decimal(50_000))


def _owed(amount: int, **changes: Any) -> Owed:
    return Owed(amount=Decimal(amount), currency="INR", state="active", **changes)


def test_a_loan_counts_with_what_is_outstanding_and_only_once(
    alice: User, meera: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = _approved(alice, applications.application(alice, meera))
    closed = _approved(alice, applications.application(alice, meera))
    monkeypatch.setattr(exposures, "_sources", dict(exposures._sources))

    def loans(asked: Collection[uuid.UUID]) -> dict[uuid.UUID, Owed | None]:
        known = {lent.pk: _owed(70_000, reference="L-1"), closed.pk: None}
        return {key: known[key] for key in asked}

    exposures.register("loans", loans, order=30)

    found = selectors.exposure(meera, alice)

    [line] = found.lines
    assert (line.application, line.amount, line.owed.reference) == (lent, Decimal(70_000), "L-1")
    assert found.totals[0].together == Decimal(70_000)


def test_it_shows_only_what_one_may_see(
    alice: User, meera: Customer, make_person: Callable[..., User], nashik: Branch
) -> None:
    _approved(alice, applications.application(alice, meera))

    found = selectors.exposure(meera, make_person("Nisha", "loan_officer", branch=nashik))

    assert (found.lines, found.totals) == ((), ())


def test_it_asks_as_much_for_many_lines_as_for_one(
    alice: User,
    meera: Customer,
    django_assert_num_queries: Callable[..., Any],
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    _approved(alice, applications.application(alice, meera))
    with django_assert_max_num_queries(12) as first:
        selectors.exposure(meera, alice)
    for _number in range(5):
        applications.submitted(alice, meera)

    with django_assert_num_queries(len(first)):
        found = selectors.exposure(meera, alice)

    assert len(found.lines) == 6
