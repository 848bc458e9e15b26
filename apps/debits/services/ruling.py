"""How a lender presents debits."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted
from apps.debits import errors, policies
from apps.debits.models import DebitRule

# The least and the most of each number.
BOUNDS = {"days_ahead": (0, 10), "most_tries": (1, 5), "days_between": (1, 30)}


@dataclass(frozen=True, kw_only=True)
class RuleEntry:
    """What is asked for, whether files are prepared by the machine, and how often it is tried."""

    takes_overdue: bool
    prepares_itself: bool
    days_ahead: int
    most_tries: int
    days_between: int


@transaction.atomic
def set_rule(*, actor: User, entity: Entity, entry: RuleEntry) -> DebitRule:
    """Set how debits of a lender are presented from now on. Raises NotPermitted, DomainError."""
    errors.require(policies.may(actor, policies.RULES))
    if not actor.works_everywhere and actor.branch.entity_id != entity.pk:
        raise NotPermitted("not_permitted", _("You set the rules of your own lender."))
    fields = {
        name: _("From %(least)s to %(most)s.") % {"least": least, "most": most}
        for name, (least, most) in BOUNDS.items()
        if not least <= getattr(entry, name) <= most
    }
    if fields:
        raise DomainError("rule_refused", _("These numbers do not fit."), fields=fields)
    values: dict[str, Any] = asdict(entry)
    rule, _is_new = DebitRule.objects.update_or_create(entity=entity, defaults=values)
    said = {name: str(value) for name, value in values.items()}
    audit.record(actor, "debits.rule_set", rule, entity=entity.code, **said)
    return rule
