"""Issue letters, freeze them and hand them to delivery, prove them."""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core import crypto, jobs, rows
from apps.core.errors import Conflict, DomainError
from apps.letters import (
    content,
    deadlines,
    editions,
    regimes,
    rendering,
    statement_rendering,
    statements,
)
from apps.letters.models import Letter
from apps.letters.services import queueing

logger = structlog.get_logger(__name__)
Answer = TypeVar("Answer")
# A letter that has waited this long lost its message; the sweep renders it.
PATIENCE = timedelta(minutes=1)
SWEPT_AT_ONCE = 500
# So many letters are frozen by the same few statements.
TOGETHER = 20
# Why a stored letter may refuse to be set; LookupError: an edition or a language is missing.
CANNOT_BE_SET = (
    rendering.RenderingFailed,
    content.ContentRefused,
    crypto.CannotOpen,
    LookupError,
)


class LetterRefused(DomainError):
    """The letter cannot be issued as asked."""


class AlreadyDecided(Conflict):
    """The subject has a letter that says something else."""


@dataclass(frozen=True)
class Verification:
    """What checking one letter found; None says that a part could not be compared.

    `pdf_same` is None where another version of the typesetter set the PDF. `obstacle` says why
    the letter could not be set again at all.
    """

    stored_whole: bool
    html_same: bool | None = None
    pdf_same: bool | None = None
    obstacle: str = ""

    @property
    def holds(self) -> bool:
        """Whether this is the letter as it was frozen, and its facts still make it."""
        return self.stored_whole and self.html_same is True and self.pdf_same is not False


def issue(
    *,
    actor: User | str,
    branch: Branch,
    kind: str,
    subject: str,
    case: str,
    language: str,
    facts: content.LetterFacts,
    issued_at: datetime,
    since: date | None = None,
) -> Letter:
    """Write down what a letter states, in the caller's transaction; a worker renders and sends it.

    `subject` is what the letter is about, as audit names it (`decisions.decision:...`); a subject
    has one letter of a kind, and never both an approval and a refusal. Issuing the same facts
    again returns the letter that is there. The regime's time to send it runs from what the facts
    say, or from `since`. Raises LetterRefused, for a letter that lacks something its regime asks
    for as well, and AlreadyDecided.
    """
    wanted = compose(
        branch=branch,
        kind=kind,
        subject=subject,
        case=case,
        language=language,
        facts=facts,
        issued_at=issued_at,
        since=since,
    )
    [letter] = issue_all(actor=actor, composed=[wanted])
    return letter


def compose(
    *,
    branch: Branch,
    kind: str,
    subject: str,
    case: str,
    language: str,
    facts: content.LetterFacts,
    issued_at: datetime,
    since: date | None = None,
) -> Letter:
    """Return the letter that `issue` would write down, unwritten. Raises LetterRefused as it does.

    Who has checked several like this can let `issue_all` write them down together.
    """
    _require_known(kind, language, facts)
    _require_complete(facts)
    written, until = facts.to_dict(), _deadline(facts, since)
    return Letter(
        branch=branch,
        kind=kind,
        subject=subject,
        case=case,
        language=language,
        template_version=editions.CURRENT,
        facts=written,
        facts_sha256=facts_hash(written),
        issued_at=issued_at,
        regime=facts.regime,
        soon_date=until.soon_date,
        late_date=until.late_date,
        due_date=until.due_date,
    )


def issue_all(*, actor: User | str, composed: Sequence[Letter]) -> list[Letter]:
    """Write letters down that were composed, with one statement, in the caller's transaction.

    Returns for each what `issue` returns. Raises AlreadyDecided for all where one was issued with
    other facts.
    """
    with transaction.atomic(savepoint=False):
        # The insert decides between two that come at once; nothing is read before it.
        written = rows.insert_all(composed, if_new=True)
        for one in composed:
            if one.pk in written:
                told = {"kind": one.kind, "language": one.language}
                audit.record(actor, "letters.issued", one, case=one.case, **told)
    found = [one if one.pk in written else _issued_before(one) for one in composed]
    for one in found:
        jobs.enqueue("letters.render", letter_ids=[str(one.pk)])
    return found


def render(*, letter_id: Any, now: datetime) -> Letter:
    """Render a letter and freeze it; a letter that is frozen already is returned as it is.

    Whoever writes first wins: the update names a letter that is not rendered yet. Raises
    Letter.DoesNotExist, and RenderingFailed or ContentRefused with nothing changed.
    """
    letter = _unset().get(pk=letter_id)
    if letter.rendered_at is None:
        _freeze_all([(letter, _set_again(letter))], now)
        if letter.rendered_at is None:
            letter.refresh_from_db()
    return letter


def render_each(*, letter_ids: Iterable[Any], now: datetime) -> int:
    """Render letters and freeze them, some at a time; return how many of them are frozen now.

    A letter that cannot be rendered, or that is not there, is logged and left; it does not hold up
    the others.
    """
    keys = list(letter_ids)
    parts = (keys[first : first + TOGETHER] for first in range(0, len(keys), TOGETHER))
    return sum(_rendered_together(part, now) for part in parts)


def render_waiting(*, now: datetime, limit: int = SWEPT_AT_ONCE) -> int:
    """Render up to `limit` letters whose message was lost, oldest first; return how many."""
    waiting = Letter.objects.filter(rendered_at=None, issued_at__lt=now - PATIENCE)
    keys = waiting.order_by("issued_at").values_list("pk", flat=True)[:limit]
    return render_each(letter_ids=keys, now=now)


def verify(letter: Letter) -> Verification:
    """Set the letter again from its stored facts and compare with what was frozen.

    Raises LetterRefused for a letter that is not rendered yet.
    """
    if letter.rendered_at is None:
        raise LetterRefused("letter_not_rendered", _("The letter is still being prepared."))
    if not is_whole(letter):
        return Verification(stored_whole=False)
    try:
        again = _set_again(letter)
    except CANNOT_BE_SET as error:
        return Verification(stored_whole=True, obstacle=str(error))
    same_engine = letter.engine == rendering.engine()
    return Verification(
        stored_whole=True,
        html_same=_sha256(again.html) == letter.html_sha256,
        pdf_same=_sha256(again.pdf) == letter.pdf_sha256 if same_engine else None,
    )


def is_whole(letter: Letter) -> bool:
    """Say whether the stored facts, HTML and PDF still have the hashes they were frozen with."""
    try:
        stated: Any = letter.facts
        return (
            facts_hash(stated) == letter.facts_sha256
            and _sha256(letter.html or b"") == letter.html_sha256
            and _sha256(letter.pdf or b"") == letter.pdf_sha256
        )
    except crypto.CannotOpen:
        return False


def record_opening(*, actor: User, letter: Letter, form: str) -> None:
    """Record that a person opened a letter, as `page` or `pdf`."""
    audit.record(actor, "letters.opened", letter, case=letter.case, form=form)


def facts_hash(written: dict[str, Any]) -> str:
    """Return the SHA-256 of facts as JSON with sorted keys."""
    return _sha256(json.dumps(written, sort_keys=True, separators=(",", ":")).encode())


def _issued_before(wanted: Letter) -> Letter:
    """Return the letter that is there; raise AlreadyDecided where it says something else."""
    same = Letter.objects.defer("html", "pdf").filter(subject=wanted.subject, kind=wanted.kind)
    letter = same.first()
    if letter is None or not _says_the_same(letter, wanted):
        raise AlreadyDecided(
            "letter_already_issued", _("A letter that says something else was already issued.")
        )
    return letter


def _says_the_same(letter: Letter, wanted: Letter) -> bool:
    """Say whether two letters state the same, whatever their one-time address for a review."""
    if letter.facts_sha256 == wanted.facts_sha256:
        return True
    there, new = dict(letter.facts or {}), dict(wanted.facts or {})
    there.pop("review_link", None)
    new.pop("review_link", None)
    return there == new


def _require_complete(facts: content.LetterFacts) -> None:
    lacking = regimes.lacking(facts)
    if lacking:
        raise LetterRefused(
            "letter_incomplete",
            _("The letter lacks what its regime asks for: %(what)s.")
            % {"what": ", ".join(lacking)},
        )


def _deadline(facts: content.LetterFacts, since: date | None) -> deadlines.Deadline:
    limit = regimes.limit(facts.regime, facts.kind)
    began = since or regimes.began(facts)
    return deadlines.deadline(since=began, last_day=limit.last_day(began))


def _require_known(kind: str, language: str, facts: content.LetterFacts) -> None:
    if kind != facts.kind:
        raise LetterRefused("letter_kind", _("The letter and its facts are of different kinds."))
    if language not in editions.edition(editions.CURRENT).languages:
        raise LetterRefused("letter_language", _("There is no letter in this language."))


def _set_again(letter: Letter) -> rendering.Rendered:
    stated: Any = letter.facts
    if statements.is_edition(letter.template_version):
        return statement_rendering.render(
            statements.Statement.from_dict(stated), edition=letter.template_version
        )
    return rendering.render(
        content.LetterFacts.from_dict(stated),
        language=letter.language,
        edition=editions.edition(letter.template_version),
    )


def _rendered_together(keys: Sequence[Any], now: datetime) -> int:
    """Render some letters and freeze them in one transaction; where that fails, each in its own."""
    try:
        found = {str(one.pk): one for one in _unset().filter(pk__in=keys)}
        waiting = [one for one in found.values() if one.rendered_at is None]
        done = [(one, made) for one in waiting if (made := _logged(_set_again, one)) is not None]
        _freeze_all(done, now)
    except Exception:  # noqa: BLE001 - one by one it shows whose fault it is, and it is logged then
        return sum(_logged(_rendered_alone, key, now) or 0 for key in keys)
    for key in {str(key) for key in keys} - found.keys():
        _log_unset(key, Letter.DoesNotExist.__name__)
    return len(found) - len(waiting) + len(done)


def _rendered_alone(letter_id: Any, now: datetime) -> int:
    render(letter_id=letter_id, now=now)
    return 1


def _logged(act: Callable[..., Answer], of: Any, *more: Any) -> Answer | None:
    """Return what an act on a letter gives; None where it breaks, which is logged."""
    try:
        return act(of, *more)
    except Exception as error:  # noqa: BLE001 - whatever one letter breaks on, the next is set
        _log_unset(of.pk if isinstance(of, Letter) else of, type(error).__name__)
        return None


def _log_unset(letter_id: Any, error: str) -> None:
    # The error's own text may quote the letter; its kind says enough.
    logger.error("letter_not_rendered", letter=str(letter_id), error=error)


def _unset() -> QuerySet[Letter]:
    """Return letters without what they are set as: big, and sealed."""
    return Letter.objects.defer("html", "pdf")


@transaction.atomic
def _freeze_all(done: Sequence[tuple[Letter, rendering.Rendered]], now: datetime) -> None:
    """Freeze letters as they were set; one that somebody else froze meanwhile stays as it is."""
    values = {letter.pk: _frozen(letter, made, now) for letter, made in done}
    written = rows.change_each(Letter, values, while_={"rendered_at": None})
    mine = [letter for letter, _made in done if letter.pk in written]
    for letter in mine:
        for name, value in values[letter.pk].items():
            setattr(letter, name, value)
    with audit.together():
        for letter in mine:
            audit.record(
                audit.system("worker"),
                "letters.rendered",
                letter,
                case=letter.case,
                template=letter.template_version,
                html_sha256=letter.html_sha256,
                pdf_sha256=letter.pdf_sha256,
            )
    queueing.queue_all(mine, now=now)


def _frozen(letter: Letter, made: rendering.Rendered, now: datetime) -> dict[str, Any]:
    return {
        "html": _field("html").seal(made.html, letter.pk),
        "html_sha256": _sha256(made.html),
        "pdf": _field("pdf").seal(made.pdf, letter.pk),
        "pdf_sha256": _sha256(made.pdf),
        "engine": rendering.engine(),
        "rendered_at": now,
    }


@functools.cache
def _field(name: str) -> Any:
    return Letter._meta.get_field(name)


def _sha256(content_bytes: bytes | memoryview) -> str:
    return hashlib.sha256(content_bytes).hexdigest()
