"""Hand the statement of an offer to letters: set, frozen and put down for delivery."""

from datetime import datetime

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.decisions.services import lettering
from apps.letters import services as letters
from apps.letters.checks import ContentRefused
from apps.letters.models import Letter
from apps.letters.typesetting import RenderingFailed
from apps.offers import hooks, wording
from apps.offers.key_facts import KeyFacts
from apps.offers.models import Offer


def state(actor: User, offer: Offer, facts: KeyFacts, *, now: datetime) -> Letter:
    """Return the frozen statement of an offer, in the language that is active.

    In the caller's transaction. Raises Conflict where it cannot be set.
    """
    application = offer.application
    try:
        return letters.issue_statement(
            actor=actor,
            branch=application.branch,
            subject=audit.reference(offer),
            case=audit.reference(application),
            regime=facts.regime,
            statement=wording.statement(facts, _parties(application, facts)),
            now=now,
        )
    except (RenderingFailed, ContentRefused) as refusal:
        raise Conflict("statement_not_set", str(refusal)) from refusal


def _parties(application: Application, facts: KeyFacts) -> wording.Parties:
    entity = application.branch.entity
    address = lettering.address(application).splitlines()
    return wording.Parties(
        lender=entity.name,
        lender_lines=(*entity.address.splitlines(), entity.phone, entity.email),
        applicant_lines=(application.customer.full_name, *address),
        application_number=application.number,
        link=hooks.offer_link(application.pk, facts.valid_until),
    )
