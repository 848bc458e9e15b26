"""What the pages share: which measurement, of which loans, is asked for."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.formats import date_format

from apps.impairment import rows
from apps.impairment.forms import LossForm, MovementForm
from apps.impairment.models import Run
from apps.impairment.rows import Chosen
from apps.portfolio.views.shared import filled


@dataclass(frozen=True)
class Asked:
    """The form as filled in, and what it chooses; nothing before the first measurement."""

    form: Any
    chosen: Chosen | None
    # The measurement before, or the one that was chosen to compare with.
    since: Run | None = None

    def query(self, **more: str) -> str:
        """Return the choice as the end of an address, with more that narrows it."""
        if self.chosen is None:
            return ""
        values = {
            "lender": self.chosen.entity.code,
            "month": self.chosen.run.day.isoformat(),
            "currency": self.chosen.currency,
            "branch": self.chosen.branch or "",
            "product": self.chosen.product or "",
            "segment": self.chosen.segment,
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value})


def asked(request: HttpRequest, kind: type[LossForm] = LossForm) -> Asked:
    """Return what a page is asked for; the last measurement unless another is chosen."""
    form: Any = filled(request, kind)
    entity = form.of_lender(request.user.branch.entity)
    known = rows.known(entity)
    days = [(one.day.isoformat(), date_format(one.day, "j M Y")) for one in known]
    form.fields["month"].choices = days
    if issubclass(kind, MovementForm):
        form.fields["since"].choices = days
    form.full_clean()
    run = _chosen(known, form.given("month"))
    if run is None:
        return Asked(form, None)
    form.data["month"] = run.day.isoformat()
    earlier = [one for one in known if one.day < run.day]
    since = _chosen(earlier, form.given("since")) if issubclass(kind, MovementForm) else None
    if since is not None:
        form.data["since"] = since.day.isoformat()
    chosen = Chosen(
        entity=entity,
        currency=form.given("currency") or entity.currency,
        run=run,
        **form.within(entity),
    )
    return Asked(form, chosen, since)


def _chosen(known: list[Run], given: str) -> Run | None:
    """Return the measurement that was chosen, else the last."""
    chosen = [one for one in known if one.day.isoformat() == given]
    return next(iter(chosen or known), None)
