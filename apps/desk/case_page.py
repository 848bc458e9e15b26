"""What the case page asks the desk for: documents, exposure, and similar past cases, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.models import User
from apps.applications.models import Application
from apps.customers import selectors as customers
from apps.decisions import selectors as decisions
from apps.decisions import services
from apps.decisions.models import Decision
from apps.desk import checklist, exposure, past_cases

PAPERS = {
    "identity": gettext_lazy("Proof of identity"),
    "address": gettext_lazy("Proof of address"),
    "income": gettext_lazy("Proof of income: payslip, tax return or bank statement"),
    "collateral": gettext_lazy("Papers of the collateral"),
    "bureau_report": gettext_lazy("Credit bureau report"),
    "consent_credit_assessment": gettext_lazy("Consent to the credit assessment"),
    "consent_automated_decision": gettext_lazy("Consent to an automated decision"),
}
NEEDED_BY = {
    "law": gettext_lazy("the law"),
    "product": gettext_lazy("the product"),
    "policy": gettext_lazy("the policy"),
}


@dataclass(frozen=True)
class Paper:
    """One line of the checklist as it is read."""

    code: str
    label: str
    needed_by: str
    state: str
    detail: str
    day: date | None

    @property
    def is_there(self) -> bool:
        """Say whether nothing more is to be brought; what is lacking is shown first."""
        return self.state == "present"


def papers(application: Application, decision: Decision | None) -> list[Paper]:
    """Return the checklist of a case, what is missing or too old first."""
    held = checklist.Held(
        documents=_documents(application),
        consents=[
            name for name in checklist.CONSENTS if customers.has_consent(application.customer, name)
        ],
        has_bureau_report=application.bureau_report_id is not None,
    )
    rules = decision.trace["results"] if decision is not None and decision.trace else ()
    found = checklist.items(held, is_secured=application.product.secured, rules=rules)
    return [_paper(item) for item in found]


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
    lines = exposure.lines(actor, application)
    return {
        "application": application,
        "lines": [(line, exposure.ROLES[line.role]) for line in lines],
        "totals": exposure.totals(lines),
    }


def today_of(application: Application, now: datetime) -> date:
    """Return the day of a moment in the lender's calendar."""
    return services.local_date(application.branch.entity, now)


def _documents(application: Application) -> dict[str, date]:
    """Return the day at the lender on which the newest document of each kind was laid down."""
    rows = customers.documents(application.customer).order_by().values_list("kind")
    found = rows.annotate(newest=Max("created_at"))
    return {kind: today_of(application, newest) for kind, newest in found}


def _paper(item: checklist.Item) -> Paper:
    return Paper(
        code=item.code,
        label=str(PAPERS[item.code]),
        needed_by=str(NEEDED_BY[item.by]),
        state=item.state,
        detail=_age(item),
        day=item.day,
    )


def _age(item: checklist.Item) -> str:
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
