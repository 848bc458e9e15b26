"""Make the reports for the audit committee: overridden classes, findings; who did is on record."""

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted
from apps.npa import finding_report, override_rows, policies
from apps.npa.finding_report import Report
from apps.npa.models import Override


def report_overrides(*, actor: User, start: date, end: date) -> QuerySet[Override]:
    """Return the overrides of a span, with reasons in clear, after the reading is on record.

    Raises NotPermitted, and DomainError for a span that ends before it begins.
    """
    _permit(actor, start, end)
    audit.record(
        actor,
        "npa.overrides_reported",
        "npa.override",
        start=start.isoformat(),
        end=end.isoformat(),
    )
    return override_rows.reported(actor, start, end)


def report_findings(*, actor: User, start: date, end: date) -> Report:
    """Return the findings of a span, with reasons in clear, after the reading is on record.

    Raises NotPermitted, and DomainError for a span that ends before it begins.
    """
    _permit(actor, start, end)
    audit.record(
        actor,
        "npa.findings_reported",
        "npa.finding",
        start=start.isoformat(),
        end=end.isoformat(),
    )
    return finding_report.report(actor, start, end)


def _permit(actor: User, start: date, end: date) -> None:
    if not actor.has_perm(policies.VIEW):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))
    if end < start:
        sentence = _("This day is before the first one.")
        raise DomainError("span_refused", sentence, fields={"end": sentence})
