"""How notices are shown: on the page of an overdue loan, on the worklist, in a file."""

from typing import Any

from apps.accounts.models import User
from apps.collections import policies, selectors, wording
from apps.collections.models import Notice
from apps.collections.noticing import Kind, Word
from apps.loans.models import Loan

_LETTER_STATES = {
    "queued": wording.NOTICE_STATES_OF_MAIL["queued"],
    "sending": wording.NOTICE_STATES_OF_MAIL["queued"],
    "sent": wording.NOTICE_STATES_OF_MAIL["sent"],
    "failed": wording.NOTICE_STATES_OF_MAIL["failed"],
    "bounced": wording.NOTICE_STATES_OF_MAIL["returned"],
    "cancelled": wording.NOTICE_STATES_OF_MAIL["cancelled"],
}


def of_loan(actor: User, loan: Loan) -> dict[str, Any]:
    """Return what the page of a loan shows of its notices, and what may be done."""
    may = actor.has_perm(policies.NOTICE)
    return {
        "letters_sent": [
            {**shown(one), "history": _history(one)} for one in selectors.notices(loan)
        ],
        "may_notice": may and loan.status == "active",
        "may_follow": may,
    }


def shown(one: Notice) -> dict[str, Any]:
    """Return a notice with the words of its kind and of how it stands."""
    return {
        "one": one,
        "word": wording.NOTICES[Kind(one.kind)],
        "look": wording.NOTICE_STATES[selectors.notice_status(one)],
    }


def _history(one: Notice) -> list[dict[str, Any]]:
    """Return what happened to a notice on its way, the first first."""
    mail = [
        {
            "when": each.sent_at or each.created_at,
            "what": f"{each.get_channel_display()}: {_LETTER_STATES[each.status]}",
            "more": each.get_obstacle_display(),
        }
        for each in one.letter.deliveries.all()
        if each.recorded_by_id is None
    ]
    people = [
        {
            "when": each.told_at,
            "what": wording.NOTICE_WORDS[Word(each.word)],
            "on": each.happened_on,
            "more": each.reference,
            "who": each.told_by.name,
        }
        for each in one.words.all()
    ]
    return sorted([*mail, *people], key=lambda row: row["when"])
