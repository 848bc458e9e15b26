"""A day at the demonstration's review desk: one case held, one escalated, one that must wait."""

from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.core import dates
from apps.decisions import services as decisions
from apps.decisions.models import ReviewCase
from apps.demo import people
from apps.desk import selectors, services

_ANSWER_IN = timedelta(days=3)


def work(*, now: datetime) -> list[ReviewCase]:
    """Let the demonstration's reviewer begin the day; return the cases taken in hand.

    The first case that waits is escalated with a note, the next waits for papers, the third is
    held. Where fewer wait, fewer are taken in hand.
    """
    reviewer = people.of_role("credit_reviewer", "pune")
    waiting = selectors.page(reviewer, selectors.Filters(), selectors.Place(size=3), now=now).rows
    for case, act in zip(waiting, (_escalate, _ask, _claim), strict=False):
        act(reviewer, case, now)
    return waiting


def _escalate(reviewer: User, case: ReviewCase, now: datetime) -> None:
    services.note(
        actor=reviewer,
        case=case,
        text="Called the employer: the salary is confirmed, the bonus is not.",
        now=now - timedelta(hours=2),
    )
    services.escalate(
        actor=reviewer,
        case=case,
        to=people.of_role("credit_manager"),
        why="May I count last year's bonus as income? Without it the ratio is just above the cap.",
        now=now - timedelta(hours=1),
    )


def _ask(reviewer: User, case: ReviewCase, now: datetime) -> None:
    asked_at = now - timedelta(hours=3)
    today = dates.local_date(asked_at, case.application.branch.entity.time_zone)
    services.ask_information(
        actor=reviewer,
        case=case,
        entry=services.InformationEntry(
            item="bank_statement",
            text="Statements of the last six months; those on file end in spring.",
            source="applicant",
            by_date=today + _ANSWER_IN,
        ),
        now=asked_at,
    )
    services.note(
        actor=reviewer,
        case=case,
        text="The applicant sends the statements by the weekend.",
        now=now - timedelta(hours=2),
    )


def _claim(reviewer: User, case: ReviewCase, now: datetime) -> None:
    decisions.claim(actor=reviewer, case=case, now=now)
