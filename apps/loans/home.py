"""What of payments to borrowers, and of instalments, waits for a person on the start page."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import dates
from apps.core.home import HALF, Context, Panel, Waiting, left, register
from apps.loans import policies, selectors
from apps.loans.models import Instalment, Loan
from apps.loans.standings import UNPAID

ROWS = 8


def due_today(actor: User, now: datetime) -> QuerySet[Instalment]:
    """Return the instalments of the person's own customers that fall due today and are unpaid.

    Of the loans whose application the person took, however many the branch has.
    """
    today = dates.local_date(now, actor.branch.entity.time_zone)
    own = Loan.objects.visible_to(actor).filter(
        Q(application__taken_by=actor) | Q(application__submitted_by=actor), status="active"
    )
    rows = Instalment.objects.filter(
        UNPAID, loan__in=own.values("pk"), due_date=today, in_force=True
    )
    return rows.select_related("loan__customer").order_by("loan__number", "number")


def _due_today(actor: User, now: datetime) -> Context | None:
    rows = due_today(actor, now)
    found = list(rows[:ROWS])
    return {"instalments": found, "left": left(found, ROWS, rows.count)} if found else None


register(
    Waiting(
        name="loans.approve",
        label=_("Payments to approve"),
        icon="send",
        order=15,
        rights=(policies.APPROVE,),
        count=lambda actor, _now: selectors.to_approve(actor).count(),
        url_name="loans:queue",
        query="stage=approve",
    ),
    Waiting(
        name="loans.open",
        label=_("Accepted offers: loans to open"),
        icon="file-check",
        order=42,
        rights=(policies.OPEN,),
        count=lambda actor, _now: selectors.to_open(actor).count(),
        url_name="loans:queue",
        query="stage=open",
    ),
    Waiting(
        name="loans.request",
        label=_("Payments to ask for"),
        icon="banknote",
        order=43,
        rights=(policies.REQUEST,),
        count=lambda actor, _now: selectors.to_request(actor).count(),
        url_name="loans:queue",
        query="stage=request",
    ),
    Waiting(
        name="loans.instruct",
        label=_("Payments to instruct"),
        icon="landmark",
        order=44,
        rights=(policies.SETTLE,),
        count=lambda actor, _now: selectors.waiting(actor, "instruct").count(),
        url_name="loans:queue",
        query="stage=instruct",
    ),
    Waiting(
        name="loans.confirm",
        label=_("Payments to confirm"),
        icon="check-check",
        order=45,
        rights=(policies.SETTLE,),
        count=lambda actor, _now: selectors.waiting(actor, "confirm").count(),
        url_name="loans:queue",
        query="stage=confirm",
    ),
    Waiting(
        name="loans.due_today",
        label=_("Instalments of my customers due today"),
        icon="calendar",
        order=46,
        rights=("applications.take_application",),
        count=lambda actor, now: due_today(actor, now).count(),
        anchor="home-due-today",
    ),
)
register(
    Panel(
        name="loans.due_today",
        template="loans/_home_due_today.html",
        order=24,
        rights=("applications.take_application",),
        gather=_due_today,
        width=HALF,
    )
)
