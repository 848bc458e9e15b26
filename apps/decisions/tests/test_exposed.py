"""What was granted is what people answer for: of a counter-offer what was offered."""

from decimal import Decimal

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.collateral import selectors as collateral
from apps.decisions import services
from apps.decisions.services import Verdict
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

NOW = factories.NOW
OFFER = Verdict(
    outcome="approve",
    codes=("burden_confirmed_bearable",),
    amount=Decimal(300_000),
    term_months=36,
)


def test_a_counter_offer_counts_with_what_was_offered(
    alice: User, bob: User, pune: Branch, stage: ModelVersion
) -> None:
    case = factories.referred(alice, amount=900_000, term_months=60)
    services.claim(actor=bob, case=case, now=NOW)
    services.decide(actor=bob, case=case, verdict=OFFER, now=NOW)
    application = Application.objects.get(pk=case.application_id)

    [line] = collateral.exposure(application.customer, bob).lines

    assert (line.owed.state, line.owed.is_owed) == ("approved", True)
    assert line.amount == Decimal(300_000)


def test_what_waits_for_people_is_asked_for_and_not_owed(alice: User, stage: ModelVersion) -> None:
    case = factories.referred(alice, amount=900_000, term_months=60)

    found = collateral.exposure(case.application.customer, alice)

    assert [line.owed.is_owed for line in found.lines] == [False]
    assert (found.totals[0].together, found.totals[0].asked) == (Decimal(0), Decimal(900_000))
