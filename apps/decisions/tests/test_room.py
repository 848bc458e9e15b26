"""People approve nobody who is blocked by now, and nothing for which there is no room any more."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.customers import services as customers
from apps.customers.models import BlockListEntry
from apps.customers.tests import factories as people
from apps.decisions import services
from apps.decisions.errors import BorrowerBlocked, ExposureExceeded
from apps.decisions.models import Decision, Override, ReviewCase
from apps.decisions.services import OverrideEntry, Terms, Verdict
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

NOW = factories.NOW
APPROVE = Verdict(outcome="approve", codes=("income_confirmed",))
POOR = {"employment": {"net_monthly_income": Decimal(50_000)}}
CAP = {
    "code": "exposure_cap",
    "sentence": "One borrower owes us at most 1,000,000.",
    "input": "exposure_with_us",
    "test": "at_most",
    "threshold": "1000000",
    "outcome": "decline",
}


@pytest.fixture
def carol(make_person: Callable[..., User]) -> User:
    """A second credit manager."""
    return make_person("Carol", "credit_manager")


def _block(charlie: User, application: Application) -> BlockListEntry:
    entry = people.block_entry(customer_number=application.customer.number)
    entity = application.branch.entity
    return customers.block(actor=charlie, entity=entity, entry=entry, now=NOW)


def _asked(alice: User, application: Application, amount: int) -> Override:
    terms = Terms(Decimal(amount), 24)
    entry = OverrideEntry(terms=terms, reason="security_offered", note="Gold is pledged.")
    return services.ask_override(actor=alice, application=application, entry=entry, now=NOW)


def _capped(*, threshold: str = "1000000") -> dict[str, Any]:
    written = factories.document()
    written["rules"].append({**CAP, "threshold": threshold})
    return written


def test_who_was_blocked_after_the_referral_is_not_approved(
    alice: User, charlie: User, carol: User, stage: ModelVersion
) -> None:
    case = factories.referred(alice, amount=850_000, term_months=60)
    services.claim(actor=charlie, case=case, now=NOW)
    listed = _block(charlie, case.application)

    with pytest.raises(BorrowerBlocked) as refusal:
        services.decide(actor=charlie, case=case, verdict=APPROVE, now=NOW)

    case.refresh_from_db()
    assert refusal.value.code == "borrower_blocked"
    assert (case.status, case.application.status) == ("claimed", "in_review")
    assert Decision.objects.count() == 1

    # Once another person has lifted the entry, the case can be approved.
    customers.lift(actor=carol, entry=listed, reason="Mistaken identity", now=NOW)
    services.decide(actor=charlie, case=case, verdict=APPROVE, now=NOW)
    assert Decision.objects.latest("number").outcome == "approve"


def test_a_blocked_borrower_can_still_be_declined(
    alice: User, charlie: User, stage: ModelVersion
) -> None:
    case = factories.referred(alice, amount=850_000, term_months=60)
    services.claim(actor=charlie, case=case, now=NOW)
    _block(charlie, case.application)
    decline = Verdict(outcome="decline", codes=("identity_not_confirmed",), note="Doubtful.")

    services.decide(actor=charlie, case=case, verdict=decline, now=NOW)

    assert Decision.objects.latest("number").outcome == "decline"


def test_nobody_signs_for_who_was_blocked_since_the_verdict(
    alice: User, bob: User, charlie: User, stage: ModelVersion
) -> None:
    case = factories.referred(alice, amount=850_000, term_months=60)
    services.claim(actor=bob, case=case, now=NOW)
    services.decide(actor=bob, case=case, verdict=APPROVE, now=NOW)
    _block(charlie, case.application)

    with pytest.raises(BorrowerBlocked):
        services.countersign(actor=charlie, case=case, now=NOW)

    case = ReviewCase.objects.get()
    assert (case.status, case.application.status) == ("awaiting_second", "in_review")
    assert not Decision.objects.filter(kind="human").exists()


def test_no_exception_is_made_for_who_is_blocked(
    alice: User, charlie: User, stage: ModelVersion
) -> None:
    declined = factories.assessed(alice, amount=Decimal(790_000), borrower=POOR).application
    asked = _asked(alice, declined, 700_000)
    _block(charlie, declined)

    with pytest.raises(BorrowerBlocked):
        services.authorise_override(actor=charlie, override=asked, now=NOW)

    asked.refresh_from_db()
    declined.refresh_from_db()
    assert (asked.status, declined.status) == ("asked", "declined")


def test_an_exception_counts_what_was_approved_since_the_decline(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_capped())
    borrower = applications.borrower(pune, **POOR)
    found = []
    for amount in (790_000, 400_000):
        one = applications.submitted(alice, borrower, amount=Decimal(amount))
        services.assess(application_id=one.pk, actor="system:test", now=NOW)
        found.append(Application.objects.get(pk=one.pk))
    assert [one.status for one in found] == ["declined", "approved"]
    asked = _asked(alice, found[0], 700_000)

    with pytest.raises(ExposureExceeded) as refusal:
        services.authorise_override(actor=charlie, override=asked, now=NOW)

    assert "₹11,00,000.00" in str(refusal.value)
    asked.refresh_from_db()
    assert asked.status == "asked"


def test_an_exception_may_set_aside_the_cap_the_decline_named(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_capped(threshold="100000"))
    declined = factories.assessed(alice).application
    asked = _asked(alice, declined, 150_000)

    made = services.authorise_override(actor=charlie, override=asked, now=NOW)

    assert asked.decision.reason_codes == ["rule.exposure_cap"]
    assert (made.outcome, made.amount) == ("approve", 150_000)
