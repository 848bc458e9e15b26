"""What the tests of replaying share: decisions of people, and rows altered behind our back."""

import pgtrigger
from django.db import connection

from apps.accounts.models import User
from apps.decisions import services
from apps.decisions.models import Decision
from apps.decisions.tests import factories


def declined_by(bob: User, alice: User) -> Decision:
    """Return the decline of a person on an application with an old bureau report."""
    old = {"bureau": {"pulled_date": factories.NOW.date().replace(month=8)}}
    case = factories.referred(alice, term_months=60, borrower=old)
    services.claim(actor=bob, case=case, now=factories.NOW)
    verdict = services.Verdict(
        outcome="decline",
        codes=("income_not_confirmed", "override_facts_unseen"),
        note="No payslip.",
    )
    services.decide(actor=bob, case=case, verdict=verdict, now=factories.NOW)
    return Decision.objects.get(application=case.application, number=2)


def tamper(statement: str) -> None:
    """Run SQL against rows that the triggers keep."""
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(statement)
