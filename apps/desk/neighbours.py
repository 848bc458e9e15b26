"""Which case comes before and after one in the queue's own order."""

from django.db.models import Q

from apps.accounts.models import User
from apps.decisions import selectors
from apps.decisions.models import ReviewCase


def of_case(actor: User, case: ReviewCase, *, back: bool) -> ReviewCase | None:
    """Return the waiting case next to this one that the person may see; None at the end.

    The order is that of the queue: rank, then when the service level ends. A case that was closed
    meanwhile keeps its place, so that the next key press leads on from it.
    """
    rows = selectors.waiting(actor).exclude(pk=case.pk)
    if back:
        before = Q(rank__lt=case.rank) | Q(rank=case.rank, due_at__lt=case.due_at)
        before |= Q(rank=case.rank, due_at=case.due_at, pk__lt=case.pk)
        return rows.filter(before).order_by("-rank", "-due_at", "-id").first()
    after = Q(rank__gt=case.rank) | Q(rank=case.rank, due_at__gt=case.due_at)
    after |= Q(rank=case.rank, due_at=case.due_at, pk__gt=case.pk)
    return rows.filter(after).order_by("rank", "due_at", "id").first()
