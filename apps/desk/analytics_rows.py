"""How people review: one set of figures by reviewer, product, branch and day, in one statement.

Counted are the cases in review that a person's verdict has closed, by the moment of the verdict.
What was recommended is what the policy in force said to who decided, as the case keeps it.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.core import dates
from apps.decisions.models import Decision
from apps.desk import policies
from apps.products.models import Product

WAYS = ("reviewer", "product", "branch", "day")


@dataclass(frozen=True, kw_only=True)
class Period:
    """From the first to the last day, both counted, in a time zone; one branch or product, or all.

    `reviewer` narrows to one person.
    """

    first: date
    last: date
    zone: str
    branch: str = ""
    product: str = ""
    reviewer: uuid.UUID | None = None


@dataclass(frozen=True)
class Figures:
    """What was decided in one group. Spans are medians in seconds, None where none is known.

    `recommended_approve` and `recommended_decline` count the verdicts with such a recommendation;
    `to_decline` and `to_approve` those of them that departed from it. Of the approvals against a
    recommended decline, `override_known` have a loan that has ended and `override_bad` of these
    in default; `followed_known` and `followed_bad` are the same of the other approvals.
    """

    decided: int
    approved: int
    recommended_approve: int
    to_decline: int
    recommended_decline: int
    to_approve: int
    override_known: int
    override_bad: int
    followed_known: int
    followed_bad: int
    age_seconds: float | None
    work_seconds: float | None

    @property
    def recommended(self) -> int:
        """How many verdicts had a recommendation to approve or to decline."""
        return self.recommended_approve + self.recommended_decline

    @property
    def same(self) -> int:
        """How many of them followed it."""
        return self.recommended - self.to_decline - self.to_approve


@dataclass(frozen=True)
class Analytics:
    """The figures as a whole, and by reviewer, product, branch (their keys) and day."""

    whole: Figures
    by: Mapping[str, Mapping[Any, Figures]]


_PERIOD = """
    c.status = 'closed' AND c.verdict IN ('approve', 'decline')
        AND c.verdict_at >= %(first)s::date::timestamp AT TIME ZONE %(zone)s
        AND c.verdict_at < (%(last)s::date + 1)::timestamp AT TIME ZONE %(zone)s
"""
# Spans that overlap count once, and only between the claim and the verdict.
_PAUSES = f"""
    SELECT parts.case_id, sum(extract(epoch FROM upper(part) - lower(part))) AS seconds
    FROM (
        SELECT i.case_id, unnest(range_agg(
            tstzrange(i.asked_at, greatest(i.asked_at, coalesce(i.ended_at, c.verdict_at)))
            * tstzrange(c.claimed_at, greatest(c.claimed_at, c.verdict_at))
        )) AS part
        FROM desk_informationrequest i JOIN decisions_reviewcase c ON c.id = i.case_id
        WHERE {_PERIOD}
        GROUP BY i.case_id
    ) AS parts
    GROUP BY parts.case_id
"""  # noqa: S608 - composed of constants; every value is a parameter
_VERDICTS = f"""
    SELECT c.verdict, c.verdict_by_id AS reviewer, a.product_id AS product,
        a.branch_id AS branch, (c.verdict_at AT TIME ZONE %(zone)s)::date AS day,
        c.recommended, o.defaulted,
        extract(epoch FROM c.verdict_at - c.opened_at)::float8 AS age,
        (extract(epoch FROM c.verdict_at - c.claimed_at) - coalesce(pauses.seconds, 0))::float8
            AS work
    FROM decisions_reviewcase c
    JOIN applications_application a ON a.id = c.application_id
    LEFT JOIN loans_loan l ON l.application_id = a.id
    LEFT JOIN loans_outcome o ON o.loan_id = l.id
    LEFT JOIN pauses ON pauses.case_id = c.id
    WHERE {_PERIOD}
        AND (%(everywhere)s OR a.branch_id = ANY(%(branches)s::uuid[]))
        AND (%(branch)s::uuid[] IS NULL OR a.branch_id = ANY(%(branch)s::uuid[]))
        AND (%(product)s::uuid[] IS NULL OR a.product_id = ANY(%(product)s::uuid[]))
        AND (%(reviewer)s::uuid IS NULL OR c.verdict_by_id = %(reviewer)s::uuid)
"""  # noqa: S608 - composed of constants; every value is a parameter
# Read once, whatever it is grouped by; to keep the verdicts first would write them to the disk.
_FIGURES = f"""
    WITH pauses AS ({_PAUSES}), verdicts AS ({_VERDICTS})
    SELECT grouping(reviewer, product, branch, day), reviewer, product, branch, day,
        count(*),
        count(*) FILTER (WHERE verdict = 'approve'),
        count(*) FILTER (WHERE recommended = 'approve'),
        count(*) FILTER (WHERE recommended = 'approve' AND verdict = 'decline'),
        count(*) FILTER (WHERE recommended = 'decline'),
        count(*) FILTER (WHERE recommended = 'decline' AND verdict = 'approve'),
        count(defaulted) FILTER (WHERE recommended = 'decline' AND verdict = 'approve'),
        count(*) FILTER (WHERE recommended = 'decline' AND verdict = 'approve' AND defaulted),
        count(defaulted) FILTER (WHERE recommended <> 'decline' AND verdict = 'approve'),
        count(*) FILTER (WHERE recommended <> 'decline' AND verdict = 'approve' AND defaulted),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY age),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY work)
    FROM verdicts
    GROUP BY GROUPING SETS ((reviewer), (product), (branch), (day), ())
"""  # noqa: S608 - composed of constants; every value is a parameter
# A bit of GROUPING() is 0 where the column groups: the first column is the highest bit.
_GROUPED = {0b0111: "reviewer", 0b1011: "product", 0b1101: "branch", 0b1110: "day"}
_NOTHING = Figures(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, None)


def figures(actor: User, period: Period) -> Analytics:
    """Return the figures of the verdicts a person may see: one statement."""
    by: dict[str, dict[Any, Figures]] = {way: {} for way in WAYS}
    whole = _NOTHING
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, _values(actor, period))
        for grouping, *keys, n, approved, ra, td, rd, ta, ok, ob, fk, fb, age, work in cursor:
            found = Figures(
                *(n, approved, ra, td, rd, ta, ok, ob, fk, fb),
                None if age is None else float(age),
                None if work is None else float(work),
            )
            way = _GROUPED.get(grouping)
            if way is None:
                whole = found
            else:
                by[way][keys[WAYS.index(way)]] = found
    return Analytics(whole, by)


def exceptions(actor: User, period: Period) -> tuple[int, int, int]:
    """Return how many exceptions to a decline were authorised in the period, and what came of them.

    How many, how many of their loans have ended, and how many of these in default. They are no
    cases in review, so the other figures hold none of them.
    """
    given = {
        "application__branch__code": period.branch,
        "application__product__code": period.product,
    }
    found = (
        Decision.objects.visible_to(actor)
        .filter(override__isnull=False)
        .filter(
            decided_at__gt=dates.last_moment(period.first - timedelta(days=1), period.zone),
            decided_at__lte=dates.last_moment(period.last, period.zone),
        )
        .filter(**{name: value for name, value in given.items() if value})
        .aggregate(
            n=Count("pk"),
            known=Count("application__loan__outcome"),
            bad=Count("pk", filter=Q(application__loan__outcome__defaulted=True)),
        )
    )
    return found["n"], found["known"], found["bad"]


def sees_everybody(actor: User) -> bool:
    """Say whether the person sees how others review; a reviewer sees their own figures only."""
    return actor.has_perm(policies.VIEW_ANALYTICS)


def _values(actor: User, period: Period) -> dict[str, Any]:
    everywhere = actor.works_everywhere
    return {
        "zone": period.zone,
        "first": period.first,
        "last": period.last,
        "everywhere": everywhere,
        "branches": [] if everywhere else _reach(actor),
        "branch": _keys(Branch, period.branch),
        "product": _keys(Product, period.product),
        "reviewer": _text(period.reviewer if sees_everybody(actor) else actor.pk),
    }


def _reach(actor: User) -> list[str]:
    return [str(key) for key in accounts.branch_ids(actor) if key is not None]


def _text(key: uuid.UUID | None) -> str | None:
    return None if key is None else str(key)


def _keys(model: type[Branch] | type[Product], code: str) -> list[str] | None:
    """Return the keys that have a code, which several lenders may use; None for no filter."""
    if not code:
        return None
    return [str(key) for key in model.objects.filter(code=code).values_list("pk", flat=True)]
