"""What can be asked about letters. Their sealed columns are read only where one is opened."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core import visibility
from apps.letters.models import Letter


def of_case(actor: User, case: str) -> QuerySet[Letter]:
    """Return the letters of a case the person may see, newest first, without their contents."""
    if "\x00" in case:  # no case has it, and PostgreSQL refuses to look for it
        return Letter.objects.none()
    letters = Letter.objects.visible_to(actor).filter(case=case)
    return letters.defer("facts", "html", "pdf").order_by("-issued_at", "-pk")


def letter(actor: User, pk: Any) -> Letter:
    """Return one letter the person may see. Raises NotVisible."""
    return visibility.get_visible(Letter.objects.select_related("branch__entity"), actor, pk=pk)


def rendered(*, limit: int | None = None) -> Iterator[Letter]:
    """Return the frozen letters, newest first, a few in memory at a time."""
    letters = Letter.objects.exclude(rendered_at=None).order_by("-issued_at", "-pk")
    chosen = letters[:limit] if limit is not None else letters
    return chosen.iterator(chunk_size=200)


def unrendered_count() -> int:
    """Return how many letters wait to be rendered."""
    return Letter.objects.filter(rendered_at=None).count()
