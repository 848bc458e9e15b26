"""What the page of back-tests asks the database."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from apps.accounts.models import User
from apps.core.dates import add_months
from apps.impairment import backtesting, parameters, rows
from apps.impairment.backtesting import BandTest, Case, MeanTest
from apps.impairment.measuring import YEAR
from apps.impairment.models import Run
from apps.impairment.rows import Chosen
from apps.impairment.services.estimating import month_ends
from apps.impairment.statements import backtest
from apps.npa.models import DayEnd
from apps.portfolio import months


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a measurement: bands, then the loans that defaulted."""

    bands: list[BandTest]
    bounds: tuple[Decimal, ...]
    lgd: MeanTest | None
    ead: MeanTest | None


def known(run: Run) -> list[date]:
    """Return the ends of months from that of a run on; none before a whole year is known."""
    last = DayEnd.objects.filter(entity=run.entity_id, status__in=["finished", "closed"])
    day = last.order_by("-day").values_list("day", flat=True).first()
    if day is None:
        return []
    ends = [one for one in month_ends(run.entity, day) if one >= run.day]
    return ends if ends and ends[0] == run.day and len(ends) > YEAR else []


def tested(actor: User, chosen: Chosen) -> Tested | None:
    """Return the tests of what is chosen; None before a whole year after it is known."""
    run = chosen.run
    ends = known(run)
    if not ends:
        return None
    terms = parameters.read(run.parameters.body)
    followed = terms.recoveries.workout_months
    values: dict[str, Any] = {
        "run": run.pk,
        "entity": run.entity_id,
        "day": run.day,
        "days": ends,
        "until": ends[YEAR],
        **rows.of_statement(actor, chosen),
        "months": followed,
        "followed": add_months(months.first_of(ends[-1]), 1 - followed) - timedelta(days=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(backtest.BANDS, values)
        bands = [backtesting.of_band(*row) for row in cursor.fetchall()]
        cursor.execute(backtest.CASES, values)
        cases = [Case(*row) for row in cursor.fetchall()]
    return Tested(bands, terms.bands, backtesting.of_lgd(cases), backtesting.of_ead(cases))
