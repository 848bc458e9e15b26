"""The credit memo as pages and the API show it: frozen, or as the record makes it now."""

import json
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.applications.models import Application
from apps.decisions import policies as decisions
from apps.decisions.models import ReviewCase
from apps.desk import memo_text, policies, services
from apps.desk.memo_text import Section
from apps.desk.models import CreditMemo, MemoEdit


@dataclass(frozen=True)
class Memo:
    """A memo to be read: its sections, who wrote into it, and whether it is as it was frozen.

    `is_whole` is false where a frozen memo is not what its hash says any more.
    """

    case: ReviewCase
    sections: tuple[Section, ...]
    edits: tuple[MemoEdit, ...]
    frozen_at: datetime | None
    sha256: str
    is_whole: bool
    version: str
    may_write: bool


def of_application(actor: User, application: Application, *, now: datetime) -> Memo | None:
    """Return the memo of the latest case of an application; None where it never had a case."""
    case = (
        ReviewCase.objects.filter(application=application)
        .select_related("referral__policy__entity", "referral__score_run__model", "memo")
        .defer("referral__score_run__model__body")
        .order_by("-opened_at")
        .first()
    )
    if case is None:
        return None
    case.application = application
    return of_case(actor, case, now=now)


def of_case(actor: User, case: ReviewCase, *, now: datetime) -> Memo:
    """Return the memo of a case that is at hand with its application."""
    memo: CreditMemo | None = getattr(case, "memo", None)
    frozen_at = memo.frozen_at if memo is not None else None
    edits = memo.edits.select_related("edited_by").order_by("-edited_at") if memo else ()
    holds = decisions.holds(actor, case, now=now) and frozen_at is None
    return Memo(
        case=case,
        sections=tuple(_sections(case, memo, now=now)),
        edits=tuple(edits),
        frozen_at=frozen_at,
        sha256=memo.sha256 if memo is not None else "",
        is_whole=memo is None
        or frozen_at is None
        or services.fingerprint(memo.content) == memo.sha256,
        version=memo.version if memo is not None else "",
        may_write=holds and policies.may_work_on(actor, case),
    )


def _sections(case: ReviewCase, memo: CreditMemo | None, *, now: datetime) -> list[Section]:
    if memo is None or memo.frozen_at is None:
        return memo_text.sections(case, services.words_of(memo), now=now)
    stored = json.loads(memo.content)
    return [Section(**{**one, "sentences": tuple(one["sentences"])}) for one in stored]
