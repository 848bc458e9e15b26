"""Set a number the collections desk of a lender works by, from a day on."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, Entity, User
from apps.audit import services as audit
from apps.collections import policies
from apps.collections.models import Rule
from apps.collections.rules import NUMBERS, Code
from apps.collections.services import _ground
from apps.core import dates
from apps.core.errors import Conflict, DomainError, NotVisible


@dataclass(frozen=True, kw_only=True)
class RuleEntry:
    """Which number of which lender, and from which day on."""

    entity: Entity
    code: str
    value: int
    from_date: date


@transaction.atomic
def set_rule(*, actor: User, entry: RuleEntry, now: datetime) -> Rule:
    """Set a number from today or a day to come on; return it.

    Raises NotPermitted, NotVisible for another lender, Conflict where one is set for that day, and
    DomainError with a sentence for each field.
    """
    _ground.permit(actor, policies.RULES)
    reached = actor.works_everywhere or actor.branch.entity_id == entry.entity.pk
    if not reached or not Branch.objects.filter(entity=entry.entity).exists():
        raise NotVisible("not_found", _("There is no such lender."))
    _check(entry, dates.local_date(now, entry.entity.time_zone))
    made = Rule(
        entity=entry.entity,
        code=entry.code,
        value=entry.value,
        from_date=entry.from_date,
        set_by=actor,
        set_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise Conflict("set_before", _("This was set for that day already.")) from None
    audit.record(
        actor,
        "collections.rule_set",
        f"accounts.entity:{entry.entity.pk}",
        what=made.code,
        value=made.value,
        since=made.from_date.isoformat(),
    )
    return made


def _check(entry: RuleEntry, today: date) -> None:
    fields: dict[str, object] = {}
    if entry.code not in set(Code):
        fields["code"] = _("There is no such number.")
    elif not NUMBERS[Code(entry.code)].allows(entry.value):
        number = NUMBERS[Code(entry.code)]
        fields["value"] = _("From %(least)s to %(most)s.") % {
            "least": number.least,
            "most": number.most,
        }
    if entry.from_date < today:
        fields["from_date"] = _("From today on: what stood before stays as it was.")
    if fields:
        raise DomainError("rule_refused", _("The number is not complete."), fields=fields)
