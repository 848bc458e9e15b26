"""Who may do what with an appeal; used for buttons and enforced in services."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.models import User
from apps.appeals.models import Appeal
from apps.appeals.models.bounds import took_part
from apps.decisions import independence
from apps.decisions import policies as decisions

VIEW = "appeals.view_appeal"
REGISTER = "appeals.register_appeal"
DECIDE = "appeals.decide_appeal"


def participants(people: Collection[UUID], application: UUID, *, before: datetime) -> set[UUID]:
    """Return who of these people took part in an application before a moment, by one question."""
    if not people:
        return set()
    condition = took_part("u.id", "%(application)s::uuid", before="%(before)s::timestamptz")
    sql = f"SELECT u.id FROM accounts_user u WHERE u.id = ANY(%(people)s::uuid[]) AND {condition}"  # noqa: S608 - the condition is ours
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "people": [str(one) for one in people],
            "application": str(application),
            "before": before,
        }
        cursor.execute(sql, values)
        return {row[0] for row in cursor.fetchall()}


def took_no_part(person: User, appeal: Appeal) -> bool:
    """Say whether the person had no part in the decision and did not register the appeal."""
    if person.pk == appeal.registered_by_id:
        return False
    return not participants([person.pk], appeal.application_id, before=appeal.received_at)


def why_not(person: User, appeal: Appeal) -> str:
    """Return why a person cannot answer an appeal, as a code; empty where the person can."""
    checks = {
        "inactive": lambda: not person.is_active,
        "role": lambda: not (person.has_perm(DECIDE) and person.has_perm(decisions.REVIEW)),
        "branch": lambda: not Appeal.objects.visible_to(person).filter(pk=appeal.pk).exists(),
        "took_part": lambda: not took_no_part(person, appeal),
        "connected": lambda: independence.is_connected(person, appeal.application),
    }
    return next((code for code, stands in checks.items() if stands()), "")


def may_answer(actor: User, appeal: Appeal) -> bool:
    """Say whether the appeal is with the person, and waits for the answer."""
    return (
        appeal.status == "assigned"
        and appeal.reviewer_id == actor.pk
        and not why_not(actor, appeal)
    )


def may_sign(actor: User, appeal: Appeal) -> bool:
    """Say whether the person may sign or send back the answer that waits for a second one."""
    return (
        appeal.status == "awaiting_second"
        and actor.pk != appeal.reviewer_id
        and actor.has_perm(decisions.COUNTERSIGN)
        and not why_not(actor, appeal)
    )
