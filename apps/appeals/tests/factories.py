"""Appeals for tests, made by the services so that only reachable states exist."""

from datetime import timedelta
from typing import Any

from apps.accounts.models import User
from apps.appeals import services
from apps.appeals.models import Appeal
from apps.appeals.services import Answer, Asked, Claim, File
from apps.applications.models import Application
from apps.decisions.tests import factories as decisions

NOW = decisions.NOW
LATER = NOW + timedelta(hours=1)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def asked(**changes: Any) -> Asked:
    """Return what an applicant asks by the link: income is wrong, with a payslip."""
    values: dict[str, Any] = {
        "channel": "link",
        "grounds": ("data_wrong",),
        "statement": "My salary is higher than you wrote down.",
        "claims": (Claim("net_monthly_income", "60000"),),
        "files": (File("slip.pdf", PDF),),
        **changes,
    }
    return Asked(**values)


def received(application: Application, *, by: User | None = None, **changes: Any) -> Appeal:
    """Return an appeal that came by the link, or at the counter where a person registers it."""
    if by is not None:
        changes.setdefault("channel", "counter")
    return services.ask(actor=by, application=application, asked=asked(**changes), now=LATER)


def plain(application: Application, **changes: Any) -> Appeal:
    """Return an appeal without anything said to be wrong."""
    values = {"grounds": ("wants_person",), "claims": (), "files": (), **changes}
    return received(application, **values)


def held(application: Application, by: User, **changes: Any) -> Appeal:
    """Return a plain appeal that a person has taken up."""
    appeal = plain(application, **changes)
    return services.assign(actor=by, appeal=appeal, person=by, now=LATER)


def checked(application: Application, by: User, **changes: Any) -> Appeal:
    """Return an appeal whose corrected income was accepted by who holds it, and judged anew."""
    appeal = received(application, **changes)
    services.assign(actor=by, appeal=appeal, person=by, now=LATER)
    evidence = appeal.evidence.get()
    for one in appeal.corrections.all():
        services.answer_correction(
            actor=by, correction=one, accept=True, source=f"file:{evidence.pk}", now=LATER
        )
    services.judge_anew(actor=by, appeal=appeal, now=LATER)
    return Appeal.objects.get(pk=appeal.pk)


def change(**changes: Any) -> Answer:
    """Return an answer that approves what was asked for."""
    values: dict[str, Any] = {
        "outcome": "change",
        "text": "We have corrected your income and approve the loan.",
        "codes": ("income_confirmed",),
        "note": "The payslip shows it.",
        **changes,
    }
    return Answer(**values)


def uphold(**changes: Any) -> Answer:
    """Return an answer that leaves the decision."""
    values: dict[str, Any] = {
        "outcome": "uphold",
        "text": "We have looked at everything again and the decision stands.",
        **changes,
    }
    return Answer(**values)
