"""Set when borrowers are reminded: enter a row, end a row, install the first ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.products.models import Product
from apps.repayments import policies, reminding
from apps.repayments.models import ReminderPlan


@dataclass(frozen=True, kw_only=True)
class PlanEntry:
    """A row: on which days around the due date, from when on, for which product or for all."""

    entity: Entity
    steps: tuple[int, ...]
    from_date: date
    product: Product | None = None


@transaction.atomic
def enter_plan(*, actor: User, entry: PlanEntry, now: datetime) -> ReminderPlan:
    """Enter a row; one for the same product and day that stands is ended by it.

    Raises NotPermitted, Conflict, DomainError with a sentence for each field.
    """
    if not actor.has_perm(policies.MANAGE_PLANS) or not (
        actor.works_everywhere or actor.branch.entity_id == entry.entity.pk
    ):
        raise _not_permitted()
    _check(entry, today=dates.local_date(now, entry.entity.time_zone))
    same = ReminderPlan.objects.standing().filter(
        entity=entry.entity, product=entry.product, from_date=entry.from_date
    )
    for before in same.select_for_update(of=("self",)):
        _end(before, actor=actor, now=now)
    made = ReminderPlan(
        entity=entry.entity,
        product=entry.product,
        steps=sorted(entry.steps),
        from_date=entry.from_date,
        entered_by=actor,
        entered_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "plan_entered", _("Somebody else entered this in the meantime. Reload the page.")
        ) from None
    _note_entered(actor, made)
    return made


@transaction.atomic
def end_plan(*, actor: User, plan: ReminderPlan, now: datetime) -> ReminderPlan:
    """End a row; the one before it counts again. Raises NotPermitted, NotVisible, Conflict."""
    if not actor.has_perm(policies.MANAGE_PLANS):
        raise _not_permitted()
    rows = ReminderPlan.objects.select_for_update(of=("self",)).select_related("entity", "product")
    found = get_visible(rows, actor, pk=plan.pk)
    if found.ended_at is not None:
        raise Conflict("plan_ended", _("This row was ended in the meantime."))
    _end(found, actor=actor, now=now)
    return found


@transaction.atomic
def load_plans(*, actor: str, rows: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Enter rows for the lenders that never had one; return how many. People change them later.

    Raises DomainError for a row that names what is not there, or days a lender may not set.
    """
    lenders = {one.code: one for one in Entity.objects.filter(reminder_plans=None)}
    known = set(Entity.objects.values_list("code", flat=True))
    entered = 0
    for row in rows:
        if row.get("entity") not in known:
            raise DomainError("unknown_lender", _("There is no such lender."))
        if row["entity"] in lenders:
            _install(actor, lenders[row["entity"]], row, now=now)
            entered += 1
    return entered


def _install(actor: str, entity: Entity, row: Mapping[str, Any], *, now: datetime) -> None:
    product = None
    if row.get("product"):
        product = Product.objects.filter(entity=entity, code=row["product"]).first()
        if product is None:
            raise DomainError("unknown_product", _("There is no product with this code."))
    if reminding.are_faulty(row["steps"]):
        raise DomainError("plan_refused", _steps_sentence())
    made = ReminderPlan(
        entity=entity,
        product=product,
        steps=sorted(row["steps"]),
        from_date=date.fromisoformat(row["from_date"]),
        entered_at=now,
    )
    made.save(force_insert=True)
    _note_entered(actor, made)


def _end(plan: ReminderPlan, *, actor: User, now: datetime) -> None:
    plan.ended_by, plan.ended_at = actor, now
    plan.save(update_fields=["ended_by", "ended_at", "updated_at"])
    audit.record(
        actor,
        "repayments.reminder_plan_ended",
        plan,
        steps=plan.steps,
        from_date=plan.from_date.isoformat(),
    )


def _note_entered(actor: User | str, plan: ReminderPlan) -> None:
    audit.record(
        actor,
        "repayments.reminder_plan_entered",
        plan,
        entity=plan.entity.code,
        product="" if plan.product is None else plan.product.code,
        steps=plan.steps,
        from_date=plan.from_date.isoformat(),
    )


def _check(entry: PlanEntry, *, today: date) -> None:
    fields: dict[str, object] = {}
    if reminding.are_faulty(entry.steps):
        fields["steps"] = _steps_sentence()
    if entry.from_date < today:
        fields["from_date"] = _("What counted on days that have passed is not changed.")
    if entry.product is not None and entry.product.entity_id != entry.entity.pk:
        fields["product"] = _("This lender does not offer this product.")
    if fields:
        raise DomainError("plan_refused", _("The row is not complete."), fields=fields)


def _steps_sentence() -> str:
    return _(
        "At most %(most)s different days, from %(before)s before the due date to %(after)s after"
        " it."
    ) % {
        "most": reminding.MOST_STEPS,
        "before": reminding.FURTHEST_BEFORE,
        "after": reminding.FURTHEST_AFTER,
    }


def _not_permitted() -> NotPermitted:
    return NotPermitted("not_permitted", _("Your role does not set when borrowers are reminded."))
