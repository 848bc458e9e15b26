"""Keep in the reserve what no loan asks for any longer, where it needs leave to be taken out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import connection

from apps.npa import rulebook
from apps.npa.models import DayEnd
from apps.npa.statements import kept


def keep(day_end: DayEnd, values: Mapping[str, Any]) -> None:
    """Write what of the lender's reserves is kept at the end of a day; see `kept`.

    What classes ask for is written already. The condition is the regulator's, so it holds for all
    that a lender set aside as soon as one of its tables has it, and on the first day without it
    still for what was set aside until then. The caller is in a transaction.
    """
    days = (day_end.day, day_end.day - timedelta(days=1))
    tables = [one for day in days for one in rulebook.standing_for(day_end.entity, day)]
    keeps = any(one.rules.reserve_needs_leave for one in tables)
    with connection.cursor() as cursor:
        cursor.execute(kept.KEEP, {**values, "keeps": keeps})
