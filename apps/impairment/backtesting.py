"""What was expected beside what happened: PD by band, LGD and EAD of those that defaulted. Pure.

PD: the binomial test asks how likely so many defaults or more are if the PD is right; the test of
Jeffreys how likely a PD no greater than the expected one is after them, beginning with
Beta(1/2, 1/2). Both as the European Central Bank asks for them ("Instructions for reporting the
validation results of internal models", 2019, 2.5.3). LGD and EAD: Student's t of the differences,
whether more was lost, or owed, than was expected (the same, 2.6.2 and 2.9.3). All of them look one
way: at an expectation that was too low.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean

from apps.impairment.cells import months_to_default
from apps.impairment.measuring import Path, owed_at_default

# Below this, what happened speaks against what was expected.
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class BandTest:
    """A band: how many there were, how many defaulted, and what that says of its PD."""

    band: int
    loans: int
    expected: float
    defaults: int
    binomial: float
    jeffreys: float

    @property
    def observed(self) -> float:
        """The share that defaulted."""
        return self.defaults / self.loans

    @property
    def is_too_low(self) -> bool:
        """Whether the PD was too low by the test of Jeffreys."""
        return self.jeffreys < LEVEL


@dataclass(frozen=True, slots=True)
class MeanTest:
    """Means of what was expected and what happened; no probability from fewer than two cases."""

    cases: int
    expected: float
    observed: float
    p_value: float | None

    @property
    def is_too_low(self) -> bool:
        """Whether too little was expected."""
        return self.p_value is not None and self.p_value < LEVEL


@dataclass(frozen=True, slots=True)
class Case:
    """A loan that defaulted: as it was measured, and what happened so many months later."""

    ead: Decimal
    annual_rate: Decimal
    months_left: int
    is_bullet: bool
    lgd: Decimal
    # How late it was then, as `cells` has it.
    late: int
    owed: Decimal
    months: int
    # None: not known yet.
    recovered: Decimal | None

    @property
    def expected_ead(self) -> Decimal:
        """What was expected to be owed where it defaults in the month it did."""
        path = Path.BULLET if self.is_bullet else Path.LEVEL
        lag = months_to_default(self.late)
        found = owed_at_default(self.ead, self.annual_rate, self.months_left, path, lag=lag)
        return found[min(max(self.months - 1, 0), len(found) - 1)]


def of_band(band: int, loans: int, expected: Decimal, defaults: int) -> BandTest:
    """Return what the defaults of a band say of its PD."""
    from scipy import stats  # noqa: PLC0415 - takes up to a second, so when first needed

    pd = float(expected)
    return BandTest(
        band=band,
        loans=loans,
        expected=pd,
        defaults=defaults,
        binomial=float(stats.binom.sf(defaults - 1, loans, pd)),
        jeffreys=float(stats.beta.cdf(pd, defaults + 0.5, loans - defaults + 0.5)),
    )


def of_lgd(cases: Iterable[Case]) -> MeanTest | None:
    """Return what the recoveries say of the LGD; None where none is known yet."""
    pairs = [
        (float(one.lgd), float(min(Decimal(1), max(Decimal(0), 1 - one.recovered / one.owed))))
        for one in cases
        if one.recovered is not None
    ]
    return _means(pairs)


def of_ead(cases: Iterable[Case]) -> MeanTest | None:
    """Return what was owed at default as a share of what was expected to be owed, 1 expected."""
    pairs = [
        (1.0, float(one.owed / expected)) for one in cases if (expected := one.expected_ead) > 0
    ]
    return _means(pairs)


def _means(pairs: Sequence[tuple[float, float]]) -> MeanTest | None:
    if not pairs:
        return None
    from scipy import stats  # noqa: PLC0415 - takes up to a second, so when first needed

    expected, observed = [one for one, _ in pairs], [one for _, one in pairs]
    differences = [after - before for before, after in pairs]
    p_value = None
    if len(pairs) > 1 and len(set(differences)) > 1:
        p_value = float(stats.ttest_1samp(differences, 0.0, alternative="greater").pvalue)
    return MeanTest(len(pairs), fmean(expected), fmean(observed), p_value)
