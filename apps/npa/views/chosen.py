"""What the portfolio pages share: whose portfolio, of which day, is asked for."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from apps.ledger import selectors as ledger
from apps.npa import portfolio_rows
from apps.npa.portfolio_forms import ChosenForm
from apps.npa.portfolio_rows import Chosen


@dataclass(frozen=True)
class Asked:
    """The form as filled in, and what it chooses; nothing is chosen before the first day's end."""

    form: Any
    chosen: Chosen | None

    @property
    def query(self) -> str:
        """The same choice as the end of an address."""
        return self.chosen.query() if self.chosen else ""


def asked(request: HttpRequest, kind: type[ChosenForm] = ChosenForm) -> Asked:
    """Return what a page is asked for; without a day the last one that was ended."""
    entities = portfolio_rows.entities(request.user)
    branches = list(ledger.branches(request.user))
    own = request.user.branch.entity
    initial = {"lender": own.code}
    data = request.GET.copy()
    if own in entities:
        data.setdefault("lender", own.code)
    form = kind(
        data if request.GET else None, entities=entities, branches=branches, initial=initial
    )
    form.is_valid()
    entity = form.of_lender(own)
    given = form.cleaned_data if form.is_bound else {}
    day = given.get("day") or portfolio_rows.last_day(request.user, entity)
    if day is None:
        return Asked(form, None)
    form.initial["day"] = day
    branch = form.of_branch()
    chosen = Chosen(
        entity=entity,
        currency=given.get("currency") or entity.currency,
        day=day,
        branch=branch.pk if branch is not None and branch.entity_id == entity.pk else None,
    )
    return Asked(form, chosen)
