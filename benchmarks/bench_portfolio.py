"""The summary of portfolios of two sizes, and adding a day up, beside the bare limits.

The page is asked of the application itself, with sign-in, permissions and template, as one client
asks it. It reads sums by branch and product, so that the size of the book does not show: the same
page is measured over a small and a large book. The bare limit of the page is its two statements
alone, that of adding a day up one pass over the same snapshots.

Loans and their snapshots are copies of a few hundred that were lent and ended by services; what was
paid is that of those alone. Thirteen months of ended days stand in the sums. A larger book with
`--loans 1000000`.
"""

import time
from collections.abc import Callable
from datetime import date, timedelta
from statistics import median, quantiles

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, Entity, User
from apps.core.bulk import refresh_statistics
from apps.loans.models import Loan
from apps.npa import partitions, services
from apps.portfolio import summary_rows
from apps.portfolio.models import DayBand, DayTotal, SummedDay
from apps.portfolio.services import totalling
from apps.portfolio.summary_rows import Chosen
from benchmarks import day_ends, loan_book, measuring, scratch

SIZES = (1_000, 100_000)
SEEDS = 500
PAGE_MS = 50.0
_PAGES = 200
# So many days before the last one stand in the sums.
_DAYS = 400
_SCAN = """
    SELECT branch_id, asset_class, sum(principal), count(*) FROM npa_loanday
    WHERE day = %s GROUP BY 1, 2
"""


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", loans=SIZES[-1])
    figures = []
    for loans in sorted({SIZES[0], asked.loans}):
        with scratch.database():
            figures += _measured(loans)
            server = scratch.server()
    measuring.report(
        "The summary of a portfolio",
        figures,
        on=server,
        recorded=asked.record,
        command="make bench-portfolio ARGS='--loans 1000000'",
    )


def _measured(loans: int) -> list[measuring.Figure]:
    book = loan_book.build(SEEDS, seeds=SEEDS)
    day_ends.rules()
    last = book.day + timedelta(days=1)
    moment = loan_book.at(last + timedelta(days=1), 16)
    services.end_day(actor=loan_book.CLERK, entity=book.entity, day=last, now=moment)
    _copy(loans // SEEDS - 1, last)
    began = time.perf_counter()
    totalling.total(book.entity, now=moment)
    summed = time.perf_counter() - began
    _fill_past(book.entity, last)
    return [*_pages(book.entity, last, loans), _adding_up(summed, last, loans)]


def _pages(entity: Entity, last: date, loans: int) -> list[measuring.Figure]:
    person = _manager()
    client = Client(SERVER_NAME="localhost")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("portfolio:summary")
    chosen = Chosen(entity=entity, currency=entity.currency, day=last)

    def page() -> None:
        answer = client.get(address)
        if answer.status_code != 200 or "data-chart" not in answer.text:
            raise AssertionError(f"{address}: {answer.status_code}")

    def bare() -> None:
        summary_rows.summary(person, chosen)
        summary_rows.ageing(person, chosen)

    own, statements = _milliseconds(page), median(_milliseconds(bare))
    p95 = quantiles(own, n=20)[-1]
    return [
        measuring.figure(
            "summary page, p95", p95, "ms", peer=("goal", PAGE_MS), goal="ratio < 1", n=loans
        ),
        measuring.figure(
            "summary page, p50",
            median(own),
            "ms",
            peer=("its statements alone", statements),
            goal="",
            n=loans,
        ),
    ]


def _adding_up(seconds: float, last: date, loans: int) -> measuring.Figure:
    """Return how long adding one day up took, beside one pass over its snapshots."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_SCAN, [last])
        cursor.fetchall()
    scan = time.perf_counter() - began
    return measuring.figure(
        "adding a day up", seconds, "s", peer=("pass over its snapshots", scan), goal="", n=loans
    )


def _milliseconds(call: Callable[[], object]) -> list[float]:
    call()
    found = []
    for _page in range(_PAGES):
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1_000)
    return found


def _manager() -> User:
    person = User(email="manager@lender.example", name="M", branch=Branch.objects.get(code="pune"))
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name="credit_manager"))
    return User.objects.get(pk=person.pk)


def _copy(copies: int, day: date) -> None:
    """Write so many copies of all loans and of their snapshots of a day."""
    partitions.ensure(day)
    for table, where in (("loans_loan", "TRUE"), ("npa_loanday", "day = %(day)s")):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
                " AND is_generated = 'NEVER' ORDER BY ordinal_position",
                [table],
            )
            columns = [name for (name,) in cursor.fetchall()]
        values = ", ".join(_value(name) for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {values}"  # noqa: S608 - own names
                f" FROM generate_series(1, %(copies)s) AS n"
                f" CROSS JOIN (SELECT * FROM {table} WHERE {where}) AS seed",
                {"copies": copies, "day": day},
            )
    refresh_statistics(Loan)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE npa_loanday")


def _value(name: str) -> str:
    if name in {"id", "loan_id", "application_id"}:
        return f'md5(seed."{name}"::text || n)::uuid'
    if name in {"number", "source_reference"}:
        return f"seed.\"{name}\" || '-' || n"
    return f'seed."{name}"'


def _fill_past(entity: Entity, last: date) -> None:
    """Let the sums of the last day stand for each of the days before it, too."""
    source = SummedDay.objects.get(entity=entity, day=last)
    kept = [list(model.objects.filter(summed=source)) for model in (DayTotal, DayBand)]
    for ago in range(1, _DAYS + 1):
        day = SummedDay.objects.create(
            entity=entity,
            day=last - timedelta(days=ago),
            run=1,
            entries=0,
            is_final=True,
            made_at=source.made_at,
        )
        for model, rows in zip((DayTotal, DayBand), kept, strict=True):
            for row in rows:
                row.pk, row.summed = None, day
            model.objects.bulk_create(rows)
    refresh_statistics(SummedDay, DayTotal, DayBand)


if __name__ == "__main__":
    main()
