"""The start page of everybody, made of one section for each part of their work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.accounts.models import User
from apps.core.access import SIGNED_IN, requires
from apps.dashboards import selectors


@dataclass(frozen=True)
class Section:
    """A part of the start page: for whoever holds the permission."""

    permission: str
    template: str
    gather: Callable[[User, datetime], selectors.Context]


SECTIONS = (
    Section("decisions.countersign_decision", "dashboards/_manager.html", selectors.manager),
    Section("decisions.review_application", "dashboards/_reviewer.html", selectors.reviewer),
    Section("appeals.decide_appeal", "dashboards/_appeals.html", selectors.appeals),
    Section("applications.take_application", "dashboards/_officer.html", selectors.officer),
    Section("governance.approve_promotion", "dashboards/_approver.html", selectors.approver),
    Section("governance.train_model", "dashboards/_analyst.html", selectors.analyst),
    Section("audit.view_audit", "dashboards/_auditor.html", selectors.auditor),
    Section("accounts.manage_people", "dashboards/_administrator.html", selectors.administrator),
)
# For those whose only work is the loans themselves.
LOANS = Section("loans.view_loan", "dashboards/_collector.html", selectors.collector)


@requires(SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the signed-in person."""
    now = timezone.now()
    sections = [section for section in SECTIONS if request.user.has_perm(section.permission)]
    if not sections and request.user.has_perm(LOANS.permission):
        sections = [LOANS]
    parts = [(section.template, section.gather(request.user, now)) for section in sections]
    return render(request, "dashboards/home.html", {"parts": parts})
