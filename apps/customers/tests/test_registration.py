"""Registration: complete or not at all, and nobody twice."""

import threading
from dataclasses import replace
from datetime import date

import pytest
from django.db import connection

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.customers import selectors, services
from apps.customers.entries import AddressEntry
from apps.customers.models import Address, Customer, IdentityNumber
from apps.customers.services import DuplicateFound, registration
from apps.customers.tests import factories

NOW = factories.NOW


def test_it_registers_a_customer_with_everything_entered(alice: User, pune: Branch) -> None:
    entry = factories.customer_entry(pune, identities={"pan": "acupa7085r"}, phone="98230 12345")

    customer = services.register(actor=alice, entry=entry, now=NOW)

    stored = Customer.objects.get(pk=customer.pk)
    assert stored.number == customer.number
    assert stored.full_name == "Ravi Kulkarni"
    assert stored.phone == "+919823012345"
    assert stored.date_of_birth == date(1988, 4, 12)
    assert stored.identities.get().value == "ACUPA7085R"
    assert stored.address.street == "14 Tilak Road"
    assert (stored.branch, stored.registered_by) == (pune, alice)
    event = Event.objects.get(verb="customers.registered")
    assert event.subject == f"customers.customer:{customer.pk}"
    assert event.facts == {"country": "IN", "branch": "pune"}


def test_it_returns_a_customer_that_learns_what_is_recorded_later(pune: Branch) -> None:
    customer = factories.customer(pune)

    assert customer.household.home == "rent"
    assert customer.address.city == "Pune"


def test_it_counts_customer_numbers_up(alice: User, pune: Branch) -> None:
    first, second = (
        services.register(actor=alice, entry=factories.customer_entry(pune), now=NOW)
        for _ in range(2)
    )

    assert first.number.startswith("C-")
    assert int(second.number[2:]) == int(first.number[2:]) + 1


def test_it_writes_a_submission_sent_twice_once(alice: User, pune: Branch) -> None:
    entry = factories.customer_entry(pune)

    first = services.register(actor=alice, entry=entry, now=NOW)
    second = services.register(actor=alice, entry=entry, now=NOW)

    assert first.pk == second.pk
    assert Customer.objects.count() == 1
    assert Event.objects.filter(verb="customers.registered").count() == 1


def test_it_refuses_somebody_elses_submission(alice: User, bob: User, pune: Branch) -> None:
    customer = factories.customer(pune)
    entry = factories.customer_entry(pune, key=customer.pk)

    with pytest.raises(Conflict, match="used before"):
        services.register(actor=alice, entry=entry, now=NOW)

    assert Customer.objects.count() == 1


def test_it_refuses_a_known_official_number_even_when_confirmed(
    alice: User, pune: Branch, nashik: Branch
) -> None:
    known = factories.customer(nashik, identities={"pan": "ACUPA7085R"})
    entry = factories.customer_entry(
        pune, identities={"pan": "acupa 7085 r"}, confirmed_distinct=True
    )

    with pytest.raises(DuplicateFound) as refusal:
        services.register(actor=alice, entry=entry, now=NOW)

    assert refusal.value.final
    [candidate] = refusal.value.candidates
    assert candidate.customer == known
    assert (candidate.masked_name, candidate.within_reach) == ("R•••• K••••", False)
    assert refusal.value.fields["pan"] == (
        f"On record for customer {known.number} (R•••• K••••, branch Nashik)."
    )
    assert Customer.objects.count() == 1
    assert not Event.objects.filter(actor=alice.audit_reference).exists()


@pytest.mark.parametrize("shared", ["phone", "email"])
def test_it_offers_customers_with_the_same_contact(alice: User, pune: Branch, shared: str) -> None:
    known = factories.customer(pune)
    entry = factories.customer_entry(pune, **{shared: getattr(known, shared)})

    with pytest.raises(DuplicateFound) as refusal:
        services.register(actor=alice, entry=entry, now=NOW)

    assert not refusal.value.final
    assert [each.matched_on for each in refusal.value.candidates] == [(shared,)]
    assert Customer.objects.count() == 1


def test_it_registers_another_person_with_the_same_contact_once_confirmed(
    alice: User, pune: Branch
) -> None:
    known = factories.customer(pune)
    entry = factories.customer_entry(pune, phone=known.phone, confirmed_distinct=True)

    customer = services.register(actor=alice, entry=entry, now=NOW)

    assert customer.phone == known.phone
    assert Customer.objects.count() == 2


def test_it_keeps_lenders_apart(alice: User, pune: Branch, india: Entity) -> None:
    other = Entity.objects.create(
        code="other", name="Other Ltd", kind="nbfc", country="IN", currency="INR",
        time_zone="Asia/Kolkata", address="x", email="a@b.example", phone="1",
        review_contact="x", data_protection_contact="x", regulator="x",
    )  # fmt: skip
    elsewhere = Branch.objects.create(entity=other, code="thane", name="Thane")
    factories.customer(elsewhere, identities={"pan": "ACUPA7085R"})
    entry = factories.customer_entry(pune, identities={"pan": "ACUPA7085R"})

    services.register(actor=alice, entry=entry, now=NOW)

    assert IdentityNumber.objects.count() == 2


def test_it_says_beside_each_field_what_is_wrong_and_writes_nothing(
    alice: User, pune: Branch
) -> None:
    entry = factories.customer_entry(
        pune,
        full_name="",
        identities={"aadhaar": "234123412347"},
        address=AddressEntry(street="x" * 201, city="Pune", postal_code="011030"),
    )

    with pytest.raises(DomainError) as refusal:
        services.register(actor=alice, entry=entry, now=NOW)

    assert refusal.value.code == "invalid_input"
    assert refusal.value.fields == {
        "full_name": "This is needed.",
        "aadhaar": "The check digit of this Aadhaar number is wrong; a digit is mistyped.",
        "street": "This is too long; at most 200 characters.",
        "postal_code": "An Indian PIN code has six digits and does not begin with 0.",
    }
    assert (Customer.objects.count(), Address.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_it_refuses_a_branch_the_person_does_not_work_in(
    alice: User, pune: Branch, nashik: Branch
) -> None:
    with pytest.raises(DomainError) as refusal:
        services.register(actor=alice, entry=factories.customer_entry(nashik), now=NOW)

    assert list(refusal.value.fields) == ["branch"]
    assert not Customer.objects.exists()


def test_it_refuses_people_whose_role_does_not_register(bob: User, pune: Branch) -> None:
    with pytest.raises(NotPermitted):
        services.register(actor=bob, entry=factories.customer_entry(pune), now=NOW)

    assert not Customer.objects.exists()


def test_it_turns_a_number_written_past_the_locks_into_the_same_refusal(
    alice: User, pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.customer(pune, identities={"pan": "ACUPA7085R"})
    entry = factories.customer_entry(pune, identities={"pan": "ACUPA7085R"})
    look, looks = registration._owners, iter([{}])
    monkeypatch.setattr(registration, "_owners", lambda *args: next(looks, None) or look(*args))
    # The first look sees nothing, as before a bulk load commits; the constraint sees it.
    monkeypatch.setattr(registration, "_sharers", lambda *_: {})

    with pytest.raises(DuplicateFound) as refusal:
        services.register(actor=alice, entry=entry, now=NOW)

    assert refusal.value.final
    assert Customer.objects.count() == 1


def test_it_finds_a_customer_by_whole_values_only(
    alice: User, pune: Branch, nashik: Branch
) -> None:
    customer = factories.customer(
        pune, identities={"pan": "ACUPA7085R"}, phone="98230 12345", email="ravi@example.com"
    )
    factories.customer(nashik)

    for text in (
        customer.number.lower(), "acupa7085r", "+91 98230 12345", "098230 12345",
        "RAVI@example.com",
    ):  # fmt: skip
        assert list(selectors.search(alice, text)) == [customer], text
    for text in ("", "Ravi", "ACUPA", "98230", "%", "\0", "x" * 10_000, "' OR 1=1 --"):
        assert not selectors.search(alice, text).exists(), text


def test_it_never_finds_customers_of_other_branches(alice: User, nashik: Branch) -> None:
    customer = factories.customer(nashik)

    assert not selectors.search(alice, customer.number).exists()
    assert not selectors.search(alice, str(customer.phone)).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shared", ["pan", "phone"])
def test_it_lets_one_of_two_registrations_at_once_win(
    alice: User, pune: Branch, shared: str
) -> None:
    entries = [factories.customer_entry(pune) for _ in range(2)]
    if shared == "pan":
        entries[1] = replace(entries[1], identities=entries[0].identities)
    else:
        entries[1] = replace(entries[1], phone=entries[0].phone)
    start = threading.Barrier(2)
    outcomes: list[object] = []

    def at_the_counter(index: int) -> None:
        start.wait()
        try:
            outcomes.append(services.register(actor=alice, entry=entries[index], now=NOW))
        except DuplicateFound as refusal:
            outcomes.append(refusal)
        finally:
            connection.close()

    counters = [threading.Thread(target=at_the_counter, args=(index,)) for index in range(2)]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Customer", "DuplicateFound"]
    assert Customer.objects.count() == 1
    assert Event.objects.filter(verb="customers.registered").count() == 1
