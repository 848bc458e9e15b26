"""Back-tests: the statistics themselves, and what happened to a measured book."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from scipy import stats

from apps.accounts.models import Entity, User
from apps.impairment import backtest_rows, backtesting, services
from apps.impairment.backtesting import Case
from apps.impairment.models import LoanLoss, ParameterSet
from apps.impairment.tests import factories
from apps.impairment.tests.factories import ENDS, now
from apps.loans.models import Loan

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


def test_a_book_is_tested_once_its_year_is_over(
    book: Entity, approved: ParameterSet, manager: User, signed_in: Browser
) -> None:
    """Of twelve loans three default, the third after the year; nobody is tested before it ends."""
    for day in ENDS[:-2]:
        factories.nights.ended(book, day)
    loans = list(Loan.objects.order_by("number"))
    for place, loan in enumerate(loans):
        for month, day in enumerate(ENDS):
            late = place < 3 and month >= (3, 12, 13)[place]
            factories.stands(loan, day, 95 if late else 0)
    factories.estimated(book, FIRST)
    run = services.measure(actor="system:tests", entity=book, day=FIRST, now=now(FIRST))
    assert backtest_rows.tested(manager, run) is None
    for day in ENDS[-2:]:
        factories.nights.ended(book, day)

    found = backtest_rows.tested(manager, run)

    assert found is not None
    assert sum(one.loans for one in found.bands) == len(loans)
    assert sum(one.defaults for one in found.bands) == 2
    for one in found.bands:
        pds = LoanLoss.objects.filter(band=one.band).values_list("pd_12", flat=True)
        assert one.expected == pytest.approx(float(sum(pds) / len(pds)))
    assert found.lgd is None
    assert found.ead is not None
    assert found.ead.cases == 2
    client = signed_in(manager)
    assert "PD by band at origination" in client.get(reverse("impairment:backtests")).text
    file = client.get(reverse("impairment:backtests_file"))
    assert file.getvalue().decode().count("\npd,") == len(found.bands)
