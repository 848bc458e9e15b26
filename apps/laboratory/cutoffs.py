"""The cut-offs of a finished experiment: which applications they decide, and the words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from django.db.models import Count, FloatField, IntegerField, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.laboratory.cutoff import Curve, Infeasible, Sample, Wish
from apps.laboratory.models import Experiment, ExperimentRow

Side = Literal["before", "after"]
# As many cut-offs as a person can tell apart in a chart, or would page through in a table.
MOST_SHOWN = 150
# Codes of the band itself and of its limits; any other code is a rule's.
_BY_BAND = frozenset({"pd_band", "pd_near_cutoff", "band_amount", "band_term"})


@dataclass(frozen=True)
class Applications:
    """Those a cut-off decides, and why others are not among them: what rules ask for them."""

    sample: Sample | None
    unscored: int
    declined: int
    referred: int


def applications(experiment: Experiment, *, side: Side) -> Applications:
    """Return the applications of an experiment by the PD of one side.

    Whom a rule declines or sends to review stays so at every cut-off, as in an experiment with
    that cut-off, and nobody is judged without a PD. All of them asked for a loan, so they count
    among `others`.
    """
    left: Counter[str] = Counter()
    by_band: set[str] = set()
    pd, causes = f"pd_{side}", f"causes_{side}"
    # The database counts whom rules decide: many applications share few lists of causes.
    rows = experiment.rows.annotate(is_unscored=Q(**{f"{pd}__isnull": True}))
    kinds = rows.values_list("is_unscored", f"outcome_{side}", causes).annotate(n=Count("pk"))
    for is_unscored, outcome, codes, n in kinds:
        whose = "unscored" if is_unscored else _by_rule(outcome, codes.split())
        if whose:
            left[whose] += n
        else:
            by_band.add(codes)
    decided = experiment.rows.filter(**{f"{pd}__isnull": False, f"{causes}__in": by_band})
    return Applications(
        sample=_sample(decided, side, others=left.total()) if by_band else None,
        unscored=left["unscored"],
        declined=left["decline"],
        referred=left["refer"],
    )


def _by_rule(outcome: str, causes: Sequence[str]) -> str:
    """Return what rules alone ask for, whatever the cut-off; empty where they ask for nothing.

    The most severe causes come first: a decline that begins with the band is the band's.
    """
    rules = [place for place, code in enumerate(causes) if code not in _BY_BAND]
    if not rules:
        return ""
    return "decline" if outcome == "decline" and rules[0] == 0 else "refer"


def in_use(experiment: Experiment, *, side: Side) -> list[Decimal]:
    """Return where approval ends on one side, of the ladders that serve the products tried."""
    document: Mapping[str, Any] = (
        experiment.document if side == "after" else experiment.in_force.document
    )
    found = set()
    for ladder in document["ladders"]:
        named = ladder["products"]
        approving = [one for one in ladder["bands"] if one["outcome"] == "approve"]
        if approving and (not named or set(named) & set(experiment.products)):
            found.add(max(Decimal(one["below"]) for one in approving))
    return sorted(found)


def why_infeasible(found: Infeasible, wish: Wish) -> str:
    """Return in a sentence which limits stand against each other, and how far."""
    words = {
        "least": _percent(wish.least_approval_rate),
        "largest": _percent(wish.largest_bad_rate),
        "reached": _percent(found.largest_approval_rate),
    }
    if wish.largest_bad_rate == 1:
        sentence = _(
            "No cut-off approves %(least)s: rules decline the others or send them to review,"
            " whatever their PD. At most %(reached)s can be approved."
        )
        return sentence % words
    if found.least_bad_rate is None:
        sentence = _(
            "No cut-off keeps both limits: within a bad rate of %(largest)s at most %(reached)s"
            " can be approved, not %(least)s."
        )
        return sentence % words
    sentence = _(
        "No cut-off keeps both limits. Approving at least %(least)s means a bad rate of at least"
        " %(rate)s; within a bad rate of %(largest)s at most %(reached)s can be approved."
    )
    return sentence % {**words, "rate": _percent(found.least_bad_rate)}


def why_nobody(found: Curve, wish: Wish) -> str:
    """Return in a sentence why approving nobody is the best within the limits."""
    if found.expected_profit.max() > 0:
        return _("Only approving nobody keeps the bad rate within %(largest)s and earns most.") % {
            "largest": _percent(wish.largest_bad_rate)
        }
    return _(
        "Approving nobody is best under these assumptions: every loan is expected to cost money."
    )


def _sample(decided: QuerySet[ExperimentRow], side: Side, *, others: int) -> Sample:
    """Return the four numbers of each application a cut-off decides, as floats from the start."""
    numbers: tuple[str | Cast, ...] = (
        f"pd_{side}",
        Cast(f"expected_loss_{side}", FloatField()),
        Cast(f"expected_profit_{side}", FloatField()),
        Cast("defaulted", IntegerField()),
    )
    # What nobody knows becomes NaN.
    columns = np.array(list(decided.values_list(*numbers)), dtype=np.float64).T
    return Sample(
        pd=columns[0],
        expected_loss=columns[1],
        expected_profit=columns[2],
        bad=columns[3],
        others=others,
    )


def _percent(share: float) -> str:
    return formatting.format_percent(share, decimals=2)
