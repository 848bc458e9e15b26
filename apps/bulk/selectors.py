"""What can be asked about uploaded files."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet, Value

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.bulk import columns, values
from apps.bulk.cells import Reader
from apps.bulk.models import SavedMapping, Upload, UploadQuerySet, UploadRow
from apps.core.table_faults import Fault
from apps.core.table_formats import Format

STATES = UploadRow.State
# States of an application that nothing has decided yet.
UNDECIDED = ("submitted", "scored")
PREVIEWED = 5
_SHOWN_FAULTS = 12
_FAULTS = """
SELECT fault->>'column' AS stands_in, fault->>'code' AS code, min(fault::text), count(*)
FROM bulk_uploadrow, jsonb_array_elements(faults) AS fault
WHERE upload_id = %s AND state = 'refused'
GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2 LIMIT %s
"""


@dataclass(frozen=True)
class Common:
    """A fault as one of the rows has it, and how many rows have its like."""

    fault: Fault
    rows: int


@dataclass(frozen=True)
class Counts:
    """How many rows of a file are in which state, and what was decided of those taken in.

    `by_outcome` holds only applications that the person who asked may see: with one row in a file,
    or one that is withheld, a count would tell an outcome. `undecided` counts all of those taken in
    that nothing has decided yet.
    """

    by_state: dict[str, int]
    by_outcome: dict[str, int]
    total: int
    undecided: int

    @property
    def waiting(self) -> int:
        """Rows nobody has looked at."""
        return self.by_state.get(STATES.WAITING, 0)

    @property
    def done(self) -> int:
        """Rows of which it is known what they come to."""
        return self.total - self.waiting

    @property
    def good(self) -> int:
        """Rows that could be taken in."""
        return self.by_state.get(STATES.GOOD, 0)

    @property
    def known(self) -> int:
        """Rows that were taken in before."""
        return self.by_state.get(STATES.KNOWN, 0)

    @property
    def refused(self) -> int:
        """Rows that cannot be taken in as they are."""
        return self.by_state.get(STATES.REFUSED, 0)

    @property
    def accepted(self) -> int:
        """Rows taken in."""
        return self.by_state.get(STATES.ACCEPTED, 0)


def uploads(actor: User) -> QuerySet[Upload]:
    """Return the files a person may see, but for discarded ones."""
    return uploads_with_lender().visible_to(actor)


def uploads_with_lender() -> UploadQuerySet:
    """Return all files but discarded ones, with what a page shows; narrow it by `visible_to`."""
    rows = Upload.objects.select_related("branch__entity", "entity", "uploaded_by")
    return rows.exclude(status="discarded")


def branches(actor: User) -> QuerySet[Branch]:
    """Return the branches a person may upload for."""
    rows = Branch.objects.filter(pk__in=accounts.branch_ids(actor))
    return rows.select_related("entity").order_by("name")


def counts(upload: Upload, actor: User | None = None) -> Counts:
    """Return where the rows of a file stand; without a person, outcomes are of all."""
    return counts_of([upload], actor)[upload.pk]


def counts_of(found: Iterable[Upload], actor: User | None) -> dict[Any, Counts]:
    """Return where the rows of each file stand, by its key, with the outcomes a person may see."""
    rows = {one.pk: one for one in found}
    states: dict[Any, Counter[str]] = {key: Counter() for key in rows}
    outcomes: dict[Any, Counter[str]] = {key: Counter() for key in rows}
    asked = UploadRow.objects.filter(upload__in=rows).order_by()
    grouped = asked.values_list("upload_id", "state").annotate(n=Count("pk"))
    for key, state, number in grouped:
        states[key][state] += number
    taken = asked.filter(state=STATES.ACCEPTED)
    undecided: Counter[Any] = Counter()
    decided = taken.annotate(seen=_seen_by(actor)).values_list(
        "upload_id", "application__status", "seen"
    )
    for key, status, is_seen, number in decided.annotate(n=Count("pk")):
        outcomes[key][status] += number if is_seen else 0
        undecided[key] += number if status in UNDECIDED else 0
    return {
        key: Counts(dict(states[key]), dict(+outcomes[key]), one.total_rows, undecided[key])
        for key, one in rows.items()
    }


def _seen_by(actor: User | None) -> Any:
    """Return whether the person may see the application of the outer row; without one, always."""
    if actor is None:
        return Value(value=True)
    return Exists(Application.objects.visible_to(actor).filter(pk=OuterRef("application_id")))


def rows(upload: Upload, *, state: str = "") -> QuerySet[UploadRow]:
    """Return the rows of a file, in a state where one is named."""
    found = UploadRow.objects.filter(upload=upload)
    return found.filter(state=state) if state else found


def rows_shown(upload: Upload, actor: User, *, state: str = "") -> QuerySet[UploadRow]:
    """Return the rows without their cells, each with the application if the person may see it.

    A row can be about a customer of another branch, or about a request taken in there; and an
    application can be withheld from the person for now. Their rows are not `is_seen`.
    """
    found = rows(upload, state=state).select_related("application").defer("cells")
    return found.annotate(is_seen=_seen_by(actor))


def reader(upload: Upload) -> Reader:
    """Return what reads the rows of a file as its uploader has told."""
    return Reader(
        mapping=upload.mapping,
        form=Format.from_json(upload.format),
        choices=values.choices(upload.entity),
        width=len(upload.header),
    )


def signature(header: Sequence[str]) -> str:
    """Return by what a header is recognised: its names in their order, without case."""
    text = "\n".join(name.casefold() for name in header)
    return hashlib.sha256(text.encode()).hexdigest()


def suggested(actor: User, header: Sequence[str]) -> dict[str, int]:
    """Return how the person has read such files before, else the columns with our own names."""
    places = {name.casefold().replace(" ", "_"): place for place, name in enumerate(header)}
    saved = SavedMapping.objects.filter(user=actor, signature=signature(header)).first()
    if saved is not None:
        headings = {name.casefold(): place for place, name in enumerate(header)}
        told = {c: headings.get(str(h).casefold()) for c, h in saved.headings.items()}
        return {c: place for c, place in told.items() if place is not None}
    return {name: places[name] for name in columns.BY_NAME if name in places}


def preview(upload: Upload) -> list[list[str]]:
    """Return the cells of the first rows, as long as the header."""
    width = len(upload.header)
    first = UploadRow.objects.filter(upload=upload).order_by("number")[:PREVIEWED]
    return [(list(row.cells) + [""] * width)[:width] for row in first]


def commonest_faults(upload: Upload) -> list[Common]:
    """Return what is wrong with the refused rows of a file, the commonest first."""
    with connection.cursor() as cursor:
        cursor.execute(_FAULTS, [upload.pk, _SHOWN_FAULTS])
        found = cursor.fetchall()
    return [Common(Fault.from_json(json.loads(text)), n) for _column, _code, text, n in found]
