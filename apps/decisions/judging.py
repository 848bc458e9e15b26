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
from typing import Any, TypeGuard

from apps.applications import affordability as arithmetic
from apps.applications import selectors as applications
from apps.applications.affordability import Affordability
from apps.applications.models import Application
from apps.decisions import inputs, policy, policy_inputs, recourse
from apps.decisions.errors import PolicyUnusable
from apps.decisions.policy import Band, Ladder, Policy, Rule, Trace
from apps.products import pricing

ProbabilityOf = Callable[[Decimal, int], float]
_FREE = Decimal(0)


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

    `by_people` prices an approval that the policy itself may not give.
    """

    application: Application
    policy: Policy
    gathered: inputs.Gathered
    by_people: bool = False

    def judged(self, amount: Decimal, term_months: int, *, pd: float) -> Judged:
        """Return the request at its price. Raises PolicyUnusable where the policy has no answer.

        The PD does not depend on the rate, so its band gives the rate before anything is judged.
        """
        rate = self.application.annual_rate + self._addon(pd)
        affordability = self._affordability(amount, term_months, rate)
        values = self.gathered.inputs(
            inputs.Request(
                amount=amount, term_months=term_months, affordability=affordability, pd=pd
            )
        )
        return Judged(
            amount=amount,
            term_months=term_months,
            annual_rate=rate,
            instalment=affordability.instalment,
            values=values,
            trace=self._trace(values),
        )

    def only_moved(self) -> "Judge":
        """Return a judge that asks only the rules which amount and term can move."""
        moved = tuple(rule for rule in self.policy.rules if not _is_fixed(rule))
        return dataclasses.replace(self, policy=dataclasses.replace(self.policy, rules=moved))

    def is_hopeful(self, amount: Decimal, term_months: int) -> bool:
        """Say whether the rules that need no PD hold even at the lowest price of an approval.

        A condition of every approval, without asking the model.
        """
        values = self._without_pd(amount, term_months, self._least_addon)
        return all(
            (value := values[rule.input]) is not None and rule.is_met_by(value)
            for rule in self._rules_without_pd
        )

    def likely_end(self, term_months: int) -> Decimal:
        """Return about the largest amount that is hopeful."""
        return self._crossing(term_months, self._least_addon)

    def likely_end_at(self, pd: float, term_months: int) -> Decimal:
        """Return about the largest amount that is approved, if its PD lies in the band of this."""
        band = self._band(pd)
        end = self._crossing(term_months, band.rate_addon)
        return min(end, band.most_amount.get(self.application.currency, end))

    def _crossing(self, term_months: int, addon: Decimal) -> Decimal:
        """Return where the first rule is met no more: ratios rise with the amount in a line."""
        product = self.application.product
        low, high = product.minimum_amount, product.maximum_amount
        first, last = (self._without_pd(one, term_months, addon) for one in (low, high))
        bounds = [high]
        for rule in self._rules_without_pd:
            limit, at_low, at_high = rule.threshold, first[rule.input], last[rule.input]
            if not (_is_number(limit) and _is_number(at_low) and _is_number(at_high)):
                continue
            if rule.test == "at_most" and at_high > at_low:
                bounds.append(low + (limit - at_low) / (at_high - at_low) * (high - low))
        return min(bounds)

    def _addon(self, pd: float) -> Decimal:
        if self.by_people:
            return self._ladder.approval_addon(policy_inputs.exact(pd))
        return self._band(pd).rate_addon

    def _band(self, pd: float) -> Band:
        try:
            return self._ladder.band_of(policy_inputs.exact(pd))
        except policy.PolicyGap as gap:
            raise PolicyUnusable(str(gap)) from gap

    def _without_pd(
        self, amount: Decimal, term_months: int, addon: Decimal
    ) -> dict[str, policy_inputs.Value]:
        key = amount, term_months, addon
        if key not in self._known_without_pd:
            rate = self.application.annual_rate + addon
            request = inputs.Request(
                amount=amount,
                term_months=term_months,
                affordability=self._affordability(amount, term_months, rate),
                pd=None,
            )
            self._known_without_pd[key] = self.gathered.inputs(request)
        return self._known_without_pd[key]

    def _affordability(self, amount: Decimal, term_months: int, rate: Decimal) -> Affordability:
        currency = self.application.currency
        instalment = pricing.level_payment(amount, rate, term_months, currency)
        tried = dataclasses.replace(self._means, amount=amount, instalment=instalment)
        return arithmetic.assess(tried, currency=currency)

    @cached_property
    def _known_without_pd(
        self,
    ) -> dict[tuple[Decimal, int, Decimal], dict[str, policy_inputs.Value]]:
        return {}

    @cached_property
    def _means(self) -> arithmetic.Means:
        return applications.means(self.application, self.gathered.securities)

    @cached_property
    def _rules_without_pd(self) -> tuple[Rule, ...]:
        product, currency = self.application.product.code, self.application.currency
        found = self.policy.rules_for(product=product, currency=currency)
        return tuple(rule for rule in found if rule.input != "pd")

    @cached_property
    def _least_addon(self) -> Decimal:
        bands = self._ladder.bands
        return min((band.rate_addon for band in bands if band.outcome == "approve"), default=_FREE)

    @cached_property
    def _ladder(self) -> Ladder:
        try:
            return self.policy.ladder_for(self.application.product.code)
        except policy.PolicyGap as gap:
            raise PolicyUnusable(str(gap)) from gap

    def _trace(self, values: dict[str, policy_inputs.Value]) -> Trace:
        try:
            return policy.evaluate(
                self.policy,
                values,
                product=self.application.product.code,
                currency=self.application.currency,
            )
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
    quick, aside, pd_of = judge.only_moved(), set_aside(asked.trace), functools.cache(pd_of)

    def passes(amount: Decimal, term_months: int) -> bool:
        tried = quick.judged(amount, term_months, pd=pd_of(amount, term_months))
        return tried.trace.outcome == "approve"

    def after_refusal(amount: Decimal, term_months: int) -> Decimal:
        return quick.likely_end_at(pd_of(amount, term_months), term_months)

    helped = recourse.Help(
        hopeful=quick.is_hopeful, near=quick.likely_end, after_refusal=after_refusal
    )
    found = recourse.largest(room_of(judge.application), passes=passes, help_=helped)
    verified = (
        judge.judged(one.amount, one.term_months, pd=pd_of(one.amount, one.term_months))
        for one in found
    )
    return tuple(one for one in verified if stands(one.trace, aside=aside))


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


def _is_number(value: object) -> TypeGuard[Decimal]:
    return isinstance(value, Decimal)


def _is_fixed(rule: Rule) -> bool:
    return rule.input not in policy_inputs.MOVED_BY_REQUEST
