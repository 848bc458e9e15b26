"""Appeals at the demonstration's lenders: one that waits for a person, one that was answered."""

from datetime import datetime

from apps.appeals import selectors, services
from apps.appeals.models import Appeal
from apps.appeals.services import Answer, Asked
from apps.applications.models import Application

_GROUNDS = ("not_considered", "wants_person")
_WORDS = (
    "My brother works abroad and sends money every month. Nobody asked about it.",
    "I have repaid two loans with you in time. Please let a person look at it.",
)
_ANSWER = (
    "We have looked at your application again, with everything you wrote. The instalment would"
    " still take more of your income than our rules allow, so the decision stands. A smaller amount"
    " or a longer term may fit; your branch is glad to help."
)


def write(*, now: datetime) -> list[str]:
    """Ask for a review of two declines by the applicants' links, and answer one; return what.

    Nothing where it was done before, or where nothing was declined of late.
    """
    if Appeal.objects.exists():
        return []
    declined = Application.objects.filter(status="declined", overrides=None)
    rows = declined.filter(decisions__isnull=False).distinct().order_by("-number")
    done: list[str] = []
    for application in rows:
        if len(done) == len(_WORDS) or not _is_recent(application, now):
            break
        appeal = services.ask(
            actor=None,
            application=application,
            asked=Asked(channel="link", grounds=_GROUNDS, statement=_WORDS[len(done)]),
            now=now,
        )
        done.append(_left(appeal, answered=bool(done), now=now))
    return done


def _left(appeal: Appeal, *, answered: bool, now: datetime) -> str:
    """Leave the appeal to whoever may answer it, or answer it; return what was done, in words."""
    can_answer = selectors.eligible(appeal)
    if not answered or not can_answer:
        return f"appeal {appeal} waits for a person"
    reviewer = can_answer[0]
    services.assign(actor=reviewer, appeal=appeal, person=reviewer, now=now)
    services.answer(
        actor=reviewer, appeal=appeal, given=Answer(outcome="uphold", text=_ANSWER), now=now
    )
    return f"appeal {appeal} answered"


def _is_recent(application: Application, now: datetime) -> bool:
    """Say whether the decline can still be appealed against."""
    decision = application.decisions.order_by("-number").first()
    if decision is None or decision.outcome != "decline":
        return False
    decision.application = application
    return now.date() <= selectors.last_day(decision)
