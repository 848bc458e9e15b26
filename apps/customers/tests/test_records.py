"""What is recorded about a customer: income, home, debts, bureau reports, and changes."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, StaleRecord
from apps.customers import selectors, services
from apps.customers.entries import ChangeEntry
from apps.customers.models import Customer, Employment, Household, Obligation
from apps.customers.services.record import ConsentMissing
from apps.customers.tests import factories
from tests.kept import kept

NOW = factories.NOW
TODAY = date(2026, 11, 20)


@pytest.fixture
@kept
def ravi(alice: User, pune: Branch) -> Customer:
    """A complete customer of Pune, registered by Alice."""
    return factories.customer(pune, actor=alice)


def test_it_keeps_earlier_income_and_reads_the_latest(alice: User, ravi: Customer) -> None:
    raised = factories.employment_entry(
        as_of=date(2026, 11, 19), gross_annual_income=Decimal("1200000.00")
    )

    services.record_employment(actor=alice, customer=ravi, entry=raised, now=NOW)

    assert Employment.objects.count() == 2
    current = selectors.current_employment(ravi, TODAY)
    before = selectors.current_employment(ravi, date(2026, 11, 18))
    assert current
    assert current.gross_annual_income == Decimal("1200000.00")
    assert before
    assert before.gross_annual_income == Decimal("900000.00")
    assert selectors.current_employment(ravi, date(2026, 10, 31)) is None


def test_it_keeps_what_documents_show_beside_what_is_declared(alice: User, ravi: Customer) -> None:
    entry = factories.employment_entry(
        documented_net_monthly_income=Decimal("45000.00"), documented_by="bank_statement"
    )

    services.record_employment(actor=alice, customer=ravi, entry=entry, now=NOW)

    kept = Employment.objects.get(pk=entry.key)
    assert kept.net_monthly_income == Decimal("60000.00")
    assert kept.documented_net_monthly_income == Decimal("45000.00")
    assert kept.get_documented_by_display() == "Bank statement"


@pytest.mark.parametrize(
    "changes",
    [
        {"documented_by": ""},
        {"documented_net_monthly_income": None},
        {"documented_by": "hearsay"},
        {"documented_net_monthly_income": Decimal(-1)},
    ],
)
def test_the_database_wants_a_document_with_every_figure_and_a_figure_with_every_document(
    ravi: Customer, changes: dict[str, object]
) -> None:
    with (
        pytest.raises(IntegrityError, match="customers_employment_document_named"),
        transaction.atomic(),
    ):
        Employment.objects.filter(customer=ravi).update(**changes)


def test_it_records_a_submission_sent_twice_once(alice: User, ravi: Customer) -> None:
    entry = factories.obligation_entry()

    first = services.record_obligation(actor=alice, customer=ravi, entry=entry, now=NOW)
    second = services.record_obligation(actor=alice, customer=ravi, entry=entry, now=NOW)

    assert first == second
    assert Obligation.objects.count() == 1
    assert Event.objects.filter(verb="customers.obligation_recorded").count() == 1


def test_it_refuses_a_key_that_names_another_customers_row(
    alice: User, pune: Branch, ravi: Customer
) -> None:
    other = factories.customer(pune, actor=alice, obligations=({},))
    entry = factories.obligation_entry(key=other.obligations.get().pk)

    with pytest.raises(Conflict):
        services.record_obligation(actor=alice, customer=ravi, entry=entry, now=NOW)

    assert not ravi.obligations.exists()


def test_it_judges_today_by_the_lenders_calendar(alice: User, ravi: Customer) -> None:
    late_evening_in_utc = NOW.replace(hour=19)
    entry = factories.employment_entry(as_of=date(2026, 11, 21))

    row = services.record_employment(
        actor=alice, customer=ravi, entry=entry, now=late_evening_in_utc
    )

    assert row.as_of == date(2026, 11, 21)


@pytest.mark.parametrize(("first", "second"), [("total", "loan"), ("loan", "total")])
def test_it_never_counts_obligations_twice(
    alice: User, ravi: Customer, first: str, second: str
) -> None:
    entry = factories.obligation_entry(kind=first)
    services.record_obligation(actor=alice, customer=ravi, entry=entry, now=NOW)

    with pytest.raises(Conflict) as refusal:
        services.record_obligation(
            actor=alice, customer=ravi, entry=factories.obligation_entry(kind=second), now=NOW
        )

    assert refusal.value.code == "counted_twice"
    assert [row.kind for row in ravi.obligations.all()] == [first]


def test_it_ends_an_obligation_once(alice: User, ravi: Customer) -> None:
    entry = factories.obligation_entry()
    debt = services.record_obligation(actor=alice, customer=ravi, entry=entry, now=NOW)

    services.end_obligation(actor=alice, obligation=debt, ended_date=TODAY, now=NOW)

    assert not selectors.standing_obligations(ravi, TODAY).exists()
    assert selectors.standing_obligations(ravi, TODAY - timedelta(days=1)).get() == debt
    with pytest.raises(Conflict):
        services.end_obligation(actor=alice, obligation=debt, ended_date=TODAY, now=NOW)
    assert Event.objects.filter(verb="customers.obligation_ended").count() == 1


@pytest.mark.parametrize("ended", [date(2025, 1, 31), date(2026, 11, 21), date(9999, 1, 1)])
def test_it_refuses_impossible_ends(alice: User, ravi: Customer, ended: date) -> None:
    entry = factories.obligation_entry(from_date=date(2025, 2, 1))
    debt = services.record_obligation(actor=alice, customer=ravi, entry=entry, now=NOW)

    with pytest.raises(DomainError) as refusal:
        services.end_obligation(actor=alice, obligation=debt, ended_date=ended, now=NOW)

    assert list(refusal.value.fields) == ["ended_date"]
    debt.refresh_from_db()
    assert debt.ended_date is None


def test_it_refuses_a_household_shown_before_somebody_else_changed_it(
    alice: User, ravi: Customer
) -> None:
    shown = Household.objects.get().updated_at
    own = factories.household_entry(home="own")
    services.record_household(actor=alice, customer=ravi, entry=own, shown=shown)

    with pytest.raises(StaleRecord):
        services.record_household(
            actor=alice, customer=ravi, entry=factories.household_entry(), shown=shown
        )

    assert Household.objects.get().home == "own"


def test_it_takes_no_bureau_report_without_consent(alice: User, pune: Branch) -> None:
    customer = factories.customer(pune, actor=alice, consents=("credit_assessment",))

    with pytest.raises(ConsentMissing):
        services.record_bureau_report(
            actor=alice, customer=customer, entry=factories.bureau_entry(), now=NOW
        )

    assert not customer.bureau_reports.exists()
    assert not Event.objects.filter(verb="customers.bureau_report_recorded").exists()


def test_it_takes_a_bureau_report_once(alice: User, ravi: Customer) -> None:
    known = ravi.bureau_reports.get()
    again = factories.bureau_entry(bureau=known.bureau, reference=known.reference)

    with pytest.raises(Conflict) as refusal:
        services.record_bureau_report(actor=alice, customer=ravi, entry=again, now=NOW)

    assert list(refusal.value.fields) == ["reference"]
    assert ravi.bureau_reports.count() == 1


def test_it_reads_the_latest_report_of_a_day(alice: User, ravi: Customer) -> None:
    newer = factories.bureau_entry(pulled_date=date(2026, 11, 19), score=701)
    services.record_bureau_report(actor=alice, customer=ravi, entry=newer, now=NOW)

    latest = selectors.latest_bureau_report(ravi, TODAY)
    earlier = selectors.latest_bureau_report(ravi, date(2026, 11, 18))

    assert latest
    assert latest.score == 701
    assert earlier
    assert earlier.score == 760
    assert selectors.latest_bureau_report(ravi, date(2026, 11, 14)) is None


def _change(customer: Customer) -> ChangeEntry:
    return ChangeEntry(
        full_name=customer.full_name,
        language="en",
        city="Pune",
        region="Maharashtra",
        postal_code="411030",
    )


def test_it_changes_what_is_given_and_keeps_the_rest(alice: User, ravi: Customer) -> None:
    phone = ravi.phone
    entry = replace(_change(ravi), full_name="Ravi S Kulkarni", email="new@example.com")

    services.change(actor=alice, customer=ravi, entry=entry, shown=ravi.updated_at, now=NOW)

    changed = Customer.objects.get(pk=ravi.pk)
    assert (changed.full_name, changed.email, changed.phone) == (
        "Ravi S Kulkarni",
        "new@example.com",
        phone,
    )
    assert changed.address.street == "14 Tilak Road"
    assert list(selectors.search(alice, "new@example.com")) == [changed]
    event = Event.objects.get(verb="customers.changed")
    assert event.facts == {"fields": ["email", "full_name"]}


def test_it_removes_an_e_mail_and_its_index(alice: User, ravi: Customer) -> None:
    email = str(ravi.email)
    entry = replace(_change(ravi), remove_email=True)

    services.change(actor=alice, customer=ravi, entry=entry, shown=ravi.updated_at, now=NOW)

    assert Customer.objects.get(pk=ravi.pk).email is None
    assert not selectors.search(alice, email).exists()


def test_it_corrects_an_official_number_unless_it_is_anothers(
    alice: User, pune: Branch, ravi: Customer
) -> None:
    factories.customer(pune, actor=alice, identities={"pan": "ACUPA7085R"})
    taken = replace(_change(ravi), identities={"pan": "ACUPA7085R"})
    fresh = replace(_change(ravi), identities={"pan": "AAPPV8261K", "aadhaar": "234123412346"})

    with pytest.raises(services.DuplicateFound):
        services.change(actor=alice, customer=ravi, entry=taken, shown=ravi.updated_at, now=NOW)
    services.change(actor=alice, customer=ravi, entry=fresh, shown=ravi.updated_at, now=NOW)

    assert {row.kind: row.value for row in ravi.identities.all()} == {
        "pan": "AAPPV8261K",
        "aadhaar": "234123412346",
    }
    assert list(selectors.search(alice, "AAPPV8261K")) == [ravi]


def test_it_refuses_a_change_of_a_stale_page(alice: User, ravi: Customer) -> None:
    shown = ravi.updated_at
    first = replace(_change(ravi), city="Satara")
    services.change(actor=alice, customer=ravi, entry=first, shown=shown, now=NOW)

    with pytest.raises(StaleRecord):
        services.change(
            actor=alice,
            customer=ravi,
            entry=replace(_change(ravi), city="Solapur"),
            shown=shown,
            now=NOW,
        )

    assert Customer.objects.get(pk=ravi.pk).address.city == "Satara"
    assert Event.objects.filter(verb="customers.changed").count() == 1


def test_it_notes_nothing_when_nothing_changed(alice: User, ravi: Customer) -> None:
    services.change(actor=alice, customer=ravi, entry=_change(ravi), shown=ravi.updated_at, now=NOW)

    assert not Event.objects.filter(verb="customers.changed").exists()
    assert Customer.objects.get(pk=ravi.pk).updated_at == ravi.updated_at


@pytest.mark.parametrize("who", ["bob", "amir", "elsewhere"])
def test_it_refuses_people_who_may_not_record(
    request: pytest.FixtureRequest, ravi: Customer, nashik: Branch, who: str
) -> None:
    actor = factories.officer(nashik) if who == "elsewhere" else request.getfixturevalue(who)
    entry = factories.employment_entry()

    with pytest.raises(NotPermitted):
        services.record_employment(actor=actor, customer=ravi, entry=entry, now=NOW)

    assert ravi.employments.count() == 1
