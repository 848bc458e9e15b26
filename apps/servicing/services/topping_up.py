"""Start a top-up: a new request whose loan pays off the one that runs."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import services as applications
from apps.applications.entries import ApplicationEntry, Terms
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.core.formatting import format_money
from apps.loans.models import Loan
from apps.servicing import policies, selectors
from apps.servicing.errors import refused_field
from apps.servicing.services import _ground


@transaction.atomic
def start_top_up(
    *, actor: User, loan: Loan, terms: Terms, now: datetime, reference: str = ""
) -> Application:
    """Write down a request out of whose loan this one is paid off; return it, a draft.

    It goes the way of every request, in the branch that the loan is in; the instalment and the debt
    of the loan it pays off do not count beside it. The same reference with the same content returns
    the request it made. Raises NotPermitted, NotVisible, NotRunning, Conflict where one is under
    way, and DomainError for terms that the product refuses, or that bring nothing beyond paying the
    loan off.
    """
    found = _ground.running(actor, loan, policies.TOP_UP)
    standing = _standing(found, actor, reference)
    if standing is None:
        # What was asked for before is returned, whatever paying off came to since.
        _check(found, terms, now)
    made = applications.draft(
        actor=actor,
        entry=ApplicationEntry(
            customer=found.application.customer,
            product=terms.product,
            amount=terms.amount,
            term_months=terms.term_months,
            purpose=terms.purpose,
            purpose_note=terms.purpose_note,
            settles=found.application,
            settled_in=found.branch,
        ),
        now=now,
        idempotency_key=reference,
    )
    if standing is None:
        audit.record(
            actor,
            "servicing.top_up_started",
            found,
            case=found.application,
            application=made.number,
        )
    return made


def _standing(loan: Loan, actor: User, reference: str) -> Application | None:
    """Return the request of the same reference. Raises Conflict where another is under way."""
    found = selectors.top_up(loan)
    if found is None:
        return None
    if reference and (found.taken_by_id, found.idempotency_key) == (actor.pk, reference):
        return found
    raise Conflict(
        "top_up_under_way",
        _("A request to pay this loan off out of a new one is under way: %(number)s.")
        % {"number": found.number},
    )


def _check(loan: Loan, terms: Terms, now: datetime) -> None:
    product = terms.product
    conditions = getattr(product, "conditions", None)
    if product.currency != loan.currency or (conditions is not None and conditions.is_staged):
        raise refused_field(
            "product_refused",
            "product",
            _("A loan is paid off out of one in its currency that is paid out at once."),
        )
    least = selectors.payoff_on(loan, _ground.today(loan, now)).total
    if terms.amount <= least:
        raise refused_field(
            "nothing_beyond",
            "amount",
            _("Paying the loan off takes %(amount)s; ask for more than that.")
            % {"amount": format_money(least, loan.currency)},
        )
