"""Enter in the register who answers for a thing that helps to decide, and how much it weighs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.governance import policies, register_rules, selectors
from apps.governance.models import RegisterEntry
from apps.governance.services import _said
from apps.scoring.models import ModelVersion


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What people enter of one thing."""

    owner: User
    approver: User
    levels: Mapping[str, str]
    texts: Mapping[str, str]
    title: str = ""


@transaction.atomic
def register_thing(
    *,
    actor: User,
    kind: str,
    code: str,
    model: ModelVersion | None,
    entered: Entered,
    now: datetime,
) -> RegisterEntry:
    """Enter a thing, or enter it anew; the entries of before stay, for every past date.

    Raises NotPermitted, and DomainError where owner and approver are one person (rule book 7.2
    T3), or for a level or a text. An entry may be incomplete; a promotion needs it whole.
    """
    _said.permit(actor, policies.REGISTER)
    if entered.owner == entered.approver:
        raise _said.refused(
            "approver", _("Who answers for a model does not approve it."), code="owner_approves"
        )
    levels, texts = _levels(entered), _texts(entered)
    made = RegisterEntry(
        kind=kind,
        subject=selectors.subject(kind, code),
        title=entered.title or (str(model) if model else code),
        model=model,
        owner=entered.owner,
        approver=entered.approver,
        **levels,
        tier=register_rules.tier(levels.values()),
        body=texts,
        recorded_by=actor,
        recorded_at=now,
    )
    made.save(force_insert=True)
    audit.record(
        actor,
        "governance.register_entered",
        made,
        subject_entered=made.subject,
        tier=made.tier,
        owner=str(entered.owner.pk),
        approver=str(entered.approver.pk),
    )
    return made


def _levels(entered: Entered) -> dict[str, str]:
    levels = {name: entered.levels.get(name, "") for name in register_rules.PARTS}
    wrong = [name for name, level in levels.items() if level not in register_rules.LEVELS]
    if wrong:
        sentence = _("Choose low, medium or high.")
        raise DomainError("level_unknown", sentence, fields=dict.fromkeys(wrong, sentence))
    return levels


def _texts(entered: Entered) -> dict[str, str]:
    texts = {name: str(entered.texts.get(name, "")).strip() for name in register_rules.TEXTS}
    for name, text in texts.items():
        if len(text) > register_rules.LONGEST:
            raise _said.refused(name, _("This text is too long."))
    return texts
