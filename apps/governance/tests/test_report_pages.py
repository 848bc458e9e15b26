"""The page and the paper of a validation report, drawn from the same frozen facts."""

from typing import Any

import pytest
from django.urls import reverse
from pypdf import PdfReader

from apps.accounts.models import User
from apps.governance import services
from apps.governance.interval_chart import Reading, chart
from apps.governance.models import ReportRequest, ValidationReport
from apps.governance.tests import factories

pytestmark = pytest.mark.django_db


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def report(train: Any, rita: User) -> ValidationReport:
    return services.make_report(actor=rita, model=train(rita).model, now=factories.NOW)


def test_it_shows_every_section_with_figures(
    report: ValidationReport, vera: User, signed_in: Any
) -> None:
    page = text(signed_in(vera).get(reverse("governance:report", args=[report.pk])))

    for title in (
        "Does it tell bad from good?",
        "Do its probabilities come true?",
        "Does it hold over time and everywhere?",
        "Are these the people it knows?",
        "Is it better than what there is?",
        "Does it say truly why?",
        "What if its input is spoilt?",
        "Does it treat groups alike?",
        "Can it be made again?",
    ):
        assert title in page
    assert report.sha256 in page
    assert f"{report.facts['ranking']['auc']['value']:.3f}" in page
    assert "DeLong" in page
    assert "no champion to compare with" in page
    assert "interval-chart__interval" in page


def test_it_prints_the_same(report: ValidationReport, vera: User, signed_in: Any) -> None:
    import io  # noqa: PLC0415

    answer = signed_in(vera).get(reverse("governance:report_pdf", args=[report.pk]))

    assert answer["Content-Type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.content)).pages
    words = " ".join(page.extract_text() for page in pages)
    assert report.sha256[:16] in words
    assert f"{report.facts['ranking']['auc']['value']:.3f}" in words
    again = signed_in(vera).get(reverse("governance:report_pdf", args=[report.pk]))
    assert again.content == answer.content


def test_it_is_asked_for_on_the_page_of_a_training(
    train: Any, rita: User, vera: User, signed_in: Any
) -> None:
    run = train(rita)
    browser = signed_in(vera)
    address = reverse("governance:request_report", args=[run.pk])

    answer = browser.post(address)
    again = browser.post(address, follow=True)

    assert answer.status_code == 302
    assert ReportRequest.objects.get().requested_by == vera
    assert "being made already" in text(again)


def test_it_refuses_who_has_no_right_to_ask(
    train: Any, rita: User, mark: User, alice: User, signed_in: Any
) -> None:
    run = train(rita)
    address = reverse("governance:request_report", args=[run.pk])

    assert signed_in(mark).post(address).status_code == 403
    assert signed_in(alice).post(address).status_code == 403
    assert not ReportRequest.objects.exists()


def test_it_draws_no_picture_of_nothing() -> None:
    assert chart("Nothing", [Reading("a", None, None)], words=str) is None


def test_it_places_values_between_the_ends() -> None:
    drawn = chart(
        "Two",
        [Reading("a", 0.2, (0.1, 0.3)), Reading("b", 0.5, None, 0.4)],
        words=lambda value: f"{value:.2f}",
        mark=0.3,
    )

    assert drawn is not None
    first, second = drawn.lines
    assert 0 < first.low < first.at < first.high < second.at < 100
    assert first.high == drawn.mark
    assert first.high < second.expected < second.at
    assert first.words == "0.20 (0.10\u20130.30)"
    assert second.low is None
