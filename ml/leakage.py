"""Stops a run whose features know the answer: nothing known at application predicts that well.

`check` raises LeakageFound with every feature that gives the outcome away, the figure and the
rule; `inspect` returns the same as a report. A finding is a `stop` or a `check`, which a person
looks at while the run goes on. The figures of a feature: its AUC alone (the better of its rank
order and its out-of-fold bad rate by level, missing being a level of its own, so that a U shape
and a category count too) and its information value, rule book 9.10.

Where the limits come from. On ten public sets the strongest honest feature has AUC .82 and IV
2.0 for default (a debt ratio that is missing for the riskiest), and .86 and 2.8 where the target
is a lender's approval, whose own main criterion is among the features. Recoveries and the column
a proxy target was made from have .99 and above 10. So AUC .90 and IV 4 stop, while .75 and the
rule book's .5 ask for a look. Perfect separation is a stop. What figures cannot know, dates and
declarations must: the date of the last payment has a modest AUC of .68 and is found only by
`Timing`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from ml import _univariate, metrics
from ml._findings import (
    FEWEST_ROWS,
    Dates,
    Finding,
    LeakageConfig,
    LeakageFound,
    LeakageReport,
    Severity,
    Timing,
    Univariate,
)
from ml.estimator import checked_matrix
from ml.schema import Feature, Schema

__all__ = [
    "ROWS",
    "TOGETHER",
    "Finding",
    "LeakageConfig",
    "LeakageFound",
    "LeakageReport",
    "Timing",
    "Univariate",
    "check",
    "duplicate_share",
    "inspect",
    "reversed_labels_warning",
]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int_]

ROWS = "(rows)"
TOGETHER = "(all features)"
FEWEST_OF_A_CLASS = 10
_SENTENCES = {
    "auc": "{name} alone has AUC {figure:.3f} (limit {limit:g}).",
    "iv": "{name} has an information value of {figure:.2f} (limit {limit:g}).",
}


def check(
    schema: Schema,
    matrix: Floats,
    bad: Floats,
    *,
    config: LeakageConfig | None = None,
    timing: Timing | None = None,
    test_matrix: Floats | None = None,
    accepted: Mapping[str, str] | None = None,
) -> LeakageReport:
    """Return the report of `inspect`, or raise LeakageFound if anything in it is a stop."""
    report = inspect(
        schema,
        matrix,
        bad,
        config=config,
        timing=timing,
        test_matrix=test_matrix,
        accepted=accepted,
    )
    if report.stops:
        raise LeakageFound(report)
    return report


def inspect(
    schema: Schema,
    matrix: Floats,
    bad: Floats,
    *,
    config: LeakageConfig | None = None,
    timing: Timing | None = None,
    test_matrix: Floats | None = None,
    accepted: Mapping[str, str] | None = None,
) -> LeakageReport:
    """Return what makes the features of an encoded matrix suspicious.

    `accepted` maps a feature, or ROWS or TOGETHER, to the reason for which its findings are no
    stop; they stay in the report, and an accepted feature is left out of the joint model.
    ValueError for too few rows or of a class, or an exception that has no reason or no feature.
    """
    config, accepted = config or LeakageConfig(), dict(accepted or {})
    values, outcomes = checked_matrix(schema, matrix), _outcomes(bad)
    if len(values) != len(outcomes):
        raise ValueError(f"There are {len(values)} rows but {len(outcomes)} outcomes.")
    _check_accepted(schema, accepted)
    run = _Run(schema, config, values, outcomes)
    figures = run.univariate()
    findings = [*run.of_declarations(), *run.of_figures(figures)]
    if timing is not None:
        findings += run.of_dates(timing)
    if test_matrix is not None:
        findings += run.of_duplicates(checked_matrix(schema, test_matrix))
    findings += run.of_pairs(
        figures,
        known={one.feature for one in findings if one.severity == "stop"},
        without=set(accepted),
    )
    joint, of_joint = run.of_all_together(accepted)
    return LeakageReport(
        len(values),
        config,
        tuple(figures),
        joint,
        tuple(replace(one, accepted=accepted.get(one.feature)) for one in [*findings, *of_joint]),
        accepted,
    )


def reversed_labels_warning(
    pd: metrics.Numbers, bad: metrics.Outcomes, *, level: float = 0.01
) -> str | None:
    """Return a warning if out-of-sample scores rank the bads as the safer ones, else None.

    Mann and Whitney's one-sided test by the normal approximation, so a poor model's AUC a little
    below one half is chance and no warning; None too where only one class occurred.
    """
    scores, outcomes = metrics.checked(pd, bad)
    area = metrics.auc(scores, outcomes)
    if area is None or area >= 0.5:
        return None
    of_bads, of_goods = scores[outcomes == 1], scores[outcomes == 0]
    test = stats.mannwhitneyu(of_bads, of_goods, alternative="less", method="asymptotic")
    if test.pvalue >= level:
        return None
    return (
        f"The AUC is {area:.3f}, below one half by more than chance (p = {test.pvalue:.2g}):"
        " are good and bad mixed up in the outcomes?"
    )


def duplicate_share(train: Floats, test: Floats) -> float:
    """Return the share of test rows that equal a training row in every column, NaN equal to NaN."""
    if len(test) == 0:
        raise ValueError("There are no test rows.")
    # A bit pattern tells rows apart; adding 0.0 makes -0.0 and 0.0 one, and NaN has one pattern.
    kinds = np.dtype((np.void, 8 * train.shape[1]))
    train_rows, test_rows = (
        np.ascontiguousarray(np.where(np.isnan(side), np.nan, side + 0.0)).view(kinds).ravel()
        for side in (train, test)
    )
    return float(np.isin(test_rows, np.unique(train_rows)).mean())


@dataclass(frozen=True)
class _Run:
    schema: Schema
    config: LeakageConfig
    matrix: Floats
    bad: Floats

    def univariate(self) -> list[Univariate]:
        """Return the figures of every feature, in declared order."""
        fold = _univariate.stratified_folds(self.bad, self.config.seed)
        figures = []
        for feature, column in self._columns():
            levels = _univariate.levels(feature, column)
            area = _univariate.out_of_fold_auc(levels, self.bad, fold)
            if feature.kind != "category":
                area = max(area, _univariate.rank_auc(column, self.bad))
            iv = _univariate.information_value(levels, self.bad)
            mixed = _univariate.mixed_share(levels, self.bad)
            figures.append(Univariate(feature.name, area, iv, mixed))
        return figures

    def of_declarations(self) -> Iterator[Finding]:
        """Yield features that a new applicant does not have, and those that count the rows."""
        for feature, column in self._columns():
            if feature.available != "application" and not self.config.behavioural:
                yield Finding(
                    feature.name,
                    "availability",
                    "stop",
                    f"{feature.name} is declared {feature.available}: not known at application.",
                )
            yield from self._of_identifier(feature, column)

    def of_figures(self, figures: list[Univariate]) -> Iterator[Finding]:
        """Yield features that say more about the outcome than they should, or all of it."""
        config = self.config
        for one in figures:
            if one.mixed is not None and one.mixed <= config.copy_share:
                yield Finding(
                    one.feature,
                    "copy",
                    "stop",
                    f"{one.feature} repeats the outcome: told by its values, the errors are only"
                    f" {one.mixed:.1%} of the rarer class (limit {config.copy_share:.1%}).",
                    figure=one.mixed,
                    limit=config.copy_share,
                )
            yield from _over(one.feature, "auc", one.auc, (config.check_auc, config.stop_auc))
            yield from _over(one.feature, "iv", one.iv, (config.check_iv, config.stop_iv))

    def of_dates(self, timing: Timing) -> Iterator[Finding]:
        """Yield features with a value that was known only after the application."""
        applied = _days(timing.applied, len(self.bad), "of application")
        if np.isnat(applied).any():
            raise ValueError("An application has no date.")
        for name, since in timing.known_since.items():
            if name not in self.schema.names:
                raise ValueError(f"{name} has dates but is not a feature.")
            later = float((_days(since, len(self.bad), f"of {name}") > applied).mean())
            if later > 0:
                yield Finding(
                    name,
                    "known_later",
                    "stop",
                    f"{name} was known only after the application in {later:.2%} of the rows.",
                    figure=later,
                    limit=0.0,
                )

    def of_duplicates(self, test_matrix: Floats) -> Iterator[Finding]:
        """Yield the share of test rows that stand in the training rows with every value."""
        share = duplicate_share(self.matrix, test_matrix)
        if share == 0:
            return
        limit = self.config.duplicate_share
        yield Finding(
            ROWS,
            "duplicates",
            "stop" if share >= limit else "check",
            f"{share:.1%} of the test rows stand in the training rows too (limit {limit:.1%}).",
            figure=share,
            limit=limit,
        )

    def of_pairs(
        self, figures: list[Univariate], *, known: set[str], without: set[str]
    ) -> Iterator[Finding]:
        """Yield suspicious numbers whose ratio to another number gives the outcome away.

        A number in `without` is no divisor: who accepted it has accepted what it knows.
        """
        config = self.config
        suspicious = {
            one.feature
            for one in figures
            if (one.auc >= config.check_auc or one.iv >= config.check_iv)
            and one.feature not in known
        }
        if not suspicious:
            return
        rows = self._sample()
        numbers = {
            feature.name: column[rows]
            for feature, column in self._columns()
            if feature.kind in ("number", "integer") and np.unique(column).size > 2
            if feature.name not in without
        }
        for name in (name for name in numbers if name in suspicious):
            area, other = self._best_ratio(name, numbers, rows)
            if area >= config.pair_auc:
                yield Finding(
                    name,
                    "pair",
                    "stop",
                    f"{name} divided by {other} has AUC {area:.3f} (limit {config.pair_auc:g}).",
                    figure=area,
                    limit=config.pair_auc,
                )

    def of_all_together(self, accepted: Mapping[str, str]) -> tuple[float | None, list[Finding]]:
        """Return the joint out-of-fold AUC of the features not accepted, and what it gives away."""
        kept = [place for place, name in enumerate(self.schema.names) if name not in accepted]
        if not kept:
            return None, []
        rows = self._sample()
        area, gains = _univariate.joint_auc(
            self.matrix[rows][:, kept], self.bad[rows], self.config.seed
        )
        limit = self.config.joint_auc
        if area < limit:
            return area, []
        first = ", ".join(self.schema.names[kept[place]] for place in np.argsort(-gains)[:3])
        sentence = (
            f"All features together have AUC {area:.4f} out of fold (limit {limit:g}); most comes"
            f" from {first}."
        )
        return area, [Finding(TOGETHER, "joint", "stop", sentence, figure=area, limit=limit)]

    def _best_ratio(
        self, name: str, numbers: Mapping[str, Floats], rows: Positions
    ) -> tuple[float, str]:
        bad = self.bad[rows]
        best = (0.0, "")
        for other in (other for other in numbers if other != name):
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                column = numbers[name] / numbers[other]
            column[~np.isfinite(column)] = np.nan
            best = max(best, (_univariate.rank_auc(column, bad), other))
        return best

    def _of_identifier(self, feature: Feature, column: Floats) -> Iterator[Finding]:
        known = column[~np.isnan(column)]
        if len(known) < len(column) or len(np.unique(known)) < len(column):
            return
        if feature.kind == "category":
            sentence = f"{feature.name} has a category of its own for every row."
            yield Finding(feature.name, "identifier", "stop", sentence)
        elif _univariate.counts_rows(known):
            p_value = _univariate.order_p_value(known, self.bad)
            ordered = p_value < self.config.order_p_value
            yield Finding(
                feature.name,
                "identifier",
                "stop" if ordered else "check",
                f"{feature.name} numbers the rows, {'and' if ordered else 'but not'} in the order"
                f" of their outcomes (p = {p_value:.2g}).",
                figure=p_value,
                limit=self.config.order_p_value,
            )

    def _columns(self) -> Iterator[tuple[Feature, Floats]]:
        for place, feature in enumerate(self.schema.features):
            yield feature, self.matrix[:, place]

    def _sample(self) -> Positions:
        rows = len(self.bad)
        if rows <= self.config.sampled_rows:
            return np.arange(rows)
        chance = np.random.default_rng(self.config.seed)
        return np.sort(chance.choice(rows, self.config.sampled_rows, replace=False))


def _over(name: str, rule: str, figure: float, limits: tuple[float, float]) -> Iterator[Finding]:
    """Yield a finding if the figure reached the limit of a look, or of a stop."""
    to_check, to_stop = limits
    if figure < to_check:
        return
    severity: Severity = "stop" if figure >= to_stop else "check"
    limit = to_stop if severity == "stop" else to_check
    sentence = _SENTENCES[rule].format(name=name, figure=figure, limit=limit)
    yield Finding(name, rule, severity, sentence, figure=figure, limit=limit)


def _outcomes(bad: Floats) -> Floats:
    values = np.asarray(bad)
    if values.ndim != 1 or not np.isin(values, (0, 1)).all():
        raise ValueError("Every outcome must be 0 (good) or 1 (bad).")
    bads = int(values.sum())
    goods = len(values) - bads
    if bads == 0 or goods == 0:
        raise ValueError("All outcomes are the same, so nothing can give them away.")
    if len(values) < FEWEST_ROWS or min(goods, bads) < FEWEST_OF_A_CLASS:
        raise ValueError(
            f"Leakage shows from {FEWEST_ROWS} rows with {FEWEST_OF_A_CLASS} of each class on;"
            f" there are {goods} good and {bads} bad."
        )
    return values.astype(np.float64)


def _check_accepted(schema: Schema, accepted: Mapping[str, str]) -> None:
    for name, reason in accepted.items():
        if name not in {*schema.names, ROWS, TOGETHER}:
            raise ValueError(f"{name} is accepted but is not a feature.")
        if not reason.strip():
            raise ValueError(f"{name} is accepted without a reason.")


def _days(dates: Dates, rows: int, what: str) -> Dates:
    days = np.asarray(dates).astype("datetime64[D]")
    if days.shape != (rows,):
        raise ValueError(f"There are {rows} rows but {len(days)} dates {what}.")
    return days
