"""Back-tests: the statistics themselves, and what happened to a measured book."""

import csv
import io
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from scipy import stats

from apps.accounts.models import Branch, Entity, User
from apps.impairment import backtest_rows, backtesting, services
from apps.impairment.backtesting import Case
from apps.impairment.models import LoanLoss, ParameterSet, Run
from apps.impairment.rows import Chosen
from apps.impairment.tests import factories
from apps.impairment.tests.factories import ENDS, now
from apps.loans.models import Loan
from apps.products.models import Product

D = Decimal
Browser = Callable[[User], Client]
FIRST = ENDS[0]


def _case(**said: object) -> Case:
    known: dict[str, object] = {
        "ead": D(1200),
        "annual_rate": D(0),
        "months_left": 12,
        "is_bullet": False,
        "lgd": D("0.4"),
        "late": 3,
        "owed": D(900),
        "months": 4,
        "recovered": None,
    }
    return Case(**{**known, **said})  # type: ignore[arg-type]


def test_the_binomial_test_counts_so_many_or_more() -> None:
    found = backtesting.of_band(0, 10, D("0.1"), 2)

    by_hand = 1 - 0.9**10 - 10 * 0.1 * 0.9**9
    assert found.binomial == pytest.approx(by_hand)
    assert backtesting.of_band(0, 10, D("0.1"), 0).binomial == 1


def test_the_test_of_jeffreys_is_between_two_binomial_ones() -> None:
    found = backtesting.of_band(0, 1000, D("0.02"), 30)

    assert stats.binom.sf(30, 1000, 0.02) < found.jeffreys < found.binomial
    assert found.is_too_low
    assert not backtesting.of_band(0, 1000, D("0.03"), 30).is_too_low


def test_what_was_owed_is_held_beside_the_balance_of_its_month() -> None:
    assert _case().expected_ead == 900, "three of twelve months are paid"
    assert _case(months=40).expected_ead == 100
    assert _case(is_bullet=True).expected_ead == 1200
    assert _case(late=0).expected_ead == 1200, "what defaults now was missed three months ago"
    assert _case(late=0, months=7).expected_ead == 900

    found = backtesting.of_ead([_case(), _case(owed=D(1080)), _case(owed=D(990))])

    assert found is not None
    assert (found.cases, found.observed) == (3, pytest.approx(1.1))
    assert found.p_value == pytest.approx(
        stats.ttest_1samp([0, 0.2, 0.1], 0, alternative="greater").pvalue
    )


def test_an_lgd_is_tested_on_what_is_known() -> None:
    assert backtesting.of_lgd([_case()]) is None
    one = backtesting.of_lgd([_case(recovered=D(450)), _case()])
    assert one is not None
    assert (one.cases, one.observed, one.p_value) == (1, 0.5, None)


@pytest.fixture
def lost(book: Entity, approved: ParameterSet) -> Run:
    """A measurement a year ago: of twelve loans three defaulted since, the third after the year.

    Four of the loans, the first of those three among them, are of another branch and product.
    """
    other = Branch.objects.create(entity=book, code="satara", name="Satara")
    product = Product.objects.get(pk=Loan.objects.all()[0].product_id)
    product.pk, product.code, product.scoring_segment = uuid.uuid4(), "elsewhere", "elsewhere"
    product.save(force_insert=True)
    for day in ENDS[:-2]:
        factories.nights.ended(book, day)
    for place, loan in enumerate(Loan.objects.order_by("number")):
        elsewhere = place in (0, 4, 5, 6)
        if elsewhere:
            Loan.objects.filter(pk=loan.pk).update(product=product)
        for month, day in enumerate(ENDS):
            late = place < 3 and month >= (3, 12, 13)[place]
            more = {"branch_id": other.pk} if elsewhere else {}
            factories.stands(loan, day, 95 if late else 0, **more)
    factories.estimated(book, FIRST)
    return services.measure(actor="system:tests", entity=book, day=FIRST, now=now(FIRST))


def _of(run: Run, **narrowed: Any) -> Chosen:
    return Chosen(**{"entity": run.entity, "currency": "INR", "run": run, **narrowed})


def _counted(person: User, chosen: Chosen) -> tuple[int, int, int]:
    """Return how many loans were tested, how many defaulted, and of how many the EAD is."""
    found = backtest_rows.tested(person, chosen)
    assert found is not None
    return (
        sum(one.loans for one in found.bands),
        sum(one.defaults for one in found.bands),
        found.ead.cases if found.ead else 0,
    )


def test_a_book_is_tested_once_its_year_is_over(
    book: Entity, lost: Run, manager: User, signed_in: Browser
) -> None:
    assert backtest_rows.tested(manager, _of(lost)) is None
    for day in ENDS[-2:]:
        factories.nights.ended(book, day)

    found = backtest_rows.tested(manager, _of(lost))

    assert found is not None
    assert _counted(manager, _of(lost)) == (12, 2, 2)
    for one in found.bands:
        pds = LoanLoss.objects.filter(band=one.band).values_list("pd_12", flat=True)
        assert one.expected == pytest.approx(float(sum(pds) / len(pds)))
    assert found.lgd is None
    client = signed_in(manager)
    assert "PD by band at origination" in client.get(reverse("impairment:backtests")).text
    file = client.get(reverse("impairment:backtests_file"))
    assert file.getvalue().decode().count("\npd,") == len(found.bands)


def test_tests_are_of_what_is_chosen(
    book: Entity, lost: Run, manager: User, signed_in: Browser
) -> None:
    for day in ENDS[-2:]:
        factories.nights.ended(book, day)
    other = Branch.objects.get(code="satara")
    product = Product.objects.get(code="elsewhere")

    assert _counted(manager, _of(lost, branch=other.pk)) == (4, 1, 1)
    assert _counted(manager, _of(lost, product=product.pk)) == (4, 1, 1)
    assert _counted(manager, _of(lost, segment="elsewhere")) == (4, 1, 1)
    assert _counted(manager, _of(lost, currency="KES")) == (0, 0, 0)
    client = signed_in(manager)
    page, file = reverse("impairment:backtests"), reverse("impairment:backtests_file")
    assert "Nothing here" in client.get(page, {"currency": "KES"}).text
    text = client.get(file, {"branch": str(other.pk)}).getvalue().decode()
    bands = [row for row in csv.DictReader(io.StringIO(text)) if row["test"] == "pd"]
    assert sum(int(row["cases"]) for row in bands) == 4


def test_tests_are_of_the_branches_in_reach(book: Entity, lost: Run, manager: User) -> None:
    for day in ENDS[-2:]:
        factories.nights.ended(book, day)
    other = Branch.objects.get(code="satara")
    near = User(email="nina@lender.example", name="Nina", branch=other)
    near.set_unusable_password()
    near.save()
    near.groups.set(Group.objects.filter(name="credit_reviewer"))

    assert _counted(near, _of(lost)) == (4, 1, 1)
    assert _counted(near, _of(lost, branch=manager.branch_id)) == (0, 0, 0)
