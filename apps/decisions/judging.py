"""Judge one application at an amount and a term: its price, its burden, what the policy says.

The price follows the risk: the band of the PD adds to the list rate, and every ratio is formed
at the rate that results. `docs/decisions/0010-price-by-risk.md` says why in this order.
"""

import copy
import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from apps.applications import affordability as arithmetic
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.decisions import inputs, policy, policy_inputs, recourse
from apps.decisions.errors import PolicyUnusable
from apps.decisions.policy import Band, Ladder, Policy, Rule, Threshold, Trace
from apps.products import pricing
from apps.products import selectors as products

ProbabilityOf = Callable[[Decimal, int], float]
Answer = TypeVar("Answer")
_ONE = Decimal(1)
# Ratios of what is paid a month.
_BURDENS = frozenset({"dti", "foir", "pay_committed"})


@dataclass(frozen=True, kw_only=True)
class Priced:
    """An amount and a term at their price, with the policy's inputs that follow."""

    amount: Decimal
    term_months: int
    annual_rate: Decimal
    instalment: Decimal
    values: dict[str, policy_inputs.Value]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An amount and a term at their price, with the policy's inputs and what it says of them."""

    amount: Decimal
    term_months: int
    annual_rate: Decimal
    instalment: Decimal
    values: dict[str, policy_inputs.Value]
    trace: Trace

    def to_json(self) -> dict[str, Any]:
        """Return what is stored of a recommended offer; with it the policy can be asked again."""
        moved = {name: self.values.get(name) for name in sorted(policy_inputs.MOVED_BY_REQUEST)}
        return {
            "amount": str(self.amount),
            "term_months": self.term_months,
            "annual_rate": str(self.annual_rate),
            "instalment": str(self.instalment),
            "band": self.trace.band.name,
            "inputs": policy_inputs.to_json(moved),
        }


@dataclass(frozen=True)
class Judge:
    """What stays the same about an application while amount and term are tried.

    `by_people` prices an approval that the policy itself may not give. Who tries other means than
    those of the application gives them as `living`.
    """

    application: Application
    policy: Policy
    gathered: inputs.Gathered
    by_people: bool = False
    living: arithmetic.Means | None = None

    def judged(self, amount: Decimal, term_months: int, *, pd: float) -> Judged:
        """Return the request at its price. Raises PolicyUnusable where the policy has no answer.

        The PD does not depend on the rate, so its band gives the rate before anything is judged.
        """
        return self.traced(self.priced(amount, term_months, pd=pd))

    def priced(self, amount: Decimal, term_months: int, *, pd: float) -> Priced:
        """Return the request at its price, before the rules are asked. Raises as `judged`."""
        rate = self.application.annual_rate + self._addon(pd)
        instalment = pricing.asked_payment(
            amount, rate, term_months, self._currency, repaid=self._repaid
        )
        ratios = arithmetic.values(self._means, amount=amount, instalment=instalment)
        return Priced(
            amount=amount,
            term_months=term_months,
            annual_rate=rate,
            instalment=instalment,
            values=self.gathered.at(amount, term_months, ratios=ratios, pd=pd),
        )

    def traced(self, priced: Priced) -> Judged:
        """Return what every rule says of a request at its price. Raises as `judged`."""
        return Judged(
            amount=priced.amount,
            term_months=priced.term_months,
            annual_rate=priced.annual_rate,
            instalment=priced.instalment,
            values=priced.values,
            trace=self._asked(policy.evaluate, priced.values),
        )

    def approves(self, priced: Priced) -> bool:
        """Say whether the policy approves a request at its price. Raises as `judged`."""
        return self._asked(policy.approves, priced.values)

    def band_of(self, pd: float) -> Band:
        """Return the band that holds a PD. Raises PolicyUnusable where none does."""
        try:
            return self._ladder.band_of(policy_inputs.exact(pd))
        except policy.PolicyGap as gap:
            raise PolicyUnusable(str(gap)) from gap

    def only_moved(self) -> "Judge":
        """Return a judge that asks only the rules which amount and term can move."""
        return dataclasses.replace(self, policy=self.policy.of_requests)

    def likely_end(self, term_months: int, *, band: Band) -> Decimal:
        """Return about the largest amount that is approved, if its PD lies in a band."""
        rate = self.application.annual_rate + band.rate_addon
        payment_of_one = pricing.exact_asked(_ONE, rate, term_months, repaid=self._repaid)
        least = min([self._end_of_amounts, *(one / payment_of_one for one in self._instalments)])
        return min(least, band.most_amount.get(self._currency, least))

    @cached_property
    def _end_of_amounts(self) -> Decimal:
        """The least amount that reaches a limit, of limits that no rate and no term moves."""
        limits = self._limits
        ends = [self._end(one.input, one.threshold) for one in limits if one.input not in _BURDENS]
        most = self.application.product.maximum_amount
        return min([most, *(end for end in ends if end is not None)])

    @cached_property
    def _instalments(self) -> list[Decimal]:
        """The least instalment that reaches a limit of what may be paid a month, if any."""
        limits = self._limits
        ends = [self._end(one.input, one.threshold) for one in limits if one.input in _BURDENS]
        known = [end for end in ends if end is not None]
        return [min(known)] if known else []

    def _end(self, about: str, limit: Threshold) -> Decimal | None:
        """Return where an input reaches its limit: the amount, of a burden the instalment.

        None where it never does.
        """
        if not isinstance(limit, Decimal):
            return None
        if about == "amount":
            return limit
        if about == "exposure_with_us":
            others = self.gathered.others_with_us
            return None if others is None else limit - others
        return arithmetic.amount_at(self._means, ratio=about, limit=limit, payment_of_one=_ONE)

    def _addon(self, pd: float) -> Decimal:
        if self.by_people:
            return self._ladder.approval_addon(policy_inputs.exact(pd))
        return self.band_of(pd).rate_addon

    @cached_property
    def _means(self) -> arithmetic.Means:
        if self.living is not None:
            return self.living
        return applications.means(self.application, self.gathered.securities)

    @cached_property
    def _limits(self) -> tuple[Rule, ...]:
        found = self.policy.rules_for(product=self._product, currency=self._currency)
        return tuple(rule for rule in found if rule.test == "at_most")

    @cached_property
    def _ladder(self) -> Ladder:
        try:
            return self.policy.ladder_for(self._product)
        except policy.PolicyGap as gap:
            raise PolicyUnusable(str(gap)) from gap

    @cached_property
    def _product(self) -> str:
        return self.application.product.code

    @cached_property
    def _repaid(self) -> pricing.Repaid:
        return products.repaid(self.application.product)

    @cached_property
    def _currency(self) -> str:
        return self.application.currency

    def _asked(
        self, question: Callable[..., Answer], values: dict[str, policy_inputs.Value]
    ) -> Answer:
        try:
            return question(self.policy, values, product=self._product, currency=self._currency)
        except (policy.PolicyGap, TypeError) as gap:
            raise PolicyUnusable(str(gap)) from gap


def at_terms(
    application: Application, amount: Decimal, term_months: int, annual_rate: Decimal
) -> Application:
    """Return the application as if it asked for this; it is never saved."""
    tried = copy.copy(application)
    tried.amount, tried.term_months, tried.annual_rate = amount, term_months, annual_rate
    return tried


def offers(judge: Judge, asked: Judged, *, pd_of: ProbabilityOf) -> tuple[Judged, ...]:
    """Return the largest amount that would be approved at the asked term and at other offered ones.

    What only people can clear - rules that refer and that no amount moves - is set aside: an
    offer then holds once that is cleared. None at all where a rule declines that no amount moves.
    """
    if any(_is_fixed(one.rule) for one in asked.trace.with_outcome("decline")):
        return ()
    # The other rules say what they said of the request: approve, or what only people can clear.
    quick = judge.only_moved()

    pd_at = functools.cache(pd_of)

    @functools.cache
    def priced(amount: Decimal, term_months: int) -> Priced:
        return quick.priced(amount, term_months, pd=pd_at(amount, term_months))

    def passes(amount: Decimal, term_months: int) -> bool:
        return quick.approves(priced(amount, term_months))

    def near(refused: Decimal | None, term_months: int) -> Decimal:
        if refused is not None:
            bands[term_months] = judge.band_of(pd_at(refused, term_months))
        # A longer term carries more, and more is no safer.
        known = max((term for term in bands if term <= term_months), default=None)
        band = asked.trace.band if known is None else bands[known]
        return judge.likely_end(term_months, band=band)

    bands: dict[int, Band] = {}
    found = recourse.largest(room_of(judge.application), passes=passes, near=near)
    return tuple(quick.traced(priced(one.amount, one.term_months)) for one in found)


def set_aside(trace: Trace) -> frozenset[str]:
    """Return the codes of the rules that refer whatever the amount and the term."""
    return frozenset(one.rule.code for one in trace.with_outcome("refer") if _is_fixed(one.rule))


def stands(trace: Trace, *, aside: frozenset[str] = frozenset()) -> bool:
    """Say whether everything but the rules set aside approves."""
    rules = [one.outcome for one in trace.results if one.rule.code not in aside]
    found = [one.outcome for one in trace.findings]
    return policy.most_severe([*rules, *found, trace.band.outcome]) == "approve"


def room_of(application: Application) -> recourse.Room:
    """Return what the product lends, beside what was asked for."""
    product = application.product
    return recourse.Room(
        amount=application.amount,
        term_months=application.term_months,
        least_amount=product.minimum_amount,
        most_amount=product.maximum_amount,
        terms=recourse.offered_terms(
            application.term_months,
            shortest=product.minimum_term_months,
            longest=product.maximum_term_months,
        ),
    )


def _is_fixed(rule: Rule) -> bool:
    return not rule.is_of_request
