"""What a cut-off earns: costs of wrong decisions, profit per loan, the best threshold, EMP.

Statistics in floats of whatever currency the amounts are in; nothing here is posted to a ledger.
Nothing is discounted. Thresholds are those of `ml.cutoffs`: approved is who has a `pd` `below`.
"""

from dataclasses import dataclass

import numpy as np

from ml import discrimination, metrics
from ml.metrics import Floats, Numbers, Outcomes

Amounts = Numbers | float


@dataclass(frozen=True)
class CostMatrix:
    """What each decision costs by outcome, per applicant. The default is German credit's 5 to 1."""

    bad_approved: float = 5.0
    good_declined: float = 1.0
    good_approved: float = 0.0
    bad_declined: float = 0.0

    def __post_init__(self) -> None:
        """Refuse costs under which the right decision would be the dear one."""
        if not (self.bad_approved > self.bad_declined and self.good_declined > self.good_approved):
            raise ValueError("A wrong decision must cost more than the right one.")

    @property
    def approve_below(self) -> float:
        """Return the probability of default at which approving and declining cost the same."""
        on_goods = self.good_declined - self.good_approved
        return on_goods / (on_goods + self.bad_approved - self.bad_declined)


@dataclass(frozen=True)
class LoanTerms:
    """What is lent and on what terms: one number for all loans or an array with one per loan.

    `annual_rate` and `cost_of_funds` are fractions a year, `months` the number of level monthly
    payments, `fees` and `servicing` amounts per loan that come and go whether or not it defaults,
    `exposure_share` the part of the amount outstanding at default, `loss_given_default` the part
    of that which is never recovered.
    """

    amount: Amounts
    annual_rate: Amounts
    months: Amounts
    loss_given_default: Amounts
    cost_of_funds: Amounts = 0.0
    fees: Amounts = 0.0
    servicing: Amounts = 0.0
    exposure_share: Amounts = 1.0


@dataclass(frozen=True)
class Economics:
    """What each loan gains if it is repaid and loses if it defaults, in money, one per loan."""

    gain: Floats
    loss: Floats

    def __post_init__(self) -> None:
        """Refuse arrays of different length and amounts that are not numbers."""
        if self.gain.shape != self.loss.shape or self.gain.ndim != 1:
            raise ValueError("Gains and losses must be two lists of the same length.")
        if not (np.isfinite(self.gain).all() and np.isfinite(self.loss).all()):
            raise ValueError("A gain or a loss is not a finite number.")


@dataclass(frozen=True)
class ProfitCutOff:
    """One threshold with what it approves and earns."""

    below: float
    approved: int
    approval_rate: float
    bad_rate: float | None
    profit: float


@dataclass(frozen=True)
class ProfitCurve:
    """Profit at every threshold, from approving nobody to everybody: arrays of one length.

    `bads` and `bad_rate` are observed where outcomes were given and expected otherwise;
    `bad_rate` is NaN where nobody is approved.
    """

    below: Floats
    approved: Floats
    bads: Floats
    approval_rate: Floats
    bad_rate: Floats
    profit: Floats

    def best(
        self, *, least_approval_rate: float = 0.0, largest_bad_rate: float = 1.0
    ) -> ProfitCutOff | None:
        """Return the most profitable threshold within both limits, the lowest of equals.

        None if no threshold keeps them. Approving nobody breaks no limit on the bad rate.
        """
        for limit in (least_approval_rate, largest_bad_rate):
            if not 0 <= limit <= 1:
                raise ValueError(f"A rate lies between 0 and 1, not at {limit!r}.")
        enough = self.approval_rate >= least_approval_rate
        safe = ~(self.bad_rate > largest_bad_rate)
        allowed = np.flatnonzero(enough & safe)
        if len(allowed) == 0:
            return None
        place = int(allowed[self.profit[allowed].argmax()])
        approved = int(self.approved[place])
        return ProfitCutOff(
            below=float(self.below[place]),
            approved=approved,
            approval_rate=float(self.approval_rate[place]),
            bad_rate=float(self.bad_rate[place]) if approved else None,
            profit=float(self.profit[place]),
        )


@dataclass(frozen=True)
class ExpectedLoss:
    """Expected loss of a book: its sum, the exposure, and one over the other (None over 0)."""

    total: float
    exposure: float
    rate: float | None


@dataclass(frozen=True)
class ExpectedMaximumProfit:
    """Profit per applicant as a fraction of the loan, and the share to decline for it."""

    profit: float
    declined_share: float


def amortising(terms: LoanTerms) -> Economics:
    """Return the economics of loans repaid in level monthly payments, neither early nor late.

    A repaid loan earns the spread of rate over funds on its outstanding balance, summed over its
    life in money-years, plus fees less servicing. A defaulted one loses exposure times loss given
    default, and the same fees and servicing count; interest before default is left out.
    """
    amount, rate, months, lgd, funds, fees, servicing, exposed = _vectors(terms)
    if (amount <= 0).any() or (months < 1).any() or (rate < 0).any():
        raise ValueError("A loan needs an amount, at least one month and no negative rate.")
    once = fees - servicing
    gain = (rate - funds) * amount * _balance_years(rate / 12, months) + once
    return Economics(gain=gain, loss=amount * exposed * lgd - once)


def flat_margin(
    *, amount: Amounts, margin: Amounts, loss_given_default: Amounts, fees: Amounts = 0.0
) -> Economics:
    """Return the economics of loans that earn a known fraction of their amount over their life."""
    given = (amount, margin, loss_given_default, fees)
    lent, earned, lost, once = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in given)
    )
    return Economics(gain=lent * earned + once, loss=lent * lost - once)


def expected_profit(pd: Numbers, economics: Economics) -> Floats:
    """Return (1 - PD) gain - PD loss of every loan."""
    risk = _probabilities(pd, len(economics.gain))
    profit: Floats = (1 - risk) * economics.gain - risk * economics.loss
    return profit


def break_even_pd(economics: Economics) -> Floats:
    """Return the PD at which each loan earns nothing, clipped to 0 and 1.

    NaN where repaying and defaulting earn the same or defaulting earns more.
    """
    at_stake = economics.gain + economics.loss
    with np.errstate(divide="ignore", invalid="ignore"):
        even = np.clip(economics.gain / at_stake, 0, 1)
    return np.where(at_stake > 0, even, np.nan)


def profit_curve(pd: Numbers, economics: Economics, *, bad: Outcomes | None = None) -> ProfitCurve:
    """Return profit at every threshold: as it turned out if `bad` is given, else as expected."""
    risk = _probabilities(pd, len(economics.gain))
    if bad is None:
        return _curve(risk, risk, expected_profit(risk, economics))
    _, outcomes = metrics.checked(risk, bad)
    return _curve(risk, outcomes, np.where(outcomes == 1, -economics.loss, economics.gain))


def cost_curve(pd: Numbers, bad: Outcomes, costs: CostMatrix) -> ProfitCurve:
    """Return the total cost of the decisions at every threshold, as a negative profit.

    The declined cost too, so that approving nobody is not free: `best` finds the cheapest.
    """
    scores, outcomes = metrics.checked(pd, bad)
    if_declined = np.where(outcomes == 1, costs.bad_declined, costs.good_declined)
    if_approved = np.where(outcomes == 1, costs.bad_approved, costs.good_approved)
    return _curve(scores, outcomes, if_declined - if_approved, start=-float(if_declined.sum()))


def expected_loss(*, pd: Numbers, loss_given_default: Amounts, exposure: Amounts) -> ExpectedLoss:
    """Return the sum of PD x LGD x EAD; one number for LGD or EAD holds for every loan."""
    risk = _probabilities(pd, len(pd))
    severity, at_default = (
        np.broadcast_to(np.asarray(part, dtype=np.float64), risk.shape)
        for part in (loss_given_default, exposure)
    )
    if not (np.isfinite(severity) & (severity >= 0)).all():
        raise ValueError("A loss given default must be a number of at least zero.")
    if not (np.isfinite(at_default) & (at_default >= 0)).all():
        raise ValueError("An exposure must be a number of at least zero.")
    total, exposed = float(np.sum(risk * severity * at_default)), float(at_default.sum())
    return ExpectedLoss(total=total, exposure=exposed, rate=total / exposed if exposed else None)


def expected_maximum_profit(
    pd: Numbers,
    bad: Outcomes,
    *,
    return_on_investment: float = 0.2644,
    no_loss: float = 0.55,
    total_loss: float = 0.10,
) -> ExpectedMaximumProfit | None:
    """Return EMP of Verbraken, Bravo, Weber and Baesens (2014), over approving everybody.

    Declining a bad one saves the loss given default, declining a good one forgoes the return. The
    loss is 0 for a share `no_loss` of bads, 1 for `total_loss`, and uniform between for the rest.
    On the segments of the ROC hull the profit at a loss of l and bad rate r is the larger of 0
    and l r - ROI (1 - r), so its mean over l is a closed form. None for one class only.
    """
    between = 1 - no_loss - total_loss
    if min(no_loss, total_loss, between) < 0 or not return_on_investment >= 0:
        raise ValueError(
            "Loss shares must be at least zero and at most one together, the return at least zero."
        )
    counts = metrics.tally(pd, bad)
    if counts.one_class:
        return None
    rates, people = discrimination.hull(counts)
    weights = people / people.sum()
    forgone = return_on_investment * (1 - rates)
    with np.errstate(divide="ignore", invalid="ignore"):
        least_loss = np.where(rates > 0, np.minimum(forgone / rates, 1), 1.0)
    uniform = rates * (1 - least_loss**2) / 2 - forgone * (1 - least_loss)
    whole = np.maximum(rates - forgone, 0)
    declined = total_loss * (least_loss < 1) + between * (1 - least_loss)
    return ExpectedMaximumProfit(
        profit=float(weights @ (between * uniform + total_loss * whole)),
        declined_share=float(weights @ declined),
    )


def _balance_years(monthly_rate: Floats, months: Floats) -> Floats:
    """Return the balance outstanding over a loan's life, in years of its amount."""
    # Below this the exact form has lost its digits, and the limit is right to one in a million.
    tiny = monthly_rate < 1e-9
    rate = np.where(tiny, 1.0, monthly_rate)
    payment = rate / -np.expm1(-months * np.log1p(rate))
    years: Floats = np.where(tiny, (months + 1) / 24, (months * payment - 1) / (12 * rate))
    return years


def _vectors(terms: LoanTerms) -> tuple[Floats, ...]:
    given = (
        terms.amount,
        terms.annual_rate,
        terms.months,
        terms.loss_given_default,
        terms.cost_of_funds,
        terms.fees,
        terms.servicing,
        terms.exposure_share,
    )
    return tuple(
        np.broadcast_arrays(*(np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in given))
    )


def _probabilities(pd: Numbers, loans: int) -> Floats:
    risk = np.asarray(pd, dtype=np.float64)
    if risk.shape != (loans,) or loans == 0:
        raise ValueError("Every loan needs one probability of default.")
    if not ((risk >= 0) & (risk <= 1)).all():
        raise ValueError("A probability of default lies between 0 and 1.")
    return risk


def _curve(scores: Floats, bads: Floats, profit: Floats, start: float = 0.0) -> ProfitCurve:
    values, position = np.unique(scores, return_inverse=True)
    approved, bad, earned = (
        np.concatenate([[0.0], np.cumsum(np.bincount(position, weights=part))])
        for part in (np.ones_like(scores), bads, profit)
    )
    with np.errstate(invalid="ignore"):
        bad_rate = bad / approved
    return ProfitCurve(
        below=np.append(values, np.nextafter(values[-1], np.inf)),
        approved=approved,
        bads=bad,
        approval_rate=approved / approved[-1],
        bad_rate=bad_rate,
        profit=start + earned,
    )
