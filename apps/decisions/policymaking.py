"""What can be asked about versions of a policy: who may do what, and what is wrong with one."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.decisions import policy_checks, policy_document, selectors
from apps.decisions.models import PolicyVersion
from apps.decisions.policy_problems import Problem
from apps.products.models import Product

READ = "decisions.view_policy"
DRAFT = "decisions.draft_policy"
APPROVE = "decisions.approve_policy"


def is_own(actor: User, version: PolicyVersion) -> bool:
    """Say whether the person wrote or proposed the version."""
    return actor.pk in (version.author_id, version.proposed_by_id)


def may_edit(actor: User, version: PolicyVersion) -> bool:
    """Say whether the person may rewrite the draft: only who wrote it, so that it has one author.

    A draft that a command loaded belongs to whoever takes it up first.
    """
    return (
        version.status == "draft"
        and actor.has_perm(DRAFT)
        and version.author_id in (None, actor.pk)
    )


def may_propose(actor: User, version: PolicyVersion) -> bool:
    """Say whether the person may put the draft before an approver."""
    return version.may("propose") and actor.has_perm(DRAFT)


def may_approve(actor: User, version: PolicyVersion) -> bool:
    """Say whether the person may approve the version or send it back."""
    return version.may("approve") and actor.has_perm(APPROVE) and not is_own(actor, version)


def may_withdraw(actor: User, version: PolicyVersion) -> bool:
    """Say whether the person may take the version off the table: its author or proposer."""
    is_nobodys = version.author_id is None and version.proposed_by_id is None
    return (
        version.may("withdraw") and actor.has_perm(DRAFT) and (is_nobodys or is_own(actor, version))
    )


def may_take_back(actor: User, version: PolicyVersion, today: date) -> bool:
    """Say whether the person may withdraw an approved version whose day has not come."""
    return (
        version.may("take_back")
        and actor.has_perm(APPROVE)
        and not is_own(actor, version)
        and version.effective_from is not None
        and version.effective_from > today
    )


def lenders_without(actor: User) -> QuerySet[Entity]:
    """Return the lenders a person sees that have no version at all yet."""
    rows = Entity.objects.filter(policies=None).order_by("name")
    return rows if actor.works_everywhere else rows.filter(branches=actor.branch_id)


def earliest_day(entity: Entity, today: date) -> date:
    """Return the first day a version can be in force from.

    Tomorrow, so that what was decided today was decided by one policy; today for a lender that
    has none in force.
    """
    is_first = selectors.policy_in_force(entity, today) is None
    return today if is_first else today + timedelta(days=1)


def day_refused(version: PolicyVersion, day: date, today: date) -> str:
    """Return why a version cannot be in force from a day, or an empty text."""
    earliest = earliest_day(version.entity, today)
    if day < earliest:
        return _("The policy can be in force from %(day)s at the earliest.") % {
            "day": date_format(earliest)
        }
    begins = PolicyVersion.objects.approved().filter(entity=version.entity_id, effective_from=day)
    if begins.exists():
        return _("Another policy begins on %(day)s.") % {"day": date_format(day)}
    return ""


def problems_of(document: Mapping[str, Any], entity: Entity) -> list[Problem]:
    """Return everything wrong with a document for a lender, warnings included."""
    try:
        parsed = policy_document.parse(document)
    except policy_document.PolicyRefused as refusal:
        return refusal.problems
    return [*policy_checks.within(parsed), *policy_checks.against(parsed, offers(entity))]


def offers(entity: Entity) -> list[policy_checks.Offer]:
    """Return what the lender's products offer, as a policy must fit it."""
    return [
        policy_checks.Offer(
            code=product.code,
            currency=product.currency,
            smallest_amount=product.minimum_amount,
            largest_amount=product.maximum_amount,
            shortest_term_months=product.minimum_term_months,
            longest_term_months=product.maximum_term_months,
        )
        for product in Product.objects.filter(entity=entity).order_by("code")
    ]
