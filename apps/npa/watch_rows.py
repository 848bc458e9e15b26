"""What the pages of alerts and thresholds ask the database."""

from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from apps.accounts.models import Branch, Entity, User
from apps.loans import policies as lending
from apps.loans.models import Loan
from apps.npa import wording
from apps.npa.measures import Measure
from apps.npa.models import Alert, DayFigures, Threshold
from apps.npa.watch_lifecycle import STANDING


def by_measure(entity: Entity) -> dict[str, Threshold]:
    """Return the thresholds of a lender by measure."""
    return {one.measure: one for one in Threshold.objects.filter(entity=entity)}


def thresholds(actor: User, entity: Entity) -> list[tuple[Measure, Threshold | None]]:
    """Return every measure with its threshold, None where nobody set one."""
    rows = Threshold.objects.visible_to(actor).filter(entity=entity)
    found = {one.measure: one for one in rows.select_related("owner", "set_by")}
    return [(measure, found.get(measure)) for measure in Measure]


def alerts(actor: User, *, state: str = "") -> QuerySet[Alert]:
    """Return the alerts of the lenders a person works for; `standing` ones still hold.

    `told` is the subject of each; empty where it is a borrower of whom the person sees no loan.
    `branch_name` is what a branch is called that it is about.
    """
    rows: QuerySet[Alert] = Alert.objects.visible_to(actor).select_related(
        "entity", "threshold__owner", "acknowledged_by"
    )
    theirs = _loans(actor).filter(customer__number=OuterRef("subject"))
    branch = Branch.objects.filter(code=OuterRef("subject")).values("name")
    open_to_all = ~Q(measure=Measure.LARGEST_BORROWER) | Exists(theirs)
    rows = rows.annotate(
        told=Case(
            When(open_to_all, then=F("subject")), default=Value(""), output_field=CharField()
        ),
        branch_name=Case(
            When(measure=Measure.LARGEST_BRANCH, then=Coalesce(Subquery(branch), Value(""))),
            default=Value(""),
            output_field=CharField(),
        ),
    )
    if state == "standing":
        return rows.filter(status__in=STANDING)
    return rows.filter(status=state) if state else rows


def _loans(actor: User) -> QuerySet[Loan]:
    """Return the loans a person sees: none without the right to see loans at all."""
    rows: QuerySet[Loan] = Loan.objects.visible_to(actor)
    return rows if actor.has_perm(lending.VIEW) else rows.none()


def of(measure: str, told: str, subject: str) -> str:
    """Return whom a measure is about in words: by name, or that the person may not see who."""
    if subject and not told:
        return str(wording.UNSEEN)
    return wording.subject(measure, {measure: told})


def named(actor: User, figures: DayFigures | None) -> dict[str, str]:
    """Return in words whom each concentration of a day is about, as far as the person sees it."""
    kept: dict[str, Any] = figures.names if figures else {}
    number = kept.get(Measure.LARGEST_BORROWER, "")
    theirs = _loans(actor).filter(customer__number=number)
    is_unseen = bool(number) and not theirs.exists()
    told = {**kept, Measure.LARGEST_BORROWER.value: ""} if is_unseen else kept
    branch = Branch.objects.filter(code=kept.get(Measure.LARGEST_BRANCH, "")).first()
    if branch is not None:
        told = {**told, Measure.LARGEST_BRANCH.value: branch.name}
    return {code: of(code, told[code], subject) for code, subject in kept.items()}


def standing_count(actor: User) -> int:
    """Return how many alerts still hold, acknowledged or not."""
    return Alert.objects.visible_to(actor).filter(status__in=STANDING).count()


def open_count(actor: User) -> int:
    """Return how many alerts nobody has acknowledged yet."""
    return Alert.objects.visible_to(actor).filter(status="open").count()
