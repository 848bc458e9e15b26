"""What proposals of two people about a loan have in common."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import dates, reasons
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.npa import borrower_facts

LONGEST_REASON = 2_000
SHORTEST_REASON = 3


def permit(actor: User, permission: str) -> None:
    """Raise NotPermitted where the person's roles do not hold the permission."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))


def locked(actor: User, loan: Loan) -> Loan:
    """Return the loan, held until the transaction ends. Raises NotVisible."""
    rows = Loan.objects.select_for_update(of=("self",), no_key=True)
    return get_visible(rows.select_related("branch__entity", "product"), actor, pk=loan.pk)


def today(loan: Loan, now: datetime) -> date:
    """Return the day that it is where the loan's lender is."""
    return dates.local_date(now, loan.branch.entity.time_zone)


def not_ended(loan: Loan, now: datetime) -> date:
    """Return the first day from today on whose snapshots are not written: the past stays."""
    last = borrower_facts.last_ended(loan.branch.entity_id)
    now_ = today(loan, now)
    return now_ if last is None else max(now_, last + timedelta(days=1))


def said(text: str, *, field: str = "reason") -> str:
    """Return a reason without blanks around it. Raises DomainError for one too short or long."""
    found = text.strip()
    if not SHORTEST_REASON <= len(found) <= LONGEST_REASON:
        sentence = reasons.asked_for(least=SHORTEST_REASON, most=LONGEST_REASON)
        raise refused(field, "reason_missing", sentence)
    return found


def sealed(row: models.Model, name: str, text: str) -> Any:
    """Return a text as the encrypted column of this row holds it."""
    column: Any = row._meta.get_field(name)
    return column.seal(text, row.pk)


def refused(field: str, code: str, sentence: str) -> DomainError:
    """Return a refusal of one field."""
    return DomainError(code, sentence, fields={field: sentence})


def unseen() -> NotVisible:
    """Return the refusal of a lender that the person does not work for."""
    return NotVisible("not_found", _("There is no such lender."))
