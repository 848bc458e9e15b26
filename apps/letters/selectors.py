"""What can be asked about letters. Their sealed columns are read only where one is opened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min, Prefetch, Q, QuerySet

from apps.accounts.models import User
from apps.core import keyset, visibility
from apps.letters.deadlines import STAGES
from apps.letters.models import Delivery, Letter, LetterQuerySet

# Which letters a list shows; the first is the default.
UNSENT, SENT, ALL = "unsent", "sent", "all"
VIEWS = (UNSENT, *STAGES, SENT, ALL)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many letters were not sent yet, by how near their last day is."""

    due: int
    soon_late: int
    late: int
    overdue: int

    @property
    def unsent(self) -> int:
        """All of them."""
        return self.due + self.soon_late + self.late + self.overdue

    @property
    def alarming(self) -> int:
        """Those that must go out now: late, or past their last day."""
        return self.late + self.overdue


def of_case(actor: User, case: str) -> QuerySet[Letter]:
    """Return the letters of a case the person may see, newest first, without their contents."""
    if "\x00" in case:  # no case has it, and PostgreSQL refuses to look for it
        return Letter.objects.none()
    letters = Letter.objects.visible_to(actor).filter(case=case)
    return _with_deliveries(letters).order_by("-issued_at", "-pk")


def counts(actor: User, *, today: date) -> Counts:
    """Return how many letters the person sees were not sent yet, on a day."""
    found = Letter.objects.visible_to(actor).unsent()
    stages = {stage: Count("pk", filter=_at(stage, today)) for stage in STAGES}
    return Counts(**found.aggregate(**stages))


def page(
    actor: User, *, view: str, today: date, after: str = "", before: str = ""
) -> keyset.Page[Letter]:
    """Return one page of letters: unsent ones by their last day, others the newest first.

    The number of queries does not depend on the rows. Raises DomainError for a position that is
    none; an unknown view is all that are not sent.
    """
    rows = _with_deliveries(Letter.objects.visible_to(actor)).select_related("branch")
    if view in (SENT, ALL):
        chosen = rows.sent() if view == SENT else rows
        return keyset.page(chosen, by=("-issued_at", "-pk"), after=after, before=before)
    unsent = rows.unsent().filter(due_date__isnull=False)
    chosen = unsent.filter(_at(view, today)) if view in STAGES else unsent
    return keyset.page(chosen, by=("due_date", "pk"), after=after, before=before)


def _at(stage: str, today: date) -> Q:
    """Return the condition that an unsent letter is at a stage; the twin of `Deadline.stage`."""
    return {
        "due": Q(due_date__isnull=True) | Q(soon_date__gt=today),
        "soon_late": Q(soon_date__lte=today, late_date__gt=today),
        "late": Q(late_date__lte=today, due_date__gte=today),
        "overdue": Q(due_date__lt=today),
    }[stage]


def _with_deliveries(letters: LetterQuerySet) -> LetterQuerySet:
    newest = Delivery.objects.select_related("recorded_by").order_by("created_at")
    return letters.defer("facts", "html", "pdf").prefetch_related(
        Prefetch("deliveries", queryset=newest)
    )


def letter(actor: User, pk: Any) -> Letter:
    """Return one letter the person may see. Raises NotVisible."""
    return visibility.get_visible(Letter.objects.select_related("branch__entity"), actor, pk=pk)


def rendered(*, limit: int | None = None) -> Iterator[Letter]:
    """Return the frozen letters, newest first, a few in memory at a time."""
    letters = Letter.objects.exclude(rendered_at=None).order_by("-issued_at", "-pk")
    chosen = letters[:limit] if limit is not None else letters
    return chosen.iterator(chunk_size=200)


def unrendered() -> tuple[int, datetime | None]:
    """Return how many letters wait to be rendered, and since when the oldest does."""
    waiting = Letter.objects.filter(rendered_at=None).order_by()
    found = waiting.aggregate(number=Count("pk"), oldest=Min("issued_at"))
    return found["number"], found["oldest"]


def unrendered_count() -> int:
    """Return how many letters wait to be rendered."""
    return Letter.objects.filter(rendered_at=None).count()
