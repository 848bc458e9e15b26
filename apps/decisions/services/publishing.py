"""Load a policy version from a document that was checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.decisions import policy_checks, policy_document, policy_problems
from apps.decisions.errors import PolicyNotSound
from apps.decisions.models import PolicyVersion
from apps.products.models import Product


@dataclass(frozen=True)
class Loaded:
    """The version that stands, and whether this call made it."""

    version: PolicyVersion
    is_new: bool


@transaction.atomic
def load_policy(
    *, actor: User | str, entity: Entity, document: Mapping[str, Any], effective_from: date
) -> Loaded:
    """Store a document as the lender's next policy version, in force from a day.

    The same document from the same day again changes nothing. Raises PolicyNotSound for a
    document that is not sound or does not fit the lender's products, Conflict when another
    policy begins that day.
    """
    sha256 = _checked(document, entity)
    standing = PolicyVersion.objects.filter(entity=entity, effective_from=effective_from).first()
    if standing is not None:
        return _same(standing, sha256)
    last = PolicyVersion.objects.filter(entity=entity).aggregate(n=Max("number"))["n"]
    version = PolicyVersion(
        entity=entity,
        number=(last or 0) + 1,
        effective_from=effective_from,
        document=document,
        sha256=sha256,
    )
    try:
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            "policy_loaded_elsewhere", _("Somebody else loaded a policy at the same moment.")
        ) from error
    audit.record(
        actor,
        "decisions.policy_loaded",
        version,
        entity=entity.code,
        number=version.number,
        sha256=sha256,
        effective_from=effective_from.isoformat(),
    )
    return Loaded(version, is_new=True)


def _same(standing: PolicyVersion, sha256: str) -> Loaded:
    if standing.sha256 != sha256:
        raise Conflict(
            "another_policy_begins",
            _("Another policy begins on %(day)s.") % {"day": standing.effective_from},
        )
    return Loaded(standing, is_new=False)


def _checked(document: Mapping[str, Any], entity: Entity) -> str:
    """Return the document's hash, or raise PolicyNotSound with everything that is wrong."""
    try:
        parsed = policy_document.parse(document)
    except policy_document.PolicyRefused as refusal:
        raise PolicyNotSound("policy_not_sound", str(refusal)) from refusal
    found = [*policy_checks.within(parsed), *policy_checks.against(parsed, _offers(entity))]
    problems = [one for one in found if not one.is_warning]
    if problems:
        raise PolicyNotSound("policy_does_not_fit", policy_problems.text(problems))
    return policy_document.fingerprint(document)


def _offers(entity: Entity) -> list[policy_checks.Offer]:
    return [
        policy_checks.Offer(
            code=product.code,
            currency=product.currency,
            smallest_amount=product.minimum_amount,
            largest_amount=product.maximum_amount,
            shortest_term_months=product.minimum_term_months,
            longest_term_months=product.maximum_term_months,
        )
        for product in Product.objects.filter(entity=entity)
    ]
