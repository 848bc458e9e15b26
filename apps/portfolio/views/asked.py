"""What a page about one day of a portfolio is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from apps.accounts.models import Entity
from apps.portfolio import summary_rows
from apps.portfolio.forms import SummaryForm
from apps.portfolio.summary_rows import Chosen
from apps.portfolio.views.shared import filled

LastDay = Callable[[Entity, date | None], date | None]


@dataclass(frozen=True)
class Asked:
    """The form as filled in, and what it chooses; nothing before a day was added up."""

    form: Any
    chosen: Chosen | None

    def query(self, **more: str) -> str:
        """Return the choice as the end of an address, with more that narrows it."""
        if self.chosen is None:
            return ""
        chosen = self.chosen
        values = {
            "lender": chosen.entity.code,
            "day": chosen.day.isoformat(),
            "currency": chosen.currency,
            "branch": chosen.branch or "",
            "product": chosen.product or "",
            "segment": chosen.segment,
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value})


def of_day(
    request: HttpRequest, kind: type[SummaryForm], last_day: LastDay = summary_rows.last_day
) -> Asked:
    """Return what a page is asked for; its day is the last that is known by the one asked for."""
    form = filled(request, kind)
    entity = form.of_lender(request.user.branch.entity)
    day = last_day(entity, form.given("day") or None)
    if day is None:
        return Asked(form, None)
    shown: Any = form.data
    # The form shows what the page is of: the last day that was added up by the one asked for.
    shown["day"] = day.isoformat()
    chosen = Chosen(
        entity=entity,
        currency=form.given("currency") or entity.currency,
        day=day,
        **form.within(entity),
    )
    return Asked(form, chosen)
