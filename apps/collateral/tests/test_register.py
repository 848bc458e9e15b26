"""Register, value, insure and charge: rows with a sense, refused with a sentence otherwise."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from apps.accounts.models import Branch, Entity, User
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.collateral import services, worths
from apps.collateral.entries import LienEntry
from apps.collateral.models import Insurance, Item, Lien, Valuation
from apps.collateral.tests import factories
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible

pytestmark = pytest.mark.django_db
NOW, TODAY = factories.NOW, factories.TODAY


def _worth(item: Item, on: date = TODAY) -> worths.Worth:
    return worths.of_item(Item.objects.get(pk=item.pk), on)


def test_it_registers_a_thing_with_its_value(alice: User, pune: Branch) -> None:
    item = factories.item(alice, registration="mh-12 ab 4711", price=Decimal(320_000))

    assert (item.status, item.branch, item.registration) == ("proposed", pune, "MH12AB4711")
    assert item.number.startswith("S-2026-")
    found = _worth(item)
    assert (found.value, found.realisable) == (Decimal(300_000), Decimal("210000.00"))
    assert found.valuation is not None
    assert found.valuation.valid_until == TODAY + timedelta(days=365)
    assert [one.verb for one in Event.objects.filter(verb__startswith="collateral.")] == [
        "collateral.item_registered",
        "collateral.valued",
    ]


def test_it_takes_no_customer_of_another_lender_as_owner(
    alice: User, india: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = factories.secured(alice)
    umoja = Entity.objects.create(
        **{
            field.attname: getattr(india, field.attname)
            for field in Entity._meta.concrete_fields
            if field.attname not in {"id", "code"}
        },
        code="umoja",
    )
    theirs = applications.borrower(
        Branch.objects.create(entity=umoja, code="kisumu", name="Kisumu")
    )
    monkeypatch.setattr(User, "works_everywhere", True)
    entry = factories.entry(owner=theirs, owner_name="")
    lien = LienEntry(application=application, secured_amount=Decimal(1_000))

    with pytest.raises(DomainError) as refusal:
        services.register(
            actor=alice, entry=entry, valuation=factories.valuation(), lien=lien, now=NOW
        )

    assert refusal.value.fields == {"owner": "This customer is with another lender."}
    assert not Item.objects.exists()


def test_it_keeps_names_and_numbers_out_of_columns_and_facts(alice: User) -> None:
    item = factories.item(alice, registration="KA 05 XX 9999", owner_name="Meera Joshi")
    services.insure(actor=alice, item=item, entry=factories.insurance(), now=NOW)

    with connection.cursor() as cursor:
        cursor.execute("SELECT owner_name, registration FROM collateral_item")
        name, number = (bytes(one) for one in cursor.fetchone())
        cursor.execute("SELECT policy_number FROM collateral_insurance")
        policy = bytes(cursor.fetchone()[0])
    assert b"Meera" not in name
    assert b"9999" not in number
    assert b"4711" not in policy
    facts = str(list(Event.objects.values_list("facts", flat=True)))
    assert not any(text in facts for text in ("Meera", "9999", "4711", "Deccan Valuers"))


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"kind": "promise"}, ["kind"]),
        ({"description": "  "}, ["description"]),
        ({"description": "x" * 201}, ["description"]),
        ({"description": "two\nlines"}, ["description"]),
        ({"currency": "XXX"}, ["currency"]),
        ({"price": Decimal(-1)}, ["price"]),
        ({"price": Decimal("NaN")}, ["price"]),
        ({"price": Decimal("1.005")}, ["price"]),
        ({"price": Decimal(10) ** 14}, ["price"]),
        ({"owner_name": ""}, ["owner_name"]),
        ({"registration": "--"}, ["registration"]),
        ({"registration": "A" * 41}, ["registration"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_it_refuses_a_thing_that_makes_no_sense(
    alice: User, changes: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(DomainError) as refusal:
        factories.item(alice, **changes)

    assert list(refusal.value.fields) == fields
    assert not Item.objects.exists()
    assert not Event.objects.filter(verb__startswith="collateral.").exists()


def test_it_finds_the_same_thing_pledged_twice(alice: User) -> None:
    first = factories.item(alice, registration="MH 12 AB 1234")

    with pytest.raises(Conflict) as refusal:
        factories.item(alice, registration="mh12-ab-1234", kind="plant")

    assert refusal.value.code == "registered_already"
    assert first.number in str(refusal.value)
    assert Item.objects.count() == 1
    assert Valuation.objects.count() == 1


def test_it_does_not_name_an_item_of_another_branch(
    alice: User, make_person: Any, nashik: Branch
) -> None:
    first = factories.item(alice, registration="MH 12 AB 1234")
    elsewhere = make_person("Nisha", "loan_officer", branch=nashik)

    with pytest.raises(Conflict) as refusal:
        factories.item(elsewhere, registration="MH 12 AB 1234")

    assert first.number not in str(refusal.value)
    assert Item.objects.count() == 1


def test_a_withdrawn_thing_may_come_again(alice: User) -> None:
    first = factories.item(alice, registration="MH 12 AB 1234")
    services.withdraw(actor=alice, item=first, reason="Typed wrongly", now=NOW)

    factories.item(alice, registration="MH 12 AB 1234")

    assert Item.objects.count() == 2


def test_it_writes_a_form_sent_twice_once(alice: User) -> None:
    entry = factories.entry()

    first = services.register(actor=alice, entry=entry, now=NOW)
    again = services.register(actor=alice, entry=entry, now=NOW)

    assert first == again
    assert Item.objects.count() == 1


def test_nothing_stays_of_an_item_whose_valuation_is_refused(alice: User) -> None:
    wrong = factories.valuation(amount=Decimal(0))

    with pytest.raises(DomainError):
        services.register(actor=alice, entry=factories.entry(), valuation=wrong, now=NOW)

    assert not Item.objects.exists()


def test_only_who_may_keep_collateral_does(bob: User, alice: User) -> None:
    with pytest.raises(NotPermitted):
        factories.item(bob)
    item = factories.item(alice)
    with pytest.raises(NotPermitted):
        factories.valued(bob, item)

    assert Valuation.objects.count() == 1


def test_an_item_of_another_branch_is_not_there(
    alice: User, make_person: Any, nashik: Branch
) -> None:
    item = factories.item(alice)
    elsewhere = make_person("Nisha", "loan_officer", branch=nashik)

    with pytest.raises(NotVisible):
        factories.valued(elsewhere, item)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-5)}, "amount"),
        ({"amount": Decimal("Infinity")}, "amount"),
        ({"amount": Decimal(10) ** 15}, "amount"),
        ({"valued_date": TODAY + timedelta(days=1)}, "valued_date"),
        ({"valued_date": date(1950, 1, 1)}, "valued_date"),
        ({"valid_until": TODAY - timedelta(days=1)}, "valid_until"),
        ({"valid_until": TODAY + timedelta(days=366)}, "valid_until"),
        ({"realisable_amount": Decimal(300_001)}, "realisable_amount"),
        ({"realisable_amount": Decimal(0)}, "realisable_amount"),
        ({"method": "guess"}, "method"),
        ({"valuer": " "}, "valuer"),
    ],
    ids=[
        *("zero", "negative", "endless", "absurd", "tomorrow", "before living memory"),
        *("expires before its day", "holds too long", "realises more", "realises nothing"),
        *("no method", "no valuer"),
    ],
)
def test_it_refuses_a_valuation_that_makes_no_sense(
    alice: User, changes: dict[str, Any], field: str
) -> None:
    item = factories.item(alice)

    with pytest.raises(DomainError) as refusal:
        factories.valued(alice, item, **changes)

    assert list(refusal.value.fields) == [field]
    assert Valuation.objects.count() == 1


def test_the_latest_valuation_by_a_day_is_in_force(alice: User) -> None:
    item = factories.item(alice, worth=None)
    factories.valued(alice, item, valued_date=date(2026, 1, 10), amount=Decimal(400_000))
    factories.valued(alice, item, valued_date=TODAY, amount=Decimal(250_000))

    assert _worth(item, date(2026, 1, 9)).value is None
    assert _worth(item, date(2026, 1, 10)).value == Decimal(400_000)
    assert _worth(item, TODAY - timedelta(days=1)).value == Decimal(400_000)
    assert _worth(item).value == Decimal(250_000)


def test_a_stale_valuation_is_said_to_be(alice: User) -> None:
    item = factories.item(alice, worth=None)
    factories.valued(alice, item, valid_until=TODAY)

    assert not _worth(item).is_stale
    assert _worth(item, TODAY + timedelta(days=1)).is_stale


def test_a_correction_is_a_new_row_and_the_wrong_one_stays(alice: User) -> None:
    item = factories.item(alice)
    [wrong] = Valuation.objects.all()

    right = services.correct_valuation(
        actor=alice,
        valuation=wrong,
        entry=factories.valuation(amount=Decimal(30_000)),
        reason="A nought too many",
        now=factories.LATER,
    )

    assert Valuation.objects.count() == 2
    assert right.corrects == wrong
    assert _worth(item).value == Decimal(30_000)
    with pytest.raises(Conflict):
        services.correct_valuation(
            actor=alice,
            valuation=wrong,
            entry=factories.valuation(),
            reason="Again",
            now=factories.LATER,
        )
    assert Valuation.objects.count() == 2


def test_a_correction_says_why(alice: User) -> None:
    factories.item(alice)
    [wrong] = Valuation.objects.all()

    with pytest.raises(DomainError) as refusal:
        services.correct_valuation(
            actor=alice, valuation=wrong, entry=factories.valuation(), reason="  ", now=NOW
        )

    assert list(refusal.value.fields) == ["reason"]
    assert Valuation.objects.count() == 1


@pytest.mark.parametrize("table", [Valuation, Insurance, Lien, Item])
def test_the_database_keeps_what_was_written(alice: User, table: Any) -> None:
    application = factories.secured(alice)
    factories.ready(alice, application)
    column = {
        Valuation: {"amount": Decimal(1)},
        Insurance: {"sum_insured": Decimal(1)},
        Lien: {"secured_amount": Decimal(1)},
        Item: {"description": "Another"},
    }[table]

    with pytest.raises(InternalError), transaction.atomic():
        table.objects.update(**column)
    with pytest.raises(InternalError), transaction.atomic():
        table.objects.all()._raw_delete(using="default")

    assert table.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sum_insured": Decimal(0)}, "sum_insured"),
        ({"from_date": TODAY + timedelta(days=1)}, "from_date"),
        ({"valid_until": date(2026, 10, 19)}, "valid_until"),
        ({"valid_until": date(2099, 1, 1)}, "valid_until"),
        ({"policy_number": ""}, "policy_number"),
        ({"insurer": "x" * 121}, "insurer"),
    ],
    ids=["nothing", "tomorrow", "before it begins", "absurd", "no number", "long name"],
)
def test_it_refuses_an_insurance_that_makes_no_sense(
    alice: User, changes: dict[str, Any], field: str
) -> None:
    item = factories.item(alice)

    with pytest.raises(DomainError) as refusal:
        services.insure(actor=alice, item=item, entry=factories.insurance(**changes), now=NOW)

    assert list(refusal.value.fields) == [field]
    assert not Insurance.objects.exists()


def test_the_policy_that_runs_longest_counts(alice: User) -> None:
    item = factories.item(alice)
    assert _worth(item).lacks_insurance
    for until in (date(2027, 10, 19), date(2026, 11, 1)):
        services.insure(
            actor=alice, item=item, entry=factories.insurance(valid_until=until), now=NOW
        )

    assert not _worth(item).lacks_insurance
    assert _worth(item, date(2027, 10, 20)).lacks_insurance


def test_a_second_lien_gets_only_what_is_left(alice: User) -> None:
    item = factories.item(alice)
    factories.others(alice, item, 120_000)
    mine = factories.charged(alice, item, factories.secured(alice), 180_000)

    found = _worth(item)

    assert mine.rank == 2
    assert found.shares[mine.pk].before == Decimal(180_000)
    assert found.realised[mine.pk].gets == Decimal("90000.00")
    assert (found.left, found.shortfall) == (Decimal(0), Decimal(0))


def test_it_refuses_a_lien_beyond_what_is_left(alice: User) -> None:
    item = factories.item(alice)
    factories.others(alice, item, 120_000)
    application = factories.secured(alice)

    with pytest.raises(DomainError) as refusal:
        factories.charged(alice, item, application, 180_001)

    assert refusal.value.code == "beyond_value"
    assert "₹1,80,000.00" in str(refusal.value)
    assert "earlier liens" in str(refusal.value)
    assert Lien.objects.count() == 1

    free = factories.item(alice, registration="MH12CD9999")
    with pytest.raises(DomainError) as alone:
        factories.charged(alice, free, application, 300_001)

    assert alone.value.code == "beyond_value"
    assert "earlier liens" not in str(alone.value)


def test_another_lenders_lien_beyond_the_value_is_shown(alice: User) -> None:
    item = factories.item(alice)

    factories.others(alice, item, 350_000)

    assert _worth(item).shortfall == Decimal(50_000)


def test_liens_above_a_value_that_fell_are_shown(alice: User) -> None:
    item = factories.item(alice)
    lien = factories.charged(alice, item, factories.secured(alice), 300_000)

    factories.valued(alice, item, amount=Decimal(200_000))

    assert _worth(item).shortfall == Decimal(100_000)
    assert _worth(item).shares[lien.pk].short == Decimal(100_000)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"secured_amount": Decimal(0)}, "secured_amount"),
        ({"secured_amount": Decimal("0.001")}, "secured_amount"),
        ({"currency": "KES"}, "currency"),
        ({"holder": "Other Bank"}, "holder"),
        ({"rank": 0}, "rank"),
        ({"rank": 1}, "rank"),
        ({"rank": 21}, "rank"),
    ],
    ids=["nothing", "less than a paisa", "wrong currency", "two holders", "zero", "taken", "high"],
)
def test_it_refuses_a_lien_that_makes_no_sense(
    alice: User, changes: dict[str, Any], field: str
) -> None:
    item, application = factories.item(alice), factories.secured(alice)
    factories.others(alice, item, 1_000)
    values: dict[str, Any] = {"application": application, "secured_amount": Decimal(1_000)}

    with pytest.raises(DomainError) as refusal:
        services.charge(actor=alice, item=item, entry=LienEntry(**{**values, **changes}), now=NOW)

    assert list(refusal.value.fields) == [field]
    assert Lien.objects.count() == 1


def test_a_lien_of_ours_never_goes_before_one_that_stands(alice: User) -> None:
    item = factories.item(alice)
    factories.others(alice, item, 1_000, rank=5)

    with pytest.raises(DomainError) as refusal:
        factories.charged(alice, item, factories.secured(alice), 1_000, rank=2)

    assert list(refusal.value.fields) == ["rank"]


def test_it_charges_only_for_a_request_that_is_under_way(alice: User, pune: Branch) -> None:
    item = factories.item(alice)
    draft = applications.application(alice, applications.borrower(pune))

    with pytest.raises(DomainError) as refusal:
        factories.charged(alice, item, draft, 1_000)

    assert list(refusal.value.fields) == ["application"]
    assert not Lien.objects.exists()


def test_it_charges_one_item_once_for_one_application(alice: User) -> None:
    item, application = factories.item(alice), factories.secured(alice)
    factories.charged(alice, item, application, 1_000)

    with pytest.raises(DomainError) as refusal:
        factories.charged(alice, item, application, 1_000)

    assert list(refusal.value.fields) == ["application"]
    assert Lien.objects.count() == 1


def test_a_lien_rests_on_a_valuation_that_holds(alice: User) -> None:
    item, application = factories.item(alice, worth=None), factories.secured(alice)

    with pytest.raises(Conflict) as refusal:
        factories.charged(alice, item, application, 1_000)
    assert refusal.value.code == "not_valued"
    factories.valued(
        alice,
        item,
        valued_date=TODAY - timedelta(days=90),
        valid_until=TODAY - timedelta(days=1),
    )
    with pytest.raises(Conflict):
        factories.charged(alice, item, application, 1_000)

    assert not Lien.objects.exists()


def test_an_item_in_another_currency_secures_nothing_here(alice: User) -> None:
    item = factories.item(alice, currency="KES")

    with pytest.raises(DomainError) as refusal:
        factories.charged(alice, item, factories.secured(alice), 1_000)

    assert list(refusal.value.fields) == ["application"]


def test_the_database_refuses_two_liens_of_one_rank(alice: User) -> None:
    item = factories.item(alice)
    first = factories.others(alice, item, 1_000)

    with pytest.raises(IntegrityError, match="collateral_lien_rank_once"), transaction.atomic():
        Lien.objects.create(
            item=item, holder="A third", rank=first.rank, secured_amount=1, added_by=alice
        )
