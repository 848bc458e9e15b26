"""The same applications by the form and by a file: the same facts, decisions, reasons, letters."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Branch, User
from apps.applications import services as applications
from apps.applications.entries import ApplicationEntry
from apps.applications.models import Application
from apps.audit.models import Event
from apps.bulk.tests import factories
from apps.customers.models import BureauReport, Employment, Household
from apps.customers.tests import factories as customers
from apps.decisions import services as decisions
from apps.decisions.models import Decision
from apps.decisions.tests import factories as stages
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.products.models import Product

pytestmark = pytest.mark.django_db
NOW = factories.NOW
_SERIAL = iter(range(1, 1_000_000))
# What tells two rows apart although they say the same of the world.
_OWN = {"id", "created_at", "updated_at", "customer_id", "recorded_by_id", "reference"}
_OWN_APPLICATION = _OWN | {
    *("number", "employment_id", "bureau_report_id", "score_run_id", "channel"),
    *("idempotency_key", "idempotency_digest"),
}
_OWN_DECISION = {"id", "application_id", "score_run_id", "letter_id"}


@pytest.fixture(autouse=True)
def _stage(pune: Branch, rita: User, mark: User) -> None:
    stages.stage(pune, rita, mark)


def _as_form(row: dict[str, str], actor: User) -> Application:
    """Take the application of a row in as an officer does at the counter."""
    name = row["full_name"]
    person = customers.customer(
        actor.branch,
        actor=actor,
        full_name=name,
        date_of_birth=date.fromisoformat(row["date_of_birth"]),
        employment={
            "gross_annual_income": Decimal(row["gross_annual_income"]),
            "net_monthly_income": Decimal(row["net_monthly_income"]),
            "months_employed": int(row["months_employed"]),
            "documented_net_monthly_income": Decimal(row["documented_net_monthly_income"]),
        },
        household={"home": row["home"]},
        bureau={
            "score": int(row["bureau_score"]),
            "delinquencies_24m": int(row["delinquencies_24m"]),
            "enquiries_6m": int(row["enquiries_6m"]),
        },
    )
    draft = applications.draft(
        actor=actor,
        entry=ApplicationEntry(
            customer=person,
            product=Product.objects.get(code=row["product"]),
            amount=Decimal(row["amount"]),
            term_months=int(row["term_months"]),
            purpose=row["purpose"],
        ),
        now=NOW,
    )
    applications.submit(actor=actor, application=draft, now=NOW)
    made = decisions.assess(application_id=draft.pk, actor="system:worker", now=NOW)
    if made.letter_id is not None:
        letters.render(letter_id=made.letter_id, now=NOW)
    return Application.objects.get(pk=draft.pk)


def _said(row: Any, without: set[str]) -> dict[str, Any]:
    """Return the columns of a row but for those that only name it."""
    fields = row._meta.concrete_fields
    return {one.attname: getattr(row, one.attname) for one in fields if one.attname not in without}


def _told(letter: Letter | None, application: Application) -> dict[str, Any]:
    """Return what a letter states, but for the application's number."""
    if letter is None:
        return {}
    number = application.number

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(part) for name, part in value.items()}
        if isinstance(value, list):
            return [plain(part) for part in value]
        return value.replace(number, "A") if isinstance(value, str) else value

    return dict(plain(letter.facts))


def _world(application: Application) -> dict[str, Any]:
    """Return everything an application came to."""
    decision = Decision.objects.get(application=application)
    run = decision.score_run
    person = application.customer
    events = Event.objects.filter(case=f"applications.application:{application.pk}")
    facts: tuple[Any, ...] = (Employment, Household, BureauReport)
    return {
        "application": _said(application, _OWN_APPLICATION),
        "decision": _said(decision, _OWN_DECISION),
        "score": None if run is None else (run.pd, run.score, run.features, run.attributions),
        "letter": _told(decision.letter, application),
        "facts": [_said(one.objects.get(customer=person), _OWN) for one in facts],
        "consents": sorted(person.consents.values_list("purpose", "wording_version", "channel")),
        "address": _said(person.address, _OWN),
        "events": sorted(events.values_list("verb", flat=True)),
    }


@settings(
    max_examples=12,
    # Shrinking an example of this size takes minutes and tells nothing more.
    phases=[Phase.explicit, Phase.generate],
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    amount=st.integers(25_000, 1_500_000),
    term=st.integers(6, 60),
    gross=st.integers(150_000, 3_000_000),
    share=st.integers(40, 95),
    months=st.integers(0, 300),
    home=st.sampled_from(["own", "rent", "mortgage", "family"]),
    score=st.integers(300, 900),
    late=st.integers(0, 6),
    born=st.dates(date(1950, 1, 1), date(2008, 1, 1)),
)
def test_a_file_comes_to_what_the_form_comes_to(alice: User, **drawn: Any) -> None:
    net = drawn["gross"] * drawn["share"] // 1_200
    row = factories.row(
        next(_SERIAL),
        amount=str(drawn["amount"]),
        term_months=str(drawn["term"]),
        gross_annual_income=str(drawn["gross"]),
        net_monthly_income=str(net),
        documented_net_monthly_income=str(net),
        months_employed=str(drawn["months"]),
        home=drawn["home"],
        bureau_score=str(drawn["score"]),
        delinquencies_24m=str(drawn["late"]),
        date_of_birth=drawn["born"].isoformat(),
    )

    upload = factories.taken_in(alice, [row])
    by_file = upload.rows.get().application
    by_form = _as_form(row, alice)

    assert by_file is not None
    found, wanted = _world(Application.objects.get(pk=by_file.pk)), _world(by_form)
    assert {k: found[k] for k in found if found[k] != wanted[k]} == {
        k: wanted[k] for k in wanted if found[k] != wanted[k]
    }


def test_a_day_is_the_lenders(alice: User) -> None:
    # Half past midnight of the 21st in Pune is still the 20th in Greenwich.
    late = datetime.fromisoformat("2026-11-20T19:00:00+00:00")
    upload = factories.started(alice, [factories.row(1)])

    factories.services.advance(upload_id=upload.pk, now=late)

    application = upload.rows.get().application
    assert application is not None
    assert application.applied_date == date(2026, 11, 21)
