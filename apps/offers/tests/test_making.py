"""An offer is made under the decision that binds, never beyond it, and tells everything."""

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.decisions import services as decisions
from apps.decisions.tests import factories as decided
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.offers import services
from apps.offers.models import Offer
from apps.offers.tests import factories
from apps.products.models import Conditions, Fee, Product
from apps.products.tests import factories as products

NOW, TODAY = factories.NOW, factories.TODAY
pytestmark = pytest.mark.django_db


def _refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = (Offer.objects.count(), Letter.objects.count(), Event.objects.count())
    with pytest.raises(DomainError) as refusal:
        act()
    assert (Offer.objects.count(), Letter.objects.count(), Event.objects.count()) == before
    return refusal.value


def test_it_offers_what_was_decided(alice: User, approved: Application) -> None:
    offer = services.make(actor=alice, application=approved, now=NOW)

    assert (offer.principal, offer.term_months) == (Decimal(200_000), 24)
    assert offer.annual_rate == Decimal("0.16")
    assert offer.number == f"{approved.number}-O1"
    # 9,792.62 by the formula of rule book 9.1, in whole rupees as the product rounds.
    assert (offer.instalment, offer.instalments) == (Decimal(9_793), 24)
    assert (offer.disbursal_date, offer.first_due_date) == (TODAY, date(2026, 12, 20))
    assert offer.net_disbursed == Decimal(199_500)
    assert offer.valid_until == factories.LAST_DAY
    assert (offer.cooling_off_days, offer.status, offer.language) == (3, "offered", "en")
    assert Event.objects.filter(verb="offers.made").count() == 1


def test_its_statement_is_frozen_and_hashed(alice: User, approved: Application) -> None:
    offer = factories.made(alice, approved)

    letter = Letter.objects.get(pk=offer.letter_id)
    assert letter.kind == "key_facts"
    assert letter.pdf_sha256 == offer.statement_hash
    assert letters.verify(letter).holds
    assert letters.facts_hash(offer.key_facts) == offer.key_facts_hash
    text = " ".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(bytes(letter.pdf or b""))).pages
    )
    for said in (
        "Key Facts Statement",
        offer.number,
        "₹2,00,000.00",
        "16.00",
        "Processing fee",
        "Stamp duty",
        "Vidya Bhave",
        "24.00",
    ):
        assert said in text, said


@pytest.mark.parametrize("language", ["en", "hi", "sw"])
def test_it_speaks_the_applicants_language(
    alice: User, approved: Application, language: str
) -> None:
    product = approved.product
    product.names = {"hi": "व्यक्तिगत ऋण", "sw": "Mkopo binafsi"}
    product.save()
    product.fees.update(names={"hi": "शुल्क", "sw": "Ada"})

    offer = factories.made(alice, approved, language=language)

    assert offer.language == language
    assert offer.key_facts["product"] == product.names.get(language, product.name)
    fees = {fee["name"] for fee in offer.key_facts["fees"]}
    assert fees == {fee.named(language) for fee in product.fees.all()}
    assert str(offer.key_facts["product"]) in bytes(offer.letter.html or b"").decode()
    assert bytes(offer.letter.html or b"").startswith(
        f'<article class="letter statement" lang="{language}"'.encode()
    )


def test_it_may_offer_less(alice: User, approved: Application) -> None:
    # A term of 36 months would be longer than was decided; half the amount over it is refused.
    offer = factories.made(alice, approved, principal=Decimal(100_000), term_months=12)

    assert (offer.principal, offer.instalments) == (Decimal(100_000), 12)


@pytest.mark.parametrize(
    ("changes", "code", "fields"),
    [
        ({"principal": Decimal("200000.01")}, "beyond_decision", []),
        ({"term_months": 25}, "beyond_decision", []),
        # Shorter, and so dearer a month than was judged.
        ({"term_months": 12}, "beyond_decision", []),
        ({"principal": Decimal(0)}, "not_priceable", []),
        ({"principal": Decimal(-1)}, "not_priceable", []),
        ({"principal": Decimal("100000.001")}, "beyond_decision", []),
        ({"term_months": 0}, "not_priceable", []),
        ({"disbursal_on": date(2026, 11, 19)}, "day_refused", ["disbursal_on"]),
        # The approval ends on 20 December.
        ({"disbursal_on": date(2026, 12, 21)}, "day_refused", ["disbursal_on"]),
        ({"disbursal_on": date(2126, 11, 20)}, "day_refused", ["disbursal_on"]),
        ({"first_due_on": date(2026, 11, 1)}, None, ["first_due_on"]),
        ({"first_due_on": date(2027, 2, 21)}, "day_refused", ["first_due_on"]),
        ({"first_due_on": date(2126, 12, 20)}, None, ["first_due_on"]),
        ({"language": "xx"}, "language_unknown", ["language"]),
    ],
    ids=[
        *("more", "longer", "shorter", "nothing", "negative", "fraction", "no_term"),
        *("yesterday", "after_approval", "next_century"),
        *("due_before", "due_late", "due_next_century", "tongue"),
    ],
)
def test_it_refuses_what_is_beyond_or_absurd(
    alice: User,
    approved: Application,
    changes: dict[str, Any],
    code: str | None,
    fields: list[str],
) -> None:
    refusal = _refused(lambda: factories.made(alice, approved, **changes))

    assert code in (None, refusal.code)
    assert list(refusal.fields) == fields
    assert str(refusal)


def test_what_was_not_decided_is_not_offered(alice: User, approved: Application) -> None:
    waiting = decided.submitted(alice)

    refusal = _refused(lambda: factories.made(alice, waiting))

    assert refusal.code == "not_decided"


def test_who_may_not_is_refused(
    alice: User,
    bob: User,
    approved: Application,
    make_person: Callable[..., User],
    nashik: Branch,
) -> None:
    stranger = make_person("Nadia", "loan_officer", branch=nashik)

    assert _refused(lambda: factories.made(bob, approved)).status == 403
    assert _refused(lambda: factories.made(stranger, approved)).status == 404


def test_a_product_that_says_too_little_offers_nothing(alice: User, approved: Application) -> None:
    Conditions.objects.all().delete()
    Fee.objects.filter(code="papers").update(timing="", is_third_party=None)
    entity = approved.product.entity
    entity.nodal_officer, entity.weekend = "", []
    entity.save()

    refusal = _refused(lambda: factories.made(alice, approved))

    assert refusal.code == "offer_incomplete"
    said = str(refusal)
    for what in ("conditions of the contract", "Paper fee", "days off", "nodal officer"):
        assert what in said


def test_a_statement_without_an_item_is_not_offered(alice: User, approved: Application) -> None:
    # Rule book 6.5: in India a loan can be stepped back from for a day at least.
    Product.objects.filter(pk=approved.product_id).update(cooling_off_days=0)

    refusal = _refused(lambda: factories.made(alice, approved))

    assert (refusal.code, "cooling_off" in str(refusal)) == ("statement_incomplete", True)


@pytest.mark.parametrize(
    ("code", "amount", "consented", "refused"),
    [
        ("documentation", "500", False, True),
        ("documentation", "500", True, False),
        ("processing", "240", False, False),
        ("processing", "240.01", False, True),
    ],
    ids=["6.6-T2", "6.6-T2-consent", "told", "more-than-told"],
)
def test_only_what_was_told_is_charged(
    offer: Offer, code: str, amount: str, *, consented: bool, refused: bool
) -> None:
    def charge() -> None:
        services.require_chargeable(offer, code=code, amount=Decimal(amount), consented=consented)

    if refused:
        assert _refused(charge).code == "fee_not_told"
    else:
        charge()


def test_an_unknown_calendar_offers_nothing(alice: User, approved: Application) -> None:
    entity = approved.product.entity
    entity.holidays = [date(2025, 12, 25)]
    entity.save()

    refusal = _refused(lambda: factories.made(alice, approved))

    assert "holidays of 2026" in str(refusal)


def test_an_approval_that_ends_too_soon_offers_nothing(alice: User, approved: Application) -> None:
    # The approval stays open for thirty days.
    late = NOW + timedelta(days=28)

    refusal = _refused(lambda: services.make(actor=alice, application=approved, now=late))

    assert (refusal.code, "the approval ends" in str(refusal)) == ("offer_incomplete", True)


@pytest.mark.usefixtures("_known_book")
def test_a_counter_offer_that_was_taken_up_in_time_is_offered_after_it(
    alice: User, bob: User, pune: Branch
) -> None:
    decided.policy(pune.entity)
    case = decided.referred(alice)
    factories.complete(case.application.product)
    decisions.claim(actor=bob, case=case, now=NOW)
    verdict = decisions.Verdict(
        outcome="approve",
        codes=("income_confirmed",),
        note="Seen.",
        amount=Decimal(150_000),
        term_months=24,
    )
    decisions.decide(actor=bob, case=case, verdict=verdict, now=NOW)
    late = NOW + timedelta(days=33)
    decisions.change_request(
        actor=alice,
        application=case.application,
        amount=Decimal(150_000),
        term_months=24,
        now=NOW,
    )

    offer = services.make(actor=alice, application=case.application, now=late)

    assert (offer.principal, offer.offered_date) == (Decimal(150_000), date(2026, 12, 23))
    # Over Christmas.
    assert offer.valid_until == date(2026, 12, 31)


def test_the_same_again_is_the_same_offer(alice: User, approved: Application) -> None:
    first = factories.made(alice, approved)

    again = factories.made(alice, approved)
    refusal = _refused(lambda: factories.made(alice, approved, principal=Decimal(150_000)))

    assert again == first
    assert refusal.code == "offer_open"
    assert first.number in str(refusal)


def test_after_a_withdrawal_another_offer_has_the_next_number(
    alice: User, approved: Application
) -> None:
    first = factories.made(alice, approved)
    services.withdraw(actor=alice, offer=first, reason="Wrong day.", now=NOW)

    second = factories.made(alice, approved, principal=Decimal(150_000))

    assert second.number == f"{approved.number}-O2"


def test_a_machines_approval_is_not_offered_while_machines_are_stopped(
    alice: User, charlie: User, approved: Application
) -> None:
    decisions.stop_automation(actor=charlie, entity=None, reason="Odd scores.", now=NOW)

    refusal = _refused(lambda: factories.made(alice, approved))

    assert refusal.code == "automation_stopped"


def test_a_blocked_borrower_is_offered_nothing(
    alice: User, approved: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.customers.selectors.is_blocked", lambda *_args: True)

    assert _refused(lambda: factories.made(alice, approved)).code == "borrower_blocked"


def test_a_floating_rate_tells_what_a_rise_does(alice: User, approved: Application) -> None:
    products.floating(approved.product)

    offer = factories.made(alice, approved)

    told = offer.key_facts["floating"]
    assert (told["benchmark_rate"], told["spread"]) == ("0.098000", "0.062000")
    # 9,816.59 at 16.25 % in whole rupees, and 9,793 at 16 %.
    assert told["instalment_up"] == "24.00"
    assert told["instalments_up"] == 1
    # Rule book 6.11 T2: medical is no business, the rate floats, and it was decided in 2026.
    assert offer.key_facts["contingent"]["is_free_to_prepay"] is True


def test_the_database_refuses_more_than_was_decided(alice: User, offer: Offer) -> None:
    services.withdraw(actor=alice, offer=offer, reason="Again.", now=NOW)
    for changes in (
        {"principal": offer.principal + 1},
        {"term_months": 36},
        {"annual_rate": Decimal("0.15")},
        {"valid_until": TODAY + timedelta(days=90)},
    ):
        copy = Offer.objects.get(pk=offer.pk)
        copy.pk, copy.sequence, copy.number, copy.letter_id = None, 9, "X-9", offer.letter_id
        copy.id, copy.status, copy.ended_at = Offer().id, "offered", None
        copy.ended_by, copy.end_reason = None, ""
        for name, value in changes.items():
            setattr(copy, name, value)
        with pytest.raises(IntegrityError, match="within_decision"), transaction.atomic():
            copy.save(force_insert=True)


def test_the_database_keeps_what_was_offered(offer: Offer) -> None:
    for change in ({"principal": Decimal(1)}, {"key_facts": {}}, {"valid_until": TODAY}):
        with (
            pytest.raises(Exception, match=r"offers_offer_as_made|Cannot update"),
            transaction.atomic(),
        ):
            Offer.objects.filter(pk=offer.pk).update(**change)
    with pytest.raises(Exception, match="Cannot delete"), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).delete()


def test_stored_facts_name_nobody(offer: Offer) -> None:
    text = json.dumps([offer.key_facts, offer.terms])

    assert offer.application.customer.full_name not in text
