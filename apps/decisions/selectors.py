"""What can be asked about decisions, policies and the review queue."""

import uuid
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, Func, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Least, Round

from apps.accounts.models import Entity, User
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.collateral.models import CoBorrower
from apps.core import prepared
from apps.core.prepared import Given
from apps.decisions.lifecycle import WAITING
from apps.decisions.models import Decision, PolicyVersion, ReviewCase

_AMOUNT: Any = DecimalField(max_digits=18, decimal_places=2)


def queue_choices(actor: User) -> dict[str, Any]:
    """Return what the queue can be filtered by: only what occurs among the cases one may see.

    `rules` are the sentences of the rules that referred them, by code; the newest policy's go
    before.
    """
    cases = waiting(actor).order_by()
    rows = cases.values_list(
        "application__product__code",
        "application__product__name",
        "application__branch__code",
        "application__branch__name",
    ).distinct()
    found = list(rows)
    causes = cases.annotate(cause=Func("causes", function="unnest")).values_list("cause", flat=True)
    return {
        "causes": sorted(set(causes)),
        "rules": _sentences(PolicyVersion.objects.filter(pk__in=cases.values("referral__policy"))),
        "products": sorted({(code, name) for code, name, _branch, _town in found}),
        "branches": sorted({(code, name) for _product, _name, code, name in found}),
    }


def _sentences(policies: QuerySet[PolicyVersion]) -> dict[str, str]:
    documents = policies.order_by("number").values_list("document", flat=True)
    return {rule["code"]: rule["sentence"] for document in documents for rule in document["rules"]}


def waiting(actor: User) -> QuerySet[ReviewCase]:
    """Return every waiting case a person may see."""
    return ReviewCase.objects.visible_to(actor).filter(status__in=WAITING)


def waiting_case(application: Application) -> ReviewCase | None:
    """Return the case of an application that waits for people, or None."""
    return (
        ReviewCase.objects.filter(application=application, status__in=WAITING)
        .select_related("referral", "claimed_by", "verdict_by")
        .first()
    )


def decisions(application: Application) -> QuerySet[Decision]:
    """Return the decisions on an application, the newest first, with all a page shows of them."""
    return (
        Decision.objects.filter(application=application)
        .select_related(
            "policy__entity", "score_run__model", "decided_by", "countersigned_by", "letter"
        )
        .defer("score_run__model__body", "letter__html", "letter__pdf", "letter__facts")
        .order_by("-number")
    )


def latest(application: Application) -> Decision | None:
    """Return the newest decision on an application, or None."""
    return decisions(application).first()


def latest_judged(application: Application) -> Decision | None:
    """Return the newest decision that a model and a policy stand behind, or None."""
    rows = decisions(application).filter(score_run__isnull=False, policy__isnull=False)
    return rows.exclude(inputs={}).first()


def next_number(application: Application) -> int:
    """Return the number of the next decision; of two who take it one is refused by its row."""
    [last] = _LAST_NUMBER.one(application=application.pk)
    return (last or 0) + 1


def policy_in_force(entity: Entity, on: date) -> PolicyVersion | None:
    """Return the approved version that decides on a day, or None before the first."""
    return IN_FORCE.first(entity=entity.pk, on=on)


def policy_versions(actor: User) -> QuerySet[PolicyVersion]:
    """Return the policy versions of the person's lender, of all for who works everywhere."""
    return (
        PolicyVersion.objects.visible_to(actor)
        .select_related("entity", "author", "proposed_by", "approved_by", "taken_back_by")
        .order_by("entity__name", "-effective_from", "-number")
    )


def _last_number() -> QuerySet[Any, Any]:
    made = Decision.objects.filter(application=Given("application"))
    return prepared.over_all(made, last=Max("number"))


def _in_force() -> QuerySet[PolicyVersion]:
    begun = PolicyVersion.objects.approved().filter(
        entity=Given("entity"), effective_from__lte=Given("on")
    )
    return begun.defer("document").order_by("-effective_from")[:1]


def approved_amounts(
    customers: Collection[uuid.UUID], *, currency: str, besides: uuid.UUID
) -> dict[uuid.UUID, Decimal | None]:
    """Return what each customer's approved applications add up to, one application left out.

    What is left of those that became loans. Those owed together with others count by the share.
    None for who has one in another currency.
    """
    found: dict[uuid.UUID, Decimal | None] = {}
    own = granted().filter(customer__in=customers).exclude(pk=besides)
    shared = co_borrowed().filter(customer__in=customers).exclude(application=besides)
    rows = [
        *own.values_list("customer_id", "currency", "owes"),
        *shared.values_list("customer_id", "application__currency", "owes"),
    ]
    for customer, own_currency, amount in rows:
        before = found.get(customer, Decimal(0))
        if before is None or own_currency != currency:
            found[customer] = None
        else:
            found[customer] = before + amount
    return found


def granted() -> QuerySet[Any, Any]:
    """Return the applications under which something is or will be owed; `owes` says how much.

    What is left of the loan (`apps.loans.lending`), before there is one what was granted.
    """
    rows = applications.owed(Application.objects.all())
    return rows.annotate(owes=Coalesce(F("left"), lent(), output_field=_AMOUNT))


def co_borrowed() -> QuerySet[Any, Any]:
    """Return who owes what was granted together with its borrower; `owes` says how much.

    Who is liable jointly and severally owes all of it.
    """
    rows = applications.owed(CoBorrower.objects.all(), of="application__")
    part = Coalesce(F("share"), Value(1), output_field=DecimalField())
    whole = Coalesce(F("left"), lent(of="application__"), output_field=_AMOUNT)
    return rows.annotate(owes=Round(whole * part, precision=2, output_field=DecimalField()))


def lent(*, of: str = "") -> Least:
    """Return what was granted: of a counter-offer what was offered, not what was asked for.

    `of` is the path to the application, where rows of something else are asked.
    """
    decided = Decision.objects.filter(application=OuterRef(f"{of}pk")).order_by("-number")
    return Least(F(f"{of}amount"), Subquery(decided.values("amount")[:1]))


# Asked for every decision.
_LAST_NUMBER = prepared.Query(_last_number)
IN_FORCE = prepared.Query(_in_force)
