"""The loss of one loan: rule book 3.2, and what holds for any loan."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.impairment import measuring
from apps.impairment.measuring import Exposed, Loss, Outlook, Path, Scenario

D = Decimal
ALONE = {Outlook.BASE: Scenario(D(1))}
THREE = {
    Outlook.BASE: Scenario(D("0.5")),
    Outlook.UPSIDE: Scenario(D("0.2"), D("0.8"), D("0.9")),
    Outlook.DOWNSIDE: Scenario(D("0.3"), D("1.5"), D("1.2")),
}


def exposed(**said: object) -> Exposed:
    """Return a loan that stays at its balance and is not discounted, but for what is said."""
    known: dict[str, object] = {
        "currency": "INR",
        "drawn": D(500_000),
        "annual_rate": D(0),
        "effective_rate": D(0),
        "path": Path.BULLET,
        "lgd": D("0.45"),
        "hazards": [measuring.even_hazard(D("0.02"))] * 12,
    }
    return Exposed(**{**known, **said})  # type: ignore[arg-type]


def test_it_is_pd_times_lgd_times_ead() -> None:
    found = measuring.measure(exposed(), ALONE)

    assert found.weighted == Loss(D(4500), D(4500)), "3.2-T1"
    assert found.pd_12.quantize(D("1e-12")) == D("0.02")


def test_it_weighs_scenarios() -> None:
    weights = {
        Outlook.BASE: Scenario(D("0.5")),
        Outlook.UPSIDE: Scenario(D("0.2")),
        Outlook.DOWNSIDE: Scenario(D("0.3")),
    }
    losses = {
        Outlook.BASE: D(10_000),
        Outlook.UPSIDE: D(7_000),
        Outlook.DOWNSIDE: D(16_000),
    }

    assert measuring.weighted(weights, losses) == 11_200, "3.2-T4"


def test_it_counts_a_share_of_what_is_not_drawn() -> None:
    found = measuring.measure(
        exposed(
            drawn=D(450_000),
            undrawn=D(200_000),
            conversion=D("0.25"),
            lgd=D("0.7"),
            hazards=[measuring.even_hazard(D("0.04"))] * 12,
        ),
        ALONE,
    )

    assert (found.ead, found.weighted.months_12) == (500_000, 14_000), "3.2-T5"


def test_it_counts_an_impaired_loan_as_defaulted() -> None:
    found = measuring.measure(
        exposed(drawn=D(300_000), lgd=D("0.6"), is_impaired=True, effective_rate=D("0.2")), ALONE
    )

    assert found.weighted == Loss(D(180_000), D(180_000)), "3.2-T6"
    assert (found.pd_12, found.pd_lifetime) == (1, 1)


def test_it_discounts_and_pays_down_month_by_month() -> None:
    """By hand: 1200 over three months at 12 %, hazards 1, 2 and 4 %, LGD a half."""
    found = measuring.measure(
        exposed(
            drawn=D(1200),
            annual_rate=D("0.12"),
            effective_rate=D("0.12"),
            path=Path.LEVEL,
            lgd=D("0.5"),
            hazards=[D("0.01"), D("0.02"), D("0.04")],
        ),
        ALONE,
    )
    instalment = D(1200) * D("0.01") / (1 - D("1.01") ** -3)
    second = D(1200) * D("1.01") - instalment
    third = second * D("1.01") - instalment
    month = D("1.12") ** (D(-1) / 12)
    by_hand = (
        D("0.01") * 1200 * month
        + D("0.99") * D("0.02") * second * month**2
        + D("0.99") * D("0.98") * D("0.04") * third * month**3
    ) / 2

    assert found.weighted.lifetime == by_hand.quantize(D("0.01"))
    assert third * D("1.01") - instalment < D("1e-20"), "the last instalment pays the rest"


def test_it_keeps_the_defaults_of_twelve_months_alone() -> None:
    found = measuring.measure(exposed(hazards=[D(0)] * 12 + [D("0.5")]), ALONE)

    assert found.weighted == Loss(D(0), D(112_500))
    assert (found.pd_12, found.pd_lifetime) == (0, D("0.5"))


def test_no_shift_takes_a_hazard_or_an_lgd_above_one() -> None:
    found = measuring.measure(
        exposed(hazards=[D("0.6")], lgd=D("0.8")), {Outlook.BASE: Scenario(D(1), D(2), D(2))}
    )

    assert found.weighted.lifetime == 500_000


def test_no_shift_takes_an_lgd_below_its_floor() -> None:
    """Of 0.32 nine tenths are 0.288; the floor is 0.3."""
    known = {"lgd": D("0.32"), "lgd_floor": D("0.3")}
    upside = {Outlook.UPSIDE: Scenario(D(1), D(1), D("0.9"))}

    running = measuring.measure(exposed(**known), upside)
    impaired = measuring.measure(exposed(**known, is_impaired=True), upside)

    assert running.weighted.lifetime == 3_000, "of 500,000 at a PD of 2 %"
    assert impaired.weighted.lifetime == 150_000


def test_a_default_is_of_what_was_missed_months_before() -> None:
    """By hand: 1200 over three months, none late: nobody who defaults has paid in the last three.

    The first four months lose all of it, the fifth what one instalment left, the sixth, three
    months after the last due date, the last instalment.
    """
    hazards = [D(0), D(0), D(0), D("0.1"), D("0.2"), D("0.5")]
    level = {"drawn": D(1200), "path": Path.LEVEL, "lgd": D(1)}

    found = measuring.measure(exposed(**level, hazards=hazards, lag=3), ALONE)
    late = measuring.measure(exposed(**level, hazards=hazards[3:], lag=0), ALONE)

    by_hand = D("0.1") * 1200 + D("0.9") * D("0.2") * 800 + D("0.72") * D("0.5") * 400
    assert found.weighted == late.weighted == Loss(by_hand, by_hand)
    assert found.pd_lifetime == 1 - D("0.9") * D("0.8") * D("0.5")


def test_all_is_owed_of_what_defaults_before_another_instalment_could_be_missed() -> None:
    owed = measuring.owed_at_default(D(1200), D(0), 3, Path.LEVEL, lag=2)

    assert owed == [1200, 1200, 1200, 800, 400]


def test_a_pd_over_twelve_months_goes_on_at_the_same_hazard() -> None:
    two_years = measuring.lifetime_pd(D("0.1"), 24, ALONE)

    assert abs(two_years - D("0.19")) < D("1e-20")


@pytest.mark.parametrize("pd", ["0", "0.000001", "0.3", "1"])
def test_an_even_hazard_makes_its_pd(pd: str) -> None:
    hazards = [measuring.even_hazard(D(pd))] * 12

    assert abs(1 - measuring.survival(hazards)[-1] - D(pd)) < D("1e-20")
    assert abs(sum(measuring.marginal(hazards)) - D(pd)) < D("1e-20")


RATES = st.decimals(0, 1, places=4)
LOANS = st.builds(
    Exposed,
    currency=st.sampled_from(["INR", "UGX"]),
    drawn=st.decimals(0, 10_000_000, places=2),
    undrawn=st.decimals(0, 1_000_000, places=2),
    conversion=RATES,
    annual_rate=RATES,
    effective_rate=RATES,
    path=st.sampled_from(list(Path)),
    lgd=RATES,
    lgd_floor=RATES,
    hazards=st.lists(RATES, min_size=4, max_size=40),
    lag=st.integers(0, 3),
)


@given(LOANS)
def test_twelve_months_lose_no_more_than_a_lifetime(one: Exposed) -> None:
    found = measuring.measure(one, THREE)

    assert 0 <= found.weighted.months_12 <= found.weighted.lifetime <= found.ead
    assert 0 <= found.pd_12 <= found.pd_lifetime <= 1


@given(LOANS)
def test_no_pd_no_loss(one: Exposed) -> None:
    found = measuring.measure(_with(one, hazards=[D(0)] * len(one.hazards)), THREE)

    assert found.weighted == Loss(D(0), D(0))
    assert found.pd_lifetime == 0


@given(LOANS, RATES)
def test_a_higher_lgd_loses_no_less(one: Exposed, other: Decimal) -> None:
    low, high = sorted([one.lgd, other])
    less, more = (measuring.measure(_with(one, lgd=lgd), THREE).weighted for lgd in (low, high))

    assert less.months_12 <= more.months_12
    assert less.lifetime <= more.lifetime


@given(st.decimals(1, 1_000_000, places=2), RATES, st.integers(1, 60))
def test_the_balance_falls_to_one_instalment(ead: Decimal, rate: Decimal, months: int) -> None:
    found = measuring.balances(ead, rate, months, Path.LEVEL)

    assert len(found) == months
    assert found[0] == ead or abs(found[0] - ead) < D("1e-15")
    assert found == sorted(found, reverse=True)


def _with(one: Exposed, **said: object) -> Exposed:
    fields = {name: getattr(one, name) for name in Exposed.__dataclass_fields__}
    return Exposed(**{**fields, **said})
