"""Keep the table of benchmark rates, and let a floating loan follow it."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, NotVisible
from apps.loans.models import Loan
from apps.repayments.alterations import Change
from apps.repayments.models import AccountEvent
from apps.servicing import policies, selectors
from apps.servicing.errors import RateIsFixed, refused_field
from apps.servicing.models import BenchmarkRate
from apps.servicing.services import _ground, changing

LONGEST_BENCHMARK, LONGEST_SOURCE = 120, 200


@transaction.atomic
def set_rate(
    *,
    actor: User,
    entity: Entity,
    benchmark: str,
    effective_date: date,
    annual_rate: Decimal,
    source: str,
    now: datetime,
) -> BenchmarkRate:
    """Enter what a benchmark is from a day on; return the row, which never changes.

    Raises NotPermitted, NotVisible for another lender, Conflict where the day has a rate, and
    DomainError for values that are refused.
    """
    _ground.permit(actor, policies.RATES)
    if not selectors.lenders(actor).filter(pk=entity.pk).exists():
        raise NotVisible("not_found", _("There is no such lender."))
    name, where = benchmark.strip(), source.strip()
    _check(name, where, annual_rate)
    today = dates.local_date(now, entity.time_zone)
    if effective_date < dates.add_months(today, -12):
        raise refused_field("day_refused", "effective_date", _("This day is too long ago."))
    if effective_date > dates.add_months(today, 12):
        raise refused_field("day_refused", "effective_date", _("This day is too far ahead."))
    made = BenchmarkRate(
        entity=entity,
        benchmark=name,
        effective_date=effective_date,
        annual_rate=annual_rate,
        source=where,
        set_by=actor,
        set_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict(
            "rate_known", _("This benchmark has a rate from that day already.")
        ) from refusal
    audit.record(
        actor,
        "servicing.rate_set",
        made,
        benchmark=name,
        since=effective_date.isoformat(),
        annual_rate=str(annual_rate),
    )
    return made


@transaction.atomic
def follow_rate(
    *,
    actor: User,
    loan: Loan,
    keeps: str,
    reason: str,
    now: datetime,
    day: date | None = None,
    reference: str = "",
) -> AccountEvent:
    """Change a floating loan's rate to its benchmark of the day and its spread; return the event.

    The same reference with the same content returns the same event. Raises what `change` raises,
    and Conflict for a fixed rate, a benchmark without a rate on that day, or a rate that is the
    same.
    """
    found = _ground.running(actor, loan, policies.RESTRUCTURE)
    on = day or _ground.today(found, now)
    following = selectors.following(found, on)
    if following is None:
        raise RateIsFixed
    if following.annual_rate is None:
        raise Conflict(
            "no_rate",
            _("No rate of %(benchmark)s is in the table for that day.")
            % {"benchmark": following.benchmark},
        )
    return changing.change(
        actor=actor,
        loan=found,
        kind=Change.RATE_CHANGE,
        parameters={
            "annual_rate": str(following.annual_rate),
            "keeps": keeps,
            "benchmark": following.benchmark,
        },
        reason=reason,
        now=now,
        day=on,
        reference=reference,
    )


def _check(benchmark: str, source: str, annual_rate: Decimal) -> None:
    if not 0 < len(benchmark) <= LONGEST_BENCHMARK:
        raise refused_field("benchmark_refused", "benchmark", _("Say which benchmark it is."))
    if not 0 < len(source) <= LONGEST_SOURCE:
        raise refused_field("source_missing", "source", _("Say where the rate was published."))
    fits = annual_rate.is_finite() and 0 <= annual_rate < 1
    if not fits or annual_rate != round(annual_rate, 6):
        raise refused_field(
            "rate_refused", "annual_rate", _("A rate is a fraction a year: 0.065 is 6.5 %.")
        )
