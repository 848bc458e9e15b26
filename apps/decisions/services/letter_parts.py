"""Parts of letters that the regime of the lender asks for: bureau, score, dates, addresses."""

import dataclasses
from datetime import date, timedelta

from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates
from apps.decisions import reasons, scale, sentences
from apps.decisions.errors import LetterImpossible
from apps.decisions.models import Decision
from apps.letters import bureaus, content, hooks, regimes
from apps.scoring import explanation

# Rule book 4.4: four key factors, and the enquiries as a fifth where they are one.
_KEY_FACTORS = 4
_ENQUIRIES = "enquiries"


def regime(entity: Entity) -> str:
    """Return whose rules the lender's letters follow. Raises LetterImpossible."""
    try:
        return regimes.regime_of(entity.country)
    except regimes.UnknownRegime as error:
        raise LetterImpossible(str(error)) from error


def with_notices(facts: content.LetterFacts) -> content.LetterFacts:
    """Return the facts with the statements that their regime asks for."""
    return dataclasses.replace(facts, notices=regimes.notices(facts))


def received(application: Application) -> date:
    """Return the day an application came in; one from a tape may be older than its row."""
    entity = application.branch.entity
    completed = application.submitted_at or application.created_at
    return dates.local_date(min(application.created_at, completed), entity.time_zone)


def completed(application: Application) -> date | None:
    """Return the day on which everything was there; None for a draft."""
    if application.submitted_at is None:
        return None
    return dates.local_date(application.submitted_at, application.branch.entity.time_zone)


def review_link(application: Application, decision: Decision, *, until: date) -> str:
    """Return the applicant's own address to ask for a review; empty while there is none."""
    subject, case = audit.reference(decision), audit.reference(application)
    return hooks.review_link(subject=subject, case=case, until=until)


def bureau(application: Application) -> content.Bureau | None:
    """Return the bureau whose report was used, as the lender's master data lists it."""
    report = application.bureau_report
    if report is None:
        return None
    entity = application.branch.entity
    listed = bureaus.find(entity.credit_bureaus, report.bureau)
    if listed is not None:
        return content.Bureau(name=listed.name, contact=listed.address, phone=listed.phone)
    contact = _("We give you the bureau's address on request: %(email)s, %(phone)s") % {
        "email": entity.email,
        "phone": entity.phone,
    }
    return content.Bureau(name=report.bureau, contact=contact)


def score(application: Application, decision: Decision) -> content.Score | None:
    """Return the score as the United States want it told with a bureau report; elsewhere None.

    A bare score explains nothing, so nobody else is told it (rule book 4.3, 4.4, 10).
    """
    run, entity = decision.score_run, application.branch.entity
    if run is None or application.bureau_report is None:
        return None
    if regime(entity) != regimes.UNITED_STATES:
        return None
    found = reasons.of_model(explanation.attributions(run))
    named = found[:_KEY_FACTORS] + [
        one for one in found[_KEY_FACTORS:] if one.about.startswith(_ENQUIRIES)
    ]
    factors = (sentences.reason(one, currency=application.currency) for one in named)
    return content.Score(
        value=min(max(run.score, scale.SCALE_LOW), scale.SCALE_HIGH),
        least=scale.SCALE_LOW,
        most=scale.SCALE_HIGH,
        scored_date=dates.local_date(run.scored_at, entity.time_zone),
        provider=entity.name,
        factors=tuple(factors),
    )


def reasons_until(today: date) -> date:
    """Return until when reasons can be asked for where a letter gives none (rule book 4.2)."""
    return today + timedelta(days=60)
