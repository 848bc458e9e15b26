"""What can be asked about mandates, debits and the bank's answers."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from apps.accounts.models import User
from apps.debits import policies
from apps.debits.lifecycle import GIVEN_UP
from apps.debits.models import AnswerFile, AnswerLine, Debit, DebitFile, Mandate, Recall
from apps.loans.models import Loan

NEWEST_FILES = ("-made_at", "-id")
NEWEST_ANSWERS = ("-uploaded_at", "-id")
OLDEST_RECALLS = ("asked_at", "id")
# What the list of debits to follow up is narrowed to.
VIEWS = ("look", "again", "rows")
SHOWN = 12


def may_read(model: Any) -> Any:
    """Return who may read the history of a row of a model: whoever may open its page."""

    def may_open(actor: Any, key: str) -> bool:
        try:
            found = model.objects.visible_to(actor).filter(pk=key).exists()
        except ValidationError:
            return False
        return policies.may(actor, policies.SEE) and bool(found)

    return may_open


def files(actor: User) -> QuerySet[DebitFile]:
    """Return the files of debits a person may see."""
    return files_with_lender().visible_to(actor)


def standing_of(found: Iterable[DebitFile]) -> dict[Any, tuple[int, Decimal | None]]:
    """Return how many debits of each file stand, and what they come to; None where none does."""
    stands: dict[Any, tuple[int, Decimal | None]] = {one.pk: (0, None) for one in found}
    rows = Debit.objects.filter(file__in=stands).exclude(status__in=GIVEN_UP).order_by()
    counted = rows.values_list("file").annotate(number=Count("pk"), total=Sum("amount"))
    return stands | {file: (number, total) for file, number, total in counted}


def files_with_lender() -> Any:
    """Return all files, without their bytes, with what a page shows; narrow by `visible_to`."""
    rows = DebitFile.objects.select_related(
        "entity", "branch", "made_by", "released_by", "withdrawn_by"
    )
    return rows.defer("content")


def recalls_asked(actor: User) -> QuerySet[Recall]:
    """Return the recalls that wait for a second person, of files a person may see."""
    return recalls_with_file().visible_to(actor).filter(status="asked")


def recalls_with_file() -> Any:
    """Return all recalls with what a page shows; narrow by `visible_to`."""
    rows = Recall.objects.select_related(
        "file__entity", "file__branch", "file__released_by", "asked_by", "answered_by"
    )
    return rows.defer("file__content")


def latest_recall(file: DebitFile) -> Recall | None:
    """Return what was last asked about recalling a file; None where nobody asked."""
    rows = Recall.objects.select_related("asked_by", "answered_by").filter(file=file)
    return rows.order_by("-asked_at", "-id").first()


def unanswered_of(files: Iterable[DebitFile]) -> dict[Any, tuple[int, Decimal | None]]:
    """Return how many debits of each file are with the bank, and what they come to."""
    stands: dict[Any, tuple[int, Decimal | None]] = {one.pk: (0, None) for one in files}
    rows = Debit.objects.filter(file__in=stands, status="presented").order_by()
    counted = rows.values_list("file").annotate(number=Count("pk"), total=Sum("amount"))
    return stands | {file: (number, total) for file, number, total in counted}


def states_of(file: DebitFile) -> dict[str, tuple[int, Decimal]]:
    """Return how many debits of a file are in each state, and what they come to."""
    rows = file.debits.order_by().values_list("status")
    found = rows.annotate(number=Count("pk"), total=Sum("amount"))
    return {status: (number, total or Decimal(0)) for status, number, total in found}


def debits_of(file: DebitFile, actor: User) -> QuerySet[Debit]:
    """Return the debits of a file that a person may see."""
    rows = Debit.objects.visible_to(actor).filter(file=file)
    return rows.select_related("loan__customer", "mandate").defer("note")


def answers(actor: User) -> QuerySet[AnswerFile]:
    """Return the bank's answers a person may see."""
    return answers_with_lender().visible_to(actor)


def answers_with_lender() -> Any:
    """Return all answers with what a page shows; narrow by `visible_to`."""
    return AnswerFile.objects.select_related("entity", "branch__entity", "uploaded_by")


def counts_of(found: Iterable[AnswerFile]) -> dict[Any, Counter[str]]:
    """Return how many rows of each file are in each state."""
    counts: dict[Any, Counter[str]] = {one.pk: Counter() for one in found}
    rows = AnswerLine.objects.filter(file__in=counts).order_by()
    for file, status, number in rows.values_list("file", "status").annotate(n=Count("pk")):
        counts[file][status] += number
    return counts


def lines_of(file: AnswerFile, actor: User, *, status: str = "") -> QuerySet[AnswerLine]:
    """Return the rows of a file, each with its debit and whether the person may see that."""
    seen = Debit.objects.visible_to(actor).filter(pk=OuterRef("debit_id"))
    rows = AnswerLine.objects.filter(file=file).select_related("file", "debit__loan")
    rows = rows.annotate(is_seen=Exists(seen)).defer("cells")
    return rows.filter(status=status) if status else rows


def to_follow(actor: User, view: str) -> QuerySet[Debit]:
    """Return debits that failed or came amiss: those to look at, or those tried again."""
    rows = Debit.objects.visible_to(actor).select_related(
        "loan__customer", "loan__branch", "mandate"
    )
    if view == "again":
        newer = Debit.objects.filter(loan=OuterRef("loan"), created_at__gt=OuterRef("created_at"))
        newer = newer.exclude(status__in=GIVEN_UP)
        rows = rows.filter(status__in=["failed", "returned"], retry_on__isnull=False)
        return rows.filter(~Exists(newer))
    return rows.filter(needs_look=True)


def refused_rows(actor: User) -> QuerySet[AnswerLine]:
    """Return rows of the bank's answers that were refused and nobody settled."""
    seen = Debit.objects.visible_to(actor).filter(pk=OuterRef("debit_id"))
    rows = AnswerLine.objects.visible_to(actor).filter(status="refused")
    return rows.select_related("file", "debit__loan").annotate(is_seen=Exists(seen)).defer("cells")


def follow_counts(actor: User) -> dict[str, int]:
    """Return how much each view of what is to be followed up holds."""
    return {
        "look": to_follow(actor, "look").count(),
        "again": to_follow(actor, "again").count(),
        "rows": refused_rows(actor).count(),
    }


def mandates_of(loan: Loan, actor: User) -> QuerySet[Mandate]:
    """Return the mandates for a loan, and those for all loans of its borrower, newest first."""
    rows = Mandate.objects.visible_to(actor)
    rows = rows.filter(Q(loan=loan) | Q(loan__isnull=True, customer=loan.customer_id))
    return rows.order_by("-recorded_at", "-id")


def mandates_with_lender() -> Any:
    """Return mandates with what a page shows; narrow by `visible_to`."""
    return Mandate.objects.select_related(
        "branch__entity", "customer", "loan", "recorded_by", "moved_by"
    )


def debits_of_loan(loan: Loan, actor: User) -> QuerySet[Debit]:
    """Return the debits of a loan, the newest first."""
    rows = Debit.objects.visible_to(actor).filter(loan=loan)
    return rows.select_related("file__entity", "mandate").order_by("-created_at", "-id")
