"""No obligation on record says nothing, until the customer says that there is none."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.customers import checks, selectors, services
from apps.customers.findings import Refused
from apps.customers.models import Customer, NoObligations
from apps.customers.tests import factories

SignIn = Callable[[User], Client]
NOW = factories.NOW
TODAY = date(2026, 11, 20)
VERB = "customers.no_obligations_declared"


@pytest.fixture
def ravi(alice: User, pune: Branch) -> Customer:
    """A customer whom nobody asked about obligations."""
    return factories.customer(pune, actor=alice, declares=False)


def _declare(actor: User, customer: Customer, **changes: object) -> NoObligations:
    entry = factories.no_obligations_entry(**changes)
    return services.declare_no_obligations(actor=actor, customer=customer, entry=entry, now=NOW)


@pytest.mark.django_db
def test_it_keeps_who_declared_what_when(alice: User, ravi: Customer) -> None:
    declared = _declare(alice, ravi, declared_date=TODAY, channel="telephone")

    kept = NoObligations.objects.get()
    assert (kept, kept.customer, kept.recorded_by) == (declared, ravi, alice)
    assert (kept.declared_date, kept.channel) == (TODAY, "telephone")
    event = Event.objects.get(verb=VERB)
    assert event.subject == f"customers.customer:{ravi.pk}"
    assert event.facts["declared_date"] == "2026-11-20"


@pytest.mark.django_db
def test_it_holds_for_ninety_days(alice: User, ravi: Customer) -> None:
    declared = _declare(alice, ravi, declared_date=TODAY)

    holds = [
        selectors.declared_no_obligations(ravi, TODAY + timedelta(days=days))
        for days in (-1, 0, 90, 91)
    ]

    assert holds == [None, declared, declared, None]


@pytest.mark.django_db
def test_a_debt_that_stood_after_it_ends_it_for_good(alice: User, ravi: Customer) -> None:
    _declare(alice, ravi, declared_date=date(2026, 11, 1))
    entry = factories.obligation_entry(from_date=date(2026, 11, 5))
    debt = services.record_obligation(actor=alice, customer=ravi, entry=entry, now=NOW)

    while_it_stands = selectors.declared_no_obligations(ravi, TODAY)
    ended = date(2026, 11, 10)
    services.end_obligation(actor=alice, obligation=debt, ended_date=ended, now=NOW)

    assert while_it_stands is None
    assert selectors.declared_no_obligations(ravi, TODAY) is None
    assert selectors.declared_no_obligations(ravi, date(2026, 11, 4)) is not None
    again = _declare(alice, ravi, declared_date=ended)
    assert selectors.declared_no_obligations(ravi, TODAY) == again


@pytest.mark.django_db
def test_it_is_refused_while_a_debt_stands(alice: User, pune: Branch) -> None:
    indebted = factories.customer(pune, actor=alice, obligations=({},))

    with pytest.raises(Conflict) as refusal:
        _declare(alice, indebted)

    assert refusal.value.code == "obligations_stand"
    assert not NoObligations.objects.exists()
    assert not Event.objects.filter(verb=VERB).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"declared_date": date(2026, 11, 21)}, "declared_date"),
        ({"declared_date": date(2026, 8, 21)}, "declared_date"),
        ({"declared_date": date(2026, 11, 9)}, "declared_date"),
        ({"channel": "rumour"}, "channel"),
        ({"channel": ""}, "channel"),
    ],
)
def test_it_refuses_a_declaration_that_cannot_hold(
    alice: User, ravi: Customer, changes: dict[str, object], field: str
) -> None:
    debt = services.record_obligation(
        actor=alice, customer=ravi, entry=factories.obligation_entry(), now=NOW
    )
    services.end_obligation(actor=alice, obligation=debt, ended_date=date(2026, 11, 10), now=NOW)

    with pytest.raises(DomainError) as refusal:
        _declare(alice, ravi, **changes)

    assert list(refusal.value.fields) == [field]
    assert not NoObligations.objects.exists()


@given(st.dates(), st.dates(), st.dates())
def test_no_day_outside_the_bounds_is_ever_taken(day: date, earliest: date, today: date) -> None:
    entry = factories.no_obligations_entry(declared_date=day)
    bounds = {"today": today, "earliest": earliest}
    within = max(earliest, checks.EARLIEST) <= day <= today

    with nullcontext() if within else pytest.raises(Refused) as refusal:
        checks.no_obligations(entry, channels={"paper"}, **bounds)

    if refusal is not None:
        assert list(refusal.value.findings) == ["declared_date"]


@pytest.mark.django_db
def test_it_is_written_once_however_often_it_is_sent(alice: User, ravi: Customer) -> None:
    entry = factories.no_obligations_entry()
    for _ in range(2):
        services.declare_no_obligations(actor=alice, customer=ravi, entry=entry, now=NOW)

    assert NoObligations.objects.count() == 1
    assert Event.objects.filter(verb=VERB).count() == 1


@pytest.mark.django_db
def test_it_is_refused_to_who_may_not_edit(bob: User, ravi: Customer) -> None:
    with pytest.raises(NotPermitted):
        _declare(bob, ravi)

    assert not NoObligations.objects.exists()


@pytest.mark.django_db
def test_the_page_asks_for_it_and_shows_it(alice: User, ravi: Customer, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    home, form = (
        reverse(f"customers:{name}", args=[ravi.pk]) for name in ("detail", "no_obligations")
    )
    before = browser.get(home).content.decode()
    typed = {
        "key": browser.get(form).context["form"]["key"].value(),
        "declared_date": browser.get(form).context["form"]["declared_date"].value(),
    }

    unpicked = browser.post(form, typed)
    answer = browser.post(form, {**typed, "channel": "paper"})

    assert "None recorded, and none denied." in before
    assert form in before
    assert unpicked.status_code == 422
    assert answer.status_code == 302
    after = browser.get(home).content.decode()
    assert "that nothing is paid elsewhere. Signed on paper." in " ".join(after.split())
    assert form not in after


@pytest.mark.django_db
def test_the_api_takes_and_lists_it(alice: User, pune: Branch, ravi: Customer) -> None:
    caller = APIClient()
    caller.force_authenticate(alice)
    address = f"/api/v1/customers/{ravi.pk}/no-obligations"
    body = {"declared_date": timezone.now().date().isoformat(), "channel": "online"}

    answers = [
        caller.post(address, body, format="json", HTTP_IDEMPOTENCY_KEY="one") for _ in range(2)
    ]
    refused = [
        caller.post(address, {**body, "channel": "rumour"}, format="json"),
        caller.post(address, {**body, "declared_date": "2200-01-01"}, format="json"),
        caller.post(address, {**body, "said_by": "Ravi"}, format="json"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.status_code for answer in refused] == [400] * 3
    [listed] = caller.get(address).json()
    assert listed["id"] == answers[0].json()["id"] == answers[1].json()["id"]
    assert listed["channel"] == "online"
    indebted = factories.customer(pune, actor=alice, obligations=({"monthly_payment": Decimal(9)},))
    conflict = caller.post(f"/api/v1/customers/{indebted.pk}/no-obligations", body, format="json")
    assert conflict.status_code == 409
    assert conflict.json()["code"] == "obligations_stand"
