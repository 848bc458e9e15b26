"""The nights of the demonstration's lender: classes, provisions and what was posted for them."""

import io
from datetime import datetime, timedelta

from django.core.management import call_command

from apps.accounts.models import Entity, User
from apps.core import dates
from apps.demo import people
from apps.loans.models import Loan
from apps.npa import services
from apps.npa.errors import NothingToEnd
from apps.npa.models import DayEnd
from apps.portfolio import services as portfolio

# More than a month, so that a figure can be compared with that of the month before.
DAYS = 40
# The last of them stay open, so that visitors can post to them and end them once more.
OPEN_DAYS = 3


def write(*, now: datetime) -> list[str]:
    """End the days up to yesterday of every lender that has lent, watched; return what, in words.

    Nothing where a day was ended already. Their books are closed but for those of the last days,
    which the first of these holds open until a person lifts it.
    """
    if DayEnd.objects.exists():
        return []
    lenders = Entity.objects.filter(branches__loan__status="active").distinct().order_by("code")
    return [said for entity in lenders if (said := _ended(entity, now))]


def watch(entity: Entity) -> None:
    """Set a lender's first thresholds in the name of its credit manager; nothing without one."""
    emails = [one.email for one in people.PEOPLE if one.role == "credit_manager"]
    managers = User.objects.filter(email__in=emails, branch__entity=entity).order_by("email")
    manager = managers.first()
    if manager is not None:
        call_command("load_thresholds", entity.code, manager.email, stdout=io.StringIO())


def _ended(entity: Entity, now: datetime) -> str:
    watch(entity)
    yesterday = dates.local_date(now, entity.time_zone) - timedelta(days=1)
    lent = Loan.objects.filter(branch__entity=entity, status="active")
    first = lent.order_by("disbursed_date").values_list("disbursed_date", flat=True)[0]
    start = max(first or yesterday, yesterday - timedelta(days=DAYS - 1))
    open_from = max(start, yesterday - timedelta(days=OPEN_DAYS - 1))
    done = 0
    for one in range((yesterday - start).days + 1):
        day = start + timedelta(days=one)
        close = False if day == open_from else None
        try:
            services.end_day(actor=people.ACTOR, entity=entity, day=day, now=now, close=close)
        except NothingToEnd:
            continue
        done += 1
    portfolio.summarise(entity=entity, now=now)
    return f"{done} days of {entity.name} ended"
