"""A night as it is: it respects an override, raises an alert, and its figures equal the ledger."""

from datetime import timedelta

import pytest

from apps.accounts.models import Entity, User
from apps.loans.models import Loan
from apps.npa import movement, movement_rows, services
from apps.npa.models import Alert, DayEnd, PortfolioDay
from apps.npa.portfolio_rows import Chosen
from apps.npa.services import Wanted
from apps.npa.tests import day_factories as days
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import TODAY, approved, at

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def test_the_night_respects_an_override_and_all_its_figures_equal_the_ledger(
    lent: Loan, india: Entity, bob: User, charlie: User
) -> None:
    days.rules()
    factories.threshold(charlie, india, "npa_ratio", "0.05")
    days.end(lent, TODAY)
    first, second, third = (TODAY + number * DAY for number in (1, 2, 3))
    made = approved(lent, bob, charlie, from_date=first, until_date=second)

    days.end_until(lent, first, second)

    found = days.of_day(lent, second)
    assert (found.asset_class, found.reason, found.override_id) == (
        "substandard",
        "override",
        made.pk,
    )
    assert PortfolioDay.objects.get(day=second).asset_class == "substandard"
    told = {one.day: one.stages["classify"]["overridden"] for one in DayEnd.objects.all()}
    assert told == {TODAY: 0, first: 1, second: 1}
    alert = Alert.objects.get()
    assert (alert.day, alert.last_day, alert.status) == (first, second, "open")
    returned = services.make_return(
        actor=charlie,
        wanted=Wanted(kind="rbi_assets", entity=india, day=second),
        now=at(third),
    )
    assert returned.reconciles, returned.checks

    days.end(lent, third)

    after = days.of_day(lent, third)
    assert (after.asset_class, after.override_id) == ("standard", None)
    alert.refresh_from_db()
    assert (alert.status, alert.cleared_day) == ("over", third)
    chosen = Chosen(entity=india, currency="INR", day=third)
    whole = movement.total(movement.lines(movement_rows.nights(charlie, chosen, TODAY)))
    checks = movement_rows.reconciled(charlie, chosen, TODAY, whole=whole)
    assert [one.difference for one in checks] == [0, 0, 0]
    assert whole.additions > 0
    assert whole.releases > 0
    assert whole.unexplained == 0
