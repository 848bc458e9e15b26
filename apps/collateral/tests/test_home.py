"""Releases of collateral wait on the start page of who may answer them."""

from apps.accounts.models import Branch, User
from apps.collateral import services
from apps.collateral.tests import factories
from apps.core import home


def test_a_release_waits_for_another_person_until_it_is_answered(
    alice: User, charlie: User, nashik: Branch, make_person: object
) -> None:
    item = factories.pledged(alice, factories.secured(alice))
    count = home.counted("collateral.releases").count
    assert count(charlie, factories.NOW) == 0

    asked = services.ask_release(actor=alice, item=item, reason="Repaid", now=factories.NOW)

    far = make_person("Nitin", "credit_manager", branch=nashik)  # type: ignore[operator]
    assert (count(charlie, factories.NOW), count(alice, factories.NOW)) == (1, 0)
    assert count(far, factories.NOW) == 1, "managers work everywhere"
    reviewer = make_person("Rhea", "credit_reviewer", branch=nashik)  # type: ignore[operator]
    assert count(reviewer, factories.NOW) == 0
    services.refuse_release(actor=charlie, release=asked, note="No.", now=factories.NOW)
    assert count(charlie, factories.NOW) == 0
