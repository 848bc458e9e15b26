"""Offers of every schedule a product can have, and the loans that are opened under them."""

from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import connection

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.errors import DomainError
from apps.decisions import services as deciding
from apps.decisions.tests import factories as decisions
from apps.ledger import services as books
from apps.loans import services
from apps.loans.models import Loan
from apps.loans.tests import factories
from apps.offers import contract, wording
from apps.offers import services as offers
from apps.offers.models import Offer
from apps.offers.tests import factories as offering
from apps.products.models import Conditions, Product
from apps.products.tests import factories as products
from apps.schedules import building, checks, cost, documents
from apps.schedules.terms import Method

LATER, TODAY = factories.LATER, factories.TODAY
# Of 200,000 over 24 months at 16 %, in whole rupees: the first, the thirteenth and the last row.
METHODS: list[Any] = [
    pytest.param(
        "equal_principal", {}, ["10999.67", "9666.39", "8452.21"], id="9.1-equal-principal"
    ),
    # 200,000 x 16 % x 2 years of interest, and all of it in 24 equal parts.
    pytest.param("flat", {}, ["11000.00", "11000.00", "11000.00"], id="9.1-flat"),
    pytest.param("interest_only", {}, ["2666.67", "2666.67", "202666.67"], id="9.1-bullet"),
    pytest.param("balloon", {"balloon_share": Decimal("0.3")}, None, id="9.1-balloon"),
    pytest.param(
        "stepped", {"step_every": 12, "step_factor": Decimal("1.1")}, None, id="9.1-stepped"
    ),
    pytest.param("single", {"first_period": "amortised"}, ["264000.00"], id="9.1-single"),
]


def _offered(alice: User, method: str, conditions: dict[str, Any]) -> Offer:
    application = decisions.submitted(
        alice, borrower={"employment": {"net_monthly_income": Decimal(60_000)}}
    )
    Product.objects.filter(pk=application.product_id).update(schedule=method)
    offering.complete(application.product, **conditions)
    deciding.assess(application_id=application.pk, actor="system:test", now=decisions.NOW)
    application = _again(application)
    offering.bring_papers(application)
    return offering.made(alice, application)


def _again(application: Application) -> Application:
    return Application.objects.select_related("product", "branch__entity").get(pk=application.pk)


def _judged_whatever_comes(application: Application) -> None:
    """Let the decision have judged an instalment that no product asks for."""
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE decisions_decision SET instalment = 10000000 WHERE application_id = %s",
            [application.pk],
        )


@pytest.mark.parametrize(("method", "conditions", "told"), METHODS)
def test_the_statement_and_the_loan_have_the_rows_of_the_product(
    *,
    alice: User,
    bob: User,
    stage: None,
    method: str,
    conditions: dict[str, Any],
    told: list[str] | None,
) -> None:
    offer = _offered(alice, method, conditions)
    terms = documents.from_document(offer.terms)
    schedule = building.build(terms)

    assert terms.method == Method(method)
    rows = offer.key_facts["schedule"]
    assert [row["instalment"] for row in rows] == [str(row.instalment) for row in schedule.rows]
    assert sum(Decimal(row["principal"]) for row in rows) == offer.principal
    assert offer.apr == cost.apr(schedule).quantize(Decimal("0.00000001"))
    assert offer.apr > Decimal("0.16") or method == "single"
    if told is not None:
        places = [0, 12, -1] if len(rows) > 1 else [0]
        assert [rows[place]["instalment"] for place in places] == told

    factories.agreed(alice, offer.application)
    loan = services.open_loan(actor=alice, application=offer.application, now=LATER)
    factories.paid(alice, bob, loan)

    written = list(loan.instalments.filter(in_force=True).order_by("number"))
    assert [(one.due_date, one.due) for one in written] == [
        (row.due_on, row.instalment) for row in schedule.rows
    ]
    assert Loan.objects.get().status == "active"
    assert books.prove(actor="system:tests", now=LATER).holds


def test_a_balloon_leaves_its_share_of_the_loan_to_the_last_instalment(
    alice: User, stage: None
) -> None:
    offer = _offered(alice, "balloon", {"balloon_share": Decimal("0.3")})

    rows = offer.key_facts["schedule"]
    assert documents.from_document(offer.terms).balloon == 60_000
    assert len({row["instalment"] for row in rows[:-1]}) == 1
    # The rest of what was rounded stays within half a rupee an instalment and its interest.
    regular = Decimal(rows[0]["instalment"])
    assert abs(Decimal(rows[-1]["instalment"]) - regular - 60_000) < 20


def test_steps_make_every_later_year_dearer(alice: User, stage: None) -> None:
    offer = _offered(alice, "stepped", {"step_every": 12, "step_factor": Decimal("1.1")})

    rows = [Decimal(row["instalment"]) for row in offer.key_facts["schedule"]]
    assert set(rows[:12]) == {rows[0]}
    assert set(rows[12:23]) == {rows[12]}
    assert abs(rows[12] - rows[0] * Decimal("1.1")) <= 1
    assert documents.from_document(offer.terms).steps[0].first == 13


def test_a_term_too_short_for_the_first_step_is_paid_in_equal_instalments(
    alice: User, stage: None
) -> None:
    offer = _offered(alice, "stepped", {"step_every": 24, "step_factor": Decimal("1.1")})

    terms = documents.from_document(offer.terms)
    assert (terms.method, terms.steps) == (Method.EQUAL_INSTALMENT, ())


def test_steps_that_grow_beyond_every_bound_are_refused_in_words(alice: User, stage: None) -> None:
    application = offering.approved(alice, conditions={"step_every": 1, "step_factor": Decimal(2)})
    Product.objects.filter(pk=application.product_id).update(schedule="stepped")
    _judged_whatever_comes(application)

    with pytest.raises(DomainError, match="at most 100"):
        offering.made(alice, _again(application))


def test_the_hundredth_doubling_is_told_and_breaks_nothing() -> None:
    told = contract.steps(
        Conditions(frequency="monthly", step_every=1, step_factor=Decimal(2)), 101
    )

    assert told[-1].factor > checks.LARGEST_FACTOR


def test_nothing_is_offered_whose_instalments_fall_step_by_step(alice: User, stage: None) -> None:
    application = offering.approved(alice)
    Product.objects.filter(pk=application.product_id).update(schedule="stepped")
    products.stored_before(application.product, step_every=12, step_factor=Decimal("0.9"))
    _judged_whatever_comes(application)

    with pytest.raises(DomainError, match="fall step by step"):
        offering.made(alice, _again(application))

    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("method", "conditions", "labels"),
    [
        ("equal_principal", {}, ["First instalment; each later one is smaller"]),
        ("interest_only", {}, ["Last instalment: the whole principal with it"]),
        ("single", {"first_period": "amortised"}, ["The one payment"]),
        (
            "stepped",
            {"step_every": 12, "step_factor": Decimal("1.1")},
            ["Each instalment until the first step", "From 20 December 2027 on"],
        ),
        ("flat", {}, ["Each instalment", "Last instalment"]),
    ],
    ids=["equal-principal", "interest-only", "single", "stepped", "flat"],
)
def test_6_6_the_statement_says_what_is_paid_each_time(
    *,
    alice: User,
    stage: None,
    method: str,
    conditions: dict[str, Any],
    labels: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = []
    spoken = wording.part_one

    def listen(facts: Any) -> Any:
        heard.append(spoken(facts))
        return heard[-1]

    monkeypatch.setattr(wording, "part_one", listen)

    _offered(alice, method, conditions)

    said = [line.label for line in heard[-1]]
    assert [label for label in labels if label not in said] == []


def test_an_offer_of_another_method_is_made_once(alice: User, stage: None) -> None:
    offer = _offered(alice, "flat", {})

    again = offers.make(actor=alice, application=offer.application, now=factories.NOW)

    assert (again.pk, Offer.objects.count()) == (offer.pk, 1)
