"""What the law protects, of the demonstration's people. SYNTHETIC: nobody real. Pure.

The people of `ml.synthetic` have circumstances and no attributes. Here each is given the attributes
that go with those circumstances, with the effects of `ml.portfolio`: women and smaller communities
earn less and more often have a thin file. By Bayes' rule the odds of a group are those among all
people, times how much likelier the person's income and file are within it. So no attribute has
part in anything but by way of what a lender sees.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

# Of so many people one says something of themselves, and most say all.
_CONSENTS = 0.85
_DISABLED = 0.022
_MEAN_OF_CAREER = 45


@dataclass(frozen=True)
class _Group:
    """A group: its share of all, and what it does to log-income and to the odds of a thin file."""

    share: float
    log_income: float = 0.0
    log_thin_file: float = 0.0


_GENDERS = {
    "female": _Group(0.42, -0.18, 0.25),
    "male": _Group(0.574),
    "other": _Group(0.006),
}
# Only India asks for it; elsewhere the words mean nothing.
_COMMUNITIES = {
    "IN": {
        "general": _Group(0.56),
        "obc": _Group(0.22, -0.08, 0.20),
        "sc": _Group(0.14, -0.16, 0.40),
        "st": _Group(0.06, -0.16, 0.40),
        "other": _Group(0.02),
    }
}


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What is seen of a person: income beside the market's median, and what the bureau knows."""

    country: str
    age_years: int
    income_to_median: float
    income_spread: float
    has_thin_file: bool


@dataclass(frozen=True)
class Protected:
    """A person's attributes, and those the person agreed to have kept: all, or none."""

    attributes: Mapping[str, str]
    consents: bool

    @property
    def stated(self) -> dict[str, str]:
        """What may be kept."""
        return dict(self.attributes) if self.consents else {}


def of(person: Circumstances, chance: Random) -> Protected:
    """Return the attributes of a person, drawn given the circumstances."""
    found = {
        "gender": _drawn(_GENDERS, person, chance),
        "marital_status": _marital_status(person.age_years, chance),
        "disability": "yes" if chance.random() < _DISABLED else "no",
    }
    if communities := _COMMUNITIES.get(person.country):
        found["community"] = _drawn(communities, person, chance)
    return Protected(found, consents=chance.random() < _CONSENTS)


def _drawn(groups: Mapping[str, _Group], person: Circumstances, chance: Random) -> str:
    weights = [one.share * math.exp(_log_likelihood(one, person)) for one in groups.values()]
    return chance.choices(list(groups), weights)[0]


def _log_likelihood(group: _Group, person: Circumstances) -> float:
    """Return how much likelier the person's circumstances are within a group than without it.

    Log-income is normal about the mean of the person's age, as `ml.synthetic` draws it.
    """
    life_cycle = 0.5 * (0.2 - ((person.age_years - _MEAN_OF_CAREER) / 30) ** 2)
    apart = math.log(person.income_to_median) - life_cycle
    shift = group.log_income
    by_income = shift * (apart - shift / 2) / person.income_spread**2
    return by_income + (group.log_thin_file if person.has_thin_file else 0.0)


def _marital_status(age_years: int, chance: Random) -> str:
    """Return it given the age, as `ml.portfolio` has it."""
    wed = 0.86 / (1 + math.exp(-(age_years - 29) / 3.5))
    dice = chance.random()
    if chance.random() < 0.006 * math.exp((age_years - 40) / 10):
        return "widowed"
    if dice < wed:
        return "married"
    return "divorced" if dice < 1.10 * wed else "single"
