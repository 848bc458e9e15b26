"""What the case page asks the desk for: documents, exposure, and similar past cases, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.models import User
from apps.applications.models import Application
from apps.decisions import papers as required
from apps.decisions import policies, services
from apps.decisions import selectors as decisions
from apps.decisions.checklist import Item
from apps.decisions.models import Decision, PaperWaiver
from apps.desk import exposure, past_cases

NEEDED_BY = {
    "law": gettext_lazy("the law"),
    "product": gettext_lazy("the product"),
    "policy": gettext_lazy("the policy"),
}


@dataclass(frozen=True)
class Paper:
    """One line of the checklist as it is read; `waiver` is who does without it, and why."""

    code: str
    label: str
    needed_by: str
    state: str
    detail: str
    day: date | None
    waiver: PaperWaiver | None = None
    may_waive: bool = False

    @property
    def is_there(self) -> bool:
        """Say whether nothing more is to be brought; what is lacking is shown first."""
        return self.state in ("present", "waived")


def papers(
    application: Application,
    decision: Decision | None,
    *,
    now: datetime,
    actor: User | None = None,
) -> list[Paper]:
    """Return the checklist of a case, what is missing or too old first.

    With a person, it says which of the missing papers that person may waive.
    """
    waived = {one.code: one for one in required.waivers(application)}
    may_waive = actor is not None and policies.may_waive_papers(actor, application)
    found = required.of_case(application, decision, on=today_of(application, now))
    return [_paper(item, waived.get(item.code), may_waive=may_waive) for item in found]


def similar(actor: User, application: Application) -> dict[str, Any]:
    """Return the context of the similar past cases."""
    decision = decisions.latest(application)
    found = None
    if decision is not None and decision.score_run is not None:
        found = past_cases.most_similar(actor, application, decision)
    outcomes = _outcomes(found.cases) if found is not None else ""
    return {"application": application, "likeness": found, "summary": outcomes}


def exposed(actor: User, application: Application) -> dict[str, Any]:
    """Return the context of everything else the borrower owes, asks for or answers for."""
    found = exposure.beside(actor, application)
    return {
        "application": application,
        "lines": [(line, exposure.ROLES[line.role]) for line in found.lines],
        "totals": found.totals,
    }


def today_of(application: Application, now: datetime) -> date:
    """Return the day of a moment in the lender's calendar."""
    return services.local_date(application.branch.entity, now)


def _paper(item: Item, waiver: PaperWaiver | None, *, may_waive: bool) -> Paper:
    return Paper(
        code=item.code,
        label=str(required.LABELS[item.code]),
        needed_by=str(NEEDED_BY[item.by]),
        state=item.state,
        detail=_age(item),
        day=item.day,
        waiver=waiver if item.state == "waived" else None,
        may_waive=may_waive and item.holds_up,
    )


def _age(item: Item) -> str:
    if item.most_days is None:
        return ""
    allowed = ngettext("%(n)d day", "%(n)d days", item.most_days) % {"n": item.most_days}
    if item.age_days is None:
        return _("at most %(allowed)s old; its age is not known") % {"allowed": allowed}
    age = ngettext("%(n)d day", "%(n)d days", item.age_days) % {"n": item.age_days}
    return _("%(age)s old at the application; at most %(allowed)s") % {
        "age": age,
        "allowed": allowed,
    }


def _outcomes(cases: Sequence[past_cases.PastCase]) -> str:
    """Return how the similar cases went, in one sentence."""
    if not cases:
        return ""
    approved = sum(one.outcome == "approve" for one in cases)
    known = [one for one in cases if one.defaulted is not None]
    words = {
        "n": len(cases),
        "approved": approved,
        "known": len(known),
        "bad": sum(bool(one.defaulted) for one in known),
    }
    return (
        _(
            "Of %(n)d, %(approved)d were approved; %(known)d loans have ended, %(bad)d of them in"
            " default."
        )
        % words
    )
