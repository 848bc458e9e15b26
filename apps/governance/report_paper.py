"""A validation report on paper: the same sections as on the page, from the same frozen facts."""

from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core.templatetags.format import day
from apps.governance import report_sections
from apps.governance.interval_chart import Chart
from apps.governance.models import ValidationReport
from apps.governance.report_words import Section, Table
from apps.letters import typesetting

_TEMPLATE = Path(__file__).resolve().parent / "report.typ"


def pdf(report: ValidationReport) -> bytes:
    """Return the report as an accessible PDF. Raises RenderingFailed."""
    made = report.made_at.date()
    value = {
        "language": get_language() or "en",
        "day": [made.year, made.month, made.day],
        "title": _("Validation report"),
        "subtitle": f"{report.model}: {report.model.name}",
        "facts": [
            [_("Made on"), day(made)],
            [_("Asked for by"), report.asked_by.name],
            [_("Hash of the model"), report.model.sha256],
            [_("Hash of this report"), report.sha256],
        ],
        "sections": [_section(one) for one in report_sections.sections(report.facts)],
        "made": _("Report %(hash)s") % {"hash": report.sha256[:16]},
        "page_label": _("Page {page} of {pages}"),
    }
    return typesetting.pdf(_TEMPLATE, name="report", value=value, dated=made)


def _section(one: Section) -> dict[str, Any]:
    return {
        "title": one.title,
        "lead": one.lead,
        "pairs": [list(pair) for pair in one.pairs],
        "charts": [_chart(each) for each in one.charts],
        "tables": [_table(each) for each in one.tables],
    }


def _chart(one: Chart) -> dict[str, Any]:
    return {
        "title": one.title,
        "mark": one.mark,
        "mark_words": one.mark_words,
        "lines": [
            {
                "label": line.label,
                "words": line.words,
                "at": line.at,
                "low": line.low,
                "high": line.high,
                "expected": line.expected,
            }
            for line in one.lines
        ],
    }


def _table(one: Table) -> dict[str, Any]:
    return {
        "title": one.title,
        "heading": list(one.heading),
        "rows": [list(row) for row in one.rows],
        "note": one.note,
    }
