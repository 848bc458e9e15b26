"""Write the credit memo of a case, and freeze it with the decision."""

import hashlib
import json
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted, StaleRecord
from apps.decisions import policies as decisions
from apps.decisions.errors import NotHolder
from apps.decisions.models import ReviewCase
from apps.decisions.services.claiming import locked_case
from apps.desk import memo_text, policies
from apps.desk.models import CreditMemo, MemoEdit

LONGEST_MEMO = 4_000


def words_of(memo: CreditMemo | None) -> dict[str, str]:
    """Return the reviewer's words by section."""
    return json.loads(memo.words) if memo is not None and memo.words else {}


def fingerprint(content: str) -> str:
    """Return the SHA-256 of a frozen memo."""
    return hashlib.sha256(content.encode()).hexdigest()


@transaction.atomic
def write_memo(
    *,
    actor: User,
    case: ReviewCase,
    section: str,
    text: str,
    now: datetime,
    version: str | None = None,
) -> CreditMemo:
    """Put a reviewer's own words below a section of the memo; empty words take them away.

    Only who holds the case writes, so that a second person signs what was read. Raises
    NotPermitted, NotHolder, Conflict once it is frozen, StaleRecord when the memo is another than
    the one of `version` (empty: than none), DomainError for words or a section that cannot be kept.
    """
    found = locked_case(actor, case.pk)
    if not policies.may_work_on(actor, found):
        raise NotPermitted("not_permitted", _("You do not review this case."))
    if not decisions.holds(actor, found, now=now):
        raise NotHolder
    if section not in memo_text.TITLES:
        raise DomainError("no_such_section", _("The memo has no such section."))
    said = text.strip()
    if len(said) > LONGEST_MEMO or "\x00" in said:
        sentence = _("At most %(n)d characters.") % {"n": LONGEST_MEMO}
        raise DomainError("memo_refused", sentence, fields={"text": sentence})
    memo = CreditMemo.objects.select_for_update().filter(case=found).first()
    _require_open(memo, version)
    if memo is None:
        memo = CreditMemo(case=found, language=translation.get_language() or "en")
        memo.save(force_insert=True)
    words = words_of(memo)
    if words.get(section, "") == said:
        return memo
    words[section] = said
    memo.words = json.dumps(words, ensure_ascii=False, sort_keys=True)
    memo.save(update_fields=["words", "updated_at"])
    MemoEdit(memo=memo, section=section, text=said, edited_by=actor, edited_at=now).save(
        force_insert=True
    )
    audit.record(actor, "desk.memo_written", memo, case=found.application, section=section)
    return memo


def freeze_memo(case: ReviewCase, actor: User | str, now: datetime) -> None:
    """Freeze the memo of a case that was decided, in the caller's transaction.

    A case nobody wrote about gets the memo that the record alone makes. One that was cancelled has
    none to freeze.
    """
    if case.status != "closed":
        return
    memo = CreditMemo.objects.select_for_update().filter(case=case).first()
    if memo is None:
        memo = CreditMemo(case=case, language=translation.get_language() or "en")
    with translation.override(memo.language):
        written = memo_text.sections(case, words_of(memo), now=now)
    content = [one.to_json() for one in written]
    memo.content = json.dumps(content, ensure_ascii=False, sort_keys=True)
    memo.sha256, memo.frozen_at = fingerprint(memo.content), now
    memo.save()
    audit.record(actor, "desk.memo_frozen", memo, case=case.application, sha256=memo.sha256)


def _require_open(memo: CreditMemo | None, version: str | None) -> None:
    if memo is not None and memo.frozen_at is not None:
        raise Conflict("memo_frozen", _("The memo was frozen with the decision."))
    stands = "" if memo is None else memo.version
    if version is not None and version != stands:
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )
