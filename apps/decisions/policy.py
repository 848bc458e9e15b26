"""A credit policy: rules and bands as typed data, and what they say about one application. Pure.

A rule states what is required: `input test threshold`. Where the requirement is not met, the rule
declines or refers. A value that is not known never meets a requirement: such a rule refers.
Each product has one ladder of PD bands, from 0 to 1 without a gap or an overlap. A band may limit
amount and term, and a ladder may refer what lies near a cut-off: what they find counts like a rule.
The most severe result of all is the outcome: decline before refer before approve.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Literal, get_args

from apps.decisions.changes import Allowed
from apps.decisions.policy_inputs import INPUTS, MOVED_BY_REQUEST, Value

Test = Literal["at_least", "at_most", "is", "one_of"]
Outcome = Literal["approve", "refer", "decline"]
Result = Literal["passed", "failed", "missing"]
FindingCode = Literal["pd_near_cutoff", "band_amount", "band_term"]
FINDING_CODES = get_args(FindingCode)

TESTS: dict[str, tuple[str, ...]] = {
    "number": ("at_least", "at_most"),
    "boolean": ("is",),
    "text": ("is", "one_of"),
}
SEVERITY: dict[str, int] = {"approve": 0, "refer": 1, "decline": 2}
Threshold = Decimal | bool | str | tuple[str, ...]


class PolicyGap(LookupError):
    """The policy says nothing about this case; a person must decide."""


@dataclass(frozen=True)
class Rule:
    """One requirement. Empty `products` or `currencies` mean all of them."""

    code: str
    sentence: str
    input: str
    test: Test
    threshold: Threshold
    outcome: Literal["refer", "decline"]
    products: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()

    def applies_to(self, *, product: str, currency: str) -> bool:
        """Say whether the rule is meant for this product and currency."""
        return (not self.products or product in self.products) and (
            not self.currencies or currency in self.currencies
        )

    @property
    def is_of_request(self) -> bool:
        """Say whether another amount or term can change what the rule says."""
        return self.input in MOVED_BY_REQUEST

    def is_met_by(self, value: Value) -> bool:
        """Say whether a known value meets the requirement."""
        if isinstance(self.threshold, tuple):
            return value in self.threshold
        if self.test == "is":
            return value == self.threshold
        if not isinstance(value, Decimal) or not isinstance(self.threshold, Decimal):
            raise TypeError(f"{self.code} compares numbers, not {value!r}.")
        return value >= self.threshold if self.test == "at_least" else value <= self.threshold


@dataclass(frozen=True)
class Band:
    """PDs from `start` up to but not including `below`. `rate_addon` is a fraction a year.

    `most_amount` (by currency) and `longest_term_months` limit what the band alone may grant;
    `beyond` says what happens to a request above a limit.
    """

    name: str
    start: Decimal
    below: Decimal
    outcome: Outcome
    rate_addon: Decimal
    most_amount: Mapping[str, Decimal] = field(default_factory=dict)
    longest_term_months: int | None = None
    beyond: Outcome | None = None


@dataclass(frozen=True)
class Ladder:
    """The bands of some products; empty `products` mean every product no other ladder names.

    A PD within `refer_margin` of a cut-off, on either side, is referred.
    """

    products: tuple[str, ...]
    bands: tuple[Band, ...]
    refer_margin: Decimal | None = None

    @cached_property
    def cutoffs(self) -> tuple[Decimal, ...]:
        """Return the bounds between two bands of different outcome."""
        pairs = pairwise(self.bands)
        return tuple(low.below for low, high in pairs if low.outcome != high.outcome)

    @property
    def approved_below(self) -> Decimal | None:
        """Return the PD at which approvals end; None where no band approves."""
        ends = [band.below for band in self.bands if band.outcome == "approve"]
        return max(ends, default=None)

    def band_of(self, pd: Decimal) -> Band:
        """Return the band that holds a PD. Raises PolicyGap when none does."""
        found = next((one for one in self.bands if one.start <= pd < one.below), None)
        if found is None:
            raise PolicyGap(f"No band holds a probability of default of {pd}.")
        return found

    def approval_addon(self, pd: Decimal) -> Decimal:
        """Return what an approval adds to the rate: never less than a better risk pays.

        A band that declines rarely has an add-on of its own; an exception from it has a price.
        """
        return max(band.rate_addon for band in self.bands if band.start <= pd)


@dataclass(frozen=True)
class Policy:
    """A whole policy, parsed and checked."""

    name: str
    rules: tuple[Rule, ...]
    ladders: tuple[Ladder, ...]
    # What a declined applicant may be told to change; empty where the policy has no such table.
    changes: tuple[Allowed, ...] = ()

    def rules_for(self, *, product: str, currency: str) -> tuple[Rule, ...]:
        """Return the rules meant for a product and currency, in the policy's order."""
        key = product, currency
        if key not in self._chosen:
            self._chosen[key] = tuple(
                rule for rule in self.rules if rule.applies_to(product=product, currency=currency)
            )
        return self._chosen[key]

    def with_rules(self, rules: Iterable[Rule]) -> "Policy":
        """Return the policy with these rules in place of its own."""
        return replace(self, rules=tuple(rules))

    def ladder_for(self, product: str) -> Ladder:
        """Return the bands of a product. Raises PolicyGap when no ladder covers it."""
        if product not in self._ladders:
            self._ladders[product] = self._ladder(product)
        return self._ladders[product]

    @cached_property
    def of_requests(self) -> "Policy":
        """The policy with only those rules that another amount or term can move."""
        return self.with_rules(rule for rule in self.rules if rule.is_of_request)

    def _ladder(self, product: str) -> Ladder:
        named = next((one for one in self.ladders if product in one.products), None)
        general = next((one for one in self.ladders if not one.products), None)
        found = named or general
        if found is None:
            raise PolicyGap(f"The policy has no PD bands for {product}.")
        return found

    @cached_property
    def _chosen(self) -> dict[tuple[str, str], tuple[Rule, ...]]:
        """The rules by product and currency: a policy is asked again and again for the same."""
        return {}

    @cached_property
    def _ladders(self) -> dict[str, Ladder]:
        """The ladders by product."""
        return {}


@dataclass(frozen=True)
class RuleResult:
    """What one rule said: the value it saw and whether its requirement is met."""

    rule: Rule
    value: Value
    result: Result

    @property
    def outcome(self) -> Outcome:
        """Return what follows from this rule alone."""
        if self.result == "passed":
            return "approve"
        return "refer" if self.result == "missing" else self.rule.outcome


@dataclass(frozen=True)
class BandFinding:
    """What the band or its ladder holds against a request: a limit passed, a cut-off too near.

    `code` is pd_near_cutoff, band_amount or band_term. `value` is None where it is not known,
    `limit` is None where the band limits amounts but not in this currency.
    """

    code: FindingCode
    value: Decimal | None
    limit: Decimal | None
    outcome: Outcome


@dataclass(frozen=True)
class Trace:
    """How an outcome came about: every rule's result, the band of the PD and what it found."""

    results: tuple[RuleResult, ...]
    pd: Decimal
    band: Band
    findings: tuple[BandFinding, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Return the most severe outcome of all rules, the band and its findings."""
        outcomes = [one.outcome for one in self.results]
        found = [one.outcome for one in self.findings]
        return most_severe([*outcomes, *found, self.band.outcome])

    @property
    def rate_addon(self) -> Decimal:
        """Return what this risk adds to the product's rate, a fraction a year."""
        return self.band.rate_addon

    def with_outcome(self, outcome: Outcome) -> tuple[RuleResult, ...]:
        """Return the rules that asked for this outcome."""
        return tuple(one for one in self.results if one.outcome == outcome)


def most_severe(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the most severe of some outcomes; approve when there is none."""
    return max(outcomes, key=SEVERITY.__getitem__, default="approve")


def evaluate(policy: Policy, inputs: Mapping[str, Value], *, product: str, currency: str) -> Trace:
    """Return what the policy says about one application.

    `inputs` are `policy_inputs.INPUTS` by name; one left out or None is not known. Raises
    PolicyGap without a PD or without bands for the product, TypeError for a value of a wrong kind.
    """
    pd = _probability(inputs)
    ladder = policy.ladder_for(product)
    band = ladder.band_of(pd)
    results = tuple(
        _judged(rule, inputs.get(rule.input))
        for rule in policy.rules_for(product=product, currency=currency)
    )
    findings = _findings(ladder, band, inputs, currency)
    return Trace(results=results, pd=pd, band=band, findings=findings)


def approves(policy: Policy, inputs: Mapping[str, Value], *, product: str, currency: str) -> bool:
    """Say whether `evaluate` would approve, without writing down why.

    For questions about many amounts. It ends with the first thing that does not approve, and so
    raises what `evaluate` raises only where it comes across it.
    """
    pd = _probability(inputs)
    ladder = policy.ladder_for(product)
    band = ladder.band_of(pd)
    findings = _findings(ladder, band, inputs, currency)
    if most_severe([band.outcome, *(one.outcome for one in findings)]) != "approve":
        return False
    rules = policy.rules_for(product=product, currency=currency)
    return all(_is_met(rule, inputs.get(rule.input)) for rule in rules)


def _probability(inputs: Mapping[str, Value]) -> Decimal:
    pd = inputs.get("pd")
    if not isinstance(pd, Decimal):
        raise PolicyGap("There is no probability of default to judge.")
    return pd


def _findings(
    ladder: Ladder, band: Band, inputs: Mapping[str, Value], currency: str
) -> tuple[BandFinding, ...]:
    return (
        *_near_cutoff(ladder, _probability(inputs)),
        *_above_amount(band, inputs.get("amount"), currency),
        *_above_term(band, inputs.get("term_months")),
    )


def _is_met(rule: Rule, value: Value) -> bool:
    """Say whether a requirement is known to be met."""
    if value is None:
        return False
    INPUTS[rule.input].check(value)
    return rule.is_met_by(value)


def _judged(rule: Rule, value: Value) -> RuleResult:
    if value is None:
        return RuleResult(rule, None, "missing")
    return RuleResult(rule, value, "passed" if _is_met(rule, value) else "failed")


def _near_cutoff(ladder: Ladder, pd: Decimal) -> tuple[BandFinding, ...]:
    margin = ladder.refer_margin
    if margin is None:
        return ()
    near = [bound for bound in ladder.cutoffs if bound - margin <= pd <= bound + margin]
    if not near:
        return ()
    nearest = min(near, key=lambda bound: (abs(bound - pd), bound))
    return (BandFinding("pd_near_cutoff", pd, nearest, "refer"),)


def _above_amount(band: Band, amount: Value, currency: str) -> tuple[BandFinding, ...]:
    if not band.most_amount:
        return ()
    # A currency without a limit is not without limit: a person decides, as for a missing value.
    return _above("band_amount", amount, band.most_amount.get(currency), band.beyond)


def _above_term(band: Band, term_months: Value) -> tuple[BandFinding, ...]:
    if band.longest_term_months is None:
        return ()
    return _above("band_term", term_months, Decimal(band.longest_term_months), band.beyond)


def _above(
    code: Literal["band_amount", "band_term"],
    value: Value,
    limit: Decimal | None,
    beyond: Outcome | None,
) -> tuple[BandFinding, ...]:
    if value is not None and not isinstance(value, Decimal):
        raise TypeError(f"{code} compares numbers, not {value!r}.")
    if value is None or limit is None:
        return (BandFinding(code, value, limit, "refer"),)
    return () if value <= limit else (BandFinding(code, value, limit, beyond or "refer"),)
