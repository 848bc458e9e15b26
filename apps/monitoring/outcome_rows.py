"""How loans turned out whose borrowers a model scored, once their window is over.

A loan that ended counts by its outcome; one that runs counts from twelve months after it was paid
out on: bad where a night of them left it 90 days past due, else good.
"""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import connection

from apps.core import dates
from apps.governance import datasets
from apps.governance.models import TrainingRun
from apps.monitoring import outcomes
from apps.monitoring.models import Reference
from apps.scoring import champion
from apps.scoring.models import ModelVersion

_ROWS = """
    SELECT DISTINCT ON (loan.id)
        run.pd, date_trunc('month', run.scored_at AT TIME ZONE 'UTC')::date,
        COALESCE(ended.defaulted, bad.is_bad), loan.id
    FROM scoring_scorerun run
    JOIN decisions_decision decision ON decision.score_run_id = run.id
    JOIN loans_loan loan ON loan.application_id = decision.application_id
    LEFT JOIN loans_outcome ended ON ended.loan_id = loan.id
    LEFT JOIN LATERAL (
        SELECT EXISTS (
            SELECT 1 FROM npa_loanday night
            WHERE night.loan_id = loan.id AND night.dpd_ifrs >= %(days)s
              AND night.day > loan.disbursed_date
              AND night.day <= loan.disbursed_date + make_interval(months => %(window)s)
        ) AS is_bad
    ) bad ON ended.id IS NULL
    WHERE run.model_id = %(model)s AND run.scored_at < %(until)s
      AND loan.disbursed_date IS NOT NULL
      AND (ended.id IS NOT NULL OR loan.disbursed_date < %(mature)s)
    ORDER BY loan.id, decision.number DESC
"""
_EARLY = """
    SELECT to_char(date_trunc('month', loan.disbursed_date), 'YYYY-MM'), count(*),
        count(*) FILTER (WHERE EXISTS (
            SELECT 1 FROM npa_loanday night
            WHERE night.loan_id = loan.id AND night.dpd_ifrs >= %(days)s
              AND night.day > loan.disbursed_date
              AND night.day <= loan.disbursed_date + make_interval(months => %(window)s)
        ))
    FROM loans_loan loan
    WHERE loan.disbursed_date >= %(since)s AND loan.disbursed_date < %(mature)s
      AND EXISTS (
        SELECT 1 FROM decisions_decision decision
        JOIN scoring_scorerun run ON run.id = decision.score_run_id
        WHERE decision.application_id = loan.application_id AND run.model_id = %(model)s
      )
    GROUP BY 1 ORDER BY 1
"""
_FEWEST_HELD_OUT = 100


class Mature(NamedTuple):
    """Loans of a model whose outcome is known: what it said, how they ended, their vintage."""

    pd: npt.NDArray[np.float64]
    bad: npt.NDArray[np.float64]
    vintages: list[date]


def mature(model: ModelVersion, until: datetime) -> Mature:
    """Return the loans of a model's scores before a moment whose outcome is known by then."""
    day = until.date()
    given = {
        "model": model.pk,
        "until": until,
        "mature": dates.add_months(day, -outcomes.WINDOW_MONTHS),
        "days": outcomes.DEFAULT_DAYS,
        "window": outcomes.WINDOW_MONTHS,
    }
    rows = _all(_ROWS, given)
    return Mature(
        np.array([row[0] for row in rows], dtype=np.float64),
        np.array([row[2] for row in rows], dtype=np.float64),
        [row[1] for row in rows],
    )


def early(model: ModelVersion, until: datetime) -> list[dict[str, Any]]:
    """Return by month of payment how many loans were late in their first months: a first sign."""
    day = until.date()
    given = {
        "model": model.pk,
        "since": dates.add_months(day, -2 * outcomes.WINDOW_MONTHS),
        "mature": dates.add_months(day, -outcomes.EARLY_MONTHS),
        "days": outcomes.EARLY_DAYS,
        "window": outcomes.EARLY_MONTHS,
    }
    return [{"month": month, "n": n, "late": late} for month, n, late in _all(_EARLY, given)]


def development(model: ModelVersion) -> tuple[str, str, dict[str, Any]] | None:
    """Return how a model did in development: source, data hash, figures; None where unknown.

    On the loans that its training held out, where they are enough; else on those it learned from.
    """
    run = TrainingRun.objects.filter(model=model).first()
    if run is None:
        return None
    scorer = champion.scorer_of(model)
    first = run.last_learned_day + timedelta(days=1)
    last = run.holdout_to_date or run.to_date
    if first < last:
        held = datasets.build(segment=run.segment, from_date=first, to_date=last)
        if held.rows >= _FEWEST_HELD_OUT and 0 < held.defaults < held.rows:
            figures = outcomes.performance(scorer.score_frame(held.frame), held.bad)
            return Reference.Source.HELD_OUT, held.sha256, figures
    learned = datasets.build(segment=run.segment, from_date=run.from_date, to_date=first)
    if not 0 < learned.defaults < learned.rows:
        return None
    figures = outcomes.performance(scorer.score_frame(learned.frame), learned.bad)
    return Reference.Source.LEARNED, learned.sha256, figures


def _all(statement: str, given: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
