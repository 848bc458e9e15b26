"""What the managed list of reasons holds, in words, and who may change it."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Q, QuerySet

from apps.accounts.models import Entity, User
from apps.decisions import sentences
from apps.decisions.lifecycle import LISTED
from apps.decisions.models import ListedReason
from apps.decisions.reason_codes import Listed, ReasonCode

READ = "decisions.view_policy"
PROPOSE = "decisions.propose_reason_code"
APPROVE = "decisions.approve_reason_code"
LANGUAGES = ("en", "hi", "sw")
_ORDER = ("position", "code")


def in_force(entity: Entity, on: date) -> Listed:
    """Return the reasons that may be given at a lender on a day, by code, in the list's order."""
    rows = (
        ListedReason.objects.filter(status__in=LISTED, active_from__lte=on)
        .filter(Q(active_to=None) | Q(active_to__gte=on))
        .filter(Q(entity=None) | Q(entity=entity), country__in=["", entity.country])
    )
    return _by_code(rows.order_by(*_ORDER))


def ever(codes: Iterable[str] | None = None) -> Listed:
    """Return reasons that were on the list at any time, by code: what past verdicts rest on."""
    rows = ListedReason.objects.filter(status__in=LISTED).order_by(*_ORDER)
    return _by_code(rows if codes is None else rows.filter(code__in=list(codes)))


def words(one: ReasonCode) -> str:
    """Return a reason as a reviewer reads it, in the active language."""
    if not one.words:
        return sentences.code(one.code)
    return sentences.own_words(one.words).replace("%(value)s", "…").replace("%%", "%")


def in_words(codes: Sequence[str]) -> list[str]:
    """Return codes that were given as a reviewer reads them, in their order."""
    listed = ever(codes) if codes else {}
    return [words(listed[code]) if code in listed else code for code in codes]


def rows(actor: User) -> QuerySet[ListedReason]:
    """Return the list with what is proposed and what ended, for a person's lenders."""
    return (
        ListedReason.objects.visible_to(actor)
        .select_related("entity", "proposed_by", "answered_by", "end_asked_by", "ended_by")
        .order_by(*_ORDER)
    )


def as_pure(row: ListedReason) -> ReasonCode:
    """Return a row as the pure functions know it."""
    return ReasonCode(
        code=row.code,
        kind=row.kind,  # type: ignore[arg-type]
        verdict=row.verdict,
        input=row.input,
        judges=row.judges,
        words=row.words,
    )


def may_answer(actor: User, row: ListedReason) -> bool:
    """Say whether the person may list or refuse what another proposed."""
    return row.may("list") and actor.has_perm(APPROVE) and actor.pk != row.proposed_by_id


def may_ask_end(actor: User, row: ListedReason) -> bool:
    """Say whether the person may ask that the reason ends."""
    return row.may("ask_end") and actor.has_perm(PROPOSE)


def may_end(actor: User, row: ListedReason) -> bool:
    """Say whether the person may end the reason as another asked, or keep it."""
    return row.may("end") and actor.has_perm(APPROVE) and actor.pk != row.end_asked_by_id


def _by_code(found: QuerySet[ListedReason]) -> Listed:
    return {row.code: as_pure(row) for row in found}
