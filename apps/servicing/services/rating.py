"""Keep the table of benchmark rates, and let a floating loan follow it."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
# The first half of the advisory lock of a lender's table of rates ("RATE").
_LOCK = 0x52415445


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
    """Enter what a benchmark is from a day on; return the row, which is only ever taken back.

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
def take_rate_back(
    *, actor: User, rate: BenchmarkRate, reason: str, now: datetime
) -> BenchmarkRate:
    """Take a row of the table back under which nothing was posted; return it.

    Its day may then have another. Loans that follow it are put right first: a change of their rate
    that is taken back replays their history. Again for the same reason returns the row. Raises
    NotPermitted, NotVisible for another lender, Conflict where a loan follows it or it was taken
    back already, and DomainError for a reason that says nothing.
    """
    _ground.permit(actor, policies.RATES)
    held = BenchmarkRate.objects.select_for_update(of=("self",), no_key=True)
    seen = selectors.rates(actor).filter(pk=rate.pk).values("pk")
    found = held.select_related("entity").filter(pk__in=seen).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such rate."))
    why = _ground.said(reason)
    if found.taken_back_at is not None:
        if found.taken_back_reason == why:
            return found
        raise Conflict("taken_back_already", _("This was taken back already."))
    _hold(found.entity, alone=True)
    _require_unused(found)
    found.taken_back_by, found.taken_back_at, found.taken_back_reason = actor, now, why
    found.save(update_fields=["taken_back_by", "taken_back_at", "taken_back_reason"])
    audit.record(
        actor,
        "servicing.rate_taken_back",
        found,
        benchmark=found.benchmark,
        since=found.effective_date.isoformat(),
        annual_rate=str(found.annual_rate),
    )
    return found


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
    _hold(found.branch.entity, alone=False)
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


def _hold(entity: Entity, *, alone: bool) -> None:
    """Hold a lender's table of rates to the end of the transaction: many read, one takes back."""
    shared = "" if alone else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_advisory_xact_lock{shared}(%s, hashtext(%s))", (_LOCK, str(entity.pk))
        )


def _require_unused(rate: BenchmarkRate) -> None:
    """Raise Conflict while a loan follows a row of the table: the first is named."""
    rows = selectors.posted_under(rate)
    first = rows.first()
    if first is None:
        return
    count = rows.count()
    sentence = ngettext(
        "%(count)s change of a loan's rate follows this row, first of loan %(loan)s. Take that back"
        " on the loan first, then the row.",
        "%(count)s changes of loans' rates follow this row, first of loan %(loan)s. Take them back"
        " on the loans first, then the row.",
        count,
    )
    raise Conflict("rate_in_use", sentence % {"count": count, "loan": first.loan.number})


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
