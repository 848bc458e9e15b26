"""What can be asked about people."""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Model, Q, QuerySet
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import get_objects_for_user

from apps.accounts import authority
from apps.accounts.models import ApprovalLimit, Branch, User
from apps.core import prepared
from apps.core.prepared import Given


@dataclass(frozen=True)
class Grant:
    """One thing more than the roles give: a branch or a single case."""

    pk: int
    kind: str
    label: str


def branch_ids(actor: User) -> set[uuid.UUID]:
    """Return the branches a person works in: the own one and those granted beside it."""
    return {actor.branch_id, *(uuid.UUID(key) for (key,) in _GRANTED.all(user=actor.pk))}


def in_reach(actor: User, *, branch_field: str = "branch_id") -> Q:
    """Return the filter that keeps rows to the branches a person may work in."""
    if actor.works_everywhere:
        # Not an empty Q: Django drops that from an OR, which would then hide everything.
        return Q(pk__isnull=False)
    return Q(**{f"{branch_field}__in": branch_ids(actor)})


def _granted_branches() -> QuerySet[Any, Any]:
    """Return what guardian granted of branches, to the person or to one of the person's roles."""
    right = Q(permission__codename="work_in_branch", permission__content_type__app_label="accounts")
    to_person = UserObjectPermission.objects.filter(right, user=Given("user"))
    to_roles = GroupObjectPermission.objects.filter(right, group__user=Given("user"))
    return to_person.values_list("object_pk").union(to_roles.values_list("object_pk"))


# Asked for every list and every row that anybody opens.
_GRANTED = prepared.Query(_granted_branches)


def approval_limit(actor: User, *, currency: str, product_code: str) -> Decimal:
    """Return the amount a person may approve alone; zero where none is recorded."""
    limits = approval_limits(actor, currency=currency)
    return authority.approval_limit(limits, currency=currency, product_code=product_code)


def approval_limits(actor: User, *, currency: str = "") -> list[authority.Limit]:
    """Return every limit that counts for a person, of a currency or of all, in one question."""
    rows = ApprovalLimit.objects.filter(Q(user=actor) | Q(role__in=actor.groups.all()))
    if currency:
        rows = rows.filter(currency=currency)
    return [
        authority.Limit(code, product, amount, user is not None)
        for code, product, amount, user in rows.values_list(
            "currency", "product_code", "amount", "user_id"
        )
    ]


def granted_ids(actor: User, model: type[Model]) -> QuerySet[Any]:
    """Return the ids of single rows a person was granted beside what the roles give."""
    permission = f"{model._meta.app_label}.view_{model._meta.model_name}"
    granted = get_objects_for_user(
        actor, permission, klass=model, with_superuser=False, accept_global_perms=False
    )
    return granted.values_list("pk", flat=True)


def people(
    *, text: str = "", role: str = "", branch: Branch | None = None, active: bool | None = None
) -> QuerySet[User]:
    """Return people with branch and roles, by name; `text` is part of a name or e-mail."""
    found = User.objects.select_related("branch__entity").prefetch_related("groups")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(email__icontains=text))
    if role:
        found = found.filter(groups__name=role)
    if branch:
        found = found.filter(branch=branch)
    if active is not None:
        found = found.filter(is_active=active)
    return found.order_by("name", "pk")


def may_see_person(actor: User, pk: str) -> bool:
    """Say whether the actor may read about the person with this id: staff records, or own."""
    return str(actor.pk) == pk or actor.has_perm("accounts.view_people")


def limits_of(person: User) -> QuerySet[ApprovalLimit]:
    """Return a person's own limits and those of the roles held, by currency and product."""
    return (
        ApprovalLimit.objects.filter(Q(user=person) | Q(role__in=person.groups.all()))
        .select_related("role")
        .order_by("currency", "product_code", "role")
    )


def role_limits() -> dict[str, list[ApprovalLimit]]:
    """Return the limits of each role by its code."""
    limits: dict[str, list[ApprovalLimit]] = {}
    rows = ApprovalLimit.objects.filter(role__isnull=False).select_related("role")
    for limit in rows.order_by("currency", "product_code"):
        if limit.role is not None:
            limits.setdefault(limit.role.name, []).append(limit)
    return limits


def grants_of(person: User) -> list[Grant]:
    """Return what was granted to a person beside the roles, by kind and label."""
    rows = UserObjectPermission.objects.filter(user=person).select_related("content_type")
    labels = _labels(rows)
    grants = [
        Grant(row.pk, row.content_type.name, labels.get((row.content_type_id, row.object_pk), "—"))
        for row in rows
    ]
    return sorted(grants, key=lambda grant: (grant.kind, grant.label))


def people_by_role() -> dict[str, int]:
    """Return how many people who may sign in hold each role."""
    return {
        group.name: group.holders
        for group in Group.objects.annotate(
            holders=Count("user", filter=Q(user__is_active=True))
        ).order_by("name")
    }


def _labels(rows: QuerySet[UserObjectPermission]) -> dict[tuple[int, str], str]:
    wanted: dict[ContentType, list[str]] = {}
    for row in rows:
        wanted.setdefault(row.content_type, []).append(row.object_pk)
    return {
        (content_type.pk, str(thing.pk)): str(thing)
        for content_type, keys in wanted.items()
        if (model := content_type.model_class()) is not None
        for thing in model._base_manager.filter(pk__in=keys)
    }
