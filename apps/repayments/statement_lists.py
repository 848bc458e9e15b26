"""What can be asked about statements and about money in suspense."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.repayments import statement_policies as policies
from apps.repayments.models import (
    StatementFile,
    StatementFileQuerySet,
    StatementLine,
    StatementLineQuerySet,
)

# What a waiting line was foreseen to be passed over or refused for.
_NOT_NEW = ("known", "reference_used")


@dataclass(frozen=True)
class Counts:
    """How many lines of a statement came to what, and how much money that is.

    `to_post` and `to_hold` count what waits, as it was foreseen when the file was checked.
    """

    by_status: dict[str, int]
    amounts: dict[str, Decimal]
    to_post: int
    to_hold: int
    total: int

    @property
    def waiting(self) -> int:
        """Lines that nothing was done with."""
        return self.by_status.get("waiting", 0)

    @property
    def done(self) -> int:
        """Lines of which it is known what they came to."""
        return self.total - self.waiting

    @property
    def refused(self) -> int:
        """Lines that cannot be taken as they are."""
        return self.by_status.get("refused", 0)

    @property
    def held(self) -> int:
        """Lines whose money is in suspense."""
        return self.by_status.get("suspense", 0)

    @property
    def posted(self) -> int:
        """Lines whose money is on a loan."""
        return self.by_status.get("posted", 0)

    @property
    def known(self) -> int:
        """Lines that wait and were taken before."""
        return self.waiting - self.to_post - self.to_hold


def may_read(model: Any) -> Callable[[Any, str], bool]:
    """Return who may read the history of a statement or of one of its lines: who may see it."""

    def may_open(actor: Any, key: str) -> bool:
        try:
            is_seen = model.objects.visible_to(actor).filter(pk=key).exists()
        except ValidationError:
            return False
        return bool(is_seen and actor.has_perm(policies.SEE))

    return may_open


def files(actor: User) -> QuerySet[StatementFile]:
    """Return the statements a person may see, but for discarded ones.

    Money over the counter is none: it is in the list of what waits in suspense.
    """
    return files_with_lender().visible_to(actor).exclude(layout=StatementFile.Layout.DESK)


def files_with_lender() -> StatementFileQuerySet:
    """Return all statements but discarded ones, with what a page shows."""
    rows = StatementFile.objects.select_related(
        "branch__entity", "entity", "uploaded_by", "started_by"
    )
    return rows.exclude(status="discarded")


def counts(file: StatementFile) -> Counts:
    """Return what the lines of a statement came to."""
    return counts_of([file])[file.pk]


def counts_of(found: Iterable[StatementFile]) -> dict[Any, Counts]:
    """Return what the lines of each statement came to, by the statement's key."""
    files = {one.pk: one for one in found}
    numbers: dict[Any, Counter[str]] = {key: Counter() for key in files}
    amounts: dict[Any, dict[str, Decimal]] = {key: {} for key in files}
    to_post: Counter[Any] = Counter()
    to_hold: Counter[Any] = Counter()
    rows = StatementLine.objects.filter(file__in=files).order_by()
    rows = rows.annotate(is_nowhere=Q(loan__isnull=True))
    kinds = rows.values_list("file_id", "status", "because", "is_nowhere")
    for key, status, because, is_nowhere, number, amount in kinds.annotate(
        n=Count("pk"), total=Sum("amount")
    ):
        numbers[key][status] += number
        amounts[key][status] = amounts[key].get(status, Decimal(0)) + (amount or 0)
        if status == "waiting" and because not in _NOT_NEW:
            (to_hold if is_nowhere else to_post)[key] += number
    return {
        key: Counts(dict(numbers[key]), amounts[key], to_post[key], to_hold[key], one.total_rows)
        for key, one in files.items()
    }


def lines(file: StatementFile, *, status: str = "") -> QuerySet[StatementLine]:
    """Return the lines of a statement, in a status where one is named."""
    found = StatementLine.objects.filter(file=file)
    return found.filter(status=status) if status else found


def lines_shown(file: StatementFile, actor: User, *, status: str = "") -> QuerySet[StatementLine]:
    """Return the lines, each with its loan and whether the person may see that."""
    return with_loan(lines(file, status=status), actor).defer("cells")


def suspense(actor: User) -> QuerySet[StatementLine]:
    """Return the lines whose money is in suspense, that a person may see; the oldest come first."""
    rows = lines_with_lender().visible_to(actor).filter(status="suspense")
    return with_loan(rows, actor).defer("cells").annotate(notes_written=Count("notes"))


def lines_with_lender() -> StatementLineQuerySet:
    """Return lines with what their page shows; narrow them by `visible_to`."""
    return StatementLine.objects.select_related(
        *("file__branch__entity", "loan", "event", "held_entry"),
        *("placed_by", "return_asked_by", "returned_by"),
    )


def suspense_totals(actor: User) -> list[tuple[str, int, Decimal]]:
    """Return how many lines and how much money are in suspense, by currency."""
    rows = StatementLine.objects.visible_to(actor).filter(status="suspense").order_by()
    found = rows.values_list("file__currency").annotate(n=Count("pk"), total=Sum("amount"))
    return [
        (currency, number, total) for currency, number, total in found.order_by("file__currency")
    ]


def suspense_count(actor: User) -> int:
    """Return how many lines are in suspense, for the navigation."""
    return StatementLine.objects.visible_to(actor).filter(status="suspense").count()


def with_loan(rows: QuerySet[StatementLine], actor: User) -> QuerySet[StatementLine]:
    """Return lines with their loan, and whether the person may see that."""
    seen = Loan.objects.visible_to(actor).filter(pk=OuterRef("loan_id"))
    return rows.select_related("loan", "event").annotate(is_seen=Exists(seen))
