"""The demonstration is laid out once, by the real services, and never where real people work."""

import io
from datetime import date
from typing import Any

import pytest
from django.contrib.auth import authenticate, password_validation
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts import roles
from apps.accounts.models import User
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.customers.models import Consent, Customer, ProtectedAttributes
from apps.decisions.models import Decision
from apps.demo import applicants, history, people
from apps.desk import selectors as desk
from apps.desk.models import Escalation
from apps.loans.models import Loan, Outcome
from apps.scoring import selectors as scoring
from ml.application_schema import SCHEMA

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ground(db: None) -> None:
    """What the first steps of `make demo` prepare."""
    for command in ("sync_roles", "load_products", "load_policy"):
        call_command(command, stdout=io.StringIO())


def run(command: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(command, **options, stdout=out)
    return out.getvalue()


def write(place: applicants.Place, rows: int = 60) -> int:
    return history.write(place, rows=rows, seed=7, start=date(2022, 1, 1), end=date(2025, 6, 30))


def test_it_makes_one_person_for_each_role_and_each_can_sign_in() -> None:
    made = people.ensure()

    assert made == len(people.PEOPLE) == User.objects.count()
    assert {one.role for one in people.PEOPLE} == {role.code for role in roles.ROLES}
    for one in people.PEOPLE:
        person = authenticate(None, username=one.email, password=people.passphrase(one.email))
        assert person is not None
        assert person.role_codes == {one.role}


def test_it_has_two_managers_for_what_takes_two() -> None:
    people.ensure()

    managers = User.objects.filter(groups__name="credit_manager")
    assert managers.count() == 2
    limits = [set(one.approval_limits.values_list("currency", "amount")) for one in managers.all()]
    assert limits[0] == limits[1] != set()


def test_it_gives_passphrases_that_the_house_accepts() -> None:
    people.ensure()

    for person in User.objects.all():
        password_validation.validate_password(people.passphrase(person.email), person)


def test_it_makes_nobody_twice() -> None:
    people.ensure()

    assert people.ensure() == 0
    assert User.objects.count() == len(people.PEOPLE)


def test_it_prints_who_can_sign_in() -> None:
    said = run("demo_sign_ins")

    assert len(said.splitlines()) == len(people.PEOPLE) + 1
    assert people.passphrase(people.PEOPLE[0].email) in said


@pytest.mark.parametrize(
    "command", ["seed_demo", "seed_today", "seed_underway", "seed_quality", "demo_sign_ins"]
)
def test_it_refuses_where_real_people_work(command: str, settings: Any) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="not for production"):
        run(command)

    assert User.objects.count() == 0
    assert Customer.objects.count() == 0


def test_it_writes_loans_whose_features_are_those_that_were_drawn() -> None:
    people.ensure()
    place = applicants.PLACES[0]

    written = write(place)

    drawn = {
        f"{place.segment}-{one.serial:06d}": one
        for one in applicants.draw(
            place, rows=60, seed=7, start=date(2022, 1, 1), end=date(2025, 6, 30)
        )
    }
    loans = Loan.objects.select_related("application", "outcome")
    assert written == loans.count() > 40
    for loan in loans:
        one = drawn[loan.source_reference]
        row = SCHEMA.validate_row(applications.feature_row(loan.application))
        for name, value in row.items():
            wanted = one.features[name]
            exact = value is None or isinstance(value, str)
            assert value == (wanted if exact else pytest.approx(wanted, rel=1e-3, abs=1e-3)), name
        assert loan.outcome.defaulted == one.bad
        assert (loan.outcome.total_paid > loan.principal) or one.bad
        assert loan.disbursed_date < loan.outcome.last_payment_date <= date(2026, 6, 30)


def test_it_keeps_what_people_said_of_groups_with_their_consent_alone() -> None:
    people.ensure()
    place = applicants.PLACES[0]

    write(place)

    drawn = {
        f"{place.segment}-{one.serial:06d}": one.protected.stated
        for one in applicants.draw(
            place, rows=60, seed=7, start=date(2022, 1, 1), end=date(2025, 6, 30)
        )
    }
    customers = Customer.objects.filter(loans__isnull=False)
    kept = {one.customer_id: one.values for one in ProtectedAttributes.objects.all()}
    assert {one.pk: drawn[one.source_reference] for one in customers} == {
        one.pk: kept.get(one.pk, {}) for one in customers
    }
    assert 0 < len(kept) < customers.count()
    consented = Consent.objects.filter(purpose=Consent.Purpose.FAIRNESS_MONITORING)
    assert set(consented.values_list("customer", flat=True)) == set(kept)


def test_it_writes_the_past_once() -> None:
    people.ensure()
    first = write(applicants.PLACES[1])

    assert first > 0
    assert write(applicants.PLACES[1]) == 0
    assert Loan.objects.count() == Outcome.objects.count() == first


@pytest.mark.slow
def test_it_takes_todays_applications_by_the_services() -> None:
    run("seed_demo", loans=900)
    run("train_champion")

    said = run("seed_today", applications=12)
    again = run("seed_today", applications=12)

    taken = Application.objects.filter(channel=Application.Channel.COUNTER)
    assert scoring.champions().count() == len(applicants.PLACES)
    assert taken.count() == 24
    assert taken.exclude(status="draft").count() == Decision.objects.filter(number=1).count()
    assert not Decision.objects.exclude(failure="").exists()
    consents = Consent.objects.filter(customer__applications__in=taken)
    watched = consents.filter(purpose=Consent.Purpose.FAIRNESS_MONITORING)
    assert consents.count() - watched.count() == 24 * 3
    assert (
        watched.count()
        == ProtectedAttributes.objects.filter(customer__applications__in=taken).count()
    )
    assert watched.count() > 12
    assert "draft" in said
    assert "there already" in again
    reviewer = people.of_role("credit_reviewer", "pune")
    queue = desk.page(reviewer, desk.Filters(), desk.Place(), now=timezone.now()).rows
    assert 1 <= Escalation.objects.filter(status="open").count() <= len(queue)
    assert queue[0].escalated_to == "Chitra Menon"
