"""The review desk beside a hundred thousand cases in its books: similar past cases, and analytics.

The books are copies of one real case: a referral, what a person decided, the score with its
factors moved at random. The bare limits read the same rows without joining or comparing anything.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median, quantiles
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, models
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core import dates
from apps.core.bulk import refresh_statistics
from apps.decisions import services as decisions
from apps.decisions.models import Decision, ReviewCase
from apps.desk import analytics_page, past_cases
from apps.desk.analytics_rows import Period
from apps.scoring.models import ScoreRun
from benchmarks import lender, measuring, scratch

CASES = 100_000
SIMILAR_MS, ANALYTICS_MS = 150.0, 500.0
# Until one of them goes to people.
REQUESTS = range(300_000, 1_500_000, 75_000)
# The books reach back so many days; the last ninety are what the analytics show by themselves.
DAYS = 900
PERIODS = (90, DAYS)

_SEED = """
    CREATE TEMPORARY TABLE seed AS
    SELECT gen_random_uuid() AS application, gen_random_uuid() AS run,
        gen_random_uuid() AS referral, gen_random_uuid() AS verdict, gen_random_uuid() AS review, n,
        %(now)s::timestamptz - make_interval(days => 1 + n %% %(days)s) AS at,
        CASE WHEN n %% 3 = 0 THEN 'decline' ELSE 'approve' END AS outcome,
        (%(branches)s::uuid[])[1 + n %% %(many)s] AS branch,
        moved.shares, moved.margin
    FROM generate_series(1, %(cases)s) AS n,
        LATERAL (
            SELECT jsonb_object_agg(key, share) AS shares, %(base)s + sum(share) AS margin
            FROM (
                SELECT key, value::float + (random() - 0.5) * 0.4 AS share
                FROM jsonb_each_text(%(shares)s::jsonb)
                WHERE n > 0
            ) AS factors
        ) AS moved
"""


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", cases=CASES)
    with scratch.database():
        officer = lender.set_up(lender.trained())
        people = [_person("underwriter"), _person("credit_manager")]
        case = _referred(officer)
        _copy(case, asked.cases, reviewer=people[0])
        figures = [
            one for person in people for one in _similar(person, case, books=asked.cases)
        ] + [one for days in PERIODS for one in _analytics(people[1], days, books=asked.cases)]
        server = scratch.server()
    measuring.report("The review desk", figures, on=server, recorded=asked.record)


def _similar(person: User, case: ReviewCase, *, books: int) -> list[measuring.Figure]:
    """Return how long the ten similar cases take, beside reading as many rows by the same index."""
    application, run = case.application, case.referral.score_run
    if run is None:
        raise AssertionError("The case was never scored.")

    def bare() -> object:
        rows = ScoreRun.objects.filter(log_odds__gte=run.log_odds, schema_hash=run.schema_hash)
        return list(rows.order_by("log_odds").values_list("attributions")[: past_cases.COMPARED])

    found = past_cases.most_similar(person, application, case.referral)
    if len(found.cases) != past_cases.SHOWN:
        raise AssertionError("There are not ten similar cases.")
    own = _milliseconds(
        lambda: past_cases.most_similar(person, application, case.referral), times=60
    )
    reading = median(_milliseconds(bare, times=20))
    role = "everywhere" if person.works_everywhere else "of one branch"
    return [
        measuring.figure(
            f"similar cases, {role}, p95",
            quantiles(own, n=20)[-1],
            "ms",
            peer=("goal", SIMILAR_MS),
            goal="ratio < 1",
            n=books,
        ),
        measuring.figure(
            f"similar cases, {role}, p50",
            median(own),
            "ms",
            peer=("bare reading", reading),
            goal="",
            n=books,
        ),
    ]


def _analytics(person: User, days: int, *, books: int) -> list[measuring.Figure]:
    """Return how long the figures of a period take, beside one pass over its verdicts."""
    zone = person.branch.entity.time_zone
    last = dates.local_date(timezone.now(), zone)
    period = Period(first=last - timedelta(days=days - 1), last=last, zone=zone)
    own = _milliseconds(lambda: analytics_page.build(person, period), times=8)
    first = dates.last_moment(period.first - timedelta(days=1), zone)
    verdicts = ReviewCase.objects.filter(status="closed", verdict_at__gt=first)
    bare = median(_milliseconds(lambda: list(verdicts.values_list("verdict_at")), times=5))
    counted = verdicts.count()
    return [
        measuring.figure(
            f"analytics of {days} days, {counted} verdicts",
            median(own),
            "ms",
            peer=("goal", ANALYTICS_MS),
            goal="ratio < 1",
            n=books,
        ),
        measuring.figure(
            f"analytics of {days} days",
            median(own),
            "ms",
            peer=("reading the verdicts", bare),
            goal="",
            n=counted,
        ),
    ]


def _milliseconds(call: Callable[[], object], *, times: int) -> list[float]:
    """Return how long each of some calls took; one before warms up."""
    call()
    found = []
    for _time in range(times):
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1_000)
    return found


def _person(role: str) -> User:
    person = User(email=f"{role}@lender.example", name=role, branch=Branch.objects.get(code="pune"))
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name=role))
    return User.objects.get(pk=person.pk)


def _referred(officer: User) -> ReviewCase:
    """Return a case that model and policy sent to people."""
    for key in lender.submitted(officer, len(REQUESTS), amounts=REQUESTS):
        made = decisions.assess(application_id=key, actor="system:worker", now=timezone.now())
        if made.outcome == "refer" and made.score_run_id is not None:
            return ReviewCase.objects.get(application__pk=made.application_id)
    raise AssertionError("No request went to people.")


def _copy(case: ReviewCase, books: int, *, reviewer: User) -> None:
    """Fill the books with closed cases like this one, each decided by a person."""
    run = case.referral.score_run
    if run is None:
        raise AssertionError("The case was never scored.")
    with connection.cursor() as cursor:
        # Copies of what was proved once: proving each anew would take an hour.
        cursor.execute("SET session_replication_role = replica")
        _sow(run, books)
        _copied(
            Application,
            case.application_id,
            id="s.application",
            number="'B-' || s.n",
            idempotency_key="''",
            branch_id="s.branch",
            score_run_id="s.run",
            status="CASE s.outcome WHEN 'approve' THEN 'approved' ELSE 'declined' END",
        )
        _copied(ScoreRun, run.pk, id="s.run", log_odds="s.margin", attributions="s.shares")
        _copy_verdicts(case, by=f"'{reviewer.pk}'")
        cursor.execute("SET session_replication_role = DEFAULT")
    refresh_statistics(Application, ScoreRun, Decision, ReviewCase)


def _sow(run: ScoreRun, books: int) -> None:
    """Say of each copy which keys, day, outcome, branch and factors it has."""
    branches = [str(key) for key in Branch.objects.values_list("pk", flat=True)]
    values: dict[str, Any] = {
        "now": timezone.now(),
        "days": DAYS,
        "cases": books,
        "branches": branches,
        "many": len(branches),
        "base": run.base,
        "shares": connection.ops.adapt_json_value(run.attributions, None),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEED, values)


def _copy_verdicts(case: ReviewCase, *, by: str) -> None:
    """Copy the referral, what a person decided two hours later, and the closed case."""
    later = "s.at + interval '2 hours'"
    decided = {"application_id": "s.application", "score_run_id": "s.run", "letter_id": "NULL"}
    _copied(Decision, case.referral_id, id="s.referral", decided_at="s.at", **decided)
    _copied(
        Decision,
        case.referral_id,
        id="s.verdict",
        number="t.number + 1",
        kind="'human'",
        outcome="s.outcome",
        decided_by_id=by,
        decided_at=later,
        **decided,
    )
    _copied(
        ReviewCase,
        case.pk,
        id="s.review",
        application_id="s.application",
        referral_id="s.referral",
        status="'closed'",
        opened_at="s.at",
        claimed_at="s.at + interval '1 hour' + make_interval(secs => s.n %% 1800)",
        claimed_by_id=by,
        verdict="s.outcome",
        recommended="(ARRAY['approve', 'refer', 'decline'])[1 + s.n %% 3]",
        verdict_by_id=by,
        verdict_at=later,
        closed_at=later,
    )


def _copied(model: type[models.Model], key: object, **others: str) -> None:
    """Insert a row for each of the seed: that of a key, with some columns by an expression."""
    columns = [str(field.column) for field in model._meta.concrete_fields]
    chosen = ", ".join(others.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {chosen} FROM seed s, {table} t WHERE t.id = %s",  # noqa: S608 - own names
            [str(key)],
        )


if __name__ == "__main__":
    main()
