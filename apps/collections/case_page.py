"""How one overdue loan is shown at the collections desk."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collections import (
    legal,
    notice_page,
    policies,
    selectors,
    settlement_page,
    signal_rows,
    wording,
)
from apps.collections.contacting import Outcome, Way
from apps.collections.legal import Stage
from apps.collections.models import Contact
from apps.core import dates
from apps.loans import selectors as loans
from apps.loans.models import Loan
from apps.repayments import contact_looks, contact_rows
from apps.repayments import policies as repaying
from apps.repayments import selectors as repaid


def of_loan(actor: User, loan: Loan, *, now: datetime) -> dict[str, Any]:
    """Return the context of a loan's page."""
    today = dates.local_date(now, loan.branch.entity.time_zone)
    standing = selectors.standing(loan)
    is_mine = standing is not None and standing.collector_id == actor.pk
    is_running = loan.status == "active"
    works, assigns = actor.has_perm(policies.WORK), actor.has_perm(policies.ASSIGN)
    promises = contact_rows.of_loan(loan)
    steps = selectors.legal_steps(loan)
    stage = Stage(steps[0].stage) if steps else Stage.NONE
    return {
        "loan": loan,
        "today": today,
        "position": loans.position(loan, today),
        # Of today, as what is overdue and as the loan's own page; the night may know less.
        "charges_owed": repaid.charges_owed(loan, today),
        "standing": standing,
        "earlier": selectors.earlier(loan),
        "is_mine": is_mine,
        "may_take": works and is_running and standing is None,
        "may_release": standing is not None and ((works and is_mine) or assigns),
        "may_assign": assigns and is_running,
        "may_promise": is_running and actor.has_perm(repaying.TAKE_PROMISE),
        "may_contact": works and is_running,
        "contacts": [_contact(one) for one in selectors.contacts(loan)],
        "legal_stage": wording.STAGES[stage],
        "legal_tone": "warning" if stage in legal.UNDER_WAY else "neutral",
        "legal_steps": [(one, wording.STAGES[Stage(one.stage)]) for one in steps],
        "may_sue": actor.has_perm(policies.LEGAL),
        "signals": [
            (one, signal_rows.word(one), signal_rows.seen(one)) for one in signal_rows.of_loan(loan)
        ],
        **notice_page.of_loan(actor, loan),
        **settlement_page.of_loan(actor, loan, today),
        "promises": [(one, contact_looks.PROMISES[one.status]) for one in promises],
        "crumbs": [
            {"label": _("Overdue loans"), "url": reverse("collections:worklist")},
            {"label": loan.number},
        ],
    }


def in_short(loan: Loan) -> dict[str, Any]:
    """Return the context of what the loan's own page says of the work on it."""
    made = selectors.contacts(loan)
    step = selectors.last_legal_step(loan)
    notice = selectors.last_notices([loan.pk]).get(loan.pk)
    return {
        "loan": loan,
        "standing": selectors.standing(loan),
        "signals": [
            (one, signal_rows.word(one)) for one in signal_rows.standing([loan.pk]).get(loan.pk, [])
        ],
        "notice": notice_page.shown(notice) if notice else None,
        "contact": _contact(made[0]) if made else None,
        "legal_step": step,
        "legal_stage": wording.STAGES[Stage(step.stage)] if step else "",
    }


def _contact(one: Contact) -> dict[str, Any]:
    look = contact_looks.PROMISES[one.promise.status] if one.promise else None
    return {
        "one": one,
        "way": wording.WAYS[Way(one.way)],
        "symbol": wording.SYMBOLS[Way(one.way)],
        "outcome": wording.OUTCOMES[Outcome(one.outcome)],
        "look": look,
    }
