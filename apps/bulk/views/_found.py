"""What the pages of a file have in common."""

import uuid
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.bulk import selectors, words
from apps.bulk.models import Upload
from apps.core.visibility import get_visible


def visible(actor: Any, pk: uuid.UUID) -> Upload:
    """Return the file if the person may see it; else NotVisible."""
    return get_visible(selectors.uploads_with_lender(), actor, pk=pk)


def crumbs(upload: Upload | None, here: str) -> list[dict[str, str]]:
    """Return the path to a page: the list, the file, and the page itself."""
    path = [{"label": _("Uploads"), "url": reverse("bulk:uploads")}]
    if upload is not None:
        path.append({"label": str(upload), "url": reverse("bulk:detail", args=[upload.pk])})
    return [*path, {"label": here, "url": ""}]


def progress(upload: Upload, actor: User) -> dict[str, Any]:
    """Return what the progress of a file shows, and by what a change of it is recognised."""
    counts = selectors.counts(upload, actor)
    states = [
        {**words.row_state(code), "code": code, "count": counts.by_state[code]}
        for code in ("accepted", "good", "known", "refused", "waiting")
        if counts.by_state.get(code)
    ]
    outcomes = sorted(counts.by_outcome.items())
    shown = "-".join(f"{code}{number}" for code, number in outcomes)
    seen = f"{upload.status}-{counts.done}-{counts.undecided}-{shown}"
    return {
        "upload": upload,
        "counts": counts,
        "states": states,
        "outcomes": outcomes,
        "seen": seen,
        "share": 0 if not counts.total else counts.done / counts.total,
    }
