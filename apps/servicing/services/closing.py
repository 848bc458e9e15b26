"""Close a repaid loan: the letter that nothing is owed, and what was pledged asked back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collateral import services as collateral
from apps.collateral.models import Item
from apps.core.errors import Conflict
from apps.core.formatting import format_money
from apps.decisions.services import lettering
from apps.ledger.chart import OWED, Account
from apps.letters import services as letters
from apps.letters.checks import ContentRefused
from apps.letters.models import Letter
from apps.letters.typesetting import RenderingFailed
from apps.loans.models import Loan
from apps.servicing import no_dues, policies, selectors
from apps.servicing.errors import NotRunning, StillOwed
from apps.servicing.models import Closure
from apps.servicing.services import _ground


@transaction.atomic
def close(*, actor: User, loan: Loan, now: datetime) -> Closure:
    """Issue the letter of no dues and ask to release what was pledged; return the closure.

    Whoever may releases it then, another person. Closing it again returns the closure. Raises
    NotPermitted, NotVisible, NotRunning, StillOwed where something is owed on either side, and
    Conflict where the letter cannot be set.
    """
    _ground.permit(actor, policies.CLOSE)
    return finish(actor=actor, loan=_ground.locked(actor, loan), now=now)


def finish(*, actor: User, loan: Loan, now: datetime) -> Closure:
    """Close a loan that the caller holds and has permitted; see `close`."""
    found = loan
    if found.status not in ("active", "closed"):
        raise NotRunning
    last = found.closures.order_by("-number").first()
    if last is not None and found.status == "closed" and not _has_moved(found, last):
        return last
    _require_nothing_owed(found)
    repaid_on = selectors.repaid_date(found)
    if repaid_on is None:
        raise NotRunning
    if found.status == "active":
        found.move("close")
    things = selectors.pledged(found)
    made = Closure(
        loan=found,
        number=1 if last is None else last.number + 1,
        repaid_date=repaid_on,
        releases=len(things),
        closed_by=actor,
        closed_at=now,
    )
    made.letter = _letter(actor, made, now=now)
    made.save(force_insert=True)
    for item in things:
        _ask_back(actor, item, found, now)
    audit.record(
        actor,
        "servicing.closed",
        found,
        case=found.application,
        repaid=repaid_on.isoformat(),
        releases=len(things),
    )
    return made


def why_not(loan: Loan) -> str:
    """Return why a loan that is on the books is not closed now; nothing where it can be."""
    last = loan.closures.order_by("-number").first()
    if last is not None and loan.status == "closed" and not _has_moved(loan, last):
        return _("The letter of no dues is issued.")
    try:
        _require_nothing_owed(loan)
    except StillOwed as refusal:
        return str(refusal.sentence)
    return ""


def _has_moved(loan: Loan, closure: Closure) -> bool:
    """Say whether something happened on the account, or was taken back, since a closure."""
    since = Q(made_at__gt=closure.closed_at) | Q(reversed_at__gt=closure.closed_at)
    return loan.events.filter(since).exists()


def _require_nothing_owed(loan: Loan) -> None:
    """Raise StillOwed where the ledger holds anything for or against the borrower."""
    held = selectors.balances(loan)
    owed = sum((held[account] for account in OWED), start=held[Account.PRINCIPAL] * 0)
    if owed:
        raise StillOwed(
            "still_owed",
            _("%(amount)s is still owed under this loan.")
            % {"amount": format_money(owed, loan.currency)},
        )
    if held[Account.ADVANCES]:
        raise StillOwed(
            "not_paid_back",
            _("%(amount)s was paid beyond what was owed; pay it back first.")
            % {"amount": format_money(held[Account.ADVANCES], loan.currency)},
        )


def _letter(actor: User, closure: Closure, *, now: datetime) -> Letter:
    loan = closure.loan
    with translation.override(loan.application.customer.language):
        try:
            stated = no_dues.statement(
                loan,
                repaid_on=closure.repaid_date,
                dated=_ground.today(loan, now),
                address=tuple(lettering.address(loan.application).splitlines()),
                things=closure.releases,
            )
            return letters.issue_statement(
                actor=actor,
                branch=loan.branch,
                kind=Letter.Kind.NO_DUES,
                subject=audit.reference(closure),
                case=audit.reference(loan.application),
                regime="",
                statement=stated,
                now=now,
            )
        except (RenderingFailed, ContentRefused) as refusal:
            raise Conflict("letter_not_set", str(refusal)) from refusal


def _ask_back(actor: User, item: Item, loan: Loan, now: datetime) -> None:
    """Ask to release what was pledged, unless somebody asked already."""
    if item.releases.filter(status="asked").exists():
        return
    collateral.ask_release(
        actor=actor,
        item=item,
        reason=_("The loan %(number)s is repaid.") % {"number": loan.number},
        now=now,
    )
