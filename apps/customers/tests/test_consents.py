"""Consents are given to a wording and withdrawn; protected data live and die with theirs."""

import re
from pathlib import Path
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.apps import apps
from django.conf import settings

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError
from apps.customers import selectors, services
from apps.customers.models import Consent, Customer, ProtectedAttributes
from apps.customers.services.record import ConsentMissing
from apps.customers.tests import factories

NOW = factories.NOW
FAIRNESS = Consent.Purpose.FAIRNESS_MONITORING
VALUES = {"gender": "female", "religion": "sikh", "marital_status": ""}


@pytest.fixture
def ravi(alice: User, pune: Branch) -> Customer:
    """A complete customer of Pune, registered by Alice."""
    return factories.customer(pune, actor=alice)


def test_it_keeps_a_withdrawn_consent_as_proof_and_takes_a_new_one(
    alice: User, ravi: Customer
) -> None:
    contact = Consent.Purpose.CONTACT
    first = factories.consent(ravi, contact, actor=alice)

    services.withdraw_consent(actor=alice, consent=first, now=NOW)
    assert not selectors.has_consent(ravi, contact)
    factories.consent(ravi, contact, actor=alice)

    assert selectors.has_consent(ravi, contact)
    assert ravi.consents.filter(purpose=contact).count() == 2
    verbs = Event.objects.filter(facts__purpose="contact").order_by("id")
    assert [event.verb for event in verbs] == [
        "customers.consent_given",
        "customers.consent_withdrawn",
        "customers.consent_given",
    ]


def test_it_refuses_a_consent_that_stands_and_a_second_withdrawal(
    alice: User, ravi: Customer
) -> None:
    consent = ravi.consents.get(purpose="credit_assessment")

    with pytest.raises(Conflict):
        factories.consent(ravi, "credit_assessment", actor=alice)
    services.withdraw_consent(actor=alice, consent=consent, now=NOW)
    with pytest.raises(Conflict):
        services.withdraw_consent(actor=alice, consent=consent, now=NOW)

    assert ravi.consents.filter(purpose="credit_assessment").count() == 1
    assert Event.objects.filter(verb="customers.consent_withdrawn").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": "marketing"}, "purpose"),
        ({"wording_version": "1999-01"}, "wording_version"),
        ({"channel": "telepathy"}, "channel"),
    ],
)
def test_it_refuses_consents_to_unknown_words(
    alice: User, ravi: Customer, changes: dict[str, Any], field: str
) -> None:
    given = {"purpose": "contact", "wording_version": "2026-11", "channel": "paper", **changes}

    with pytest.raises(DomainError) as refusal:
        services.give_consent(actor=alice, customer=ravi, now=NOW, **given)

    assert list(refusal.value.fields) == [field]
    assert not ravi.consents.filter(purpose="contact").exists()


def test_it_records_protected_attributes_only_with_consent(alice: User, ravi: Customer) -> None:
    with pytest.raises(ConsentMissing):
        services.record_protected_attributes(actor=alice, customer=ravi, values=VALUES)
    assert not ProtectedAttributes.objects.exists()

    factories.consent(ravi, FAIRNESS, actor=alice)
    services.record_protected_attributes(actor=alice, customer=ravi, values=VALUES)

    assert ProtectedAttributes.objects.get().values == {"gender": "female", "religion": "sikh"}
    event = Event.objects.get(verb="customers.protected_attributes_recorded")
    assert event.facts == {}
    assert "sikh" not in str(list(LogEntry.objects.values_list("changes", flat=True)))


def test_it_deletes_protected_attributes_when_the_consent_is_withdrawn(
    alice: User, ravi: Customer
) -> None:
    consent = factories.consent(ravi, FAIRNESS, actor=alice)
    services.record_protected_attributes(actor=alice, customer=ravi, values=VALUES)

    services.withdraw_consent(actor=alice, consent=consent, now=NOW)

    assert not ProtectedAttributes.objects.exists()
    assert "sikh" not in str(list(LogEntry.objects.values_list("changes", flat=True)))


@pytest.mark.parametrize("values", [{}, {"gender": ""}, {"gender": "x"}, {"zodiac": "leo"}])
def test_it_refuses_protected_values_of_no_list(
    alice: User, ravi: Customer, values: dict[str, str]
) -> None:
    factories.consent(ravi, FAIRNESS, actor=alice)

    with pytest.raises(DomainError):
        services.record_protected_attributes(actor=alice, customer=ravi, values=values)

    assert not ProtectedAttributes.objects.exists()


def test_it_is_named_nowhere_in_code_that_makes_features_or_decides() -> None:
    places = ["ml", "apps/scoring", "apps/applications", "apps/decisions"]
    sources = [
        path
        for place in places
        for path in (Path(settings.BASE_DIR) / place).rglob("*.py")
        if "tests" not in path.parts
    ]
    words = re.compile(r"(?i)protected_?attributes|customers(?:\.| import )protected")
    naming = [str(path) for path in sources if words.search(path.read_text())]

    assert len(sources) > 20
    assert naming == []


def test_it_cannot_be_reached_from_what_features_are_made_of() -> None:
    """Walk every relation a queryset or an instance can follow from the deciding apps."""
    deciding = ("applications", "scoring", "decisions")
    waiting = [model for label in deciding for model in apps.get_app_config(label).get_models()]
    reached = set(waiting)
    while waiting:
        for field in waiting.pop()._meta.get_fields():
            model = field.related_model
            if field.is_relation and isinstance(model, type) and model not in reached:
                reached.add(model)
                waiting.append(model)

    assert Customer in reached
    assert ProtectedAttributes not in reached
