"""The principal reasons of an outcome: true, specific, at most four. Pure.

Rule book 4.3. A reason is a requirement of the policy that this application did not meet, a limit
of its band, or a group of related factors that raised this applicant's risk by the exact
attributions of the model that decided, beside those of the typical applicant just above the
cut-off. A factor that helped is never named, nor the score itself. Model factors are reasons only
when the PD led to the outcome. `docs/decisions/0012-reasons-beside-a-reference.md` says why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from apps.decisions.policy import BandFinding, Outcome, RuleResult, Threshold, Trace

MOST_REASONS = 4
# Below this share of everything that raised the risk, a factor is not a principal reason.
SMALLEST_SHARE = 0.05

# What each finding of a band looks at.
FINDING_INPUTS = {"pd_near_cutoff": "pd", "band_amount": "amount", "band_term": "term_months"}

Source = Literal["rule", "band", "model", "person", "cause"]


class NoReason(ValueError):
    """Nothing specific can be said for this outcome, so a machine must not decide it."""


class Attribution(Protocol):
    """One feature's exact share in the log-odds of bad."""

    @property
    def feature(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def value(self) -> object: ...
    @property
    def contribution(self) -> float: ...


class Moved(Attribution, Protocol):
    """One feature of a factor with the value it is compared with."""

    @property
    def reference(self) -> object: ...


class Factor(Protocol):
    """Features that count as one; those worse than the reference, the strongest first."""

    @property
    def features(self) -> Sequence[Moved]: ...
    @property
    def contribution(self) -> float: ...


# The principal factors beside the reference, at most so many. None for a model without one.
Named = Callable[[int], Sequence[Factor]]


@dataclass(frozen=True)
class Beside:
    """What a value was compared with: the reference's own, None where it has none on file."""

    value: object


@dataclass(frozen=True)
class Reason:
    """One reason with the applicant's own value and, for a rule, what is required.

    `about` is a policy input or a feature; `value` and `limit` are JSON, numbers of the policy as
    exact text. `contribution` is in log-odds of bad, for model factors only; `factors` are the
    features that raised it. `beside` is what would have been typical just above the cut-off; None
    for what is judged by a limit, and for a model stored without a reference. `words` holds a
    lender's own sentence by language, where a reviewer gave a reason that is not translated with
    the program.
    """

    code: str
    source: Source
    about: str = ""
    test: str = ""
    value: Any = None
    limit: Any = None
    unit: str = ""
    contribution: float | None = None
    factors: tuple[str, ...] = ()
    beside: Beside | None = None
    words: Mapping[str, str] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, Any]:
        """Return the reason as it is stored with a decision."""
        stored = {**asdict(self), "factors": list(self.factors)}
        if not self.words:
            # Only where there are any, so that what was stored before replays as it is.
            del stored["words"]
        if self.beside is None:
            del stored["beside"]
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Reason":
        """Return a stored reason."""
        beside = stored.get("beside")
        return cls(
            **{
                **stored,
                "factors": tuple(stored["factors"]),
                "beside": None if beside is None else Beside(beside["value"]),
            }
        )


def of_outcome(
    trace: Trace, attributions: Iterable[Attribution], *, named: Named | None = None
) -> tuple[Reason, ...]:
    """Return the reasons of the trace's outcome; none for an approval.

    A decline gets its one to four principal reasons, knock-out rules first in the policy's order;
    NoReason when there is none. A referral gets every rule that referred, and the factors that
    raised the risk when the PD lies in a band for review. Without `named` the model keeps no
    reference, and its attributions alone say what raised the risk.
    """
    outcome: Outcome = trace.outcome
    if outcome == "approve":
        return ()
    by_rule = [_of_rule(one) for one in trace.with_outcome(outcome)]
    by_rule += [_of_finding(one) for one in trace.findings if one.outcome == outcome]
    left = MOST_REASONS - len(by_rule) if outcome == "decline" else MOST_REASONS
    by_model: list[Reason] = []
    if trace.band.outcome == outcome and left > 0:
        by_model = of_model(attributions) if named is None else of_factors(named(left))
    if outcome == "decline":
        found = [*by_rule, *by_model][:MOST_REASONS]
        if not found:
            raise NoReason("No factor raised the risk, so there is no reason to name.")
        return tuple(found)
    return (*by_rule, *_band_reason(trace), *by_model[:MOST_REASONS])


def of_model(attributions: Iterable[Attribution]) -> list[Reason]:
    """Return the groups of factors that raised the risk, the strongest first.

    A group's contribution is the sum over its features; it is told by the feature that raised the
    risk most. Groups that helped, or hardly mattered, are left out.
    """
    groups: dict[str, list[Attribution]] = {}
    for one in attributions:
        groups.setdefault(one.group, []).append(one)
    adverse = {
        name: total
        for name, members in groups.items()
        if (total := sum(one.contribution for one in members)) > 0
    }
    smallest = SMALLEST_SHARE * sum(adverse.values())
    ordered = sorted(adverse, key=lambda name: (-adverse[name], name))
    return [
        _of_group(name, groups[name], adverse[name])
        for name in ordered
        if adverse[name] >= smallest
    ]


def of_factors(factors: Iterable[Factor]) -> list[Reason]:
    """Return principal factors as reasons, each told by the feature that raised it most."""
    found = []
    for one in factors:
        leading = one.features[0]
        raised = [each.feature for each in one.features if each.contribution > 0]
        reason = Reason(
            code=f"model.{leading.group}",
            source="model",
            about=leading.feature,
            value=leading.value,
            unit=leading.unit,
            contribution=one.contribution,
            factors=tuple(sorted(raised)),
            beside=Beside(leading.reference),
        )
        found.append(reason)
    return found


def of_cause(cause: str) -> Reason:
    """Return why a machine could not decide at all."""
    return Reason(code=f"cause.{cause}", source="cause", about=cause)


def cause_codes(found: Iterable[Reason]) -> list[str]:
    """Return the codes under which a referred case is listed and filtered."""
    codes = [one.code.partition(".")[2] for one in found if one.source in ("rule", "band", "cause")]
    return list(dict.fromkeys(codes))


def _of_rule(judged: RuleResult) -> Reason:
    rule = judged.rule
    return Reason(
        code=f"rule.{rule.code}",
        source="rule",
        about=rule.input,
        test=rule.test if judged.result == "failed" else "missing",
        value=plain(judged.value),
        limit=plain(rule.threshold),
    )


def _of_finding(found: BandFinding) -> Reason:
    return Reason(
        code=f"band.{found.code}",
        source="band",
        about=FINDING_INPUTS[found.code],
        value=plain(found.value),
        limit=plain(found.limit),
    )


def _band_reason(trace: Trace) -> tuple[Reason, ...]:
    if trace.band.outcome != "refer":
        return ()
    reason = Reason(
        code="cause.pd_band",
        source="cause",
        about="pd_band",
        value=str(trace.pd),
        limit=trace.band.name,
    )
    return (reason,)


def _of_group(name: str, members: list[Attribution], total: float) -> Reason:
    raised = [one for one in members if one.contribution > 0]
    leading = min(raised, key=lambda one: (-one.contribution, one.feature))
    return Reason(
        code=f"model.{name}",
        source="model",
        about=leading.feature,
        value=leading.value,
        unit=leading.unit,
        contribution=total,
        factors=tuple(sorted(one.feature for one in raised)),
    )


def plain(value: Threshold | None) -> Any:
    """Return a value or threshold of the policy as JSON, numbers as exact text."""
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
