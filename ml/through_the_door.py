"""Everybody who applied, not only who got a loan: scores and bad rates by band and decision."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DoorBand:
    """The applications of one group in one band of probability; rates are None for nobody.

    `share` is that of the band in its group. `observed_bad_rate` is over those whose outcome is
    known. `error` is expected less true bad rate, None where the truth is not known.
    """

    lowest_pd: float
    highest_pd: float
    n: int
    share: float | None
    expected_bad_rate: float | None
    observed_bad_rate: float | None
    true_bad_rate: float | None
    error: float | None


@dataclass(frozen=True)
class DoorGroup:
    """The accepted, the rejected or all: as a whole and band by band, safest first."""

    total: DoorBand
    bands: tuple[DoorBand, ...]

    @property
    def mean_absolute_error(self) -> float | None:
        """Return the mean distance of expected and true bad rate over applications by band."""
        known = [(band.n, abs(band.error)) for band in self.bands if band.error is not None]
        return sum(n * error for n, error in known) / self.total.n if known else None


@dataclass(frozen=True)
class ThroughTheDoor:
    """The same bands for three groups."""

    accepted: DoorGroup
    rejected: DoorGroup
    everybody: DoorGroup


@dataclass(frozen=True, eq=False)
class _Rows:
    pd: Floats
    bad: Floats
    truth: Floats | None
    band: Ints


def view(
    pd: Floats,
    *,
    accepted: Flags,
    bad: Floats,
    truth: Floats | None = None,
    bands: int = 10,
) -> ThroughTheDoor:
    """Return how the scores lie and what they promise, in bands of about equal count of all.

    `pd` is what the model says of each application, `bad` its outcome or NaN where none is
    known, `truth` the true probability or outcome of every one, where it is known. Equal
    probabilities stay together, so fewer bands may come back. ValueError if the arrays differ in
    length or hold something else.
    """
    _check(pd, accepted, bad, truth, bands=bands)
    edges = np.unique(np.quantile(pd, np.arange(1, bands) / bands))
    _, band = np.unique(np.digitize(pd, edges), return_inverse=True)
    rows = _Rows(pd, bad, truth, band)
    return ThroughTheDoor(
        accepted=_group(rows, accepted),
        rejected=_group(rows, ~accepted),
        everybody=_group(rows, np.ones(len(pd), dtype=bool)),
    )


def _group(rows: _Rows, members: Flags) -> DoorGroup:
    total = int(members.sum())
    everywhere = np.ones(len(members), dtype=bool)
    return DoorGroup(
        total=_band(rows, members, everywhere, total=total),
        bands=tuple(
            _band(rows, members, rows.band == number, total=total)
            for number in range(int(rows.band.max()) + 1)
        ),
    )


def _band(rows: _Rows, members: Flags, place: Flags, *, total: int) -> DoorBand:
    here = members & place
    outcomes = rows.bad[here]
    expected = _mean(rows.pd[here])
    true = None if rows.truth is None else _mean(rows.truth[here])
    return DoorBand(
        lowest_pd=float(rows.pd[place].min()),
        highest_pd=float(rows.pd[place].max()),
        n=int(here.sum()),
        share=float(here.sum()) / total if total else None,
        expected_bad_rate=expected,
        observed_bad_rate=_mean(outcomes[~np.isnan(outcomes)]),
        true_bad_rate=true,
        error=None if expected is None or true is None else expected - true,
    )


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _check(pd: Floats, accepted: Flags, bad: Floats, truth: Floats | None, *, bands: int) -> None:
    lengths = {array.shape for array in (pd, accepted, bad, truth) if array is not None}
    if len(lengths) != 1 or pd.ndim != 1 or not len(pd):
        raise ValueError("All arrays need one value for each of at least one application.")
    if accepted.dtype != np.bool_ or bands < 1:
        raise ValueError("`accepted` must be true or false, and there must be at least one band.")
    for name, values in (("score", pd), ("truth", truth)):
        if values is not None and not ((values >= 0) & (values <= 1)).all():
            raise ValueError(f"Every {name} must be a probability from 0 to 1.")
    if not np.isin(bad[~np.isnan(bad)], (0, 1)).all():
        raise ValueError("An outcome is 0 (good), 1 (bad) or NaN where none is known.")
