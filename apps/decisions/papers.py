"""The papers a case needs: as the rules in force say, as they are on record, as waived."""

import json
from datetime import date
from functools import cache

from django.conf import settings
from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy

from apps.applications.models import Application
from apps.core import dates
from apps.customers import selectors as customers
from apps.decisions import checklist
from apps.decisions.checklist import Item
from apps.decisions.models import Decision, PaperWaiver

FILE = "required_papers.json"
LABELS = {
    "identity": gettext_lazy("Proof of identity"),
    "address": gettext_lazy("Proof of address"),
    "income": gettext_lazy("Proof of income: payslip, tax return or bank statement"),
    "collateral": gettext_lazy("Papers of the collateral"),
    "bureau_report": gettext_lazy("Credit bureau report"),
    "consent_credit_assessment": gettext_lazy("Consent to the credit assessment"),
    "consent_automated_decision": gettext_lazy("Consent to an automated decision"),
}


@cache
def installed() -> tuple[checklist.Paper, ...]:
    """Return the rows of `fixtures/required_papers.json`. Raises PapersRefused with the place."""
    path = settings.BASE_DIR / "fixtures" / FILE
    return checklist.read(json.loads(path.read_text()))


def of_case(application: Application, decision: Decision | None, *, on: date) -> list[Item]:
    """Return what a case needs on a day, what is missing or too old first.

    `decision` is the one whose rules ask for papers. Needs product, customer and the branch with
    its entity on the application.
    """
    held = checklist.Held(
        documents=_documents(application),
        consents=[
            name for name in checklist.CONSENTS if customers.has_consent(application.customer, name)
        ],
        has_bureau_report=application.bureau_report_id is not None,
        waived=waivers(application).values_list("code", flat=True),
    )
    rules = decision.trace["results"] if decision is not None and decision.trace else ()
    found = checklist.in_force(installed(), on)
    return checklist.items(found, held, is_secured=application.product.secured, rules=rules)


def lacking(application: Application, *, on: date) -> list[Item]:
    """Return the papers without which nobody accepts an offer and nothing is lent.

    The rules are those of the newest decision that was judged by any.
    """
    judged = Decision.objects.filter(application=application, trace__has_key="results")
    newest = judged.only("trace", "application", "number").order_by("-number").first()
    return [one for one in of_case(application, newest, on=on) if one.holds_up]


def named(items: list[Item]) -> str:
    """Return what papers are called, one after the other."""
    return "; ".join(str(LABELS[one.code]) for one in items)


def waivers(application: Application) -> QuerySet[PaperWaiver]:
    """Return the papers of a case that were waived."""
    return PaperWaiver.objects.filter(application=application).select_related("waived_by")


def _documents(application: Application) -> dict[str, date]:
    """Return the day at the lender on which the newest document of each kind was laid down."""
    zone = application.branch.entity.time_zone
    rows = customers.documents(application.customer).order_by().values_list("kind")
    found = rows.annotate(newest=Max("created_at"))
    return {kind: dates.local_date(newest, zone) for kind, newest in found}
