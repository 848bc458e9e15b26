"""Hand over the quote of what ends a loan, as a paper in the borrower's language."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.core.visibility import get_visible
from apps.decisions.services import lettering
from apps.letters import statement_rendering, statements
from apps.letters.checks import ContentRefused
from apps.letters.typesetting import RenderingFailed
from apps.loans.models import Loan
from apps.servicing import payoff_paper, policies, selectors
from apps.servicing.errors import NotRunning
from apps.servicing.services import _ground, paying_early


@transaction.atomic
def print_quote(*, actor: User, loan: Loan, until: date, now: datetime) -> bytes:
    """Return the PDF of what ends a loan on every day from today until a day.

    On each of these days its amount is what then closes the loan. Raises NotPermitted, NotVisible,
    NotRunning, DomainError for a day that has passed or is too far ahead, and Conflict where it
    cannot be set.
    """
    _ground.permit(actor, policies.VIEW)
    rows = Loan.objects.select_related(
        "application__customer", "branch__entity", "product", "offer"
    )
    found = get_visible(rows, actor, pk=loan.pk)
    if found.status != "active":
        raise NotRunning
    today = _ground.today(found, now)
    paying_early.require_quotable(until, today=today)
    with translation.override(found.application.customer.language):
        pdf = _set(_quoted(found, today, until))
    audit.record(
        actor,
        "servicing.quote_printed",
        found,
        case=found.application,
        until=until.isoformat(),
    )
    return pdf


def _quoted(loan: Loan, today: date, until: date) -> payoff_paper.Quoted:
    days = [today + timedelta(days=one) for one in range((until - today).days + 2)]
    *valid, after = selectors.payoffs(loan, days)
    entity = loan.branch.entity
    address = lettering.address(loan.application).splitlines()
    return payoff_paper.Quoted(
        loan=loan.number,
        product=loan.product.name,
        currency=loan.currency,
        lender=entity.name,
        lender_lines=(*entity.address.splitlines(), entity.phone, entity.email),
        contact=(entity.phone, entity.email),
        account=tuple(entity.repayment_account.splitlines()),
        borrower=(loan.customer.full_name, *address),
        dated=today,
        days=valid,
        a_day=after.interest - valid[-1].interest,
    )


def _set(quoted: payoff_paper.Quoted) -> bytes:
    try:
        said = payoff_paper.statement(quoted)
        return statement_rendering.render(said, edition=statements.CURRENT).pdf
    except (ContentRefused, RenderingFailed) as refusal:
        raise Conflict("quote_not_set", _("The quote could not be set as a paper.")) from refusal
