"""Load a policy from a file: at installation as the lender's first, later as a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.decisions import policy_document, policymaking
from apps.decisions.models import PolicyVersion
from apps.decisions.services import policymaking as making


@dataclass(frozen=True)
class Loaded:
    """The version that stands, and what this call did."""

    version: PolicyVersion
    done: Literal["installed", "proposed", "unchanged"]


@transaction.atomic
def load_policy(
    *,
    actor: User | str,
    entity: Entity,
    document: Mapping[str, Any],
    effective_from: date,
    now: datetime,
    proposed_by: User | None = None,
) -> Loaded:
    """Make a document the lender's first policy, or propose it as the next one.

    The first comes with the installation, in force from any day. Each later one waits for a
    person to approve it; `proposed_by` may name who answers for it. The same document from the
    same day again changes nothing. Raises PolicyNotSound, Conflict when another policy begins
    that day, DomainError for a day gone by, NotPermitted.
    """
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    making.require_sound(document, entity)
    sha256 = policy_document.fingerprint(document)
    standing = PolicyVersion.objects.filter(
        entity=entity, effective_from=effective_from, status__in=["approved", "proposed"]
    )
    same = standing.filter(sha256=sha256).select_related("entity").first()
    if same is not None:
        return Loaded(same, "unchanged")
    if standing.filter(status="approved").exists():
        raise Conflict(
            "another_policy_begins",
            _("Another policy begins on %(day)s.") % {"day": effective_from},
        )
    if not PolicyVersion.objects.approved().filter(entity=entity).exists():
        return _installed(actor, entity, document, effective_from, now=now)
    return _proposed(actor, entity, document, effective_from, now=now, person=proposed_by)


def _installed(
    actor: User | str,
    entity: Entity,
    document: Mapping[str, Any],
    effective_from: date,
    *,
    now: datetime,
) -> Loaded:
    version = making.new_version(
        entity, document, status="approved", effective_from=effective_from, approved_at=now
    )
    audit.record(actor, "decisions.policy_loaded", version, **making.facts(version))
    return Loaded(version, "installed")


def _proposed(
    actor: User | str,
    entity: Entity,
    document: Mapping[str, Any],
    effective_from: date,
    *,
    now: datetime,
    person: User | None,
) -> Loaded:
    if person is not None and not person.has_perm(policymaking.DRAFT):
        raise NotPermitted("not_permitted", _("This person's role does not propose policies."))
    version = making.new_version(entity, document, author=person)
    making.require_day(version, effective_from, now=now)
    version.move(
        "propose",
        effective_from=effective_from,
        proposed_by=person,
        proposed_at=now,
        note=_("Loaded from a file."),
    )
    audit.record(person or actor, "decisions.policy_proposed", version, **making.facts(version))
    return Loaded(version, "proposed")
