"""What can be asked about the work on one overdue loan, and about who may do it."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from guardian.models import UserObjectPermission

from apps.accounts.models import Branch, User
from apps.collections import policies
from apps.collections.models import Assignment, Contact, LegalStep
from apps.loans.models import Loan
from apps.npa import portfolio_rows
from apps.npa.models import LoanDay

SHOWN = 10
CONTACTS_SHOWN = 50


def collectors(loan: Loan) -> QuerySet[User]:
    """Return who may be given a loan: collectors of its branch, and those granted it."""
    app, codename = policies.WORK.split(".")
    granted = UserObjectPermission.objects.filter(
        content_type=ContentType.objects.get_for_model(Branch),
        permission__codename="work_in_branch",
        object_pk=str(loan.branch_id),
    )
    may = Q(
        groups__permissions__codename=codename,
        groups__permissions__content_type__app_label=app,
    )
    near = Q(branch=loan.branch_id) | Q(pk__in=granted.values("user"))
    found = User.objects.filter(may, near, is_active=True).select_related("branch")
    return found.order_by("name", "pk").distinct()


def standing(loan: Loan) -> Assignment | None:
    """Return who works on a loan, or None."""
    rows = Assignment.objects.select_related("collector", "assigned_by")
    return rows.filter(loan=loan, ended_at=None).first()


def earlier(loan: Loan) -> list[Assignment]:
    """Return who worked on a loan before, the last first."""
    rows = Assignment.objects.select_related("collector", "ended_by")
    return list(rows.filter(loan=loan, ended_at__isnull=False).order_by("-ended_at")[:SHOWN])


def contacts(loan: Loan) -> list[Contact]:
    """Return the last contacts about a loan, the newest first."""
    rows = Contact.objects.filter(loan=loan).select_related("made_by", "promise")
    return list(rows.order_by("-made_at", "-id")[:CONTACTS_SHOWN])


def legal_steps(loan: Loan) -> list[LegalStep]:
    """Return the legal steps on a loan, the newest first."""
    rows = LegalStep.objects.filter(loan=loan).select_related("made_by")
    return list(rows.order_by("-number"))


def last_legal_step(loan: Loan) -> LegalStep | None:
    """Return the last legal step on a loan; None where none was taken."""
    return LegalStep.objects.filter(loan=loan).order_by("-number").first()


def last_day(actor: User, loan: Loan) -> LoanDay | None:
    """Return how a loan stood at the end of the last day that was ended."""
    day = portfolio_rows.last_day(actor, loan.branch.entity)
    return LoanDay.objects.visible_to(actor).filter(loan=loan, day=day).first() if day else None
