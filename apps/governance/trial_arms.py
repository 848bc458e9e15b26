"""What has become of the cases of a challenger's trial, arm by arm."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from apps.decisions.models import Decision
from apps.governance.models import Trial
from apps.loans.models import Loan, Outcome
from apps.npa.models import LoanDay
from apps.scoring.models import Draw
from apps.scoring.proportions import Share

# Days past due at which a young loan is looked at, long before it can default.
EARLY_DAYS = 30
_BAND = KeyTextTransform("name", KeyTransform("band", "trace"))
_ARM = "score_run__draw__arm"


@dataclass(frozen=True)
class Arm:
    """One arm: what was drawn, decided, lent, and what is known of the loans.

    `missing` is how many ended loans the plan still wants.
    """

    name: str
    label: str
    drawn: int
    fell_back: int
    share: Share
    approved: Share
    outcomes: dict[str, int]
    bands: dict[str, int]
    early: Share
    bad: Share
    least: int
    missing: int


def of_trial(trial: Trial) -> list[Arm]:
    """Return both arms of a challenger's trial, the champion's first."""
    draws = Draw.objects.filter(placement__trial=trial.pk)
    drawn = _counted(draws.values_list("arm").annotate(n=Count("pk")))
    fell = _counted(draws.exclude(fell_back="").values_list("arm").annotate(n=Count("pk")))
    made = Decision.objects.filter(
        kind=Decision.Kind.AUTOMATED, score_run__draw__placement__trial=trial.pk
    )
    outcomes = list(made.values_list(_ARM, "outcome").annotate(n=Count("pk")))
    bands = list(made.annotate(band=_BAND).values_list(_ARM, "band").annotate(n=Count("pk")))
    found = []
    for arm, label in Draw.Arm.choices:
        decided = _of(arm, outcomes)
        found.append(
            Arm(
                name=arm,
                label=str(label),
                drawn=drawn[arm],
                fell_back=fell[arm],
                share=Share(drawn[arm], drawn.total()),
                approved=Share(decided.get("approve", 0), sum(decided.values())),
                outcomes=decided,
                bands=_of(arm, bands),
                **_loans(trial, arm),
            )
        )
    return found


def _loans(trial: Trial, arm: str) -> dict[str, Any]:
    """Return what is known of the loans that were paid out under an arm's decisions."""
    keys = Decision.objects.filter(
        score_run__draw__placement__trial=trial.pk, score_run__draw__arm=arm
    ).values("application")
    loans = Loan.objects.filter(application__in=keys, disbursed_date__isnull=False)
    late = LoanDay.objects.filter(
        loan__in=loans.values("pk"), day__gte=trial.proposed_at.date(), dpd_rbi__gte=EARLY_DAYS
    )
    ended = Outcome.objects.filter(loan__in=loans.values("pk"))
    least = int(trial.plan.get("least", {}).get(arm, 0))
    bad = Share(ended.filter(defaulted=True).count(), ended.count())
    return {
        "early": Share(late.values("loan").distinct().count(), loans.count()),
        "bad": bad,
        "least": least,
        "missing": max(least - bad.total, 0),
    }


def _counted(rows: Any) -> Counter[str]:
    return Counter(dict(rows))


def _of(arm: str, rows: Any) -> dict[str, int]:
    return {name or "": number for found, name, number in sorted(rows) if found == arm}
