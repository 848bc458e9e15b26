"""Nights of the demonstration: what is watched, and by whom."""

import pytest

from apps.accounts.models import Entity, User
from apps.demo import nights, people
from apps.npa.measures import Measure
from apps.npa.models import Threshold

pytestmark = pytest.mark.django_db


def test_it_watches_the_portfolio_in_the_name_of_the_credit_manager(
    india: Entity, charlie: User
) -> None:
    nights.watch(india)
    assert not Threshold.objects.exists(), "nobody of the demonstration works there"
    address = next(one.email for one in people.PEOPLE if one.role == "credit_manager")
    User.objects.filter(pk=charlie.pk).update(email=address)

    nights.watch(india)
    nights.watch(india)

    rows = Threshold.objects.filter(entity=india, owner=charlie, is_watched=True)
    # How large a branch may be is for each lender to say.
    assert set(rows.values_list("measure", flat=True)) == set(Measure) - {Measure.LARGEST_BRANCH}
