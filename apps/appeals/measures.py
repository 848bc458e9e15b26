"""What came of appeals: how many changed the outcome, how soon they were answered, how many late.

Shares of few appeals say little; below MOST_TELLING_FROM a group is shown with that caution.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.appeals.lifecycle import ANSWERED, OPEN
from apps.appeals.models import Appeal
from apps.core import dates
from apps.decisions import sentences

MOST_TELLING_FROM = 20
BY = ("all", "branch", "product", "reason")


@dataclass(frozen=True)
class Measure:
    """One group of appeals. Shares are fractions of the answered; None where none was."""

    label: str
    received: int
    waiting: int
    answered: int
    changed: int
    late: int
    median_days: float | None

    @property
    def share_changed(self) -> float | None:
        """The share of answers that changed the outcome, in part or whole."""
        return self.changed / self.answered if self.answered else None

    @property
    def share_late(self) -> float | None:
        """The share of appeals answered after, or still waiting beyond, their last day."""
        counted = self.answered + self.waiting
        return self.late / counted if counted else None

    @property
    def is_few(self) -> bool:
        """Whether too few were answered for the share to tell much."""
        return self.answered < MOST_TELLING_FROM


def measured(
    actor: User, *, by: str, since: date | None, until: date | None, today: date
) -> list[Measure]:
    """Return what came of the appeals a person may see, received in a span, in groups.

    By reason an appeal counts under each reason of the decision it was against. The largest group
    stands first.
    """
    rows = list(_rows(actor, since, until))
    groups: dict[str, list[Appeal]] = {}
    for one in rows:
        for label in _labels(one, by):
            groups.setdefault(label, []).append(one)
    found = [_measure(label, members, today) for label, members in groups.items()]
    return sorted(found, key=lambda one: (-one.received, one.label))


def table(found: Iterable[Measure]) -> list[Sequence[Any]]:
    """Return the measures as rows of a file, a heading first."""
    head = (
        *("group", "received", "waiting", "answered", "changed", "share_changed"),
        *("late", "share_late", "median_days_to_answer"),
    )
    return [
        head,
        *(
            (
                one.label,
                one.received,
                one.waiting,
                one.answered,
                one.changed,
                _figure(one.share_changed),
                one.late,
                _figure(one.share_late),
                _figure(one.median_days),
            )
            for one in found
        ),
    ]


def _rows(actor: User, since: date | None, until: date | None) -> QuerySet[Appeal]:
    rows = Appeal.objects.visible_to(actor).exclude(status__in=["withdrawn", "overtaken"])
    if since is not None:
        rows = rows.filter(received_date__gte=since)
    if until is not None:
        rows = rows.filter(received_date__lte=until)
    rows = rows.select_related(
        "application__product", "application__branch__entity", "decision"
    ).only(
        *("status", "received_date", "due_date", "answered_at"),
        *("application__product__name", "application__branch__name"),
        *("application__branch__entity__time_zone", "decision__reason_codes"),
    )
    return rows.order_by("received_at")


def _labels(appeal: Appeal, by: str) -> list[str]:
    if by == "branch":
        return [appeal.application.branch.name]
    if by == "product":
        return [appeal.application.product.name]
    if by == "reason":
        codes = appeal.decision.reason_codes
        return [_reason(code) for code in dict.fromkeys(codes)] or [_("No reason on record")]
    return [_("All appeals")]


def _reason(code: str) -> str:
    """Return a reviewer's reason in words; a rule's or a factor's code as it is written."""
    name = code.rpartition(".")[2]
    words = sentences.code(name)
    return words if words != name else name.replace("_", " ")


def _measure(label: str, members: Sequence[Appeal], today: date) -> Measure:
    answered = [one for one in members if one.status in ANSWERED]
    waiting = [one for one in members if one.status in OPEN]
    days = [(_answered_on(one) - one.received_date).days for one in answered]
    late = [one for one in answered if _answered_on(one) > one.due_date]
    late += [one for one in waiting if today > one.due_date]
    return Measure(
        label=label,
        received=len(members),
        waiting=len(waiting),
        answered=len(answered),
        changed=sum(one.status != "upheld" for one in answered),
        late=len(late),
        median_days=float(median(days)) if days else None,
    )


def _answered_on(appeal: Appeal) -> date:
    if appeal.answered_at is None:
        raise ValueError("An answered appeal has its time.")
    return dates.local_date(appeal.answered_at, appeal.application.branch.entity.time_zone)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
