"""Which decision binds: what may be lent under it, and what a later change does to it."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import services as applications
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import formatting
from apps.decisions import instalments, selectors
from apps.decisions.errors import BeyondDecision, NotBinding
from apps.decisions.models import Decision, Override
from apps.products import pricing
from apps.products import selectors as products
from apps.products.pricing import Repaid


def binding_decision(application: Application, *, now: datetime) -> Decision:
    """Return the decision that binds: the latest one, if it approves and still holds.

    An approval holds until the request is changed beyond it, withdrawn, or its time has run out. A
    counter-offer that was taken up in its time goes on to hold; any other is taken up by lending.
    Raises NotBinding with a sentence otherwise.
    """
    latest = selectors.latest(application)
    if latest is None:
        raise NotBinding("not_decided", _("Nothing has been decided on this application yet."))
    if latest.outcome == "decline":
        raise NotBinding("declined", _("The application was declined."))
    if not _stands(application, latest):
        raise NotBinding("not_approved", _("No decision on this application approves it now."))
    has_ended = latest.valid_until is not None and latest.valid_until < now
    if has_ended and not is_taken_up(application, latest):
        raise NotBinding(
            "decision_expired",
            _("The approval has lapsed; change the request to have it decided anew."),
        )
    return latest


def is_within(
    decision: Decision, *, amount: Decimal, term_months: int, currency: str, repaid: Repaid
) -> bool:
    """Say whether an amount and a term stay within a decision, at its own rate.

    Not more money, not longer, and - since a shorter term makes it dearer - no larger instalment:
    neither the level one, which the database compares, nor the largest of the product's, which the
    request is judged by. Both sides are reckoned by one product; what that asks for since the
    decision, `require_judged` compares.
    """
    rate = decision.annual_rate
    asked = {
        pricing.asked_payment(amount, rate, term_months, currency, repaid=one)
        <= pricing.asked_payment(decision.amount, rate, decision.term_months, currency, repaid=one)
        for one in (pricing.LEVEL, repaid)
    }
    return amount <= decision.amount and term_months <= decision.term_months and all(asked)


def require_judged(
    application: Application, decision: Decision, *, amount: Decimal, term_months: int
) -> None:
    """Raise BeyondDecision where the product's instalments have become larger than was judged.

    Raises PricingRefused for what is no amount or no term.
    """
    found = instalments.larger(application, decision, amount=amount, term_months=term_months)
    if found is None:
        return
    currency = application.currency
    raise BeyondDecision(
        "instalment_beyond_decision",
        _(
            "The product's instalments have become larger since the decision: the largest would be"
            " %(today)s a month, and %(judged)s was judged. Change the request to have it decided"
            " anew."
        )
        % {
            "today": formatting.format_money(found.today, currency),
            "judged": formatting.format_money(found.judged, currency),
        },
    )


def is_taken_up(application: Application, decision: Decision) -> bool:
    """Say whether the request is within a counter-offer: whoever takes it up asks for no more.

    An exception and the approval of what was asked for are taken up by lending only.
    """
    is_open = decision.override_id is not None or decision.is_counter_offer is False
    return not is_open and gives_what_is_asked(decision, application)


def gives_what_is_asked(decision: Decision, application: Application) -> bool:
    """Say whether the request, as it is now, stays within a decision."""
    return is_within(
        decision,
        amount=application.amount,
        term_months=application.term_months,
        currency=application.currency,
        repaid=products.repaid(application.product),
    )


@transaction.atomic
def change_request(
    *,
    actor: User,
    application: Application,
    amount: Decimal,
    term_months: int,
    now: datetime,
    version: str = "",
) -> Application:
    """Change amount and term of a decided request; return the application.

    Within a decision that binds the change is recorded, and the decision goes on to bind: taking
    up a counter-offer is such a change. Anything else reopens the request: it is submitted again
    and decided anew, also with the same terms where an approval has lapsed. Raises NotPermitted,
    NotVisible, Conflict for what was not decided, StaleRecord when it changed since `version`,
    DomainError for what the product does not allow.
    """
    found = applications.locked_decided(actor, application, version=version)
    change = (
        applications.lower if _binds(found, amount, term_months, now=now) else (applications.reopen)
    )
    return change(actor=actor, application=found, amount=amount, term_months=term_months, now=now)


def lapse_overrides(application: Application, actor: User, now: datetime) -> None:
    """End a waiting request for an exception, in the transaction that changes the case."""
    for one in Override.objects.filter(application=application, status="asked"):
        one.move("lapse")
        audit.record(actor, "decisions.override_lapsed", one, case=application, at=now.isoformat())


def _binds(application: Application, amount: Decimal, term_months: int, *, now: datetime) -> bool:
    """Say whether a decision binds now and holds this amount and term, too."""
    try:
        decision = binding_decision(application, now=now)
        require_judged(application, decision, amount=amount, term_months=term_months)
        return is_within(
            decision,
            amount=amount,
            term_months=term_months,
            currency=application.currency,
            repaid=products.repaid(application.product),
        )
    except (NotBinding, BeyondDecision, pricing.PricingRefused):
        # What cannot be priced is no request at all; the product's bounds say so in words.
        return False


def _stands(application: Application, latest: Decision) -> bool:
    """Say whether nothing came after an approval: an older one was reopened by a later request."""
    since = application.submitted_at
    return (
        latest.outcome == "approve"
        and application.status == "approved"
        and (since is None or latest.decided_at >= since)
    )
