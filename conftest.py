"""The people and places of the tests. Alice takes applications, Bob reviews, Charlie signs."""

import io
import os
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pgtrigger
import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck, settings

from apps.accounts.models import ApprovalLimit, Branch, Entity, User
from tests import emptying, migrated
from tests.kept import kept, set_up

MakePerson = Callable[..., User]
# `pytest --hypothesis-profile=long --timeout=0` looks for rare histories, for many minutes.
settings.register_profile(
    "long",
    max_examples=120,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# How long it takes to think of an example tells of the machine's other work, not of the code.
settings.register_profile("ours", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")
# Django has no public hook here, and its stubs do not know the private one.
_TEARDOWN = "_fixture_teardown"

# Modules that take long as a whole: `make test-fast` leaves them out to answer within a minute.
LONG = frozenset(
    {
        "apps/appeals/tests/test_answering.py",
        "apps/appeals/tests/test_asking.py",
        "apps/appeals/tests/test_at_the_same_time.py",
        "apps/appeals/tests/test_pages.py",
        "apps/applications/tests/test_api.py",
        "apps/applications/tests/test_lifecycle.py",
        "apps/applications/tests/test_pages.py",
        "apps/audit/tests/test_pages.py",
        "apps/bulk/tests/test_pages.py",
        "apps/bulk/tests/test_same_as_the_form.py",
        "apps/bulk/tests/test_taking_in.py",
        "apps/collateral/tests/test_answering.py",
        "apps/collateral/tests/test_at_the_same_time.py",
        "apps/collateral/tests/test_lifecycle.py",
        "apps/collateral/tests/test_pages.py",
        "apps/collateral/tests/test_register.py",
        "apps/collateral/tests/test_releasing.py",
        "apps/collateral/tests/test_standing.py",
        "apps/collections/tests/test_contacting.py",
        "apps/collections/tests/test_worklist.py",
        "apps/customers/tests/test_api.py",
        "apps/customers/tests/test_documents.py",
        "apps/customers/tests/test_entering.py",
        "apps/customers/tests/test_pages.py",
        "apps/customers/tests/test_privacy.py",
        "apps/customers/tests/test_records.py",
        "apps/dashboards/tests/test_home.py",
        "apps/debits/tests/test_answers.py",
        "apps/debits/tests/test_api.py",
        "apps/debits/tests/test_at_the_same_time.py",
        "apps/debits/tests/test_mandates.py",
        "apps/debits/tests/test_pages.py",
        "apps/debits/tests/test_presenting.py",
        "apps/decisions/tests/test_automation.py",
        "apps/decisions/tests/test_automation_at_once.py",
        "apps/decisions/tests/test_automation_pages.py",
        "apps/decisions/tests/test_faults.py",
        "apps/decisions/tests/test_lapsing.py",
        "apps/decisions/tests/test_pages.py",
        "apps/decisions/tests/test_policy_api.py",
        "apps/decisions/tests/test_policy_life.py",
        "apps/decisions/tests/test_policy_pages.py",
        "apps/decisions/tests/test_replaying.py",
        "apps/decisions/tests/test_replaying_many.py",
        "apps/decisions/tests/test_reviewing.py",
        "apps/decisions/tests/test_stale_pages.py",
        "apps/decisions/tests/test_taking_back.py",
        "apps/demo/tests/test_judging_a_tape.py",
        "apps/desk/tests/test_analytics.py",
        "apps/desk/tests/test_blind.py",
        "apps/desk/tests/test_blind_at_once.py",
        "apps/desk/tests/test_blind_pages.py",
        "apps/desk/tests/test_conflicts.py",
        "apps/desk/tests/test_pages.py",
        "apps/desk/tests/test_queue.py",
        "apps/desk/tests/test_working.py",
        "apps/governance/tests/test_four_eyes.py",
        "apps/governance/tests/test_pages.py",
        "apps/governance/tests/test_requests.py",
        "apps/governance/tests/test_train_champion.py",
        "apps/governance/tests/test_training.py",
        "apps/laboratory/tests/test_api.py",
        "apps/laboratory/tests/test_cutoffs.py",
        "apps/laboratory/tests/test_engine_deciding.py",
        "apps/laboratory/tests/test_engine_results.py",
        "apps/laboratory/tests/test_engine_running.py",
        "apps/laboratory/tests/test_evidence.py",
        "apps/laboratory/tests/test_groups.py",
        "apps/laboratory/tests/test_pages.py",
        "apps/laboratory/tests/test_sandbox.py",
        "apps/ledger/tests/test_at_the_same_time.py",
        "apps/ledger/tests/test_pages.py",
        "apps/letters/tests/test_rendering.py",
        "apps/loans/tests/test_api.py",
        "apps/loans/tests/test_coming_back.py",
        "apps/loans/tests/test_lifecycles.py",
        "apps/loans/tests/test_loan_pages.py",
        "apps/loans/tests/test_opening.py",
        "apps/loans/tests/test_paying.py",
        "apps/loans/tests/test_payment_files.py",
        "apps/npa/tests/test_any_life.py",
        "apps/npa/tests/test_day_end_pages.py",
        "apps/npa/tests/test_ending.py",
        "apps/npa/tests/test_two_readings.py",
        "apps/npa/tests/test_alerts.py",
        "apps/npa/tests/test_finding_pages.py",
        "apps/npa/tests/test_findings.py",
        "apps/npa/tests/test_night_to_return.py",
        "apps/npa/tests/test_overrides.py",
        "apps/npa/tests/test_portfolio_pages.py",
        "apps/npa/tests/test_quality_api.py",
        "apps/npa/tests/test_quality_at_once.py",
        "apps/npa/tests/test_returns.py",
        "apps/offers/tests/test_answering.py",
        "apps/offers/tests/test_at_the_same_time.py",
        "apps/offers/tests/test_making.py",
        "apps/offers/tests/test_pages.py",
        "apps/portal/tests/test_offer_pages.py",
        "apps/portal/tests/test_pages.py",
        "apps/portal/tests/test_reminders_and_receipts.py",
        "apps/repayments/tests/test_accruing_days.py",
        "apps/repayments/tests/test_accruing_sets.py",
        "apps/repayments/tests/test_api.py",
        "apps/repayments/tests/test_at_the_same_time.py",
        "apps/repayments/tests/test_charge_pages.py",
        "apps/repayments/tests/test_charging.py",
        "apps/repayments/tests/test_contact_at_once.py",
        "apps/repayments/tests/test_contact_pages.py",
        "apps/repayments/tests/test_entering.py",
        "apps/repayments/tests/test_other_schedules.py",
        "apps/repayments/tests/test_promises.py",
        "apps/repayments/tests/test_receipts.py",
        "apps/repayments/tests/test_reminders.py",
        "apps/repayments/tests/test_statement_api.py",
        "apps/repayments/tests/test_statement_pages.py",
        "apps/repayments/tests/test_statements.py",
        "apps/repayments/tests/test_suspense.py",
        "apps/schedules/tests/test_api.py",
        "apps/schedules/tests/test_pages.py",
        "apps/servicing/tests/test_api.py",
        "apps/servicing/tests/test_at_the_same_time.py",
        "apps/servicing/tests/test_changing.py",
        "apps/servicing/tests/test_closing.py",
        "apps/servicing/tests/test_pages.py",
        "apps/servicing/tests/test_paying_early.py",
        "apps/servicing/tests/test_quote_paper.py",
        "apps/servicing/tests/test_recovering.py",
        "apps/servicing/tests/test_relief.py",
        "apps/servicing/tests/test_topping_up.py",
        "apps/servicing/tests/test_transfers.py",
        "apps/stress/tests/test_pages.py",
        "apps/stress/tests/test_running.py",
        "ml/tests/test_artefact.py",
        "ml/tests/test_model_contract.py",
        "ml/tests/test_training.py",
        "ml/tests/test_training_data.py",
        "ml/tests/test_training_known_truth.py",
        "tests/test_access.py",
        "tests/test_local_services.py",
        "tests/test_odd_questions.py",
        "tests/test_reach.py",
        "tests/test_supervisor.py",
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of long modules as slow."""
    for item in items:
        if item.path.relative_to(item.config.rootpath).as_posix() in LONG:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let Django copy a database whose tables are there, instead of making them one by one."""
    database = connection.settings_dict
    database["TEST"]["TEMPLATE"] = migrated.template(os.environ["DATABASE_URL"])


@pytest.fixture(scope="session", autouse=True)
def _let_tests_empty_append_only_tables() -> Iterator[None]:
    """Between transactional tests Django truncates every table, which our triggers refuse."""
    original = getattr(TransactionTestCase, _TEARDOWN)

    def teardown(self: TransactionTestCase) -> None:
        if emptying.may_be_quick():
            emptying.empty()
            return
        with pgtrigger.ignore():
            original(self)

    setattr(TransactionTestCase, _TEARDOWN, teardown)
    yield
    setattr(TransactionTestCase, _TEARDOWN, original)


@pytest.fixture(autouse=True)
def _speak_english() -> Iterator[None]:
    """Every test starts in English: a request by who reads Swahili leaves the thread in it."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _nothing_in_the_cache() -> None:
    """What is kept for some seconds is of people who come back under the same keys."""
    cache.clear()


@pytest.fixture(autouse=True)
def _kept_fixtures(request: pytest.FixtureRequest) -> Iterator[None]:
    """Copy back what was made for an earlier test, before a test's other fixtures come."""
    with set_up(request):
        yield


@pytest.fixture
@kept
def india(db: None) -> Entity:
    """A lender in India."""
    return Entity.objects.create(
        code="sahyadri",
        name="Sahyadri Finance Ltd",
        kind=Entity.Kind.NBFC,
        country="IN",
        currency="INR",
        time_zone="Asia/Kolkata",
        address="12 Karve Road, Pune 411004",
        email="care@sahyadri.example",
        phone="+91 20 5550 1234",
        review_contact="Review desk, 12 Karve Road, Pune 411004, review@sahyadri.example",
        data_protection_contact="Data protection officer, dpo@sahyadri.example",
        regulator="RBI Ombudsman, Reserve Bank of India, Chandigarh 160017",
        nodal_officer="Vidya Bhave",
        nodal_phone="+91 20 5550 1299",
        nodal_email="nodal@sahyadri.example",
        weekend=[5, 6],
        holidays=[date(2026, 12, 25), date(2027, 1, 26)],
    )


@pytest.fixture
@kept
def pune(india: Entity) -> Branch:
    """The branch most people of the tests work in."""
    return Branch.objects.create(entity=india, code="pune", name="Pune")


@pytest.fixture
@kept
def nashik(india: Entity) -> Branch:
    """Another branch of the same lender."""
    return Branch.objects.create(entity=india, code="nashik", name="Nashik")


@pytest.fixture
@kept
def roles(db: None) -> None:
    """The roles as the code has them, and the reasons of decisions."""
    call_command("sync_roles", stdout=io.StringIO())
    # What a migration installs, the end of a transactional test empties.
    call_command("load_reason_codes", stdout=io.StringIO())


@pytest.fixture
def make_person(roles: None, pune: Branch) -> MakePerson:
    """Make a person with roles: `make_person("Alice", "loan_officer", branch=...)`."""

    def make(name: str, *roles: str, branch: Branch | None = None) -> User:
        person = User(email=f"{name.lower()}@lender.example", name=name, branch=branch or pune)
        person.set_password("correct-horse-battery")
        person.save()
        person.groups.set(Group.objects.filter(name__in=roles))
        assert person.groups.count() == len(roles)
        return person

    return make


@pytest.fixture
@kept
def alice(make_person: MakePerson) -> User:
    """A loan officer in Pune."""
    return make_person("Alice", "loan_officer")


@pytest.fixture
@kept
def bob(make_person: MakePerson) -> User:
    """A credit reviewer in Pune who may approve up to 300,000 rupees."""
    person = make_person("Bob", "credit_reviewer")
    ApprovalLimit.objects.create(user=person, currency="INR", amount=Decimal(300_000))
    return person


@pytest.fixture
@kept
def charlie(make_person: MakePerson) -> User:
    """A credit manager who may approve up to 5,000,000 rupees."""
    person = make_person("Charlie", "credit_manager")
    ApprovalLimit.objects.create(user=person, currency="INR", amount=Decimal(5_000_000))
    return person


@pytest.fixture
@kept
def rita(make_person: MakePerson) -> User:
    """A risk analyst."""
    return make_person("Rita", "risk_analyst")


@pytest.fixture
@kept
def vera(make_person: MakePerson) -> User:
    """A model validator."""
    return make_person("Vera", "model_validator")


@pytest.fixture
@kept
def mark(make_person: MakePerson) -> User:
    """A model approver."""
    return make_person("Mark", "model_approver")


@pytest.fixture
@kept
def amir(make_person: MakePerson) -> User:
    """An auditor."""
    return make_person("Amir", "auditor")


@pytest.fixture
@kept
def esther(make_person: MakePerson) -> User:
    """An executive."""
    return make_person("Esther", "executive")


@pytest.fixture
@kept
def diana(make_person: MakePerson) -> User:
    """An administrator."""
    return make_person("Diana", "administrator")


@pytest.fixture
def signed_in(db: None) -> Callable[[User], Client]:
    """Return a browser signed in as a person."""

    def browser(person: User) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return browser
