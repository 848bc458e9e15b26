"""A refused day is named as the pages write days, in the reader's language."""

from datetime import date

from django.utils import translation

from apps.customers import sentences
from apps.customers.findings import Finding


def test_the_day_is_written_out() -> None:
    finding = Finding("date_too_early", earliest=date(2026, 11, 26).isoformat())

    with translation.override("en"):
        english = sentences.words(finding)
    with translation.override("sw"):
        swahili = sentences.words(finding)

    assert english == "This day must not be before 26 November 2026."
    assert "2026-11-26" not in swahili
    assert "26" in swahili
