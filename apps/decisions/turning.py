"""Which changes can turn an outcome at all, by what the policy looks at. Pure.

Nothing is taken for granted: what is left out here could not have passed, or not without what is
left in.
"""

from collections import Counter
from collections.abc import Sequence

from apps.decisions.changes import MOVES, Lever
from apps.decisions.policy import Policy, Trace

# What bands look at themselves.
_OF_BANDS = frozenset({"pd", "amount", "term_months"})


def able(found: Sequence[Lever], asked: Trace) -> tuple[Lever, ...]:
    """Return the levers that can do something about what was asked for; none where none can.

    A rule against it that looks at what no lever moves stays against it. A lever does nothing that
    moves only what no rule looks at, or what a rule takes as it is and nothing else moves.
    """
    against = {one.rule.input for one in asked.results if one.outcome != "approve"}
    moved = Counter(name for one in found for name in MOVES[one.what])
    if any(not moved[name] for name in against):
        return ()
    seen = {one.rule.input for one in asked.results}

    def does(name: str) -> bool:
        return name in _OF_BANDS or name in against or (name in seen and moved[name] > 1)

    return tuple(one for one in found if any(does(name) for name in MOVES[one.what]))


def needed(found: Sequence[Lever], asked: Trace) -> frozenset[str]:
    """Return what must be changed whatever else is: a rule is against that nothing else moves."""
    movers = {
        one.rule.input: [lever.what for lever in found if one.rule.input in MOVES[lever.what]]
        for one in asked.results
        if one.outcome != "approve"
    }
    return frozenset(alone[0] for alone in movers.values() if len(alone) == 1)


def moved_rules(policy: Policy, found: Sequence[Lever]) -> Policy:
    """Return the policy with only those rules that these levers move."""
    moved = {name for one in found for name in MOVES[one.what]}
    return policy.with_rules(rule for rule in policy.rules if rule.input in moved)
