"""Registration: complete or not at all, and nobody twice."""

from apps.accounts.models import Branch
from apps.customers.models import Customer
from apps.customers.tests import factories


def test_it_makes_complete_customers(pune: Branch) -> None:
    first = factories.customer(pune)
    second = factories.customer(pune, obligations=({},))

    assert Customer.objects.count() == 2
    assert first.number < second.number
    assert first.bureau_reports.get().score == 760
