"""What can be asked about people."""

import uuid
from decimal import Decimal
from typing import Any

from django.db.models import Model, Q, QuerySet
from guardian.shortcuts import get_objects_for_user

from apps.accounts import authority
from apps.accounts.models import ApprovalLimit, Branch, User


def branch_ids(actor: User) -> set[uuid.UUID]:
    """Return the branches a person works in: the own one and those granted beside it."""
    granted = get_objects_for_user(
        actor,
        "accounts.work_in_branch",
        klass=Branch,
        with_superuser=False,
        accept_global_perms=False,
    )
    return {actor.branch_id, *granted.values_list("pk", flat=True)}


def in_reach(actor: User, *, branch_field: str = "branch_id") -> Q:
    """Return the filter that keeps rows to the branches a person may work in."""
    if actor.works_everywhere:
        return Q()
    return Q(**{f"{branch_field}__in": branch_ids(actor)})


def approval_limit(actor: User, *, currency: str, product_code: str) -> Decimal:
    """Return the amount a person may approve alone; zero where none is recorded."""
    rows = ApprovalLimit.objects.filter(
        Q(user=actor) | Q(role__in=actor.groups.all()), currency=currency
    ).values_list("currency", "product_code", "amount", "user_id")
    limits = [authority.Limit(cur, code, amount, user is not None) for cur, code, amount, user in rows]
    return authority.approval_limit(limits, currency=currency, product_code=product_code)


def people() -> QuerySet[User]:
    """Return everybody, with branch and roles, by name."""
    return User.objects.select_related("branch__entity").prefetch_related("groups").order_by("name")


def granted_ids(actor: User, model: type[Model]) -> QuerySet[Any]:
    """Return the ids of single rows a person was granted beside what the roles give."""
    permission = f"{model._meta.app_label}.view_{model._meta.model_name}"
    granted = get_objects_for_user(
        actor, permission, klass=model, with_superuser=False, accept_global_perms=False
    )
    return granted.values_list("pk", flat=True)
