"""What a restructuring leads to is said by the table of rules that the loan is under."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.loans.models import Loan
from apps.npa import restructured
from apps.npa.models import RuleTable
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import TODAY, at

DOWNGRADED = "A standard loan becomes sub-standard at the day's end"
KEPT = "The loan keeps at least the class it has"


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch, india: Entity) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    factories.rules()


def test_1_13_the_rules_of_india_lower_the_class(
    lent: Loan, charlie: User, signed_in: Callable[[User], Client]
) -> None:
    asked = {"instalments": "36", "difficulty": "yes", "reason": "Lost his job", "preview": "1"}
    client = signed_in(charlie)
    address = reverse("servicing:change", args=[lent.pk, "reschedule"])

    page = client.post(address, asked).text.replace("&#x27;", "'")
    without = client.post(address, {**asked, "difficulty": "no"}).text.replace("&#x27;", "'")

    assert DOWNGRADED in page
    assert DOWNGRADED not in without


def test_it_is_the_table_and_not_the_country(lent: Loan, india: Entity) -> None:
    # A SACCO's rules keep the class, wherever the lender is.
    india.kind, india.country = Entity.Kind.SACCO, "KE"
    india.save()
    lent.refresh_from_db()

    assert restructured.leads_to(lent, TODAY).startswith(KEPT)


def test_without_rules_it_says_so(lent: Loan) -> None:
    assert RuleTable.objects.exists()

    said = restructured.leads_to(lent, date(1990, 1, 1))

    assert said
    assert DOWNGRADED not in said
